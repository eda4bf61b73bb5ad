"""What if: the next twelve months as the centre goes on, beside what a visitor changes. For the whole centre.

A plain form, whose address can be shared; a script asks again while a slider is dragged. The answer is made in a worker
of its own, for each viewer one at a time and the newest first.
"""

from typing import Any

from dashboards.whatif.handler import Again, Rows, WhatIf
from dashboards.whatif.turns import Turns


def handlers(centre: Any) -> list[tuple[str, Any, dict[str, Any]]]:
    """The addresses below the service's prefix."""
    turns = Turns()
    turns.prepare()
    given = {"centre": centre, "turns": turns}
    return [
        (r"/what-if/?", WhatIf, given),
        (r"/what-if/again", Again, given),
        (r"/what-if/months\.csv", Rows, given),
    ]
