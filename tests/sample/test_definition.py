"""The sample centre's file says what was published, and is refused where it makes no sense."""

from datetime import date

import pytest

from workbench.domain.projects import CATEGORIES
from workbench.errors import SettingsError
from workbench.sample.definition import FILE, definition

PLAN = definition()


def approved_by(day):
    return [a for a in PLAN.applications if a.decision == "approved" and a.decided_on <= day]


@pytest.mark.parametrize(
    ("day", "received", "approved"),
    [
        (date(2024, 12, 9), 11, 0),
        (date(2025, 6, 30), 20, 10),
        (date(2025, 12, 24), 32, 20),
        (date(2026, 2, 28), 37, 30),
    ],
)
def test_applications_are_those_that_were_published(day, received, approved):
    assert sum(a.received_on <= day for a in PLAN.applications) == received
    assert len(approved_by(day)) == approved


def test_over_300_million_were_committed_by_the_end_of_june_2025():
    assert 300_000_000_00 < sum(a.award.ceiling for a in approved_by(date(2025, 6, 30))) < 350_000_000_00


def test_commitments_never_pass_the_budget_less_the_reserve(settings):
    scheme = settings.scheme
    committed = sum(a.award.ceiling for a in approved_by(date.max))
    assert committed <= scheme.budget - scheme.reserve


def test_rates_keep_to_the_scheme(settings):
    for application in approved_by(date.max):
        award = application.award
        assert award.rate <= settings.scheme.max_rate
        assert award.rate <= settings.scheme.rate or award.reason


def test_all_fifteen_virtual_clusters_and_all_kinds_of_applicants_are_there():
    assert len({p.vc for p in PLAN.projects if p.vc}) == 15
    assert {p.category for p in PLAN.projects} == set(CATEGORIES)


def test_a_project_works_from_the_day_on_which_its_award_begins():
    begins = {a.project: a.award.starts_on for a in PLAN.applications if a.award}
    assert all(p.starts_on == begins[p.slug] for p in PLAN.projects if p.slug in begins)


def test_capacity_grows_once_and_two_maintenance_windows_leave_most_of_it():
    assert {c.from_on for c in PLAN.capacity} == {date(2024, 12, 9), date(2025, 10, 6)}
    assert len({(o.start, o.end) for o in PLAN.outages}) == 2
    least = {p: min(c.allocatable for c in PLAN.capacity if c.partition == p) for p in ("train", "general")}
    assert all(o.gpus < least[o.partition] / 1.5 for o in PLAN.outages)


def test_every_problem_of_a_broken_file_is_listed(tmp_path):
    broken = tmp_path / "centre.toml"
    text = FILE.read_text(encoding="utf-8").replace("installed = 1192", "installed = 5", 1)
    broken.write_text(text.replace('category = "university"', 'category = "circus"', 1), encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        definition(broken)
    assert len(refused.value.problems) == 2
    assert "circus" in str(refused.value)


def test_a_name_that_nothing_stands_behind_is_refused(tmp_path):
    broken = tmp_path / "centre.toml"
    text = FILE.read_text(encoding="utf-8")
    broken.write_text(text.replace('project = "law-search"', 'project = "lost-search"'), encoding="utf-8")
    with pytest.raises(SettingsError, match="lost-search"):
        definition(broken)
