"""What is done to a class from its page: decided, cancelled, said, extended, ended, a seat started again, its codes."""

from collections.abc import Callable
from typing import Any

from dashboards.training.handler import TrainingHandler
from dashboards.training.single import done_words
from workbench.domain.training import TrainingSession
from workbench.errors import Refused, TrainingRefused
from workbench.i18n import _
from workbench.services.training import codes, deciding, listing, materials, messages, seats

Work = Callable[[TrainingSession, dict[str, str], str], Any]
"""What is done with a class by a form; `isolation`: why seats cannot be kept apart here."""


ACTS = ("approve", "decline", "cancel", "message", "extend", "end", "restart", "renew", "revoke", "distribute")


class Act(TrainingHandler):
    """POST to …/HANDLE/ACT. The page's script is answered in JSON, a browser alone goes back to the class."""

    async def look(self, *given: str) -> None:
        self.redirect(f"{self.root}/{given[0]}")  # the address of a form, opened by hand or reloaded

    async def take(self, *given: str) -> None:
        handle, act = given
        session, typed = await self.found(handle), self.typed()
        isolation = await self.isolation() if act == "approve" else ""
        work: Work = getattr(self, f"do_{act}")
        try:
            # New materials may be fetched from far away: nobody's other step waits for that.
            run = self.desk.run_slowly if act == "distribute" else self.desk.run
            await run(work, session, typed, isolation)
        except Refused as refused:
            if not self.for_script:
                raise
            said = " ".join(refused.problems) if isinstance(refused, TrainingRefused) else str(refused)
            self.set_status(409)
            self.finish({"problem": said})
            return
        if self.for_script:
            self.finish({"done": done_words(act)})
        else:
            self.done(act, handle)

    @property
    def for_script(self) -> bool:
        return self.request.headers.get("Accept", "") == "application/json"

    def do_approve(self, session: TrainingSession, typed: dict[str, str], isolation: str) -> None:
        given = {"now": self.now, "reason": typed.get("reason", ""), "isolation": isolation}
        deciding.decide(self.store, session.handle, self.who.name, approve=True, **given)  # type: ignore[arg-type]

    def do_decline(self, session: TrainingSession, typed: dict[str, str], _isolation: str) -> None:
        reason = typed.get("reason", "")
        deciding.decide(self.store, session.handle, self.who.name, approve=False, now=self.now, reason=reason)

    def do_cancel(self, session: TrainingSession, typed: dict[str, str], _isolation: str) -> None:
        deciding.cancel(self.store, session.handle, self.who.name, typed.get("reason", ""), self.now)

    def do_extend(self, session: TrainingSession, typed: dict[str, str], _isolation: str) -> None:
        minutes = _whole(session, typed.get("minutes", ""))
        deciding.extend(self.store, session.handle, self.who.name, minutes, self.now)

    def do_end(self, session: TrainingSession, typed: dict[str, str], _isolation: str) -> None:
        if typed.get("sure") != "yes":
            raise TrainingRefused(session.handle, [_("Tick that it shall end now.")])
        deciding.end(self.store, session.handle, self.who.name, self.now)

    def do_message(self, session: TrainingSession, typed: dict[str, str], _isolation: str) -> None:
        messages.say(self.store, session.handle, self.who.name, typed.get("text", ""), self.now)

    def do_distribute(self, session: TrainingSession, _typed: dict[str, str], _isolation: str) -> None:
        if not materials.distribute(self.store, session.handle, self.who.name, self.now).fresh:
            raise TrainingRefused(session.handle, [_("The materials are the same as before: there is nothing new.")])

    def do_restart(self, session: TrainingSession, typed: dict[str, str], _isolation: str) -> None:
        self._teaches(session)
        number = _whole(session, typed.get("seat", ""))
        seats.ask_restart(self.store, session.handle, number, self.who.name, self.now)

    def do_renew(self, session: TrainingSession, _typed: dict[str, str], _isolation: str) -> None:
        self._teaches(session)
        codes.renew(self.store, session.handle, self.who.name, self.now)

    def do_revoke(self, session: TrainingSession, typed: dict[str, str], _isolation: str) -> None:
        self._teaches(session)
        codes.revoke(self.store, session.handle, typed.get("code", ""), self.who.name, self.now)

    def _teaches(self, session: TrainingSession) -> None:
        if not listing.may_teach(session, self.who.name, self.who.groups):
            raise TrainingRefused(session.handle, [_("It is not a class of {who}.").format(who=self.who.name)])


def _whole(session: TrainingSession, text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 5:
        raise TrainingRefused(session.handle, [_("Write a whole number.")])
    return int(text)
