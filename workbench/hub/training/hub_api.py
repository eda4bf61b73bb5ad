"""What the rounds ask of the Hub, by its interface and with the token of their service."""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from workbench.domain.training import is_seat
from workbench.services.training.watching import Seen

PAGE = 25
"""Users a question: a Hub that writes down hundreds in one go answers nobody else for that long."""
ENDS_WITHIN_S = 40.0
LOOK_EVERY_S = 0.5


class HubSaidNo(Exception):
    """The Hub answered, and did not do it; with what it said."""


class HubApi:
    """The Hub's interface. Safe for threads."""

    def __init__(self, environ: Mapping[str, str], client: httpx.Client | None = None) -> None:
        self.url = environ["JUPYTERHUB_API_URL"].rstrip("/")
        headers = {"Authorization": f"token {environ['JUPYTERHUB_API_TOKEN']}"}
        headers["Accept"] = "application/jupyterhub-pagination+json"
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=16)
        self.client = client or httpx.Client(trust_env=False, timeout=90, limits=limits)
        self.client.headers.update(headers)

    def servers(self) -> dict[str, Seen]:
        """The servers of seats that the Hub has, ready or on their way, by the seat's name.

        Raises:
            httpx.HTTPError: the Hub does not answer, or refuses.
        """
        found: dict[str, Seen] = {}
        page: dict[str, Any] | None = {"url": f"{self.url}/users?state=active&name_filter=seat-&limit={PAGE}"}
        while page:
            answer = self.client.get(page["url"]).raise_for_status().json()
            for user in answer["items"]:
                for server in user["servers"].values():
                    if is_seat(user["name"]):
                        state = server.get("state") or {}
                        found[user["name"]] = Seen(bool(server["ready"]), str(state.get("server_id", "")))
            page = answer["_pagination"]["next"]
        return found

    def start(self, name: str) -> bool:
        """Start the server of a seat, its user made where it is not there yet; whether it is ready.

        Raises:
            HubSaidNo: with what the Hub said.
            httpx.HTTPError: the Hub does not answer.
        """
        made = self.client.post(f"{self.url}/users/{name}")
        if made.status_code not in (201, 409):
            raise HubSaidNo(_said(made))
        began = self.client.post(f"{self.url}/users/{name}/server", json={})
        if began.status_code not in (201, 202) and "already running" not in began.text:
            raise HubSaidNo(_said(began))
        return began.status_code != httpx.codes.ACCEPTED

    def stop(self, name: str) -> bool:
        """Stop the server of a seat and wait until it has ended; False where it has not after a while.

        Raises:
            httpx.HTTPError: the Hub does not answer.
        """
        deadline = time.monotonic() + ENDS_WITHIN_S
        while time.monotonic() < deadline:
            status = self.client.delete(f"{self.url}/users/{name}/server").status_code
            if status in (httpx.codes.NO_CONTENT, httpx.codes.NOT_FOUND):
                return True
            time.sleep(LOOK_EVERY_S)
        return False

    def keep(self, names: Iterable[str]) -> None:
        """Say that the servers of these seats are wanted: who listens for an hour is not idle."""
        servers = {"": {"last_activity": datetime.now(UTC).isoformat()}}
        for name in names:
            self.client.post(f"{self.url}/users/{name}/activity", json={"servers": servers})

    def token(self, name: str, lasts_s: int) -> str:
        """A token that opens the server of a seat and nothing else, for so many seconds; its user had a server before.

        Raises:
            HubSaidNo, httpx.HTTPError: the Hub gave none.
        """
        asked = {"note": "go or no-go", "expires_in": lasts_s, "scopes": [f"access:servers!server={name}/"]}
        made = self.client.post(f"{self.url}/users/{name}/tokens", json=asked)
        if made.status_code != httpx.codes.CREATED:
            raise HubSaidNo(_said(made))
        return str(made.json()["token"])

    def shared_with(self, who: str) -> list[str]:
        """Seats whose servers are open to somebody; none where the Hub does not know them yet.

        Raises:
            httpx.HTTPError: the Hub does not answer, or refuses.
        """
        found: list[str] = []
        page: dict[str, Any] | None = {"url": f"{self.url}/users/{who}/shared"}
        while page:
            said = self.client.get(page["url"])
            if said.status_code == httpx.codes.NOT_FOUND:
                return []
            answer = said.raise_for_status().json()
            owners = [one["server"]["user"]["name"] for one in answer["items"]]
            found += [name for name in owners if is_seat(name)]
            page = answer["_pagination"]["next"]
        return found

    def share(self, name: str, who: str) -> None:
        """Open the server of a seat, and nothing else of it, to somebody.

        Raises:
            HubSaidNo: with what the Hub said. httpx.HTTPError: it does not answer.
        """
        done = self.client.post(f"{self.url}/shares/{name}/", json={"user": who})
        if done.status_code != httpx.codes.OK:
            raise HubSaidNo(_said(done))

    def unshare(self, name: str, who: str) -> None:
        """Take it back; also where there is nothing to take back.

        Raises:
            HubSaidNo: with what the Hub said. httpx.HTTPError: it does not answer.
        """
        done = self.client.patch(f"{self.url}/shares/{name}/", json={"user": who})
        if done.status_code not in (httpx.codes.OK, httpx.codes.NOT_FOUND):
            raise HubSaidNo(_said(done))

    def remove(self, name: str) -> None:
        """Remove the user of a seat, with all log-ins and tokens that it has.

        Raises:
            HubSaidNo, httpx.HTTPError: the Hub did not do it.
        """
        gone = self.client.delete(f"{self.url}/users/{name}")
        if gone.status_code not in (httpx.codes.NO_CONTENT, httpx.codes.NOT_FOUND):
            raise HubSaidNo(_said(gone))


def _said(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}"
