"""The sentence, the bar, the notes and the tiles of the page of spend."""

from markupsafe import Markup

from dashboards._asked import Asked
from dashboards._money import exact, short
from dashboards._page import (
    Note,
    Segment,
    Tile,
    linked,
    sentence,
    spark,
)
from dashboards.spend.data import Data, at_the_end
from workbench.i18n import _, ngettext
from workbench.pages import words


def say(asked: Asked, data: Data) -> Markup:
    """The sentence over the page."""
    e, scheme = data.envelope, asked.store.settings.scheme
    if not e.awards_decided:
        return sentence(
            _("Nothing is awarded yet; all of {amount} is open.").format(amount=short(asked, data.available_minor))
        )
    first = sentence(
        _("{committed} of the {budget} is committed and {drawn} drawn; {left} can still be awarded.")
    ).format(
        committed=linked(short(asked, e.committed_minor), "#table-spend-by-project"),
        budget=short(asked, e.budget_minor),
        drawn=linked(short(asked, e.drawn_minor), "#picture-burn-up"),
        left=short(asked, e.left_minor),
    )
    change = words.relative(data.drawn_minor, data.before_minor, asked.period.before_when)
    second = sentence(_("{amount} of subsidy was drawn {when}")).format(
        amount=linked(short(asked, data.drawn_minor), "#table-spend-by-project"), when=asked.period.when
    ) + (f", {change.text}." if change.text else ".")
    third = sentence(
        _("At the pace of the last 90 days, {amount} will be drawn when the scheme ends on {day}.")
    ).format(amount=linked(short(asked, at_the_end(asked, data)), "#picture-burn-up"), day=words.day(scheme.ends_on))
    return sentence(first, second, third if e.pace_minor_per_day else "")


def notes(asked: Asked, data: Data) -> tuple[Note, ...]:
    e, found = data.envelope, []
    if e.unpriced_gpu_part_seconds:
        found.append(
            Note(
                _("{n} GPU-hours have no list price and are in none of these amounts.").format(
                    n=words.hours(e.unpriced_gpu_part_seconds)
                )
            )
        )
    if e.suspense_minor:
        found.append(
            Note(
                _("Usage of {amount} at list price belongs to no known project and waits for an owner.").format(
                    amount=exact(asked, e.suspense_minor)
                )
            )
        )
    if e.left_minor is not None and e.left_minor < 0:
        found.append(Note(_("More is committed than the budget less the reserve allows."), "act"))
    return tuple(found)


def strip(asked: Asked, data: Data) -> tuple[Segment, ...]:
    """The envelope as one bar: drawn, committed but not drawn, open, reserve."""
    e = data.envelope
    if not e.budget_minor:
        return ()
    parts = (
        (_("Drawn"), e.drawn_minor, "series-1", ""),
        (_("Committed, not drawn"), e.undrawn_minor, "series-6", ""),
        (_("Still to award"), max(0, e.left_minor or 0), "raised", "open"),
        (_("Reserve"), e.reserve_minor or 0, "muted", "hatch"),
    )
    return tuple(
        Segment(label, short(asked, minor), exact(asked, minor), minor / e.budget_minor, colour, shape)
        for label, minor, colour, shape in parts
    )


def tiles(asked: Asked, data: Data) -> tuple[Tile, ...]:
    e, scheme, period = data.envelope, asked.store.settings.scheme, asked.period
    ending = at_the_end(asked, data)
    daily = data.month["subsidy_minor"] if len(data.month) else []
    budget = _("of {budget} less {reserve} reserve").format(
        budget=short(asked, e.budget_minor), reserve=short(asked, e.reserve_minor)
    )
    share = words.percent(e.drawn_minor / e.committed_minor if e.committed_minor else None)
    return (
        Tile(
            "committed",
            _("Committed"),
            short(asked, e.committed_minor),
            exact=str(e.committed_minor),
            exact_text=exact(asked, e.committed_minor),
            change=words.Change(
                "same",
                ngettext("{n} award in force", "{n} awards in force", e.awards_live).format(n=e.awards_live),
                _("of {n} decided").format(n=e.awards_decided),
            ),
            of=budget,
            spark=spark(data.applications["approved_total"]) if len(data.applications) else None,
            spark_says=_("Applications approved, month by month"),
            definition=_(
                "Ceilings of all awards decided and not ended, and what ended ones drew. It can never "
                "exceed the budget less the reserve."
            ),
            query="workbench spend --by project",
            rows="#table-spend-by-project",
        ),
        Tile(
            "drawn",
            _("Drawn"),
            short(asked, e.drawn_minor),
            exact=str(e.drawn_minor),
            exact_text=exact(asked, e.drawn_minor),
            spark=spark(daily),
            spark_says=_("Subsidy drawn by day, last 30 days"),
            of=_("{share} of what is committed; users paid {amount}").format(
                share=share, amount=short(asked, e.user_minor)
            ),
            definition=_(
                "The subsidy's part of every charge since the opening. A charge is GPU time × list price "
                "on its day; the award's rate says how much of it the subsidy pays, until its ceiling."
            ),
            query="workbench spend --by project",
            rows="#picture-burn-up",
            rows_label=_("See it over time"),
        ),
        Tile(
            "left",
            _("Still to award"),
            short(asked, e.left_minor),
            exact=str(e.left_minor or 0),
            exact_text=exact(asked, e.left_minor),
            of=budget,
            state="act" if (e.left_minor or 0) < 0 else "",
            state_text=_("over-committed") if (e.left_minor or 0) < 0 else "",
            change=words.Change(
                "same",
                words.percent((e.left_minor or 0) / data.available_minor if data.available_minor else None),
                _("of what can be awarded"),
            ),
            definition=_("Budget less reserve less committed. Ceilings that lapse unused come back to it."),
            query="workbench spend --by project",
        ),
        Tile(
            "period",
            _("Drawn, {period}").format(period=period.label),
            short(asked, data.drawn_minor),
            exact=str(data.drawn_minor),
            exact_text=exact(asked, data.drawn_minor),
            change=words.relative(data.drawn_minor, data.before_minor, period.before_when),
            spark=spark(daily),
            spark_says=_("Subsidy drawn by day, last 30 days"),
            of=_("of {amount} at list price").format(amount=short(asked, int(data.projects["list_minor"].sum()))),
            definition=_("The subsidy of the charges of this period, counted by the centre's days."),
            query="workbench spend --by project",
            rows="#table-spend-by-project",
        ),
        decisions_tile(data),
        Tile(
            "pace",
            _("At today's pace, by {day}").format(day=words.day(scheme.ends_on)),
            short(asked, ending),
            exact=str(ending),
            exact_text=exact(asked, ending),
            state="watch" if ending > e.committed_minor else "good",
            state_text=_("more than is committed") if ending > e.committed_minor else _("within what is committed"),
            of=_("{amount} a day, mean of 90 days").format(amount=short(asked, e.pace_minor_per_day)),
            definition=_(
                "Drawn to date and the mean of the last 90 days carried on to the scheme's end. It knows "
                "nothing of awards to come or to lapse. At this pace the whole envelope would last until "
                "{day}."
            ).format(day=words.day(e.lasts_until)),
            query="workbench spend --by project",
            rows="#picture-burn-up",
            rows_label=_("See it over time"),
        ),
    )


def decisions_tile(data: Data) -> Tile:
    """Days from submission to decision: the median, and what nine of ten waited at most."""
    pace, known = data.pace, data.pace.median_days is not None
    of = ngettext("median of {n} decision", "median of {n} decisions", pace.decided).format(n=pace.decided)
    if pace.longest_open_days is not None:
        waits = ngettext("{n} waits, for {days} days", "{n} wait, the longest for {days} days", pace.open)
        of = f"{of}; {waits.format(n=pace.open, days=pace.longest_open_days)}"
    within = ngettext("{n} day", "{n} days", pace.p90_days or 0).format(n=pace.p90_days)
    return Tile(
        "days-to-decision",
        _("Days to decision"),
        f"{pace.median_days:g}" if known else "–",
        unit=_("days") if known else "",
        exact=f"{pace.median_days:g}" if known else "",
        change=words.Change("same", _("nine of ten within {days}").format(days=within) if known else ""),
        of=of,
        definition=_(
            "Calendar days from submission to the Committee's decision: approved, declined or deferred. What was "
            "withdrawn does not count."
        ),
        query="workbench applications pace",
        rows="#table-days-to-decision",
    )
