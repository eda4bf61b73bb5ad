"""How often codes may be tried: guessing one is slow, mistyping one is not punished. Times: UTC epoch seconds."""

import asyncio
from collections import Counter, deque
from functools import cache

from workbench.units import HOUR_S

MINUTE_S = 60
KNOWN_FOR_S = HOUR_S
FOR_KNOWN = 2
"""An address from which somebody joined is that of a class room, where several mistype: so many times as many."""
FOR_ALL = 10
"""So many times the tries of one address there are for all together; then every address has but its first one."""
ADDRESSES_KEPT = 10_000
SLOWED_S, MOST_SLOWED = 2.0, 40
"""From an address that is limited one code is looked at each two seconds, and so many wait for their turn: whoever
shares it with a guesser still gets in, and guessing stays slow.
"""


class Tries:
    """Codes that were refused in the last minute, by the address that they were tried from."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._times: deque[tuple[int, str]] = deque()
        self._wrong: Counter[str] = Counter()
        self._joined_at: dict[str, int] = {}
        self._told_at: dict[str, int] = {}
        self._waiting: dict[str, int] = {}
        self._minute, self._written, self._written_in_all = 0, Counter[str](), 0

    def limited(self, address: str, now: int) -> bool:
        """Whether this address has used up its tries."""
        self._forget(now)
        mine = self._wrong[address]
        many = len(self._times) >= FOR_ALL * self._per_minute
        return mine >= self._limit(address, now) or (mine > 0 and many)

    def wrong(self, address: str, now: int) -> None:
        """Count a code that opened nothing."""
        self._times.append((now, address))
        self._wrong[address] += 1

    def right(self, address: str, now: int) -> None:
        """Remember that somebody joined from there."""
        self._joined_at.pop(address, None)
        self._joined_at[address] = now
        if len(self._joined_at) > ADDRESSES_KEPT:
            del self._joined_at[next(iter(self._joined_at))]

    def newly_limited(self, address: str, now: int) -> bool:
        """Whether this address is limited and was not told so within a minute: once for each minute of guessing."""
        first = self.limited(address, now) and address not in self._told_at
        if first:
            self._told_at[address] = now
        return first

    def to_be_written(self, address: str, now: int) -> bool:
        """Whether a refusal is still written down: beyond some in a minute nobody reads them."""
        if now // MINUTE_S != self._minute:
            self._minute, self._written, self._written_in_all = now // MINUTE_S, Counter(), 0
        self._written[address] += 1
        self._written_in_all += 1
        few = self._written[address] <= self._limit(address, now)
        return few and self._written_in_all <= FOR_ALL * self._per_minute

    async def slowed(self, address: str) -> bool:
        """Wait for one's turn where an address is limited; False where too many wait already."""
        before = self._waiting.get(address, 0)
        if before >= MOST_SLOWED:
            return False
        self._waiting[address] = before + 1
        try:
            await asyncio.sleep(SLOWED_S * (before + 1))
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]
        return True

    def _limit(self, address: str, now: int) -> int:
        known = now - self._joined_at.get(address, -KNOWN_FOR_S) < KNOWN_FOR_S
        return self._per_minute * (FOR_KNOWN if known else 1)

    def _forget(self, now: int) -> None:
        while self._times and self._times[0][0] <= now - MINUTE_S:
            _at, address = self._times.popleft()
            self._wrong[address] -= 1
            if not self._wrong[address]:
                del self._wrong[address]
        self._told_at = {told: at for told, at in self._told_at.items() if at > now - MINUTE_S}


@cache
def tries(per_minute: int) -> Tries:
    """Those of this process: the Hub makes a handler for each request."""
    return Tries(per_minute)
