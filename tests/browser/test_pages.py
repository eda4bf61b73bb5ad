"""The pages in a real Chromium, through the Hub's own log-in: what a page shows is what the service says."""

import csv
import time
from pathlib import Path

import pytest

from workbench.domain.access import WholeCentre, scope_of
from workbench.periods import hour_floor
from workbench.services import reports, spend
from workbench.services.reports import Only
from workbench.store.engine import open_store
from workbench.units import GPU_PARTS, HOUR_S

pytestmark = pytest.mark.browser
EVERYTHING = WholeCentre("test")
SAMPLE_LABEL = "sample data: Philly 2017 job log, replayed"


@pytest.fixture(scope="module")
def store(running_centre):
    opened = open_store(running_centre.settings)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def address(running_centre):
    return f"{running_centre.url.rstrip('/')}/services/centre"


def drawn(page):
    page.wait_for_selector("body[data-drawn]", timeout=30_000)
    assert page.problems == []
    return page


def value(page, tile):
    return page.get_attribute(f"#tile-{tile} .tile-value", "data-value")


def test_an_executive_lands_on_occupancy_and_reads_the_services_figure(log_in, store, address):
    page = drawn(log_in("executive"))
    assert page.url.startswith(f"{address}/occupancy")
    assert page.inner_text(".badge").strip() == SAMPLE_LABEL
    page.goto(f"{address}/occupancy?at=2026-03")
    month = page_window(store, 2026, 3)
    summary = reports.occupancy_summary(store, EVERYTHING, *month, Only(measured=True))
    assert float(value(page, "occupancy")) == pytest.approx(summary.share, abs=1e-6)
    assert float(value(page, "gpu-hours")) == pytest.approx(summary.gpu_hours, abs=1e-3)
    assert page.inner_text("#table-places tfoot td >> nth=0") == f"{summary.gpu_hours:,.0f}"


def test_an_executive_reads_the_envelope(log_in, store, address):
    page = log_in("executive")
    page.goto(f"{address}/spend")
    drawn(page)
    now = int(time.time())
    envelope = spend.envelope(store, EVERYTHING, now)
    assert int(value(page, "committed")) == envelope.committed_minor
    # The replay goes on while we look: what is drawn grows by minutes of the centre's work.
    assert int(value(page, "drawn")) == pytest.approx(envelope.drawn_minor, rel=1e-4)


def test_a_lead_reads_their_own_project_and_no_other(log_in, store, address, running_centre):
    page = drawn(log_in("lead"))
    mine, other = running_centre.login("lead").project, running_centre.login("lead2").project
    assert page.url.startswith(f"{address}/projects")
    page.goto(f"{address}/projects?at=2026-03")
    scope = scope_of("lead", [f"lead:{mine}"])
    used = reports.usage(store, scope, *page_window(store, 2026, 3), ("project",))
    assert float(value(page, "gpu-hours")) == pytest.approx(
        used["gpu_part_seconds"].sum() / GPU_PARTS / HOUR_S, abs=1e-3
    )
    assert [tab.inner_text() for tab in page.query_selector_all(".tabs a")] == [
        "Project usage",
        "Efficiency",
        "Statements",
        "Applications",
        "Notebooks",
    ]
    for path in (f"projects?project={other}", "occupancy", "spend"):
        answer = page.goto(f"{address}/{path}")
        assert answer.status == 403
        assert "not open to you" in page.inner_text("h1")
        assert page.query_selector(".tile") is None


def test_an_analyst_sees_usage_but_not_what_it_costs(log_in, address):
    page = log_in("analyst")
    page.goto(f"{address}/projects")
    drawn(page)
    assert page.query_selector("#table-users")
    assert "HK$" not in page.inner_text("main")


def test_a_student_is_told_which_role_is_needed(log_in, address):
    page = log_in("student")
    assert page.goto(f"{address}/occupancy").status == 403
    assert "executives" in page.inner_text("main")
    assert page.query_selector(".tile") is None


def test_the_live_line_is_connected(log_in, address):
    page = log_in("executive")
    sockets = []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.goto(f"{address}/spend")
    drawn(page)
    page.wait_for_function("window.Bokeh && Bokeh.documents.length > 0")
    assert any(socket.url.endswith("/spend/ws") and not socket.is_closed() for socket in sockets)


def test_a_choice_is_in_the_address_and_the_way_back_works(log_in, address):
    page = log_in("executive")
    page.goto(f"{address}/occupancy")
    page.select_option("select[name=partition]", "train")
    page.wait_for_url("**partition=train**")
    assert page.inner_text(".crumbs [aria-current]") == "train"
    page.go_back()
    page.wait_for_selector("#table-places")
    assert "partition" not in page.url


def test_a_picture_can_be_read_as_a_table_and_taken_away(log_in, address, tmp_path):
    page = log_in("executive")
    page.goto(f"{address}/occupancy?at=2026-03")
    drawn(page)
    page.click("#picture-trend [data-shows]")
    assert len(page.query_selector_all("#rows-trend tbody tr")) == 31 * 24
    with page.expect_download() as download:
        page.click("#picture-trend .tools a")
    saved = Path(tmp_path) / "trend.csv"
    download.value.save_as(saved)
    with saved.open(newline="", encoding="utf-8") as lines:
        assert len(list(csv.reader(lines))) == 31 * 24 + 1
    for kind in ("png", "svg"):
        with page.expect_download() as download:
            page.click(f"#picture-trend [data-export={kind}]")
        saved = Path(tmp_path) / f"trend.{kind}"
        download.value.save_as(saved)
        assert saved.stat().st_size > 5_000


def test_a_table_is_sorted_and_searched(log_in, address):
    page = log_in("executive")
    page.goto(f"{address}/projects")
    drawn(page)
    table = "table[data-table=usage-by-project]"
    page.click(f"{table} thead th:first-child button")
    names = [cell.inner_text().split("\n")[0] for cell in page.query_selector_all(f"{table} tbody th")]
    assert names == sorted(names, key=str.lower)
    page.fill("[data-searches=usage-by-project]", "Cantonese")
    shown = [row for row in page.query_selector_all(f"{table} tbody tr") if row.is_visible()]
    assert 0 < len(shown) < len(names)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_wider_than_the_window(log_in, address, width, scheme):
    page = log_in("executive", width=width, scheme=scheme)
    for path in ("occupancy", "spend", "projects", "projects?project=language-model", "about-data"):
        page.goto(f"{address}/{path}")
        if path != "about-data":
            drawn(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert page.evaluate("document.documentElement.dataset.theme") == scheme


def test_the_theme_is_kept_across_pages_and_the_hub(log_in, address, running_centre):
    page = log_in("executive")
    page.goto(f"{address}/spend")
    drawn(page)
    page.click("#dark-theme-toggle")
    page.wait_for_selector("html[data-theme=dark]")
    page.goto(f"{running_centre.url}hub/home")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.problems == []


def test_logging_out_closes_the_dashboards(log_in, address):
    page = log_in("executive")
    page.goto(f"{address}/spend")
    page.click("#who summary")
    page.click("#logout")
    page.wait_for_selector("#username_input")
    page.goto(f"{address}/spend")
    assert "/hub/login" in page.url


def page_window(store, year, month):
    """The window of a month, as far as there are data."""
    from workbench.periods import month_window

    window = month_window(f"{year}-{month:02d}", store.settings.centre.zone)
    return window.start_s, min(window.end_s, hour_floor(int(time.time())))
