"""A centre at centre.test with a domain for each user below it, which is this machine without any DNS."""

import httpx

from workbench.settings import DEFAULT_FILE

DOMAIN = "centre.test"
RESOLVED_HERE = f"--host-resolver-rules=MAP {DOMAIN} 127.0.0.1, MAP *.{DOMAIN} 127.0.0.1"
"""What tells Chromium so."""


def settings_file(folder, public):
    """Settings of a centre at this address, whose users have domains of their own."""
    none = 'subdomain_host = "" '
    text = DEFAULT_FILE.read_text()
    assert none in text
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "own-domains.toml"
    file.write_text(text.replace(none, f'subdomain_host = "{public}" '))
    return file


class Here(httpx.BaseTransport):
    """Brings what is asked of such a domain to the proxy on this machine, as it was asked: its Host stays.

    Of https it does what a TLS proxy before it does.
    """

    def __init__(self, port):
        self.port, self.real = port, httpx.HTTPTransport()

    def handle_request(self, request):
        host = request.url.host
        assert host == DOMAIN or host.endswith(f".{DOMAIN}"), f"a link leads out of the centre's domain: {request.url}"
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        headers = [*request.headers.raw, (b"X-Forwarded-Proto", request.url.scheme.encode())]
        sent = httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)
        return self.real.handle_request(sent)

    def close(self):
        self.real.close()
