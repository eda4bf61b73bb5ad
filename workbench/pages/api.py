"""The figures as JSON for notebooks: GET /api/<question>, answered within what the asker's token may see.

What a notebook may have done is told by POST (pages.api_clusters); seats of a class have addresses of their own
(pages.api_training).

Authorization: token <a server's own Hub token>. The Hub says whose it is and in which groups; nothing else is
believed: no cookie, no token in an address. Every answer is `{…facts, "table": {"columns": …, "rows": …}}`
(analytics.wire); every error `{"error", "what_to_do", "reference"}`. Questions and parameters: services.answers.
"""

import asyncio
import logging
import secrets
import time
from pathlib import Path
from typing import Any

from tornado.web import HTTPError, RequestHandler

from workbench.analytics.wire import dumps, to_table
from workbench.domain.access import Scope, scope_of
from workbench.errors import (
    BadQuestion,
    NoAccess,
    NotEnoughHistory,
    UnknownCluster,
    UnknownProject,
    UnknownServer,
    UnknownTraining,
    WorkbenchError,
)
from workbench.errors import Refused as AgainstTheRules
from workbench.services.answers import QUESTIONS, answer
from workbench.services.lake_files import lake_file
from workbench.store.engine import Store

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
ASK_OPERATOR = "Try again in a minute; if it stays, give the operator this reference."
STATUS: dict[type[WorkbenchError], tuple[int, str]] = {
    # error → status, what to do. Not yours and not there are told with the same words and status.
    BadQuestion: (400, "Correct the parameter and ask again."),
    UnknownProject: (403, "Name one of your projects, or ask its lead to add you."),
    UnknownServer: (403, "Ask from the server itself, or name one of yours."),
    UnknownTraining: (403, "Join a class with its code."),
    UnknownCluster: (403, "Name one of your own Dask clusters."),
    NoAccess: (403, "Ask the centre's operator for that role."),
    NotEnoughHistory: (409, ""),  # its own sentence says what to do
    AgainstTheRules: (409, ""),  # its own sentence says what to do
}
HOW_TO_ASK = "Send the header Authorization: token <the server's JUPYTERHUB_API_TOKEN>."
RENEW = "Stop your server and start it again: that gives it a new token."


def handlers(store: Store, hub_auth: Any) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Routes of the API, relative to the service's prefix (as Bokeh's `extra_patterns` wants them).

    Args:
        store: the centre's records.
        hub_auth: a jupyterhub HubAuth; what is used of it: user_for_token(token, sync=False), access_scopes,
            check_scopes(required, user).
    """
    # Only here: they build on the class below.
    from workbench.pages.api_clusters import Clusters
    from workbench.pages.api_training import Seat

    known = {"store": store, "hub_auth": hub_auth}
    return [
        (r"/api/lake/file", LakeFile, known),
        (r"/api/cluster(/close)?", Clusters, known),
        (r"/api/training/(seat|report|handin|share)", Seat, known),
        (r"/api/([a-z]+)", Ask, known),
        (r"/api(?:/.*)?", NotThere, known),
    ]


class Api(RequestHandler):
    """What all answers share: who asks, and errors as JSON."""

    def initialize(self, store: Store, hub_auth: Any) -> None:
        self.store, self.hub_auth = store, hub_auth

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")

    def check_xsrf_cookie(self) -> None:
        """Nothing to check: cookies are not looked at; a page elsewhere cannot send the header that is."""

    async def scope(self) -> Scope:
        """What the owner of the token may see.

        Raises:
            Refused: no token, one that the Hub does not know, or one that may not reach this service.
        """
        word, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if word.lower() not in ("token", "bearer") or not token.strip():
            raise Refused(401, "No token was sent.", HOW_TO_ASK)
        user = await self.hub_auth.user_for_token(token.strip(), sync=False)
        if user is None:
            raise Refused(401, "The Hub does not know this token; it may have expired.", RENEW)
        if user.get("kind", "user") != "user" or not self.hub_auth.check_scopes(self.hub_auth.access_scopes, user):
            who = user.get("name", "This token's owner")
            raise Refused(403, f"{who} may not see the centre's figures.", "Ask a project's lead to add you to it.")
        return scope_of(user["name"], user.get("groups", ()))

    def parameters(self) -> dict[str, str]:
        """The query as plain text values; a name that is given twice is refused rather than half ignored."""
        given = {}
        for name, values in self.request.query_arguments.items():
            if len(values) != 1:
                raise BadQuestion(f"{name} is given {len(values)} times", "give it once")
            try:
                given[name] = values[0].decode("utf-8")
            except UnicodeDecodeError as problem:
                raise BadQuestion(f"{name} is not UTF-8", "encode it so") from problem
        return given

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        problem = kwargs.get("exc_info", (None, None, None))[1]
        reference = secrets.token_hex(4)
        status, error, what_to_do = _words(problem, status_code)
        log.log(logging.ERROR if status >= 500 else logging.INFO, "API %s: %s (reference %s)", status, error, reference)
        self.set_status(status)
        self.finish(dumps({"error": error, "what_to_do": what_to_do, "reference": reference}))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """The traceback only for what we did not foresee."""
        if not isinstance(value, WorkbenchError | Refused):
            super().log_exception(typ, value, tb)


class Ask(Api):
    async def get(self, question: str) -> None:
        scope = await self.scope()
        if question not in QUESTIONS:
            raise Refused(404, f"There is no question {question!r}.", f"Ask one of: {', '.join(sorted(QUESTIONS))}.")
        # In a thread: the dashboards' event loop serves everybody meanwhile.
        self.finish(await asyncio.to_thread(_answered, self.store, scope, question, self.parameters()))


def _answered(store: Store, scope: Scope, question: str, params: dict[str, str]) -> str:
    said = answer(store, scope, question, params, int(time.time()))
    table = {} if said.table is None else {"table": to_table(said.table)}
    return dumps({**said.facts, **table})


class LakeFile(Api):
    async def get(self) -> None:
        scope = await self.scope()
        wanted = self.parameters().get("path", "")
        found = await asyncio.to_thread(lake_file, self.store, scope, wanted)
        self.set_header("Content-Type", "application/vnd.apache.parquet")
        self.set_header("Etag", f'"{found.version}"')
        with Path(found.path).open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                self.write(chunk)
                await self.flush()


class NotThere(Api):
    async def get(self) -> None:
        await self.scope()
        raise Refused(404, "There is nothing at this address.", f"Ask one of: {', '.join(sorted(QUESTIONS))}.")


class Refused(Exception):
    """A request that gets no answer: status, the sentence, and what to do."""

    def __init__(self, status: int, error: str, what_to_do: str):
        super().__init__(error)
        self.status, self.error, self.what_to_do = status, error, what_to_do


def _words(problem: BaseException | None, status: int) -> tuple[int, str, str]:
    if isinstance(problem, Refused):
        return problem.status, problem.error, problem.what_to_do
    if isinstance(problem, WorkbenchError):
        code, what_to_do = next((s for kind, s in STATUS.items() if isinstance(problem, kind)), (500, ASK_OPERATOR))
        return code, str(problem), what_to_do
    if isinstance(problem, HTTPError) and problem.status_code in (502, 503):
        return 503, "The Hub does not answer just now.", ASK_OPERATOR
    if status == 405:
        return status, "This address only answers GET.", "Ask with GET."
    return 500, "Something went wrong here that we did not foresee.", ASK_OPERATOR
