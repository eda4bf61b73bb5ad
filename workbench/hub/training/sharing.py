"""Who lets the instructor look: the student's word is kept by the centre, the Hub opens and closes the seat by it.

What the Hub has opened is asked once for each class, so that a service that begins anew takes back what was taken back
meanwhile. Source: JupyterHub, "Sharing access to user servers".
"""

from collections.abc import Collection, Iterable
from typing import Protocol

from workbench.services.training.watching import Class


class Hub(Protocol):
    """What is asked of the Hub."""

    def shared_with(self, who: str) -> Iterable[str]:
        """Seats whose servers are open to somebody."""

    def share(self, name: str, who: str) -> None:
        """Open the server of a seat to somebody."""

    def unshare(self, name: str, who: str) -> None:
        """Take it back."""


class Sharing:
    """`hub`: is asked where something has changed, and no other time."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.open: dict[str, set[str]] = {}

    def follow(self, one: Class, running: Collection[str]) -> None:
        """Open and close the seats of a class to its instructor.

        Args:
            one: the class, as it is now.
            running: seats that have a server.

        Raises:
            httpx.HTTPError, HubSaidNo: the Hub does not answer, or refuses; the next look tries again.
        """
        if not any(seat.joined_at for seat in one.seats):
            return
        handle, who = one.session.handle, one.session.instructor
        names = {seat.name for seat in one.seats}
        wanted = {
            seat.name for seat in one.seats if seat.shared_at is not None and seat.joined_at and seat.ended_at is None
        }
        if handle not in self.open:
            self.open[handle] = names.intersection(self.hub.shared_with(who))
        for name in sorted(self.open[handle] - wanted):
            self.hub.unshare(name, who)
            self.open[handle].discard(name)
        for name in sorted((wanted - self.open[handle]).intersection(running)):
            self.hub.share(name, who)
            self.open[handle].add(name)
