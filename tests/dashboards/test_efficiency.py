"""The page of efficiency: the parts add up, unknown is shown and costs nothing, a member sees their own projects."""

import pytest
from builders import DATA_UNTIL_S, OPENING_S, small_centre

from dashboards import efficiency
from dashboards._centre import Centre
from tests.dashboards.reading import plain
from workbench.analytics.samples import placed_frame, sample_frame
from workbench.errors import UnknownProject
from workbench.services.charging.rating import rate
from workbench.services.efficiency import built
from workbench.settings import load
from workbench.store import placed
from workbench.store.engine import open_store
from workbench.telemetry import lake
from workbench.units import DAY_S, GPU_PARTS, HOUR_S


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    """On two days vision's job held four GPUs for six hours: two were half busy, of the others nobody knows."""
    store = small_centre(open_store(load(home=tmp_path_factory.mktemp("efficiency") / "state")))
    rate(store, DATA_UNTIL_S)
    jobs, looks = [], []
    for day in range(2):
        start = OPENING_S + day * DAY_S
        job = {"cluster": "alpha", "job_id": f"v{day}", "submit_at": start - 600, "node": "n1", "gpu_parts": GPU_PARTS}
        jobs += [job | {"gpu_index": gpu} for gpu in range(4)]
        look = {"node": "n1", "active_bp": 5000, "measure": "gpu_util", "source": "nvml"}
        times = range(start, start + 6 * HOUR_S, 60)
        looks += [look | {"sampled_at": at, "gpu_index": gpu} for at in times for gpu in (0, 1)]
    with store.begin() as conn:
        placed.write(conn, placed_frame(jobs))
    lake.write(store.settings.telemetry_folder, sample_frame(looks))
    built.build(store, DATA_UNTIL_S)
    yield store
    store.engine.dispose()


@pytest.fixture
def page(ask, sampled):
    return lambda group="executives", **chosen: efficiency.build(
        ask(group, "efficiency", store=sampled, period="scheme", **chosen)
    )


def test_the_parts_are_all_that_was_held(page):
    shown = page(project="vision")
    assert [tile.value for tile in shown.tiles[:3]] == ["25.0%", "25.0%", "50.0%"]
    assert sum(segment.share for segment in shown.strip) == pytest.approx(1)
    # 48 GPU-hours at HK$28.00, a quarter idle, of which the subsidy pays 70%.
    assert [tile.exact for tile in shown.tiles[3:]] == ["23520", "10080"]
    assert "Of 50.0% nobody knows" in plain(shown.sentence)


def test_what_was_held_without_any_sample_is_unknown_and_costs_nothing(page):
    (table,) = page().tables
    rows = {row.cells[0].text: [cell.text for cell in row.cells[1:]] for row in table.rows}
    assert rows["Hearing machines"][3] == "100.0%"
    assert rows["Hearing machines"][4:] == ["0.00", "0.00"]


def test_a_project_opens_to_its_jobs_with_advice(page):
    (table,) = page(project="vision").tables
    assert table.id == "jobs"
    assert {row.cells[0].text for row in table.rows} == {"v0", "v1"}
    assert {row.cells[-1].text for row in table.rows} == {
        "No advice: what its GPUs did is unknown for 50% of the time."
    }
    assert page(project="vision").crumbs[-1] == ("Seeing machines", "")


def test_every_picture_has_its_numbers(page):
    shown = page()
    assert [picture.id for picture in shown.pictures] == ["by-project", "by-day"]
    assert all(picture.table and picture.table.rows for picture in shown.pictures)
    assert set(shown.frames) == {"projects", "by-project", "by-day"}


def test_a_member_sees_their_own_projects_only_and_not_what_they_cost(page):
    shown = page("member:vision")
    assert {row.cells[0].text for row in shown.tables[0].rows} == {"Seeing machines"}
    assert [tile.id for tile in shown.tiles] == ["active", "idle", "unknown"]
    whole = f"{shown.sentence}{shown.tables}"
    assert "HK$" not in whole
    assert "minor" not in str(list(shown.tables[0].frame.columns))
    assert "HK$" not in str(page("member:vision", project="vision").tables)
    with pytest.raises(UnknownProject):
        page("member:vision", project="speech")


def test_a_lead_sees_the_money_of_their_project(page):
    assert "HK$" in page("lead:vision").tiles[3].value


def test_where_nobody_held_a_gpu_it_says_so(page):
    shown = page(partition="nosuch")
    assert "No job held a GPU" in str(shown.notes[0].text)
    assert page("member:nothing-yet").tiles == ()


def test_the_sentence_leads_to_a_picture_that_is_there(page):
    assert "#picture-by-project" in page().sentence
    assert "#picture-by-day" in page(project="vision").sentence
    assert "#picture-by-project" not in page(project="vision").sentence


def test_the_page_is_made_anew_when_days_are_kept(sampled, empty_store):
    kept, none = (Centre(store, None).version(None, "efficiency") for store in (sampled, empty_store))
    assert kept != none


def test_without_samples_it_says_how_they_come(ask):
    shown = efficiency.build(ask("executives", "efficiency", period="scheme"))
    assert "workbench telemetry collect" in str(shown.notes[0].text)
    assert shown.tiles == ()
