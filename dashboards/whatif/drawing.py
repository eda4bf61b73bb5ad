"""The pictures of a what-if: as it goes on (dashed) beside changed, under what is in service.

They stand in the document, so that a new answer only exchanges them: lines as SVG that is stretched to its place, names
and numbers as text over it, which keeps its size. Colours are classes of the style sheet.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from dashboards.whatif.says import millions
from workbench.i18n import _
from workbench.pages import words
from workbench.periods import moment
from workbench.services.whatif.answer import Answer
from workbench.services.whatif.figures import Stretch
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

WIDE, HIGH = 1000, 300
Values = Sequence[float | None]


@dataclass(frozen=True)
class Picture:
    """title, the sentence that says what it shows, the drawing; `empty`: why there is none. key: (class, words)."""

    id: str
    title: str
    says: str
    drawing: Markup
    key: tuple[tuple[str, str], ...] = ()
    empty: str = ""


@dataclass(frozen=True)
class Line:
    """One line: `name` is its class in the style sheet. step: it holds its value to the next. under: filled down to the
    axis; over: filled down to these values, and no line drawn.
    """

    name: str
    values: Values
    step: bool = False
    under: bool = False
    over: Values | None = None


def occupancy(found: Answer, zone: object) -> Picture:
    """GPUs allocated by week under GPUs in service."""
    title = _("GPUs allocated, mean of the week, under GPUs in service")
    base, changed = found.base.weeks, found.changed.weeks
    if not base or base[0].busy is None or base[0].there is None:
        return Picture("occupancy", title, "", Markup(""), empty=_("Unknown: no capacity or no job is known."))
    kept = any(one.kept for one in changed)
    sides = [
        Line("busy", [_gpus(one, one.busy) for one in changed], under=True),
        Line("base", [_gpus(one, one.busy) for one in base]),
        Line("capacity-base", [_gpus(one, one.there) for one in base], step=True),
        Line("capacity", [_gpus(one, one.there) for one in changed], step=True),
    ]
    if kept:
        both = [_gpus(one, (one.busy or 0) + one.kept) for one in changed]
        sides.insert(0, Line("kept", both, over=sides[0].values))
    top = max(value or 0 for line in sides for value in line.values) * 1.04
    days = [moment(one.start_s).astimezone(zone) for one in base]  # type: ignore[arg-type]
    names = [f"{day:%b %y}" if day.day <= 7 else "" for day in days]
    tips = [
        _("Week of {day}: {now} GPUs changed, {was} as it goes on, {there} in service").format(
            day=words.day(day.date()), now=_said(sides[1 if kept else 0], at), was=_said(sides[2 if kept else 1], at),
            there=_said(sides[-1], at),
        )
        for at, day in enumerate(days)
    ]  # fmt: skip
    full = max(changed, key=lambda one: one.occupancy_bp or 0)
    at = moment(full.start_s).astimezone(zone)  # type: ignore[arg-type]
    says = _("The fullest week would be that of {day}: {share} of what is in service.").format(
        day=words.day(at.date()), share=words.percent((full.occupancy_bp or 0) / 10_000)
    )
    key = [("busy", _("changed")), ("base", _("as it goes on")), ("capacity", _("in service, changed"))]
    key.append(("capacity-base", _("in service, as stated")))
    if kept:
        key.insert(1, ("kept", _("kept for the class")))
    drawing = plot(sides, names, tips, (0, top), lambda value: f"{value:,.0f}")
    return Picture("occupancy", title, says, drawing, tuple(key))


def waits(found: Answer) -> Picture:
    """Of each month, how long 19 of 20 of the jobs submitted in it wait less than."""
    title = _("Wait that 19 of 20 jobs stay below")
    cases = [[one.wait_p95_s for one in case.months] for case in (found.base, found.changed)]
    known = [seconds for case in cases for seconds in case if seconds is not None]
    if not known:
        return Picture("waits", title, "", Markup(""), empty=_("Unknown: no job is known."))
    unit, written = (HOUR_S, _hour) if max(known) < 3 * DAY_S else (DAY_S, _day)
    sides = [
        Line(name, [None if seconds is None else seconds / unit for seconds in case])
        for name, case in zip(("base", "changed"), cases, strict=True)
    ]
    worst = max((seconds for seconds in cases[1] if seconds is not None), default=None)
    tips = _tips(found, [[words.duration(seconds) for seconds in case] for case in cases[::-1]])
    says = _("By the month in which a job is submitted. In the worst month: {time}.").format(time=words.duration(worst))
    drawing = plot(sides, _months(found), tips, (0, max(max(known) / unit, 1)), written)
    return Picture("waits", title, says, drawing)


def fund(found: Answer, symbol: str) -> Picture:
    """What the fund has left at the end of each month."""
    sides = [Line("base", found.base.fund_left_minor), Line("changed", found.changed.fund_left_minor)]
    values = [*found.base.fund_left_minor, *found.changed.fund_left_minor]
    money = millions(values, symbol)
    room = (max(values) - min(values)) * 0.05 or abs(max(values)) * 0.01 or 1
    tips = _tips(found, [[money(left) for left in case.fund_left_minor] for case in (found.changed, found.base)])
    says = _("At the end of the month: budget less reserve less all subsidy drawn. The axis does not begin at zero.")
    drawing = plot(sides, _months(found), tips, (min(values) - room, max(values) + room), money)
    return Picture("fund", _("Left of the fund"), says, drawing)


def plot(
    lines: Sequence[Line],
    names: Sequence[str],
    tips: Sequence[str],
    axis: tuple[float, float],
    said: Callable[[float], str],
) -> Markup:
    """One picture.

    Args:
        lines: the first lies lowest.
        names: below the buckets; '' none.
        tips: what is said where the pointer is, one of each bucket.
        axis: the least and the largest value that it must hold; it ends at numbers that read well.
        said: writes a value of the axis.
    """
    count = max(len(names), 1)
    marks = _marks(*axis)
    axis = (marks[0], marks[-1])
    paths: list[Markup] = []
    for line in lines:
        runs = _runs(line, count, axis)
        if line.over is not None:
            paths.append(
                Markup('<path class="under {}" d="{}"/>').format(line.name, _band(line, line.over, count, axis))
            )
            continue
        if line.under:
            ground = "".join(f"{run}L{last:.1f} {HIGH}L{first:.1f} {HIGH}Z" for run, first, last in runs)
            paths.append(Markup('<path class="under {}" d="{}"/>').format(line.name, ground))
        paths.append(Markup('<path class="{}" d="{}"/>').format(line.name, "".join(run for run, _f, _l in runs)))
    level = Markup('<line x1="0" x2="{}" y1="{:.1f}" y2="{:.1f}"/>')
    grid = Markup("").join(level.format(WIDE, _y(at, axis), _y(at, axis)) for at in marks)
    hovered = Markup("").join(
        Markup('<rect x="{:.1f}" width="{:.1f}" height="{}"><title>{}</title></rect>').format(
            place * WIDE / count, WIDE / count, HIGH, tip
        )
        for place, tip in enumerate(tips)
    )
    labels = Markup("").join(
        Markup('<span style="bottom:{:.2f}%">{}</span>').format((at - axis[0]) / (axis[1] - axis[0]) * 100, said(at))
        for at in marks
    )
    shown = [(place, name) for place, name in enumerate(names) if name]
    below = Markup("").join(
        Markup('<span style="left:{:.2f}%"{}>{}</span>').format(
            (place + 0.5) / count * 100, Markup(' class="odd"') if turn % 2 else "", name
        )
        for turn, (place, name) in enumerate(shown)
    )
    room = max(len(said(at)) for at in marks)
    return Markup(
        '<div class="plot" aria-hidden="true"><div class="plot-y" style="min-width:{}ch">{}</div><div class="plot-in">'
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" focusable="false"><g class="grid">{}</g>{}'
        '<g class="tips">{}</g></svg></div><div class="plot-x">{}</div></div>'
    ).format(room, labels, WIDE, HIGH, grid, Markup("").join(paths), hovered, below)


def _marks(low: float, top: float) -> list[float]:
    """Four to seven numbers of equal steps that read well, from one at or below `low` to one at or above `top`."""
    size: float = 10.0 ** floor(log10((top - low) / 4))
    step = next(size * part for part in (1, 2, 2.5, 5, 10) if (top - low) / (size * part) <= 5)
    return [step * place for place in range(floor(low / step), ceil(top / step) + 1)]


def _hour(hours: float) -> str:
    return _("{n} h").format(n=f"{hours:,.3g}")


def _day(days: float) -> str:
    return _("{n} days").format(n=f"{days:,.3g}")


def _runs(line: Line, count: int, axis: tuple[float, float]) -> list[tuple[str, float, float]]:
    """The unbroken pieces of a line: path, first and last x."""
    found: list[tuple[str, float, float]] = []
    points: list[tuple[float, float]] = []
    width = WIDE / count
    for place, value in enumerate([*line.values, None]):
        if value is not None:
            y = _y(value, axis)
            if line.step:
                points += [(place * width, y), ((place + 1) * width, y)]
            else:
                points.append(((place + 0.5) * width, y))
        elif points:
            drawn = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
            found.append((f"M{drawn}", points[0][0], points[-1][0]))
            points = []
    return found


def _band(line: Line, ground: Values, count: int, axis: tuple[float, float]) -> str:
    """What lies between a line and the one under it; both are known everywhere."""
    width = WIDE / count
    over = [((place + 0.5) * width, _y(value or 0, axis)) for place, value in enumerate(line.values)]
    under = [((place + 0.5) * width, _y(value or 0, axis)) for place, value in enumerate(ground)]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (*over, *under[::-1])) + "Z"


def _y(value: float, axis: tuple[float, float]) -> float:
    return HIGH * (1 - (value - axis[0]) / (axis[1] - axis[0]))


def _gpus(one: Stretch, parts: int | None) -> float | None:
    return None if parts is None else parts / GPU_PARTS / (one.end_s - one.start_s)


def _said(line: Line, at: int) -> str:
    value = line.values[at]
    return _("unknown") if value is None else f"{value:,.0f}"


def _months(found: Answer) -> list[str]:
    return [f"{moment(one.start_s + 15 * DAY_S):%b %y}" for one in found.base.months]


def _tips(found: Answer, sides: Sequence[Sequence[str]]) -> list[str]:
    said = _("{month}: {now} changed, {was} as it goes on")
    return [said.format(month=month, now=now, was=was) for month, now, was in zip(_months(found), *sides, strict=True)]
