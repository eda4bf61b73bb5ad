"""Until when each cluster's data reach, and what was captured of it."""

import pandas as pd

from dashboards._asked import Asked
from dashboards._page import Cell, Column, Row, Table, unknown_cell
from workbench.domain.access import WholeCentre
from workbench.i18n import _
from workbench.pages import words
from workbench.periods import day_of
from workbench.services import reports
from workbench.services.captured import Captured, captured


def sources(asked: Asked) -> Table:
    """One row a cluster; those who see the whole centre also see what was captured, and how many rows were refused."""
    fresh = reports.freshness(asked.store, asked.scope, asked.now_s)
    sees_all = isinstance(asked.scope, WholeCentre)
    taken = captured(asked.store) if sees_all else {}
    columns = [Column(_("Cluster")), Column(_("Data until")), Column(_("Age")), Column(_("Note"))]
    if sees_all:
        columns[3:3] = [
            Column(_("Captures"), right=True),
            Column(_("Last one")),
            Column(_("Rows taken"), right=True),
            Column(_("Rows rejected"), right=True, title=_("Each is kept with its reason: workbench ingest rejects")),
        ]
    rows, frame = [], []
    for one in fresh:
        late = Cell(words.ago(one.age_s), order=one.age_s)
        cells = [Cell(one.cluster), Cell(when(asked, one.data_until_s), title=str(one.data_until_s)), late]
        found = taken.get(one.cluster)
        rows.append(Row((*cells, *(_captured(asked, found) if sees_all else ()), Cell(one.note))))
        values = {"cluster": one.cluster, "data_until": pd.Timestamp(one.data_until_s, unit="s", tz="UTC")}
        if sees_all:
            values |= _values(found)
        frame.append(values | {"note": one.note})
    return Table(
        "sources",
        _("Sources, and until when they reach"),
        tuple(columns),
        tuple(rows),
        pd.DataFrame(frame),
        csv=asked.csv("sources"),
        empty=_("No data yet."),
        empty_next=_("Load the sample centre (workbench sample load) or import a log (workbench ingest)."),
    )


def when(asked: Asked, at_s: int) -> str:
    """14 Oct 2026, 14:32 HKT."""
    return f"{words.day(day_of(at_s, asked.zone))}, {words.clock(at_s, asked.zone)}"


def _captured(asked: Asked, found: Captured | None) -> tuple[Cell, ...]:
    if found is None:  # written by the workbench itself: there is nothing to capture
        return (Cell("0", order=0), Cell(""), unknown_cell(), Cell("0", order=0))
    return (
        Cell(words.count(found.captures), order=found.captures),
        Cell(when(asked, found.last_at), order=found.last_at),
        Cell(words.count(found.accepted), order=found.accepted),
        Cell(words.count(found.rejected), order=found.rejected, state="watch" if found.rejected else ""),
    )


def _values(found: Captured | None) -> dict[str, int | None]:
    return {
        "captures": found.captures if found else 0,
        "last_capture_at": found.last_at if found else None,
        "accepted": found.accepted if found else None,
        "rejected": found.rejected if found else 0,
    }
