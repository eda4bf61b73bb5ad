"""An instructor without a screen: logs in, opens the Lab of a seat as a browser does, and listens to its kernels."""

import re
import time
from contextlib import contextmanager

import httpx
import websocket
from class_student import XSRF

FORM = re.compile(r'name="scopes"\s+value="([^"]+)"')


def log_in(url, name, transport=None):
    client = httpx.Client(base_url=url, transport=transport, trust_env=False, follow_redirects=True, timeout=60)
    token = XSRF.search(client.get("/hub/login").text).group(1)
    client.post("/hub/login", data={"username": name, "password": "right", "_xsrf": token})
    return client


def looks(client, seat, own=""):
    """What the seat's Lab answers; the Hub's question whether one means it is answered with yes.

    own: the origin of its Lab, where that is not the Hub's.
    """
    answer = client.get(f"{own}/user/{seat}/lab")
    if "/oauth2/authorize" in answer.url.path and answer.status_code == 200:
        assert 'id="consent"' in answer.text, "the centre's own page, not the Hub's"
        data = {"_xsrf": XSRF.search(answer.text).group(1), "scopes": FORM.findall(answer.text)}
        answer = client.post(str(answer.url), data=data)
    there = answer.status_code == 200 and answer.url.path.startswith(f"/user/{seat}/lab")
    return "in" if there else answer.status_code


@contextmanager
def listens(url, client, seat, kernel):
    """A browser's websocket to a kernel of a seat; asked, it says whether that is "open" or "closed"."""
    path = f"/user/{seat}/"
    cookies = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar if path.startswith(c.path))
    address = f"{url.replace('http', 'ws', 1)}{path}api/kernels/{kernel}/channels"
    socket = websocket.create_connection(address, cookie=cookies, origin=url, timeout=20)

    def said():
        socket.settimeout(0.2)
        try:
            while socket.recv():
                continue
        except websocket.WebSocketTimeoutException:
            return "open"
        except (websocket.WebSocketConnectionClosedException, OSError):
            pass
        return "closed"

    try:
        yield said
    finally:
        socket.shutdown()


def until(wanted, ask, within_s=30):
    deadline = time.monotonic() + within_s
    while (said := ask()) != wanted:
        assert time.monotonic() < deadline, said
        time.sleep(0.5)
