"""Small pictures as SVG that stand in the document: bars by month, and two lines by month, without and with an award.

Drawn in the tokens' colours by CSS classes, so that dark and print need nothing more. Every one has a text beside it
and its numbers in a table; the picture itself is hidden from a reader's screen reader.
"""

from collections.abc import Callable, Sequence
from datetime import date

from markupsafe import Markup

WIDE, HIGH = 400, 170
LEFT, RIGHT, TOP, BOTTOM = 74, 6, 12, 22


def bars(months: Sequence[str], values: Sequence[int], said: Callable[[float], str]) -> Markup:
    """Standing bars from zero, one a month; `said` writes a value of the axis."""
    top = round_up(max(values, default=0))
    step = (WIDE - LEFT - RIGHT) / max(len(values), 1)
    parts = [_grid((0, top / 2, top), 0, top, said)]
    for place, value in enumerate(values):
        y = _y(value, 0, top)
        x = LEFT + place * step + step * 0.16
        shape = '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"><title>{}: {}</title></rect>'
        parts.append(_made(shape, x, y, step * 0.68, max(0.0, HIGH - BOTTOM - y), months[place], said(value)))
    return _svg(parts, _names(months, step))


def two_lines(
    months: Sequence[str],
    without: Sequence[float | None],
    with_: Sequence[float | None],
    said: Callable[[float], str],
    *,
    low: float | None = None,
    top: float | None = None,
) -> Markup:
    """Two lines over months: without the award (grey) and with it; None is a gap. low, top: of the axis, else as wide
    as what is drawn.
    """
    known = [value for value in (*without, *with_) if value is not None]
    if not known:
        return Markup("")
    room = (max(known) - min(known)) or abs(max(known)) * 0.01 or 1
    low = min(known) - room * 0.2 if low is None else low
    top = max(known) + room * 0.2 if top is None else max(top, low + 1e-9)
    step = (WIDE - LEFT - RIGHT) / max(len(months), 1)
    parts = [_grid((low, (low + top) / 2, top), low, top, said)]
    for name, values in (("without", without), ("with", with_)):
        parts.append(_made('<path class="{}" d="{}"/>', name, _path(values, step, low, top)))
    for name, values in (("without", without), ("with", with_)):
        for place, value in enumerate(values):
            if value is not None:
                shape = '<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="2.6"><title>{}: {}</title></circle>'
                where = LEFT + (place + 0.5) * step
                parts.append(_made(shape, name, where, _y(value, low, top), months[place], said(value)))
    return _svg(parts, _names(months, step))


def round_up(value: float) -> float:
    """The next number above that reads well on an axis; at least 1."""
    size = 1.0
    while size * 10 <= value:
        size *= 10
    return next(size * step for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if value <= size * step)


def month_name(month: str) -> str:
    """Short, for an axis: "2026-12" → "Dec 26"."""
    return f"{date.fromisoformat(f'{month}-01'):%b %y}"


def _made(shape: str, *given: object) -> Markup:
    return Markup(shape).format(*given)  # noqa: S704 (shapes of this module; what is put in is escaped)


def _svg(parts: Sequence[Markup], names: Markup) -> Markup:
    inside = Markup("").join([*parts, names])
    shape = '<svg class="chart" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>'
    return _made(shape, WIDE, HIGH, inside)


def _grid(values: Sequence[float], low: float, top: float, said: Callable[[float], str]) -> Markup:
    shape = '<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    rows = []
    for value in values:
        y = _y(value, low, top)
        rows.append(_made(shape, LEFT, WIDE - RIGHT, y, y, LEFT - 6, y + 4, said(value)))
    return _made('<g class="grid">{}</g>', Markup("").join(rows))


def _names(months: Sequence[str], step: float) -> Markup:
    every = max(1, -(-len(months) // 6))
    shape = '<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
    found = [
        _made(shape, LEFT + (place + 0.5) * step, HIGH - 6, name)
        for place, name in enumerate(months)
        if place % every == 0
    ]
    return _made('<g class="grid">{}</g>', Markup("").join(found))


def _path(values: Sequence[float | None], step: float, low: float, top: float) -> str:
    drawn, pen = [], "M"
    for place, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        drawn.append(f"{pen}{LEFT + (place + 0.5) * step:.1f} {_y(value, low, top):.1f}")
        pen = "L"
    return "".join(drawn)


def _y(value: float, low: float, top: float) -> float:
    return TOP + (HIGH - TOP - BOTTOM) * (1 - (value - low) / (top - low))
