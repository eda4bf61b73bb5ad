"""`wb.efficiency()`: GPU-hours and money by group, the same integers as the report; empty where nobody looked."""

import pytest
from builders import DATA_UNTIL_S, OPENING_S, small_centre

import workbench.notebook as wb
from workbench.analytics.samples import placed_frame, sample_frame
from workbench.notebook.sources import LocalSource
from workbench.services.charging.rating import rate
from workbench.services.efficiency import built
from workbench.store import placed
from workbench.telemetry import lake
from workbench.units import GPU_PARTS, HOUR_S


@pytest.fixture
def centre(store, monkeypatch):
    small_centre(store)
    rate(store, DATA_UNTIL_S)
    monkeypatch.setattr(wb, "_source", LocalSource(store, lambda: DATA_UNTIL_S))
    return store


def look_at_half(store):
    """Two of the four GPUs of vision's first job were half busy; of the other two nobody knows."""
    job = {"cluster": "alpha", "job_id": "v0", "submit_at": OPENING_S - 600, "node": "n1", "gpu_parts": GPU_PARTS}
    look = {"node": "n1", "active_bp": 5000, "measure": "gpu_util", "source": "nvml"}
    with store.begin() as conn:
        placed.write(conn, placed_frame([job | {"gpu_index": gpu} for gpu in range(4)]))
    times = range(OPENING_S, OPENING_S + 6 * HOUR_S, 60)
    looks = [look | {"sampled_at": at, "gpu_index": gpu} for at in times for gpu in (0, 1)]
    lake.write(store.settings.telemetry_folder, sample_frame(looks))
    built.build(store, DATA_UNTIL_S)


def test_held_is_active_and_idle_and_unknown(centre):
    look_at_half(centre)
    row = wb.efficiency(project="vision").iloc[0]
    assert row[["held_gpu_hours", "active_gpu_hours", "idle_gpu_hours", "unknown_gpu_hours"]].tolist() == [24, 6, 6, 12]
    assert row[["idle_subsidy_hkd", "idle_user_hkd"]].tolist() == [117.6, 50.4]


def test_by_job_it_says_what_to_ask_for_or_why_not(centre):
    look_at_half(centre)
    jobs = wb.efficiency("job", project="vision")
    assert jobs.loc[0, "advice"] == "No advice: what its GPUs did is unknown for 50% of the time."
    assert jobs.attrs["says"] == []


def test_without_samples_there_are_no_rows(centre):
    assert wb.efficiency().empty
    assert "idle_gpu_hours" in wb.efficiency().columns
