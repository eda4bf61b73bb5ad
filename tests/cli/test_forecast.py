"""`workbench forecast`, and `wb.forecast()` beside it: the same figures, for those who see the whole centre."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

import workbench.notebook as wb
from tests.builders import small_centre
from tests.services.a_long_centre import FIRST_ON, NOW, long_centre
from tests.serving_api import serving
from workbench.analytics.forecast_models import MODELS
from workbench.cli import main
from workbench.errors import BadQuestion, NoAnswer
from workbench.notebook.sources import HubSource, LocalSource


@pytest.fixture
def run(store, monkeypatch):
    monkeypatch.setattr("time.time", lambda: float(NOW))
    long_centre(store)
    return lambda *words: CliRunner().invoke(main, ("forecast", *words))


def test_months_by_default_days_where_they_are_asked_for(run):
    months = json.loads(run("--format", "json").stdout)
    assert [row["month"] for row in months][:2] == ["2026-05", "2026-06"]
    assert all(row["share_low"] <= row["share"] <= row["share_high"] for row in months)
    days = list(csv.DictReader(io.StringIO(run("fund", "--days", "3", "--format", "csv").stdout)))
    assert days[0]["day"] == FIRST_ON.isoformat()
    assert len(days) == 3
    assert int(days[0]["drawn_low_minor"]) <= int(days[0]["drawn_total_minor"]) <= int(days[0]["drawn_high_minor"])


def test_the_table_says_how_good_it_has_been_and_every_assumption(run):
    said = run().stdout
    assert "Back-test: at 11 earlier moments the 80% range held" in said
    assert "no change is stated" in said
    assert "Amounts in HK$." in run("fund", "--days", "2").stdout


def test_the_back_test_alone(run):
    found = json.loads(run("occupancy", "--back-test", "--format", "json").stdout)
    assert [row["days_ahead"] for row in found] == ["1-7", "8-14", "15-28"]
    assert all(0 <= row["coverage"] <= 1 and row["mean_error"] > 0 for row in found)


def test_too_little_history_is_one_sentence(store, monkeypatch):
    small_centre(store)
    monkeypatch.setattr("time.time", lambda: float(NOW))
    said = CliRunner().invoke(main, ("forecast",))
    assert said.exit_code == 1
    assert "takes 28 known days" in said.stderr


def test_a_notebook_gets_the_same_rows(run, store, monkeypatch):
    monkeypatch.setattr(wb, "_source", LocalSource(store, lambda: NOW))
    months = wb.forecast(by="month")
    told = json.loads(run("--format", "json").stdout)
    assert months["occupancy_share"].round(6).tolist() == [row["share"] for row in told]
    assert months.attrs["method"] in MODELS
    assert len(months.attrs["says"]) >= 3
    fund = wb.forecast("fund")
    assert fund["drawn_total_hkd"].iloc[0] == pytest.approx(
        json.loads(run("fund", "--days", "1", "--format", "json").stdout)[0]["drawn_total_minor"] / 100
    )
    with pytest.raises(BadQuestion, match="of='weather'"):
        wb.forecast("weather")


def test_a_member_of_a_project_is_refused(store, monkeypatch, tmp_path):
    long_centre(store)
    with serving(store) as address:
        source = HubSource(address, "ana-token", tmp_path / "cache")
        monkeypatch.setattr(wb, "_source", source)
        with pytest.raises(NoAnswer, match="executive"):
            wb.forecast()
        source.http.close()
