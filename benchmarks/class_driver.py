"""Students without a screen: what a browser sends and waits for, from the press on *join* to a kernel's answer.

A student is served when a kernel has printed 2 for `print(1+1)`. Ours press the button of the join page and follow
where it leads: the log-in, the pending page with its progress where nothing was ready, the Lab's own log-in, the Lab's
page, a session, its websocket. Those of a stock Hub do less: a service's token starts server and kernel by the API.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

GIVE_UP_S = 540.0
XSRF = re.compile(r'name="_xsrf"[^>]*value="([^"]+)"')


@dataclass
class Served:
    """What the students met: seconds of each who was served, from the press and from the first press on."""

    waits_s: list[float] = field(default_factory=list)
    last_s: float = 0.0
    problems: list[str] = field(default_factory=list)
    stall_s: float = 0.0

    @property
    def p50_s(self) -> float:
        return statistics.median(self.waits_s)

    @property
    def p95_s(self) -> float:
        return sorted(self.waits_s)[max(0, -(-len(self.waits_s) * 95 // 100) - 1)]


async def press_all(
    students: int, ramp_s: float, one: Callable[[int], Awaitable[Callable[[], Awaitable[None]]]]
) -> Served:
    """Have so many students press within so many seconds, evenly.

    Args:
        students: how many.
        ramp_s: from the first press to the last, in seconds.
        one: prepares the student of a number (the page is open, not counted) and gives what the press does.
    """
    served = Served()
    pressing = [await one(number) for number in range(students)]
    began = time.monotonic()

    async def student(number: int) -> None:
        await asyncio.sleep(max(0.0, began + ramp_s * number / students - time.monotonic()))
        pressed = time.monotonic()
        try:
            await asyncio.wait_for(pressing[number](), GIVE_UP_S)
        except Exception as problem:  # noqa: BLE001 - one student's failure is counted, the others go on
            served.problems.append(f"student {number}: {type(problem).__name__}: {str(problem)[:300]}")
            return
        served.waits_s.append(time.monotonic() - pressed)
        served.last_s = max(served.last_s, time.monotonic() - began)

    await asyncio.gather(*(student(number) for number in range(students)))
    return served


async def watch_stalls(health: str, served: Served) -> None:
    """Ask the Hub five times a second how it is, and keep the longest time it took; ends when cancelled."""
    async with a_client("") as client:
        while True:
            began = time.monotonic()
            try:
                await client.get(health, timeout=60)
            except httpx.HTTPError:
                pass  # no answer for a minute is a stall of a minute
            finally:
                served.stall_s = max(served.stall_s, time.monotonic() - began)
            await asyncio.sleep(0.2)


def a_client(url: str, **given: object) -> httpx.AsyncClient:
    """A browser's connections and cookies; a new context for TLS costs more than the rest and is not needed."""
    transport = httpx.AsyncHTTPTransport(verify=False)
    return httpx.AsyncClient(
        base_url=url, transport=transport, trust_env=False, follow_redirects=True, timeout=120, **given
    )


# --- ours ---


async def joining(url: str, code: str, number: int, seats: list[str]) -> Callable[[], Awaitable[None]]:
    """The student of this number with the join page open; `seats` collects the names of the seats they got."""
    client = a_client(url)
    page = await client.get(f"/hub/join/{code}")
    found = XSRF.search(page.text)
    assert page.status_code == 200, (page.status_code, page.text[:300])
    assert found is not None, page.text[:2000]

    async def press() -> None:
        form = {"_xsrf": found.group(1), "code": code, "name": f"Student {number:03d}"}
        answer = await client.post("/hub/join", data=form)
        name = seat_in(str(answer.url))
        seats.append(name)
        if "/spawn" in answer.url.path:
            await until_ready(client, name)
            answer = await client.get(f"/user/{name}/lab")
        assert answer.status_code == 200, (answer.status_code, str(answer.url), answer.text[-500:])
        assert answer.url.path.startswith(f"/user/{name}/"), str(answer.url)
        base = f"/user/{name}"
        token = next(c.value for c in client.cookies.jar if c.name == "_xsrf" and c.path.startswith(base))
        body = {"path": f"{uuid.uuid4().hex}.ipynb", "type": "notebook", "name": "", "kernel": {"name": "python3"}}
        made = await client.post(f"{base}/api/sessions", json=body, headers={"X-XSRFToken": token})
        assert made.status_code == 201, (made.status_code, made.text[:300])
        cookies = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar if (base + "/").startswith(c.path))
        await answered(f"{url}{base}", made.json()["kernel"]["id"], {"Cookie": cookies, "Origin": url})

    return press


def seat_in(address: str) -> str:
    """The seat's name in the address that the join led to."""
    found = re.search(r"/(?:user|spawn-pending|spawn)/(seat-[a-z0-9-]+)", urlsplit(address).path)
    assert found is not None, f"joining led to {address}"
    return found.group(1)


async def until_ready(client: httpx.AsyncClient, name: str) -> None:
    """Read the progress of the pending page, as its script does, until the server is ready."""
    token = next((c.value for c in client.cookies.jar if c.name == "_xsrf" and c.path == "/hub/"), "")
    for _attempt in range(200):
        address = f"/hub/api/users/{name}/server/progress"
        async with client.stream("GET", address, params={"_xsrf": token}) as events:
            if events.status_code == 200:
                async for line in events.aiter_lines():
                    said = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                    if said.get("ready"):
                        return
                    assert not said.get("failed"), said
        await asyncio.sleep(0.2)
    raise AssertionError(f"the server of {name} never became ready")


# --- a stock Hub ---


async def starting(url: str, token: str, number: int) -> Callable[[], Awaitable[None]]:
    """The student of this number at a stock Hub, by its API."""
    name, headers = f"s{number:03d}", {"Authorization": f"token {token}"}
    client = a_client(url, headers=headers)

    async def press() -> None:
        made = await client.post(f"/hub/api/users/{name}")
        assert made.status_code in (201, 409), made.status_code
        while True:
            asked = await client.post(f"/hub/api/users/{name}/server")
            if asked.status_code in (201, 202, 400):
                break
            assert asked.status_code == 429, (asked.status_code, asked.text[:300])
            await asyncio.sleep(1)
        while not (await client.get(f"/hub/api/users/{name}")).json().get("servers", {}).get("", {}).get("ready"):
            await asyncio.sleep(0.5)
        kernel = await client.post(f"/user/{name}/api/kernels", json={"name": "python3"})
        assert kernel.status_code == 201, (kernel.status_code, kernel.text[:300])
        await answered(f"{url}/user/{name}", kernel.json()["id"], headers)

    return press


# --- both ---


async def answered(server: str, kernel: str, headers: dict[str, str]) -> None:
    """Have the kernel print 1+1 and read the answer from its websocket."""
    wanted = uuid.uuid4().hex
    address = f"{server.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels?session_id={wanted}"
    socket = await websocket_connect(HTTPRequest(address, headers=headers, request_timeout=120))
    header = {"msg_id": wanted, "msg_type": "execute_request", "username": "", "session": wanted}
    content = {
        "code": "print(1+1)",
        "silent": False,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
    }
    message = {
        "header": header | {"version": "5.3", "date": ""},
        "parent_header": {},
        "metadata": {},
        "content": content,
    }
    await socket.write_message(json.dumps(message | {"channel": "shell"}))
    while True:
        said = await socket.read_message()
        assert said is not None, "the kernel's websocket was closed"
        if isinstance(said, bytes):
            continue
        heard = json.loads(said)
        if heard["parent_header"].get("msg_id") == wanted and heard["msg_type"] == "stream":
            assert heard["content"]["text"].strip() == "2", heard["content"]
            break
    socket.close()
