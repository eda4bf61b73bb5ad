"""A notebook asks for Dask workers beyond its server through the API: what it is told, what is refused."""

import time
from datetime import UTC, datetime

import httpx
import pytest
from builders import small_centre
from serving_api import serving
from sqlalchemy import insert, update

from workbench.domain.awards import Award
from workbench.store.engine import Store
from workbench.store.tables import server_events
from workbench.units import DAY_S


@pytest.fixture
def api(store):
    """Address of the API of a centre with Slurm, on which Ana's server s1 runs."""
    small_centre(store)
    now = int(time.time())
    slurm = store.settings.slurm.model_copy(
        update={"cluster": "alpha", "max_workers": 4, "interface": "ib0", "models": (("h800", "H800"),)}
    )
    with store.begin() as conn:
        conn.execute(update(Award).values(starts_on=_day(now - DAY_S), ends_on=_day(now + 9 * DAY_S)))
        conn.execute(
            insert(server_events).values(
                server_id="s1", user_name="ana", project="vision", profile="cpu-small", gpu_parts=0, cpu_cores=1,
                requested_at=now, started_at=now,
            )
        )  # fmt: skip
    with serving(Store(store.engine, store.settings.model_copy(update={"slurm": slurm}))) as address:
        yield address


def _day(at):
    return datetime.fromtimestamp(at, UTC).date()


def post(api, path="cluster", who="ana", **given):
    return httpx.post(f"{api}/{path}", json=given, headers={"Authorization": f"token {who}-token"}, timeout=20)


def test_the_workers_ask_of_slurm_what_the_centre_says(api):
    said = post(api, server="s1", workers=2, gpus_per_worker=1, hours=1).json()
    assert said["directives"] == [
        f"--job-name={said['id']}", "--account=vision", "--nodes=1", "--ntasks=1", "--cpus-per-task=4", "--mem=32768M",
        "--time=60", "--gres=gpu:h800:1", f"--comment=wb=1;dask={said['id']};server=s1;project=vision;profile=gpu-1",
        "--export=PATH,HOME,USER,LOGNAME,LANG,SLURM_CONF", "--no-requeue",
    ]  # fmt: skip
    assert (said["workers"], said["list_minor_per_hour"], said["interface"]) == (2, 5600, "ib0")
    assert said["versions"]["dask"] == "2026.7.1"


def test_it_is_closed_and_says_so(api):
    made = post(api, server="s1", workers=1).json()["id"]
    ask = {"params": {"id": made}, "headers": {"Authorization": "token ana-token"}}
    assert httpx.get(f"{api}/cluster", **ask).json()["open"] is True
    assert post(api, "cluster/close", who="lee", id=made).status_code == 403
    assert post(api, "cluster/close", id=made).json() == {"id": made}
    said = httpx.get(f"{api}/cluster", **ask).json()
    assert (said["open"], said["reason"]) == (False, "its notebook closed it")


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({"server": "s1", "account": "speech"}, 400, "there is no 'account'"),
        ({"server": "s1", "directives": ["--uid=0"]}, 400, "there is no 'directives'"),
        ({"server": "s1", "workers": "2"}, 400, "workers='2' is of another kind"),
        ({"server": "s1", "workers": True}, 400, "workers=True is of another kind"),
        ({"server": "s1", "profile": "gpu-1\n#SBATCH --uid=0"}, 409, "there is no profile"),
        ({"server": "s1", "workers": 10**30}, 409, "may have 4 workers at a time"),
        ({"server": "s2"}, 403, "no server 's2' of yours"),
        ({}, 403, "no server '' of yours"),
    ],
)
def test_what_a_notebook_may_not_say(api, given, status, says):
    refused = post(api, **given)
    assert refused.status_code == status
    assert says in refused.json()["error"]


@pytest.mark.parametrize("body", ["", "[]", "{", "[" * 3000, "x" * 5000])
def test_a_body_that_is_none(api, body):
    refused = httpx.post(f"{api}/cluster", content=body, headers={"Authorization": "token ana-token"})
    assert refused.status_code in (400, 403)


def test_without_a_token_or_for_somebody_else_nothing_is_opened(api):
    assert httpx.post(f"{api}/cluster", json={"server": "s1"}).status_code == 401
    assert httpx.post(f"{api}/cluster", json={"server": "s1"}, cookies={"token": "ana-token"}).status_code == 401
    assert post(api, who="kim", server="s1").status_code == 403
    assert httpx.get(f"{api}/cluster/close", headers={"Authorization": "token ana-token"}).status_code == 405
