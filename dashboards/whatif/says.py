"""What a what-if says in words: the sentence over the page, the tiles, the rows of the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.periods import day_start
from workbench.services.whatif.answer import Answer
from workbench.services.whatif.figures import Case, Stretch
from workbench.units import BASIS_POINTS, money_short


@dataclass(frozen=True)
class Fact:
    """One figure as it goes on, changed, and what that means; `same`: nothing changes it."""

    id: str
    label: str
    base: str
    changed: str
    means: str
    state: str = ""

    @property
    def same(self) -> bool:
        return self.base == self.changed


def policies() -> dict[str, tuple[str, str]]:
    """Policy → its name and what it does."""
    return {
        "as-now": (_("As now"), _("the rule that comes nearest to the log")),
        "fifo": (_("Strict order"), _("first come, first served; nothing goes past")),
        "backfill": (_("Backfill"), _("what goes past may not delay who is first")),
        "fair-share": (_("Fair share"), _("who used least of late comes first")),
    }


def sentence(found: Answer, zone: object) -> Markup:
    """What would be, in words made from the numbers."""
    if found.base.whole.occupancy_bp is None:
        return Markup("{} {}").format(_unknown(found), _lasts(found.base, found.changed, _names(found)))
    changes = _names(found)
    if found.scenario.changes_nothing or not changes:
        return Markup("{} {}").format(_as_it_is(found.base), _lasts(found.base, found.changed, []))
    place = told_month(found, zone)
    base, changed = found.base.months[place], found.changed.months[place]
    said = escape(
        _(
            "With {changes}, occupancy in {month} would be {share} instead of {was}; half of the jobs would start "
            "{half}, 19 of 20 {most}."
        )
    ).format(
        changes=_listed(changes),
        month=month_name(found.months[place]),
        share=_strong(percent(changed.occupancy_bp)),
        was=percent(base.occupancy_bp),
        half=_instead(changed.wait_median_s, base.wait_median_s),
        most=_instead(changed.wait_p95_s, base.wait_p95_s),
    )
    return Markup("{} {}").format(said, _lasts(found.base, found.changed, changes))


def glance(found: Answer) -> Markup:
    """The three figures for a narrow window, where the answer is out of sight while one drags."""
    whole = found.changed.whole
    said = escape(_("{share} in use · 19 of 20 jobs start {soon} · the fund lasts until {day}"))
    return said.format(
        share=_strong(percent(whole.occupancy_bp)),
        soon=_strong(_within(whole.wait_p95_s)),
        day=_strong(until(found.changed.fund_lasts_until)),
    )


def told_month(found: Answer, zone: object) -> int:
    """The month that the sentence tells of: of those in which all is in force the one that would be the fullest."""
    asked, months = found.scenario, found.base.months
    since = day_start(asked.from_on, zone) if asked.more_gpus and asked.from_on else 0  # type: ignore[arg-type]
    kept = asked.reservation
    if kept is not None and not kept.weekly:
        return max((place for place, one in enumerate(months) if one.start_s <= kept.starts_at), default=0)
    since = max(since, kept.starts_at if kept else 0)
    whole = [place for place, one in enumerate(months) if one.start_s >= since] or [len(months) - 1]
    return max(whole, key=lambda place: (months[place].occupancy_bp or 0, -place))


def facts(found: Answer, symbol: str) -> list[Fact]:
    """Occupancy, waits, who still waits, the fund: over the twelve months."""
    base, changed = found.base, found.changed
    then, now = changed.whole, base.whole
    return [
        Fact(
            "occupancy",
            _("Occupancy, over the twelve months"),
            percent(now.occupancy_bp),
            percent(then.occupancy_bp),
            _points(then.occupancy_bp, now.occupancy_bp),
        ),
        Fact("median", _("Median wait of a job"), *_waits(now.wait_median_s, then.wait_median_s)),
        Fact("p95", _("19 of 20 jobs wait less than"), *_waits(now.wait_p95_s, then.wait_p95_s)),
        Fact(
            "waiting",
            _("Jobs still waiting at the end"),
            words.count(base.waiting),
            words.count(changed.waiting),
            _more(base.waiting, changed.waiting),
            "watch" if (changed.waiting or 0) > (base.waiting or 0) else "",
        ),
        _left(found, symbol),
        Fact(
            "runway",
            _("The fund lasts until"),
            until(base.fund_lasts_until),
            until(changed.fund_lasts_until),
            _sooner(base.fund_lasts_until, changed.fund_lasts_until),
        ),
    ]


def rows(found: Answer, money: Callable[[float], str]) -> list[list[str]]:
    """A row of each month: as it goes on and changed, side by side."""
    lines = []
    for place, month in enumerate(found.months):
        sides: list[tuple[Stretch, int]] = [
            (case.months[place], case.fund_left_minor[place]) for case in (found.base, found.changed)
        ]
        pairs = [
            [percent(one.occupancy_bp) for one, _left_minor in sides],
            [words.duration(one.wait_median_s) for one, _left_minor in sides],
            [words.duration(one.wait_p95_s) for one, _left_minor in sides],
            [money(left) for _one, left in sides],
        ]
        lines.append([month_name(month), *(text for pair in pairs for text in pair)])
    return lines


def percent(share_bp: int | None) -> str:
    return words.percent(None if share_bp is None else share_bp / BASIS_POINTS)


def month_name(month: str) -> str:
    return words.month(date.fromisoformat(f"{month}-01"))


def until(day: date | None) -> str:
    return _("over a century") if day is None else words.day(day)


def millions(values: Sequence[int], symbol: str) -> Callable[[float], str]:
    """How money is written where little changes: millions with a decimal where billions would all look alike."""
    if max(values) - min(values) > max(map(abs, values)) * 0.2:
        return lambda value: money_short(round(value), symbol)
    return lambda value: f"{symbol}{value / 1e8:,.1f}m"


def _names(found: Answer) -> list[str]:
    """What is changed, each in words."""
    asked, kept, names = found.scenario, found.scenario.reservation, []
    if asked.more_gpus and asked.from_on:
        more = _("{n} more {model} from {day}") if asked.more_gpus > 0 else _("{n} fewer {model} from {day}")
        names.append(
            more.format(n=f"{abs(asked.more_gpus):,}", model=found.gpu_model or _("GPUs"), day=words.day(asked.from_on))
        )
    if asked.policy != "as-now":
        names.append(
            {
                "fifo": _("strict first come, first served"),
                "backfill": _("backfill that delays nobody"),
                "fair-share": _("fair share"),
            }[asked.policy]
        )
    if found.approved:
        n = len(found.approved)
        names.append(ngettext("the next application approved", "the next {n} applications approved", n).format(n=n))
    if kept:
        names.append(
            (_("{n} GPUs kept for a class every week") if kept.weekly else _("{n} GPUs kept for a class")).format(
                n=f"{kept.gpus:,}"
            )
        )
    if asked.growth_bp:
        grows = _("demand growing {n}% a month") if asked.growth_bp > 0 else _("demand falling {n}% a month")
        names.append(grows.format(n=f"{abs(asked.growth_bp) / 100:g}"))
    return names


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return names[0] if names else ""
    return _("{many} and {last}").format(many=", ".join(names[:-1]), last=names[-1])


def _as_it_is(base: Case) -> str:
    said = _(
        "As the centre goes on, {share} of its GPU time will be in use over the next twelve months; half of the jobs "
        "start {half}, 19 of 20 {most}."
    )
    whole = base.whole
    return said.format(
        share=percent(whole.occupancy_bp), half=_within(whole.wait_median_s), most=_within(whole.wait_p95_s)
    )


def _unknown(found: Answer) -> str:
    if not found.pool:
        return _("Occupancy and waits are unknown: nobody stated the centre's capacity.")
    return _("Occupancy and waits ahead are unknown: no job of {pool} is in the log.").format(pool=found.pool)


def _lasts(base: Case, changed: Case, changes: Sequence[str]) -> Markup:
    if base.fund_lasts_until == changed.fund_lasts_until:
        still = _("The fund still lasts until {day}.") if changes else _("The fund lasts until {day}.")
        return escape(still.format(day=until(base.fund_lasts_until)))
    said = escape(_("The fund lasts until {day} instead of {was}."))
    return said.format(day=_strong(until(changed.fund_lasts_until)), was=until(base.fund_lasts_until))


def _strong(text: str) -> Markup:
    return Markup("<b>{}</b>").format(text)


def _instead(seconds: int | None, was: int | None) -> Markup:
    """How soon: "within 2 min instead of 3.4 h"; where nothing changes, that alone."""
    if _within(seconds) == _within(was):
        return escape(_within(seconds))
    return escape(_("{soon} instead of {was}")).format(soon=_strong(_within(seconds)), was=_within(was))


def _within(seconds: int | None) -> str:
    if seconds is None:
        return _("nobody knows when")
    return _("within {time}").format(time=words.duration(seconds)) if seconds else _("at once")


def _waits(base: int | None, changed: int | None) -> tuple[str, str, str, str]:
    state = "watch" if base is not None and changed is not None and changed > max(2 * base, base + 3600) else ""
    return words.duration(base), words.duration(changed), _longer(base, changed), state


def _longer(base: int | None, changed: int | None) -> str:
    if base is None or changed is None:
        return ""
    if base == changed:
        return _("no longer and no shorter")
    said = _("{time} longer") if changed > base else _("{time} shorter")
    return said.format(time=words.duration(abs(changed - base)))


def _more(base: int | None, changed: int | None) -> str:
    if base is None or changed is None:
        return ""
    if base == changed:
        return _("as many as before") if base else _("all have started")
    return (_("{n} more") if changed > base else _("{n} fewer")).format(n=f"{abs(changed - base):,}")


def _points(changed: int | None, base: int | None) -> str:
    if base is None or changed is None:
        return _("nobody stated the capacity")
    if changed == base:
        return _("no more and no less")
    said = _("{n} points more") if changed > base else _("{n} points less")
    return said.format(n=f"{abs(changed - base) / 100:.1f}")


def _left(found: Answer, symbol: str) -> Fact:
    base, changed = found.base.fund_left_minor[-1], found.changed.fund_left_minor[-1]
    money = millions((base, changed), symbol)
    drawn = base - changed
    means = _("drawn as before")
    if drawn:
        means = (_("{amount} more is drawn") if drawn > 0 else _("{amount} less is drawn")).format(
            amount=money_short(abs(drawn), symbol)
        )
    after = _("Left of the fund at the end of {month}").format(month=month_name(found.months[-1]))
    return Fact("left", after, money(base), money(changed), means, "act" if changed < 0 else "")


def _sooner(base: date | None, changed: date | None) -> str:
    if base == changed or base is None or changed is None:
        return _("at the mean pace of these months")
    days = (base - changed).days
    said = (
        ngettext("{n} day sooner", "{n} days sooner", days)
        if days > 0
        else ngettext("{n} day later", "{n} days later", -days)
    )
    return said.format(n=f"{abs(days):,}")
