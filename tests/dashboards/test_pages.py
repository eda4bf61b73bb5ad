"""The pages of a centre small enough to check by hand: words, tiles, tables and pictures say the same."""

import json

import pandas as pd
import pytest
from sqlalchemy import update

from dashboards import occupancy, projects, spend
from dashboards._handlers import safe_csv
from dashboards._page import script_json
from tests.builders import DATA_UNTIL_S, NOBODYS_GPU_HOURS, SPEECH_GPU_HOURS, VISION_GPU_HOURS, small_centre
from tests.dashboards.reading import plain, table, tile, total
from workbench.domain.projects import Project
from workbench.errors import UnknownProject
from workbench.settings import load
from workbench.store.engine import open_store

ALL_GPU_HOURS = VISION_GPU_HOURS + SPEECH_GPU_HOURS + NOBODYS_GPU_HOURS
WEEK_H = 7 * 24
WEEK_GPU_HOURS = VISION_GPU_HOURS // 2 + SPEECH_GPU_HOURS // 2
BUILD = {"occupancy": occupancy.build, "spend": spend.build, "projects": projects.build}


def test_occupancy_is_gpu_time_over_gpu_time_in_service(ask):
    page = occupancy.build(ask("executives", "occupancy", period="7days"))
    assert float(tile(page, "occupancy").exact) == pytest.approx(WEEK_GPU_HOURS / (8 * WEEK_H), abs=1e-6)
    assert float(tile(page, "gpu-hours").exact) == WEEK_GPU_HOURS
    assert tile(page, "occupancy").of == f"of {8 * WEEK_H:,} GPU-hours in service"
    assert plain(page.sentence).startswith("12.7% of GPU time in service was allocated in the last 7 days, ")


def test_where_nobody_stated_the_capacity_there_is_no_share(ask):
    page = occupancy.build(ask("executives", "occupancy", at="2026-01"))
    assert tile(page, "occupancy").value == "unknown"
    assert tile(page, "occupancy").exact == ""
    assert "nobody stated the capacity" in str(page.notes[0].text)
    assert float(tile(page, "gpu-hours").exact) == ALL_GPU_HOURS


def test_the_total_of_the_places_is_the_tile(ask):
    page = occupancy.build(ask("executives", "occupancy"))
    assert total(table(page, "places"), "GPU-hours allocated") == f"{ALL_GPU_HOURS}"
    assert total(table(page, "places"), "Occupancy") == tile(page, "occupancy").value


def test_a_place_opens_its_projects(ask):
    page = occupancy.build(ask("executives", "occupancy", partition="main", model="H800"))
    found = table(page, "projects")
    assert [row.cells[0].text for row in found.rows] == ["Seeing machines", "Hearing machines", "unknown project"]
    assert found.rows[0].cells[0].href == "/services/centre/projects?project=vision"
    assert total(found, "GPU-hours allocated") == f"{ALL_GPU_HOURS}"
    assert page.crumbs[0] == ("Centre", "/services/centre/occupancy?")


def test_the_picture_is_drawn_from_the_rows_that_its_table_shows(ask):
    page = occupancy.build(ask("executives", "occupancy", period="7days"))
    rows = page.frames["trend"]
    assert rows["allocated_gpus"].sum() == pytest.approx(WEEK_GPU_HOURS)
    assert len(rows) == WEEK_H
    numbers = json.loads(str(page.pictures[0].numbers))
    assert len(numbers["rows"]) == WEEK_H
    assert numbers["rows"][0][-1] == "50.0%"


def test_the_heat_map_is_full_from_midnight_to_six(ask):
    page = occupancy.build(ask("executives", "occupancy"))
    says = page.pictures[2].says
    assert says.startswith("Fullest on ")
    assert "(50.0%)" in says


def test_the_envelope_adds_up(ask):
    page = spend.build(ask("executives", "spend"))
    subsidy = round(VISION_GPU_HOURS * 2800 * 0.7)
    assert int(tile(page, "drawn").exact) == subsidy
    assert int(tile(page, "committed").exact) == 100_000_000
    assert int(tile(page, "committed").exact) + int(tile(page, "left").exact) == 3_000_000_000_00 - 100_000_000_00
    assert sum(part.share for part in page.strip) == pytest.approx(1)


def test_the_totals_of_spend_are_its_tiles(ask):
    page = spend.build(ask("executives", "spend", at="2026-01"))
    found = table(page, "spend-by-project")
    assert total(found, "Drawn in the period") == f"{int(tile(page, 'period').exact) / 100:,.2f}"
    categories = table(page, "spend-by-category")
    assert total(categories, "Committed, HK$") == f"{int(tile(page, 'committed').exact) / 100:,.2f}"
    assert total(categories, "Drawn, HK$") == f"{int(tile(page, 'drawn').exact) / 100:,.2f}"


def test_usage_without_a_project_waits_for_its_owner(ask):
    page = spend.build(ask("executives", "spend"))
    assert any("HK$28.00 at list price belongs to no known project" in str(note.text) for note in page.notes)


def test_all_projects_and_nobodys_usage_make_the_total(ask):
    page = projects.build(ask("executives", "projects", at="2026-01"))
    found = table(page, "usage-by-project")
    assert [row.cells[0].text for row in found.rows] == ["Seeing machines", "Hearing machines", "unknown project"]
    assert total(found, "GPU-hours") == f"{ALL_GPU_HOURS:.1f}"
    assert float(tile(page, "gpu-hours").exact) == ALL_GPU_HOURS


def test_an_unknown_wait_is_not_zero(ask):
    page = projects.build(ask("executives", "projects", at="2026-01"))
    waits = {row.cells[0].text: row.cells[7] for row in table(page, "usage-by-project").rows}
    assert waits["Seeing machines"].text == "10 min"
    assert waits["Hearing machines"].unknown
    assert tile(page, "wait").of == "known for 82.4% of jobs"


def test_days_to_decision_and_the_community_are_unknown_where_nobody_applied(ask):
    page = spend.build(ask("executives", "spend"))
    assert (tile(page, "days-to-decision").value, tile(page, "days-to-decision").of) == ("–", "median of 0 decisions")
    assert table(page, "days-to-decision").rows == ()
    assert table(page, "community").rows == ()


def test_a_lead_of_one_project_is_shown_it_at_once(ask):
    page = projects.build(ask("lead:speech", "projects", at="2026-01"))
    assert page.heading == "Hearing machines"
    assert page.crumbs == ()
    assert float(tile(page, "gpu-hours").exact) == SPEECH_GPU_HOURS
    assert int(tile(page, "user-share").exact) == SPEECH_GPU_HOURS * 2800
    assert tile(page, "award").value == "none"


def test_the_charges_add_up_to_the_tiles(ask):
    page = projects.build(ask("executives", "projects", project="vision", at="2026-01"))
    charges = table(page, "charges")
    assert total(charges, "List cost, HK$") == f"{int(tile(page, 'cost').exact) / 100:,.2f}"
    assert total(charges, "Your share, HK$") == f"{int(tile(page, 'user-share').exact) / 100:,.2f}"
    assert total(charges, "GPU-hours") == f"{VISION_GPU_HOURS:.2f}"
    assert total(table(page, "users"), "GPU-hours") == f"{VISION_GPU_HOURS:.1f}"


@pytest.mark.parametrize("project", ["vision", "nothing", "", " "])
def test_a_lead_is_told_the_same_of_what_is_not_theirs_and_what_is_not_there(ask, project):
    asked = ask("lead:speech", "projects", project=project)
    if not project:
        assert projects.build(asked).heading == "Hearing machines"
        return
    with pytest.raises(UnknownProject) as refused:
        projects.build(asked)
    assert "vision" not in str(refused.value).replace(repr(project), "")


def test_money_is_for_leads(ask):
    lead = projects.build(ask("lead:vision", "projects"))
    member = projects.build(ask("member:vision", "projects"))
    of_the_award = {"award", "award-actions", "award-plan", "award-reports"}
    assert {t.id for t in lead.tables} == {"users", "charges", *of_the_award}
    assert {t.id for t in member.tables} == {"users"}
    assert "HK$" not in plain(member.sentence)
    assert "charges" not in member.frames


@pytest.mark.parametrize(
    ("page", "group"),
    [*((page, "executives") for page in BUILD), ("projects", "lead:speech"), ("projects", "member:x")],
)
@pytest.mark.parametrize("period", ["7days", "month", "quarter", "scheme"])
def test_an_empty_store_makes_a_page_that_says_so(ask, empty_store, page, period, group):
    made = BUILD[page](ask(group, page, store=empty_store, period=period))
    assert made.sentence
    assert all(picture.json or picture.empty for picture in made.pictures)
    assert all(found.rows or found.empty for found in made.tables)


@pytest.mark.parametrize("page", BUILD)
@pytest.mark.parametrize("period", ["7days", "month", "quarter", "scheme"])
def test_every_period_makes_a_page(ask, page, period):
    made = BUILD[page](ask("executives", page, period=period, show="category" if page == "occupancy" else "close"))
    assert all(picture.says or picture.empty for picture in made.pictures), "a picture has a text"
    assert all(t.definition and t.of for t in made.tiles)
    assert len(made.tiles) <= 6


def test_every_picture_can_be_taken_away_as_rows(ask):
    for name, build in BUILD.items():
        made = build(ask("executives", name, at="2026-01"))
        for picture in made.pictures:
            if picture.json:
                assert picture.csv.split("/")[-1].split(".")[0] in made.frames


def test_a_title_cannot_break_out_of_the_page(tmp_path):
    store = small_centre(open_store(load(home=tmp_path / "state")))
    with store.db() as db:
        db.execute(update(Project).where(Project.slug == "vision").values(title="</script><script>alert(1)</script>"))
    from dashboards._asked import Asked
    from dashboards._filters import Filters
    from workbench.pages.shell import viewer

    who = viewer("eve", ["executives"])
    made = projects.build(
        Asked(store, who.scope, who.pages, "projects", Filters(at="2026-01"), DATA_UNTIL_S, DATA_UNTIL_S)
    )
    store.engine.dispose()
    assert "<script>" not in str(made.sentence)
    assert all("</script>" not in str(p.json) and "</script>" not in str(p.numbers) for p in made.pictures)


def test_json_in_a_page_cannot_end_its_script():
    assert "<" not in script_json({"a": "</script><!--"})
    assert json.loads(str(script_json({"a": "</script>\u2028"}))) == {"a": "</script>\u2028"}


def test_a_spreadsheet_reads_chinese_in_a_csv():
    assert safe_csv(pd.DataFrame({"who": ["陳大文"]})) == b"\xef\xbb\xbfwho\r\n" + "陳大文\r\n".encode()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_runs_nothing_of_a_csv(text):
    assert safe_csv(pd.DataFrame({"a": [text], "n": [-1]})).decode("utf-8-sig") == f"a,n\r\n'{text},-1\r\n"
