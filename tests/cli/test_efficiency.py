"""`workbench efficiency`: a line for each group, the total below, a word where there is no sample."""

import json

import pytest
from builders import OPENING_S, small_centre
from click.testing import CliRunner

from workbench.analytics.samples import placed_frame, sample_frame
from workbench.cli import main
from workbench.services.charging.rating import rate
from workbench.services.efficiency import built
from workbench.settings import load
from workbench.store import placed
from workbench.store.engine import open_store
from workbench.telemetry import lake
from workbench.units import GPU_PARTS, HOUR_S


@pytest.fixture
def ask(workbench_home):
    def run(*words):
        done = CliRunner().invoke(main, ["efficiency", *words])
        assert done.exit_code == 0, done.output
        return done

    return run


@pytest.fixture
def centre(workbench_home):
    """vision's first job held four GPUs for six hours: two were busy half of the time, of the others nobody knows."""
    store = small_centre(open_store(load()))
    job = {"cluster": "alpha", "job_id": "v0", "submit_at": OPENING_S - 600, "node": "n1", "gpu_parts": GPU_PARTS}
    at = range(OPENING_S, OPENING_S + 6 * HOUR_S, 60)
    looks = [
        {"sampled_at": t, "node": "n1", "gpu_index": g, "active_bp": 5000, "measure": "gpu_util", "source": "nvml"}
        for t in at
        for g in (0, 1)
    ]
    with store.begin() as conn:
        placed.write(conn, placed_frame([job | {"gpu_index": g} for g in range(4)]))
    lake.write(store.settings.telemetry_folder, sample_frame(looks))
    now = OPENING_S + 30 * HOUR_S
    rate(store, now)
    built.build(store, now)
    yield store
    store.engine.dispose()


def test_without_samples_it_says_how_they_come(ask):
    done = ask()
    assert "workbench telemetry collect" in done.stderr
    assert json.loads(ask("--format", "json").stdout) == []


def test_held_is_active_and_idle_and_unknown(centre, ask):
    (row,) = json.loads(ask("--project", "vision", "--format", "json").stdout)
    assert (row["project"], row["held_gpu_hours"]) == ("vision", 24)
    assert (row["active_gpu_hours"], row["idle_gpu_hours"], row["unknown_gpu_hours"]) == (6, 6, 12)
    assert row["unknown_share"] == 0.5
    # 24 GPU-hours at HK$28.00, a quarter of it idle: HK$168.00, of which the subsidy paid 70%.
    assert (row["idle_subsidy"], row["idle_user"]) == (117.6, 50.4)


def test_a_job_that_is_half_unknown_gets_no_advice(centre, ask):
    (row,) = json.loads(ask("--by", "job", "--project", "vision", "--format", "json").stdout)
    assert row["job_id"] == "v0"
    assert row["advice"] == "No advice: what its GPUs did is unknown for 50% of the time."


def test_the_table_ends_with_the_total(centre, ask):
    # speech held half a GPU for six hours of that day, of which there is no sample.
    assert ask("--by", "user").stdout.strip().splitlines()[-1].split()[:2] == ["total", "27.000"]


def test_an_end_before_the_start_is_refused(centre):
    done = CliRunner().invoke(main, ["efficiency", "--from", "2026-02-01", "--to", "2026-01-01"])
    assert done.exit_code == 2
    assert "not after the start" in done.output
