"""Where a notebook's figures come from: the centre's API under the Hub, or this machine's own records for its operator.

Both answer the same questions (services.answers) in the same frames. The Hub's API sees what the server's owner may
see; the records themselves are open to whoever can read the state folder, who then sees the whole centre.
"""

import getpass
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from workbench.analytics.wire import from_table
from workbench.domain.access import WholeCentre
from workbench.errors import NoAnswer
from workbench.services.answers import Answer, answer
from workbench.settings import load
from workbench.store.engine import Store, open_store

ANSWER_WITHIN_S = 60
OUTSIDE = "Open this notebook on a server of the Hub, or set WORKBENCH_HOME to the centre's state folder."


class Source(Protocol):
    """Who answers. `said` is one line for people: whose view it is, and from where."""

    said: str

    def ask(self, question: str, **params: str) -> Answer:
        """The answer to one of services.answers.QUESTIONS; parameters are text, as in an address."""
        ...

    def send(self, what: str, **given: Any) -> dict[str, Any]:
        """Have something done, as the API's POST; its answer."""
        ...

    def readable(self, file: Mapping[str, Any]) -> str:
        """A path at which this process can read a file of the lake (a row of the question `lake`)."""
        ...


def find_source(environ: Mapping[str, str], now: Any) -> Source:
    """The source that this environment names.

    Args:
        environ: WORKBENCH_API and JUPYTERHUB_API_TOKEN under the Hub; WORKBENCH_HOME on the operator's machine.
        now: called for UTC epoch seconds at each question.

    Raises:
        NoAnswer: it names none.
    """
    if environ.get("WORKBENCH_API"):
        token = environ.get("JUPYTERHUB_API_TOKEN")
        if not token:
            raise NoAnswer("This server has no token for the centre.", "Stop your server and start it again.")
        return HubSource(environ["WORKBENCH_API"], token, Path.home() / ".cache/workbench/lake")
    settings = load()
    if not environ.get("WORKBENCH_HOME") and not (settings.home / ".workbench").exists():
        raise NoAnswer("No centre is in reach of this notebook.", OUTSIDE)
    return LocalSource(open_store(settings), now)


@dataclass
class LocalSource:
    """The records of this machine, seen whole."""

    store: Store
    now: Any
    said: str = field(init=False)

    def __post_init__(self) -> None:
        self.viewer = WholeCentre(getpass.getuser())
        self.said = f"The whole centre, from the records in {self.store.settings.home}"

    def ask(self, question: str, **params: str) -> Answer:
        return answer(self.store, self.viewer, question, params, self.now())

    def send(self, what: str, **given: Any) -> dict[str, Any]:
        raise NoAnswer(f"Without the Hub there is no {what} beyond this machine.", OUTSIDE)

    def readable(self, file: Mapping[str, Any]) -> str:
        return str(file["path"])


@dataclass
class HubSource:
    """The centre's API; `cache` keeps files of the lake that this process cannot read where they lie."""

    url: str
    token: str = field(repr=False)
    cache: Path
    said: str = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"token {self.token}"}
        # No proxy of the environment in between: the token must reach the centre and nobody else.
        self.http = httpx.Client(base_url=self.url, headers=headers, timeout=ANSWER_WITHIN_S, trust_env=False)
        try:
            who = self.ask("whoami").facts
        except NoAnswer:
            self.http.close()
            raise
        view = "the whole centre" if who["whole_centre"] else ", ".join(who["projects"]) or "no project yet"
        self.said = f"{who['viewer']} sees {view}"

    def ask(self, question: str, **params: str) -> Answer:
        facts = self._get(question, params).json()
        table = facts.pop("table", None)
        return Answer(facts, None if table is None else from_table(table))

    def send(self, what: str, **given: Any) -> dict[str, Any]:
        return dict(self._answered(lambda: self.http.post(what, json=given)).json())

    def readable(self, file: Mapping[str, Any]) -> str:
        if os.access(file["path"], os.R_OK):
            return str(file["path"])
        folder = self.cache / quote(file["name"], safe="")
        kept = folder / f"{file['version']}.parquet"
        if not kept.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            older = list(folder.iterdir())
            partial = kept.with_suffix(f".{os.getpid()}")
            partial.write_bytes(self._get("lake/file", {"path": file["name"]}).content)
            partial.replace(kept)
            for path in older:
                path.unlink(missing_ok=True)
        return str(kept)

    def _get(self, what: str, params: Mapping[str, str]) -> httpx.Response:
        return self._answered(lambda: self.http.get(what, params=dict(params)))

    def _answered(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        try:
            response = ask()
        except httpx.TimeoutException as problem:
            raise NoAnswer("The centre takes too long to answer.", "Ask for less at once, or try again.") from problem
        except httpx.TransportError as problem:
            again = "It may be starting: try again in a minute. If it stays, tell the operator."
            raise NoAnswer(f"Nothing answers at {self.url}.", again) from problem
        if response.status_code == httpx.codes.OK:
            return response
        try:
            said = response.json()
            raise NoAnswer(said["error"], said["what_to_do"], said["reference"])
        except (ValueError, KeyError, TypeError) as problem:
            what_to_do = "Try again in a minute; if it stays, tell the operator."
            raise NoAnswer(f"The centre answered with status {response.status_code}.", what_to_do) from problem
