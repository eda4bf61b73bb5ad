"""Settings: one file, checked whole."""

import pytest

from workbench import settings
from workbench.errors import SettingsError


def test_the_commented_original_is_valid(tmp_path):
    loaded = settings.load(home=tmp_path)
    assert loaded.scheme.budget == 300_000_000_000
    assert loaded.scheme.rate == 7000
    assert loaded.database_url == f"sqlite:///{tmp_path / 'workbench.db'}"


def test_all_problems_are_listed_at_once(tmp_path):
    file = tmp_path / "w.toml"
    text = settings.DEFAULT_FILE.read_text("utf-8")
    text = (
        text.replace('"Asia/Hong_Kong"', '"Mars/Olympus"')
        .replace("rate = 70 ", "rate = 100 ")
        .replace("[hub]", "[hub]\ncolour = 1")
    )
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as refused:
        settings.load(file, home=tmp_path)
    assert [p.split(":")[0] for p in refused.value.problems] == ["centre.time_zone", "scheme.rate", "hub.colour"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"absent\.toml"):
        settings.load(tmp_path / "absent.toml")


def test_the_environment_moves_state_and_port(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "here"))
    monkeypatch.setenv("WORKBENCH_PORT", "9000")
    loaded = settings.load()
    assert loaded.home == tmp_path / "here"
    assert (loaded.hub.port, loaded.hub.dashboards_port) == (9000, 9003)
