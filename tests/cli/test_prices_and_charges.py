"""`workbench prices …` and `workbench charges explain`, on a small centre."""

import pytest
from click.testing import CliRunner

from tests.builders import DATA_UNTIL_S, small_centre, small_centre_jobs
from workbench.cli import main
from workbench.services.charging.rating import rate
from workbench.settings import ROOT
from workbench.store.jobs import upsert_jobs

GOOD = ROOT / "hub_config" / "prices.toml"
NERC = ROOT / "tests" / "fixtures" / "prices" / "nerc-rates.yaml"


@pytest.fixture
def run(workbench_home):
    def run(*words):
        said = CliRunner().invoke(main, [str(word) for word in words])
        return said.exit_code, said.stdout, said.stderr

    return run


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, DATA_UNTIL_S)
    return store


def test_a_job_is_explained_in_a_sentence_and_its_arithmetic(run, centre):
    code, out, _ = run("charges", "explain", "v3", "--cluster", "alpha")
    assert code == 0
    assert "Job v3 on alpha" in out
    assert "28.00 × 4 × 1 × 1 × 21,600 s ÷ 3,600 = 672.000000" in out
    assert "In all HK$672.00 at list price = subsidy HK$470.40 + user HK$201.60." in out


def test_a_job_of_nobody_waits_in_suspense(run, centre):
    assert "it waits in suspense" in run("charges", "explain", "n1")[1]


def test_an_unknown_job_is_one_sentence_and_status_1(run, centre):
    code, _, err = run("charges", "explain", "none")
    assert (code, err) == (1, "There is no job 'none' here. Bring in the log that has it: workbench ingest --help\n")


def test_a_good_file_is_checked_loaded_and_shown(run, store):
    with store.begin() as conn:
        upsert_jobs(conn, small_centre_jobs(), store.settings.centre.zone)
    assert "good. 2 version(s)" in run("prices", "check", GOOD)[1]
    assert "New: 2024-12, 2026-01." in run("prices", "load", GOOD)[1]
    assert "Known already: 2024-12, 2026-01." in run("prices", "load", GOOD)[1]
    assert "H800,2025-12-31T16:00:00Z,26.50,2026-01" in run("prices", "--format", "csv")[1]
    code, out, _ = run("prices", "show", "--format", "csv")
    assert code == 0
    assert "2026-01,2025-12-31T16:00:00Z,gpu_hour,H800,26.50" in out
    assert "price list '2026-01'" in run("charges", "explain", "v3")[1]


def test_a_bad_file_names_lines_and_ends_with_status_1(run, centre, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text(GOOD.read_text().replace('"28.00"', '"-28.00"', 1).replace('"1/7"', '"0.2"'))
    code, _, err = run("prices", "check", bad)
    assert code == 1
    assert "gpu_hour.H800: '-28.00' is negative" in err
    assert "would charge 7/5 (1.4000) of a board" in err


def test_the_rates_of_another_cloud_are_written_as_a_price_file(run, centre, tmp_path):
    code, out, err = run("prices", "import-nerc", NERC)
    assert code == 0
    assert 'H100 = "6.04"' in out
    assert "Left out, 26 entries" in err
    made = tmp_path / "nerc.toml"
    made.write_text(out)
    assert "good. 5 version(s)" in run("prices", "check", made)[1]
