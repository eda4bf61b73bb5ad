"""A student of a class without a screen: joins by the code, as a browser does, and runs code in a kernel."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from typing import Any

import httpx
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

XSRF = re.compile(r'name="_xsrf"[^>]*value="([^"]+)"')
READY_WITHIN_S = 90


class Student:
    """One browser. `seat` is the name of the seat, `own` the origin of its Lab, once joined."""

    def __init__(self, url: str, name: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url, self.name, self.seat, self.own = url, name, "", url
        self.client = httpx.Client(
            base_url=url, transport=transport, trust_env=False, follow_redirects=True, timeout=60
        )
        self.kernel: str | None = None

    def try_code(self, code: str) -> httpx.Response:
        """What the Hub answers to a code."""
        page = self.client.get(f"/hub/join/{code}")
        found = XSRF.search(page.text)
        token = found.group(1) if found else self.cookie("_xsrf", "/hub/")
        return self.client.post("/hub/join", data={"_xsrf": token, "code": code, "name": self.name})

    def join(self, code: str) -> Student:
        """Take a seat and wait until its server answers."""
        answer = self.try_code(code)
        found = re.search(r"/(?:user|spawn-pending|spawn)/(seat-[a-z0-9-]+)", answer.url.path)
        assert found is not None, (answer.status_code, str(answer.url), answer.text[-1500:])
        self.seat = found.group(1)
        deadline = time.monotonic() + READY_WITHIN_S
        while not self.answers():
            assert time.monotonic() < deadline, f"the server of {self.seat} did not answer"
            time.sleep(0.3)
        return self

    def answers(self) -> bool:
        """Whether the seat's Lab opens."""
        answer = self.client.get(f"/user/{self.seat}/lab")
        there = answer.status_code == 200 and answer.url.path.startswith(f"/user/{self.seat}/lab")
        if there:
            self.own = str(answer.url.join("/")).rstrip("/")
        return there

    def cookie(self, name: str, path: str) -> str:
        return next((c.value or "" for c in self.client.cookies.jar if c.name == name and c.path == path), "")

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """A request to the seat's own server."""
        base = f"/user/{self.seat}/"
        headers = {"X-XSRFToken": self.cookie("_xsrf", base)}
        return self.client.request(method, self.own + base + path, headers=headers, **given)

    def open(self, notebook: str = "", kernel: str = "python3") -> str:
        """Start a kernel, of this name, for this notebook; its id."""
        name = notebook or f"{uuid.uuid4().hex}.ipynb"
        body = {"path": name, "type": "notebook", "name": name.rpartition("/")[2], "kernel": {"name": kernel}}
        made = self.ask("POST", "api/sessions", json=body)
        assert made.status_code == 201, made.text
        self.kernel = made.json()["kernel"]["id"]
        return self.kernel

    def run(self, code: str, cell: str = "") -> str:
        """What a cell printed, or "NAME: VALUE" of its error."""
        kernel = self.kernel or self.open()
        return asyncio.run(self._run(kernel, code, cell))

    async def _run(self, kernel: str, code: str, cell: str) -> str:
        base, wanted = f"/user/{self.seat}", uuid.uuid4().hex
        cookies = "; ".join(
            f"{c.name}={c.value}" for c in self.client.cookies.jar if (base + "/").startswith(c.path or "")
        )
        address = f"{self.url.replace('http', 'ws', 1)}{base}/api/kernels/{kernel}/channels?session_id={wanted}"
        socket = await websocket_connect(HTTPRequest(address, headers={"Cookie": cookies, "Origin": self.url}))
        header = {"msg_id": wanted, "msg_type": "execute_request", "username": "", "session": wanted}
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = {"header": header | {"version": "5.3", "date": ""}, "parent_header": {}, "content": content}
        await socket.write_message(json.dumps(message | {"metadata": {"cellId": cell}, "channel": "shell"}))
        said = ""
        while True:
            heard = json.loads(await asyncio.wait_for(socket.read_message(), 60))
            if heard["parent_header"].get("msg_id") != wanted:
                continue
            if heard["msg_type"] == "stream":
                said += heard["content"]["text"]
            elif heard["msg_type"] == "error":
                said += f"{heard['content']['ename']}: {heard['content']['evalue']}"
            elif heard["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
                socket.close()
                while await socket.read_message() is not None:
                    continue  # until the other side has closed it too
                return said.strip()

    def close(self) -> None:
        self.client.close()
