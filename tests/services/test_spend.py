"""What is committed, drawn and left, on a centre small enough to work out by hand."""

from datetime import date

import pandas as pd
import pytest

from tests.builders import DATA_UNTIL_S, OPENING_S, a_job, small_centre
from workbench.analytics.schema import job_frame
from workbench.domain.access import OwnProjects, WholeCentre
from workbench.domain.awards import Application, Award
from workbench.domain.pricelist import NANO
from workbench.errors import UnknownProject
from workbench.services import spend
from workbench.services.charging.rating import rate
from workbench.store.jobs import upsert_jobs
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

NOW = DATA_UNTIL_S - 1
ALL = WholeCentre("eve")
VISION = OwnProjects("ana", frozenset({"vision"}))
NOTHING = OwnProjects("sam", frozenset())
CEILING = 100_000_000
VISION_LIST = 336 * 2800
VISION_SUBSIDY = 336 * 1960


@pytest.fixture
def centre(store):
    small_centre(store)
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([a_job(job_id="b", gpu_model="B300")]), store.settings.centre.zone)
    rate(store, NOW)
    return store


def test_the_envelope_of_the_whole_centre(centre):
    found = spend.envelope(centre, ALL, NOW)
    assert (found.budget_minor, found.reserve_minor) == (300_000_000_000, 10_000_000_000)
    assert found.committed_minor == CEILING
    assert found.left_minor == 290_000_000_000 - CEILING
    assert found.drawn_minor == VISION_SUBSIDY
    assert found.undrawn_minor == CEILING - VISION_SUBSIDY
    assert found.user_minor == VISION_LIST - VISION_SUBSIDY + 6 * 2800 + 2800
    assert found.suspense_minor == 2800
    assert found.unpriced_gpu_part_seconds == GPU_PARTS * HOUR_S
    assert (found.awards_live, found.awards_decided) == (1, 1)
    # 13 whole days before today drew on the award; 90 days are the pace.
    assert found.pace_minor_per_day == 13 * 24 * 1960 // 90
    assert found.lasts_until is None  # longer than a century


def test_the_envelope_of_a_project_says_nothing_of_the_budget(centre):
    found = spend.envelope(centre, VISION, NOW)
    assert found.budget_minor is found.reserve_minor is found.left_minor is None
    assert (found.committed_minor, found.drawn_minor, found.suspense_minor) == (CEILING, VISION_SUBSIDY, 0)


def test_who_has_no_project_sees_no_money(centre):
    found = spend.envelope(centre, NOTHING, NOW)
    assert (found.committed_minor, found.drawn_minor, found.user_minor, found.awards_decided) == (0, 0, 0, 0)
    assert spend.by_project(centre, NOTHING, NOW).empty
    assert spend.daily(centre, NOTHING, NOW).empty
    assert spend.by_category(centre, NOTHING, NOW).empty


def test_an_award_counts_from_the_day_of_its_decision(centre):
    before = OPENING_S - 60 * DAY_S
    assert spend.envelope(centre, ALL, before).committed_minor == 0


def test_the_burn_runs_from_the_opening_to_the_end_of_the_last_award(centre):
    burn = spend.burn(centre, ALL, NOW).set_index("day")
    assert burn.index[0] == pd.Timestamp("2024-12-09")
    assert burn.index[-1] == pd.Timestamp("2027-01-01")
    assert burn.index.is_unique
    assert (burn.index.to_series().diff().dropna() == pd.Timedelta(days=1)).all()
    assert burn.loc["2026-01-18", "drawn_total_minor"] == VISION_SUBSIDY
    assert pd.isna(burn.loc["2026-01-19", "drawn_total_minor"])
    assert burn.loc["2026-01-18", "committed_minor"] == CEILING
    assert burn.loc["2025-11-30", "committed_minor"] == 0
    assert burn.loc["2025-12-31", "planned_total_minor"] == 0
    assert burn.loc["2026-12-31", "planned_total_minor"] == CEILING
    assert burn["planned_total_minor"].is_monotonic_increasing


def test_a_lapsed_award_gives_back_what_it_did_not_draw(centre):
    with centre.db() as db:
        db.add(Award("speech", None, 5000, 1_000_000, date(2025, 1, 1), date(2025, 7, 1), date(2024, 12, 20)))
    burn = spend.burn(centre, ALL, NOW).set_index("day")
    assert burn.loc["2025-06-30", "committed_minor"] == 1_000_000
    assert burn.loc["2025-07-01", "committed_minor"] == 0
    speech = spend.by_project(centre, ALL, NOW).set_index("project").loc["speech"]
    assert (speech["award_state"], speech["drawn_minor"], speech["left_minor"]) == ("lapsed", 0, 1_000_000)


def test_by_project_has_usage_and_award(centre):
    found = spend.by_project(centre, ALL, NOW).set_index("project")
    assert list(found.index) == ["vision", "speech", ""]
    vision = found.loc["vision"]
    assert (vision["list_minor"], vision["subsidy_minor"]) == (VISION_LIST, VISION_SUBSIDY)
    assert (vision["award_state"], vision["rate_bp"], vision["left_minor"]) == ("live", 7000, CEILING - VISION_SUBSIDY)
    assert vision["unpriced_gpu_part_seconds"] == GPU_PARTS * HOUR_S
    assert vision["last30_subsidy_minor"] == 13 * 24 * 1960
    assert found.loc["speech", "award_state"] == "none"
    assert pd.isna(found.loc["speech", "ceiling_minor"])
    assert found.loc["", "category"] == "unknown"


def test_a_window_is_cut_to_days_and_adds_up(centre):
    cut = OPENING_S + 4 * DAY_S
    parts = [spend.by_project(centre, ALL, NOW, *window) for window in ((None, cut), (cut, None))]
    whole = spend.by_project(centre, ALL, NOW)
    assert sum(part["list_minor"].sum() for part in parts) == whole["list_minor"].sum()
    assert parts[0].set_index("project").loc["vision", "list_minor"] == 4 * 67_200
    assert parts[0].set_index("project").loc["vision", "drawn_minor"] == VISION_SUBSIDY


def test_categories_add_up_to_the_projects(centre):
    kinds = spend.by_category(centre, ALL, NOW).set_index("category")
    assert kinds["list_minor"].sum() == spend.by_project(centre, ALL, NOW)["list_minor"].sum()
    assert kinds.loc["university", ["projects", "awards", "committed_minor"]].tolist() == [1, 1, CEILING]
    assert kinds.loc["start-up", "awards"] == 0
    assert kinds.loc["unknown", "list_minor"] == 2800


def test_filters_narrow_every_answer(centre):
    only = {"category": "start-up"}
    assert list(spend.by_project(centre, ALL, NOW, only=only)["project"]) == ["speech"]
    assert list(spend.by_category(centre, ALL, NOW, only=only)["category"]) == ["start-up"]
    assert spend.daily(centre, ALL, NOW, only={"gpu_model": "B300"})["list_minor"].tolist() == [0]


def test_daily_by_project_sums_to_daily(centre):
    days = spend.daily(centre, ALL, NOW)
    split = spend.daily(centre, ALL, NOW, by="project")
    assert days["list_minor"].sum() == split["list_minor"].sum()
    assert len(days) == 14
    assert split.groupby("day")["user_minor"].sum().tolist() == days["user_minor"].tolist()


def test_a_project_shows_its_lines_with_their_price(centre):
    lines = spend.project_charges(centre, VISION, "vision", NOW)
    assert len(lines) == 15
    assert lines["day"].is_monotonic_decreasing
    assert set(lines["price_nano_per_hour"].dropna()) == {28 * NANO}
    unpriced = lines[lines["gpu_model"] == "B300"].iloc[0]
    assert pd.isna(unpriced["list_minor"])
    assert pd.isna(unpriced["price_nano_per_hour"])


@pytest.mark.parametrize("project", ["speech", "atlantis", ""])
def test_another_project_and_one_that_does_not_exist_sound_the_same(centre, project):
    for ask in (spend.project_charges, spend.award_now):
        with pytest.raises(UnknownProject, match="Yours: vision"):
            ask(centre, VISION, project, NOW)


def test_the_whole_centre_may_look_at_usage_without_a_project(centre):
    assert len(spend.project_charges(centre, ALL, "", NOW)) == 1


def test_the_award_of_today(centre):
    award = spend.award_now(centre, VISION, "vision", NOW)
    assert (award.rate_bp, award.left_minor, award.state) == (7000, CEILING - VISION_SUBSIDY, "live")
    assert spend.award_now(centre, ALL, "speech", NOW) is None


def test_applications_by_month(centre):
    with centre.db() as db:
        asked = {"category": "university", "organisation": "University A", "title": "T", "requested_minor": 1}
        db.add_all(
            [
                Application(
                    "1",
                    received_on=date(2024, 10, 9),
                    decided_on=date(2024, 12, 1),
                    decision="approved",
                    project="vision",
                    **asked,
                ),
                Application(
                    "2", received_on=date(2024, 12, 5), decided_on=date(2026, 3, 1), decision="approved", **asked
                ),
                Application(
                    "3", received_on=date(2026, 1, 5), decided_on=date(2026, 1, 9), decision="declined", **asked
                ),
                Application("4", received_on=date(2026, 3, 5), **asked),
            ]
        )
    found = spend.applications(centre, ALL, NOW).set_index("month")
    assert list(found.index[[0, -1]]) == ["2024-10", "2026-01"]
    assert found.loc["2024-12", ["received", "approved", "received_total", "open_at_end"]].tolist() == [1, 1, 2, 1]
    assert found.loc["2026-01", ["declined", "received_total", "approved_total", "open_at_end"]].tolist() == [
        1,
        3,
        1,
        1,
    ]
    assert spend.applications(centre, VISION, NOW)["received"].sum() == 1
