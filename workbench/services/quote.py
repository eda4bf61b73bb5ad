"""What a server costs before it starts: per hour at list price, the subsidy's part, the user's part."""

from dataclasses import dataclass

from workbench.settings import ProfileSettings
from workbench.store.engine import Store


@dataclass(frozen=True, slots=True)
class Quote:
    """An estimate per hour in minor units; amounts None where there is no list price (`why` says so).

    award_left_minor: subsidy left; None without an award. hours_left: hours that the award still covers at this
    price; None without an award or where the subsidy's part is nothing. why: a sentence where something is missing
    ('' where all is known). price_per_unit_minor: list price of one GPU-hour or one core-hour.
    """

    profile: str
    project: str
    resource: str
    price_per_unit_minor: int | None
    list_minor_per_hour: int | None
    subsidy_minor_per_hour: int | None
    user_minor_per_hour: int | None
    rate_bp: int
    award_left_minor: int | None
    hours_left: float | None
    why: str = ""


def quote(store: Store, profile: ProfileSettings, project: str, now: int) -> Quote:
    """What one hour of this profile costs this project now.

    Args:
        profile: of the settings; with GPUs it is priced per GPU-hour of its model, without per core-hour.
        project: slug; one without an award pays the list price.
        now: UTC epoch seconds.
    """
    raise NotImplementedError
