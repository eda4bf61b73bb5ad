"""What is remembered of launches that were let in, so that one counts once."""

from functools import cache

LEEWAY_S = 30
"""How far the clocks of a platform and of this centre may be apart."""
MAX_AGE_S = 600
"""A launch older than that counts no more."""


class Once:
    """The nonces of launches that were let in, for as long as they could be shown again with copied cookies.

    Of what was let in before this process began nothing is known, so what was signed before it counts no more.
    """

    def __init__(self, began_at: int) -> None:
        self._began_at = began_at
        self._seen: dict[str, int] = {}

    def first_time(self, nonce: str, issued_at: float, now: int) -> bool:
        """Whether this nonce has not been shown before; it has from now on. Times: UTC epoch seconds."""
        for old in [known for known, until in self._seen.items() if until < now]:
            del self._seen[old]
        if issued_at < self._began_at - LEEWAY_S or nonce in self._seen:
            return False
        self._seen[nonce] = int(issued_at) + MAX_AGE_S + 2 * LEEWAY_S
        return True


@cache
def once_since(began_at: int) -> Once:
    """That of this process: handlers are made anew for each request, and the Hub copies its configuration."""
    return Once(began_at)
