"""Price files are brought in whole, once, and are from then on the one answer to what a thing costs."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.domain.pricelist import NANO
from workbench.errors import PriceFileError
from workbench.services.charging.rating import rate
from workbench.services.prices.file import read_price_file
from workbench.services.prices.nerc import from_nerc
from workbench.services.prices.stored import known_models, load_prices, stored_prices
from workbench.settings import ROOT
from workbench.store.tables import charges_daily, price_versions

NOW = DATA_UNTIL_S
FILE = """\
currency = "HKD"
[[version]]
name = "second week"
from = 2026-01-12
core_hour = "0.20"
gpu_hour = { H800 = "26.00" }
service = { reserved = "1.5" }
"""
NERC = ROOT / "tests" / "fixtures" / "prices" / "nerc-rates.yaml"


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    return store


@pytest.fixture
def load(centre, tmp_path):
    def load(text):
        path = tmp_path / "prices.toml"
        path.write_text(text)
        zone = centre.settings.centre.zone
        return load_prices(centre, read_price_file(path, zone, known_models(centre)), path, NOW)

    return load


def prices(store):
    with store.read() as conn:
        return stored_prices(conn, store.settings.centre.zone).versions


def charged(store):
    with store.read() as conn:
        return conn.execute(
            select(charges_daily.c.day, charges_daily.c.list_minor)
            .where(charges_daily.c.project == "vision")
            .order_by(charges_daily.c.day)
        ).all()


def test_a_plain_list_of_prices_is_a_version_too(centre):
    [version] = prices(centre)
    assert (version.name, version.gpu_hour, version.core_hour) == (
        "prices of 2025-01-01",
        {"H800": 28 * NANO},
        NANO // 5,
    )


def test_a_file_holds_from_its_first_day_on_and_charges_by_day_follow(centre, load):
    assert load(FILE).new == ("second week",)
    rate(centre, NOW)
    first, second = prices(centre)
    assert first.end_s == second.start_s
    assert (second.gpu_hour["H800"], second.service["reserved"]) == (26 * NANO, 15_000)
    assert [minor for _, minor in charged(centre)] == [67_200] * 7 + [62_400] * 7


def test_the_same_file_twice_changes_nothing(centre, load):
    load(FILE)
    rate(centre, NOW)
    before = charged(centre)
    assert load(FILE).repeated == ("second week",)
    assert rate(centre, NOW).lines == 0
    assert charged(centre) == before


def test_a_later_file_may_add_a_version(centre, load):
    load(FILE)
    load(FILE.replace("second week", "third").replace("2026-01-12", "2026-01-14").replace("26.00", "25.00"))
    rate(centre, NOW)
    assert [v.name for v in prices(centre)][1:] == ["second week", "third"]
    assert [minor for _, minor in charged(centre)][6:] == [67_200, 62_400, 62_400, *[60_000] * 5]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("26.00", "25.00"), "stored with another content"),
        (("HKD", "USD"), "its currency is USD"),
    ],
)
def test_what_does_not_fit_the_stored_list_is_refused_and_nothing_changes(centre, load, change, why):
    load(FILE)
    rate(centre, NOW)
    before = charged(centre), prices(centre)
    with pytest.raises(PriceFileError, match=why):
        load(FILE.replace(*change))
    assert (charged(centre), prices(centre)) == before


def test_a_list_that_loses_a_price_is_refused_whole(centre, load):
    with pytest.raises(PriceFileError, match="has no core_hour"):
        load(FILE.replace('core_hour = "0.20"', ""))
    with centre.read() as conn:
        assert conn.execute(select(func.count()).select_from(price_versions)).scalar() == 1


def test_a_price_in_parts_of_a_cent_from_noon_on_is_charged_to_the_second(centre, load):
    load(FILE.replace("26.00", "26.005").replace("from = 2026-01-12", "from = 2026-01-12T03:00:00"))
    rate(centre, NOW)
    by_version = [(day, minor) for day, minor in charged(centre) if day == "2026-01-12"]
    # Four GPUs from midnight to six: three hours at HK$28.00, three at HK$26.005 (HK$312.06).
    assert sorted(minor for _, minor in by_version) == [31_206, 33_600]
    assert {minor for day, minor in charged(centre) if day > "2026-01-12"} == {62_412}


def test_after_the_end_of_the_last_version_usage_waits_unpriced(centre, load):
    load(FILE.replace("from = 2026-01-12", "from = 2026-01-12\nuntil = 2026-01-17"))
    assert rate(centre, NOW).unpriced == 2
    assert [minor for _, minor in charged(centre)][-3:] == [62_400, None, None]


@pytest.mark.parametrize("statement", ["UPDATE price_versions SET content = '{}'", "DELETE FROM price_versions"])
def test_a_stored_version_is_never_changed_nor_removed(centre, statement):
    with pytest.raises(IntegrityError, match="never changed"), centre.begin() as conn:
        conn.execute(text(statement))


def test_the_published_rates_of_another_cloud_become_a_good_price_file(tmp_path, settings):
    made = from_nerc(NERC)
    path = tmp_path / "nerc.toml"
    path.write_text(made.text)
    versions = read_price_file(path, settings.centre.zone, None).versions
    assert [v.name.removeprefix("NERC ") for v in versions] == ["2023-06", "2024-06", "2025-01", "2025-04", "2025-06"]
    assert [v.gpu_hour.get("H100") for v in versions] == [None, None, 6_040_000_000, 6_040_000_000, 4 * NANO]
    assert {v.core_hour for v in versions} == {13_000_000}
    assert [v.storage_tb_month for v in versions[:2]] == [6_480_000_000, 6_328_125_000]
    assert [v.nodes["H100"].cores for v in versions[2:]] == [63, 124, 124]
    assert "BM GPUH100 SU Rate" in made.left_out
    assert "New PI Credit" in made.left_out


def test_a_text_that_is_no_list_of_rates_is_refused(tmp_path):
    path = tmp_path / "rates.yaml"
    path.write_text("- name: CPU SU Rate\n  history:\n    - value: '1'\n      from: June\n")
    with pytest.raises(PriceFileError, match="no list of rates"):
        from_nerc(path)
