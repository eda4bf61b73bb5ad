"""Settings: one file, checked whole."""

from datetime import date

import pytest

from workbench import settings
from workbench.domain.rules.parameters import SchemeRules
from workbench.errors import SettingsError
from workbench.settings.telemetry import TelemetrySettings


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


def with_domain(tmp_path, address):
    file = tmp_path / "w.toml"
    text = settings.DEFAULT_FILE.read_text("utf-8")
    file.write_text(text.replace('subdomain_host = "" ', f'subdomain_host = "{address}" '), "utf-8")
    return settings.load(file, home=tmp_path).hub.subdomain_host


@pytest.mark.parametrize(
    "address",
    ["", "https://centre.example.org", "http://centre.test:8000", "https://a-b.c1.org:8443", "http://localhost:8000"],
)
def test_users_may_have_domains_below_an_address(tmp_path, address):
    assert with_domain(tmp_path, address) == address


def test_the_domain_is_written_in_lower_case(tmp_path):
    assert with_domain(tmp_path, "HTTPS://Centre.Example.ORG") == "https://centre.example.org"


@pytest.mark.parametrize(
    "address",
    [
        "centre.example.org", "//centre.example.org", "ftp://centre.example.org", "https://", "https://centre.example.org/",
        "https://centre.example.org/hub", "https://centre.example.org?a=b", "https://a:b@centre.example.org",
        "https://127.0.0.1:8000", "https://[::1]:8000", "https://*.example.org", "https://centre..org", "https://-a.org",
        "https://centre.example.org:0", "https://centre.example.org:99999", "https://centre.example.org:x",
        "https://c e.org",
    ],
)  # fmt: skip
def test_an_address_without_room_for_domains_is_refused(tmp_path, address):
    with pytest.raises(SettingsError, match=r"hub\.subdomain_host: .*each user can have a domain"):
        with_domain(tmp_path, address)


def with_rules(tmp_path, text):
    file = tmp_path / "w.toml"
    file.write_text(settings.DEFAULT_FILE.read_text("utf-8") + text, "utf-8")
    return settings.load(file, home=tmp_path)


def test_the_commented_rules_are_the_defaults(tmp_path):
    (rules,) = settings.load(home=tmp_path).rules
    assert rules == SchemeRules(date(2024, 10, 7))


def test_a_later_set_of_rules_says_only_what_it_changes(tmp_path):
    before, after = with_rules(
        tmp_path, "\n[[rules]]\nfrom_on = 2026-01-01\nwarn_left = [25, 5]\nstorage_price = '30.50'\n"
    ).rules
    assert (after.warn_left_bp, after.storage_minor_per_tb_month) == ((2500, 500), 3050)
    assert (after.fast_lane_gpus, before.warn_left_bp) == (50, (2000, 1000, 0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("from_on = 2026-01-01\ncolour = 1", "no rule colour"),
        ("from_on = 2024-10-07", "later than"),
        ("term_months = 12", "from_on"),
        ("from_on = 2026-01-01\nweights = { alignment = 99 }", "add up to 99"),
        ("from_on = 2026-01-01\nclaim_days = 'soon'", "claim_days"),
        ("from_on = 2026-01-01\nunderuse_cuts = 7", "underuse_cuts"),
        ("from_on = 'never'", "from_on"),
    ],
)
def test_rules_that_cannot_be_read_are_refused_with_the_reason(tmp_path, text, said):
    with pytest.raises(SettingsError, match=said):
        with_rules(tmp_path, f"\n[[rules]]\n{text}\n")


def test_settings_can_be_the_key_of_a_cache(tmp_path):
    assert hash(settings.load(home=tmp_path)) == hash(settings.load(home=tmp_path))


def test_the_commented_telemetry_is_the_default(tmp_path):
    loaded = settings.load(home=tmp_path)
    assert loaded.telemetry == TelemetrySettings()
    assert loaded.telemetry_folder == tmp_path / "telemetry"


@pytest.mark.parametrize("address", ["gpu1:9400", "ftp://gpu1/metrics", "http://", "http://gpu1:port/metrics"])
def test_an_exporter_that_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="no address of an exporter"):
        TelemetrySettings(exporters=[address])


def test_exporters_may_be_folded_as_slurm_folds_nodes():
    folded = ("http://gpu[001-128,200]:9400/metrics", "https://10.0.0.7/metrics")
    assert TelemetrySettings(exporters=folded).exporters == folded
