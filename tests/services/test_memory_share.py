"""Rule 6 with the memory that Slurm tells of: what is held before and charged after is the same share of the node."""

from datetime import date

import pytest
from sqlalchemy import select

from tests.builders import DATA_UNTIL_S, a_job, small_centre
from workbench.analytics.schema import job_frame
from workbench.services.charging.explain import explain
from workbench.services.charging.rating import rate
from workbench.services.prices.stored import add_versions
from workbench.services.quote import quote
from workbench.settings import ProfileSettings, SlurmSettings
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import charges_daily
from workbench.units import HOUR_S

START = DATA_UNTIL_S
NODE = {"H800": {"gpus": 8, "cores": 64, "mem_gib": 1024}}
LARGE = ProfileSettings(id="large", title="t", purpose="p", cpu_cores=8, mem_gib=384, gpus=1, gpu_model="H800")


@pytest.fixture
def centre(store):
    """A price list that states the H800's node from the end of the sample on."""
    small_centre(store)
    version = {"name": "nodes", "from": date(2026, 1, 19), "note": "", "gpu_hour": {"H800": "28.00"}, "nodes": NODE}
    with store.begin() as conn:
        centre = store.settings.centre
        add_versions(conn, [version | {"core_hour": "0.20"}], centre.currency, centre, "a test", START)
    return store


def charged(store, **given):
    job = a_job(cluster="centre", job_id="9", source="sacct", start_at=START, gpu_parts=420_000) | given
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([job]), store.settings.centre.zone)
    rate(store, START + 2 * HOUR_S)
    with store.read() as conn:
        found = conn.execute(select(charges_daily.c.list_minor).where(charges_daily.c.cluster == "centre"))
        return [row.list_minor for row in found]


@pytest.mark.parametrize(("mem_mib", "gpus"), [(None, 1), (128 * 1024, 1), (384 * 1024, 3)])
def test_a_job_is_charged_for_its_memory_where_the_node_is_stated(centre, mem_mib, gpus):
    assert charged(centre, mem_mib=mem_mib) == [gpus * 2800]


def test_memory_that_becomes_known_later_changes_the_charge(centre):
    assert charged(centre, mem_mib=None) == [2800]
    assert charged(centre, mem_mib=256 * 1024) == [5600]


def test_the_charge_says_that_it_was_the_memory(centre):
    charged(centre, mem_mib=384 * 1024)
    [found] = explain(centre, "9", "centre")
    assert {line.share.basis for line in found.lines} == {"memory"}


def test_what_a_server_on_slurm_holds_is_what_it_will_be_charged(centre):
    assert quote(centre, LARGE, "vision", START).list_minor_per_hour == 2800
    slurm = centre.settings.model_copy(update={"slurm": SlurmSettings(cluster="centre")})
    object.__setattr__(centre, "settings", slurm)
    assert quote(centre, LARGE, "vision", START).list_minor_per_hour == 3 * 2800
