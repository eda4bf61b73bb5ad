"""The questions of a notebook: figures that can be checked by hand, within the asker's scope, and clear refusals."""

import json

import pandas as pd
import pytest
from builders import DATA_UNTIL_S, DAYS, OPENING_S, small_centre

from workbench.analytics.wire import dumps, from_table, to_table
from workbench.domain.access import OwnProjects, WholeCentre
from workbench.errors import BadQuestion, NotEnoughHistory, UnknownProject
from workbench.services.answers import QUESTIONS, answer
from workbench.units import DAY_S

NOW = DATA_UNTIL_S + 3600
EVERYTHING = WholeCentre("kim")
VISION = OwnProjects("ana", frozenset({"vision"}))
NOTHING = OwnProjects("stu", frozenset())


@pytest.fixture
def centre(store):
    return small_centre(store)


def asked(centre, question, scope=EVERYTHING, **params):
    return answer(centre, scope, question, params, NOW)


def test_whoami_names_the_viewer_and_what_is_in_view(centre):
    facts = asked(centre, "whoami", VISION).facts
    assert (facts["viewer"], facts["whole_centre"], facts["projects"]) == ("ana", False, ["vision"])
    assert facts["data_until"] == "2026-01-18T16:00:00Z"
    assert facts["label"].startswith("sample data")
    assert asked(centre, "whoami").facts["projects"] == ["speech", "vision"]


def test_usage_by_project_counts_also_what_belongs_to_nobody(centre):
    rows = asked(centre, "usage").table
    assert rows["project"].tolist()[:2] == ["vision", "speech"]
    assert pd.isna(rows["project"][2])
    assert rows["jobs"].tolist() == [14, 2, 1]
    assert rows["gpu_hours"].tolist() == [336.0, 6.0, 1.0]
    assert rows["gpu_seconds"].tolist() == [336 * 3600.0, 6 * 3600.0, 3600.0]
    assert rows["core_hours"].tolist() == [14 * 6 * 8, 2 * 6 * 8, 0]
    assert rows["wait_mean_s"].isna().tolist() == [False, True, True]
    assert rows["wait_mean_s"][0] == 600


@pytest.mark.parametrize(("by", "first"), [("user", "ana"), ("partition", "main"), ("gpu_model", "H800")])
def test_usage_is_also_by_other_names(centre, by, first):
    rows = asked(centre, "usage", by=by).table
    assert rows[by][0] == first
    assert rows["gpu_hours"].sum() == 343


@pytest.mark.parametrize(("by", "column"), [("hour", "hour_start"), ("day", "day_start"), ("month", "month_start")])
def test_periods_add_up_to_the_whole(centre, by, column):
    rows = asked(centre, "usage", by=by).table
    assert rows["gpu_hours"].sum() == pytest.approx(343)
    assert rows[column].is_monotonic_increasing
    assert str(rows[column].dt.tz) == ("UTC" if by == "hour" else "Asia/Hong_Kong")


def test_a_window_counts_what_lies_inside(centre):
    rows = asked(centre, "usage", start="2026-01-05T03:00", end="2026-01-06").table
    assert dict(zip(rows["project"], rows["gpu_hours"], strict=True)) == {"vision": 12.0, "speech": 3.0}


def test_occupancy_by_day_states_its_denominator(centre):
    rows = asked(centre, "occupancy").table
    assert len(rows) == DAYS
    assert rows["day_start"][0].isoformat() == "2026-01-05T00:00:00+08:00"
    assert rows["in_service_gpus"].tolist() == [8.0] * DAYS
    assert rows["busy_gpus"][0] == pytest.approx((24 + 3) / 24)
    assert rows["occupancy_share"][0] == pytest.approx(27 / (8 * 24))
    assert rows["gpu_hours"].sum() == 343


def test_occupancy_of_ones_own_project_counts_only_that(centre):
    rows = asked(centre, "occupancy", VISION, by="hour").table
    assert rows["gpu_hours"].sum() == 336
    assert rows["busy_gpus"].max() == 4


def test_a_member_never_sees_another_project(centre):
    for question, params in [("usage", {}), ("usage", {"by": "user"}), ("occupancy", {"split": "project"})]:
        rows = asked(centre, question, VISION, **params).table
        assert "speech" not in rows.to_string()
        assert "bo" not in rows.to_string()
        assert rows["gpu_hours"].sum() == 336


@pytest.mark.parametrize("question", ["usage", "charges", "lake", "cost"])
@pytest.mark.parametrize("project", ["speech", "no-such"])
def test_a_foreign_project_and_a_missing_one_are_refused_with_the_same_words(centre, question, project):
    with pytest.raises(UnknownProject) as refused:
        asked(centre, question, VISION, project=project)
    assert str(refused.value) == f"There is no project {project!r} here. Yours: vision."


def test_nobody_without_a_project_sees_anything(centre):
    assert asked(centre, "whoami", NOTHING).facts["projects"] == []
    assert asked(centre, "usage", NOTHING).table.empty
    assert asked(centre, "lake", NOTHING).table.empty


@pytest.mark.parametrize(
    ("question", "params", "says"),
    [
        ("secrets", {}, "there is no question 'secrets'"),
        ("usage", {"by": "password"}, "it is one of project, user"),
        ("usage", {"color": "red"}, "usage has no color; it takes by"),
        ("usage", {"start": "yesterday"}, "'yesterday' is neither a date"),
        ("usage", {"start": "2026-02-01", "end": "2026-01-01"}, "swap them"),
        ("usage", {"start": "9999-12-31T23:00-14:00"}, "between the years 1970 and 2100"),
        ("occupancy", {"by": "hour", "start": "1970-01-02"}, "ask for a shorter window"),
        ("occupancy", {"by": "year"}, "hour, day, week, month"),
        ("occupancy", {"split": "user_name"}, "partition, gpu_model, project"),
    ],
)
def test_a_question_that_cannot_be_asked_says_what_can(centre, question, params, says):
    with pytest.raises(BadQuestion, match=says):
        answer(centre, EVERYTHING, question, params, NOW)


@pytest.mark.parametrize("question", sorted(QUESTIONS.keys() - {"forecast"}))
def test_every_answer_survives_the_wire_also_from_an_empty_store(store, question):
    said = answer(store, EVERYTHING, question, {}, NOW)
    facts = json.loads(dumps(said.facts))
    assert facts["label"] == ""
    if said.table is not None:
        pd.testing.assert_frame_equal(from_table(to_table(said.table)), said.table, check_dtype=False)


def test_an_empty_store_has_no_forecast_and_says_what_it_takes(store):
    with pytest.raises(NotEnoughHistory, match="takes 28 known days"):
        answer(store, EVERYTHING, "forecast", {}, NOW)


def test_the_end_of_a_window_is_never_in_the_future(centre):
    rows = answer(centre, EVERYTHING, "occupancy", {"by": "day"}, OPENING_S + DAY_S).table
    assert len(rows) == 1
