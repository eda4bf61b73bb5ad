"""A learning platform on loopback: its own RSA key, its keys at an address, its page that signs launches as JWT."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
CLIENT, DEPLOYMENT, KEY_ID = "client-1", "deployment-1", "key-1"
INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


class Platform:
    """`changed`: claims that the next launch has otherwise (None: not at all); `key`: with which it signs."""

    def __init__(self):
        self.served = self.key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        self.changed, self.asked = {}, []
        platform = self

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                body = platform.keys() if parts.path == "/jwks" else platform.signed(asked)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_words):
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def settings(self, **given):
        """The part of the settings for it, as TOML."""
        told = {
            "title": "Test University",
            "issuer": self.url,
            "client_ids": [CLIENT],
            "authorize": f"{self.url}/authorize",
            "jwks": f"{self.url}/jwks",
        } | given
        return "\n[[training.lti]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items())

    def keys(self):
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.served.public_key()))
        return {"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]}

    def signed(self, asked):
        """What its page would send on as a form, with the address it would send it to."""
        self.asked.append(asked)
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": asked["client_id"], "nonce": asked["nonce"], "iat": now, "exp": now + 300,
            "sub": asked["login_hint"], "name": "Ada L.",
            CLAIM + "message_type": "LtiResourceLinkRequest", CLAIM + "version": "1.3.0",
            CLAIM + "deployment_id": DEPLOYMENT, CLAIM + "roles": [LEARNER], CLAIM + "resource_link": {"id": "link-1"},
            CLAIM + "target_link_uri": asked["redirect_uri"],
        } | self.changed  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(claims, self.key, "RS256", headers={"kid": KEY_ID})
        return {"to": asked["redirect_uri"], "form": {"id_token": token, "state": asked["state"]}}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
