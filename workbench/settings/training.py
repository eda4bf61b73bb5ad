"""The part [training] of the settings: how classes are made ready, joined and ended."""

from typing import Annotated, Literal

from pydantic import Field

from workbench.settings.lti import Platforms
from workbench.settings.section import Section


class TrainingSettings(Section):
    """Of hosted training sessions.

    project: that is proposed to pay; most_seats: of one session; lead_minutes: so long before the start its servers
    are started; at_once: how many of them start at the same time; check_minutes: so long before the start one seat is
    tried; stuck_minutes: without a cell that ran through, a seat that runs cells is stuck; keep_days: for which work
    can be fetched after the end; tries_per_minute: codes that may be tried from one address; isolation: "required"
    refuses a class where seats could read one another's files; seat_mem_mib, seats_per_core: what a seat is expected to
    use of one machine, so how many it can have; lti: platforms whose courses may open a class.
    """

    project: str = "training"
    most_seats: Annotated[int, Field(ge=1, le=2000)] = 300
    lead_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 15
    at_once: Annotated[int, Field(ge=1, le=100)] = 4
    check_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 60
    stuck_minutes: Annotated[int, Field(ge=1, le=120)] = 5
    keep_days: Annotated[int, Field(ge=0, le=365)] = 14
    tries_per_minute: Annotated[int, Field(ge=1)] = 10
    isolation: Literal["required", "if-possible"] = "required"
    seat_mem_mib: Annotated[int, Field(ge=64)] = 200
    seats_per_core: Annotated[int, Field(ge=1)] = 50
    lti: Platforms = ()
