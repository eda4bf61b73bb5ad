"""The tables of the page of the forecast: by month, and the back-test."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from dashboards._asked import Asked
from dashboards._money import exact, short
from dashboards._page import Cell, Column, Row, Table, unknown_cell
from dashboards.forecast.data import HELD_HIGH, HELD_LOW, Data
from dashboards.forecast.says import chance, month_words
from workbench.analytics.forecast import Forecast
from workbench.analytics.forecast_backtest import Score
from workbench.i18n import _
from workbench.pages import words
from workbench.units import money


def months_table(asked: Asked, data: Data) -> Table:
    """Each month ahead: occupancy, what is drawn, and the chance that either is used up by its end."""
    there = {month.month: month for month in data.occupancy.months} if data.occupancy else {}
    drawn = {month.month: month for month in data.fund.months} if data.fund else {}
    names = sorted({*there, *drawn})
    labels = (
        (_("Occupancy"), _("Allocated GPU time ÷ GPU time in service less what is out")),
        (_("80% range"), ""),
        (_("Capacity used up"), _("Chance that by its end as many GPUs are wanted as are in service")),
        (_("Drawn in all"), _("By its end, if usage goes on and every award is followed by one like it")),
        (_("80% range"), ""),
        (_("As decided"), _("Drawn in all by its end, by the awards as they are decided")),
        (_("Fund used up"), _("Chance that by its end budget less reserve is drawn, if usage goes on")),
    )
    columns = (Column(_("Month")), *(Column(label, right=True, title=title) for label, title in labels))
    rows, frame = [], []
    for name in names:
        busy, fund = there.get(name), drawn.get(name)
        shares = (busy.share, busy.share_low, busy.share_high) if busy else (None, None, None)
        minor = (fund.drawn_minor, fund.low_minor, fund.high_minor) if fund else (None, None, None)
        decided = fund.decided_minor if fund else None
        rows.append(
            Row(
                (
                    Cell(month_words(name), order=name),
                    *_with_range(shares, words.percent),
                    _chance(busy.chance if busy else None),
                    *_with_range(minor, lambda v: short(asked, v), lambda v: exact(asked, v)),
                    *_with_range((decided,), lambda v: short(asked, v), lambda v: exact(asked, v)),
                    _chance(fund.chance if fund else None),
                )
            )
        )
        frame.append(
            {
                "month": name,
                **dict(zip(("occupancy_share", "share_low", "share_high"), shares, strict=True)),
                "full_chance": busy.chance if busy else None,
                **dict(zip(("drawn_minor", "drawn_low_minor", "drawn_high_minor"), minor, strict=True)),
                "decided_minor": decided,
                "fund_gone_chance": fund.chance if fund else None,
            }
        )
    return Table(
        "months",
        _("Month by month"),
        columns,
        tuple(rows),
        pd.DataFrame(frame),
        says=_(
            "The middle of what is likely, and the range that holds 80% of it. Months that have begun: what is left."
        ),
        csv=asked.csv("months"),
    )


def _with_range(
    values: Sequence[float | None], say: Callable[[Any], str], whole: Callable[[Any], str] | None = None
) -> tuple[Cell, ...]:
    """A cell for the middle, and one for the range where there is one; the exact values stand in their titles."""
    if values[0] is None:
        return tuple(unknown_cell() for _value in values[:2])
    exactly = whole or say
    middle = Cell(say(values[0]), order=values[0], title=exactly(values[0]))
    if len(values) == 1:
        return (middle,)
    _middle, low, high = values
    return middle, Cell(f"{say(low)} – {say(high)}", order=low, title=f"{exactly(low)} – {exactly(high)}")


def _chance(share: float | None) -> Cell:
    if share is None:
        return unknown_cell()
    return Cell(chance(share), order=share, state="act" if share >= 0.5 else "watch" if share >= 0.1 else "")


def back_test_table(asked: Asked, data: Data) -> Table:
    """How good such forecasts have been, by how far ahead."""
    labels = (
        (_("Mean error"), _("Mean absolute error of a day")),
        (_("Last week's"), _("The same, had each day been forecast as the same day of the last week")),
        (_("MASE"), _("Mean error over the mean change from one week to the next before the test: under 1 is better")),
        (_("In 80% range"), _("Share of days inside of the range, whose width knew earlier errors only")),
        (_("As modelled"), _("Share of days inside of the range before earlier errors set its width")),
        (_("Days tested"), ""),
    )
    columns = (
        Column(_("Forecast")),
        Column(_("Days ahead")),
        *(Column(label, right=True, title=title) for label, title in labels),
    )
    rows, frame = [], []
    for name, forecast in data.tested:
        for score, naive in zip(forecast.scores, _naive(forecast), strict=True):
            rows.append(_row(asked, data, name, score, naive))
            frame.append(
                {
                    "forecast": name,
                    "method": forecast.method,
                    "days_ahead_from": score.first,
                    "days_ahead_to": score.last,
                    "mean_error": score.error,
                    "last_week_error": naive.error if naive else None,
                    "mase": score.scaled,
                    "coverage": score.coverage,
                    "coverage_before": score.raw,
                    "days_tested": score.tested,
                }
            )
    return Table(
        "back-test",
        _("Back-test: how good such forecasts have been"),
        columns,
        tuple(rows),
        pd.DataFrame(frame),
        says=_(
            "The same forecast made at earlier moments, of what was known then. Each range is as wide as errors from "
            "before that moment say."
        ),
        csv=asked.csv("back-test"),
        empty=_("There are too few days for a back-test."),
        empty_next=_("It needs ten weeks of data."),
    )


def _naive(forecast: Forecast) -> tuple[Score | None, ...]:
    return forecast.naive or (None,) * len(forecast.scores)


def _row(asked: Asked, data: Data, name: str, score: Score, naive: Score | None) -> Row:
    in_service = data.occupancy.ahead["in_service_gpus"].iloc[0] if data.occupancy else 0.0
    is_money = data.fund is not None and any(score is one for one in data.fund.listed.scores)

    def error(value: float) -> Cell:
        if is_money:
            return Cell(money(round(value), asked.symbol), order=value)
        of = _("{n} points of occupancy").format(n=f"{100 * value / in_service:.1f}") if in_service else ""
        return Cell(_("{n} GPUs").format(n=f"{value:,.1f}"), order=value, sub=of)

    held = score.coverage is None or HELD_LOW <= score.coverage <= HELD_HIGH
    return Row(
        (
            Cell(name),
            Cell(f"{score.first} – {score.last}", order=score.first),
            error(score.error),
            error(naive.error) if naive else Cell("–", order=""),
            Cell("–", order="") if score.scaled is None else Cell(f"{score.scaled:.2f}", order=score.scaled),
            unknown_cell()
            if score.coverage is None
            else Cell(
                words.percent(score.coverage),
                order=score.coverage,
                state="" if held else "watch",
                title="" if held else _("Outside of 70% to 90%"),
            ),
            unknown_cell() if score.raw is None else Cell(words.percent(score.raw), order=score.raw),
            Cell(words.count(score.tested), order=score.tested),
        )
    )
