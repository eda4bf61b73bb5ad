"""Dask clusters in PostgreSQL: asked for at the same moment they never come to more than the project may have."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, insert, select

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.errors import ClusterRefused
from workbench.services.dask_clusters import Asked, close_cluster, open_cluster
from workbench.services.dask_jobs import Seen, in_queue, note, settle_ended
from workbench.store.dask_tables import dask_clusters
from workbench.store.engine import Store
from workbench.store.tables import server_events

pytestmark = pytest.mark.postgres
NOW = DATA_UNTIL_S - 1


@pytest.fixture
def centre(on_postgres):
    small_centre(on_postgres)
    slurm = on_postgres.settings.slurm.model_copy(update={"cluster": "alpha", "max_workers": 4})
    row = {
        "server_id": "s1", "user_name": "ana", "project": "vision", "profile": "gpu-1", "gpu_parts": 0,
        "cpu_cores": 1, "requested_at": NOW - 60, "started_at": NOW - 50,
    }  # fmt: skip
    with on_postgres.begin() as conn:
        conn.execute(insert(server_events).values(**row))
    return Store(on_postgres.engine, on_postgres.settings.model_copy(update={"slurm": slurm}))


def test_many_at_once_stay_within_the_limit(centre):
    def ask(_number):
        try:
            return open_cluster(centre, "ana", Asked("s1", 1), NOW).id
        except ClusterRefused:
            return None

    with ThreadPoolExecutor(8) as at_once:
        opened = [found for found in at_once.map(ask, range(12)) if found]
    assert len(opened) == 4
    with centre.read() as conn:
        assert conn.execute(select(func.sum(dask_clusters.c.workers))).scalar() == 4


def test_what_was_seen_gone_and_seen_again_is_there(centre):
    opened = open_cluster(centre, "ana", Asked("s1", 1), NOW).id
    with centre.begin() as conn:
        for seen in ([Seen("7", NOW, opened)], [], [Seen("7", NOW, opened)]):
            note(conn, "alpha", seen, NOW)
        assert in_queue(conn, "alpha") == {("7", NOW): opened}
    close_cluster(centre, "ana", opened, NOW)
    with centre.begin() as conn:
        note(conn, "alpha", [], NOW)
        assert settle_ended(conn, "alpha", NOW) == 0
