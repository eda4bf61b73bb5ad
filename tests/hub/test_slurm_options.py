"""What a request may set of a job: a profile, a project, hours; all else is refused, and none of it can reach a script.

By form, by the Hub's API, or kept from an earlier start: every way ends in `apply_choice`.
"""

import asyncio
from datetime import date
from types import SimpleNamespace

import pytest
from batchspawner.api import BatchSpawnerAPIHandler
from jupyterhub import apihandlers

from tests.builders import add_prices
from workbench.domain.awards import Award
from workbench.domain.projects import Member, Person, Project
from workbench.hub import choices, supply
from workbench.hub.choices import CentreSpawner, Refused
from workbench.hub.options import Choice
from workbench.hub.slurm import asking, job, listening
from workbench.hub.slurm.spawner import CentreSlurmSpawner
from workbench.services.quote import quote
from workbench.settings import SlurmSettings
from workbench.slurm.free import Cluster, Node
from workbench.slurm.jobscript import script

GOOD = {"profile": "gpu-1", "project": "alpha", "hours": 4}
EVIL = (
    "\n#SBATCH --account=root", "\r#SBATCH --qos=high", " --qos=high", "$(id)", "`id`", ";id", "|id", "&", "'", '"',
    "\\", "\x00", ",gpu:8", "%j", "../..", "{{cmd}}", "{cmd}", "\u2028", " ", "é",
)  # fmt: skip
FURTHER = (
    "account", "gres", "partition", "qos", "prologue", "epilogue", "cmd", "srun", "options", "nprocs", "memory",
    "runtime", "reservation", "username", "homedir", "keepvars", "keepvars_extra", "ngpus", "cluster", "host", "queue",
    "job_id", "job_status", "batch_script", "exec_prefix", "req_account", "env", "environment", "mem_limit",
    "", "Profile",
)  # fmt: skip
ATTACKS = {
    **{f"a further {name!r}": GOOD | {name: "x"} for name in FURTHER},
    **{f"{word!r} behind the {name}": GOOD | {name: f"{GOOD[name]}{word}"} for name in GOOD for word in EVIL},
    **{f"{word!r} before the {name}": GOOD | {name: f"{word}{GOOD[name]}"} for name in GOOD for word in EVIL},
    **{f"{name} is {value!r}": GOOD | {name: value} for name in GOOD for value in (
        None, True, 0, -1, 10**9, 1.5, "", [], {}, ["gpu-1", "gpu-1"], [["gpu-1"]], {"id": "gpu-1"}, [None])},
    "nothing": {},
    "a key that is no text": GOOD | {7: "x"},
    "another's project": GOOD | {"project": "beta"},
    "an account": GOOD | {"project": "root"},
    "another card": GOOD | {"profile": "gpu-8"},
    "hours that nobody offers": GOOD | {"hours": 3},
}  # fmt: skip
BODIES = (
    b"", b"{", b"[]", b"7", b'"x"', b"{}", b'{"port": 8001, "cmd": "sh"}', b'{"port": "8001"}', b'{"port": true}',
    b'{"port": 80}', b'{"port": 65536}', b'{"port": -1}', b'{"port": 1e4}', b'{"problem": ""}', b'{"job_id": "7"}',
    b'{"problem": {"a": 1}}', b'{"ip": "10.0.0.1"}', b"\xff",
)  # fmt: skip
NODE = Node(frozenset({"gpu"}), {"cpu": 64, "mem": 512_000, "gpu": 8, "gpu:h800": 8}, {"gpu:h800": 8, "gpu": 8})


@pytest.fixture
def centre(store, monkeypatch):
    """Ana in alpha, with an award; a Slurm whose cards are all taken."""
    with store.db() as db:
        db.add_all([Project(slug, slug.title(), "university", "University A") for slug in ("alpha", "beta")])
        db.add(Person("ana", "Ana"))
        db.flush()
        db.add(Member("alpha", "ana", "member"))
        db.add(Award("alpha", None, 7000, 10**8, date(2026, 1, 1), date(2040, 1, 1), date(2026, 1, 1)))
    add_prices(store, {"2026-01-01": {"H800": "28.00", "cpu": "0.20"}})
    monkeypatch.setattr("workbench.hub.choosing.store_of", lambda _settings: store)
    monkeypatch.setattr(supply, "seen", lambda _runner: Cluster((NODE,), "gpu", {"gpu": 3}))
    return store.settings.model_copy(update={"slurm": SlurmSettings(cluster="c1", run_as="env")})


@pytest.fixture
def spawner(centre):
    class Spawner(CentreSpawner):
        def offering(self):
            return supply.OnSlurm(self.centre)

    made = Spawner(centre=centre)
    made.user = SimpleNamespace(name="ana")
    return made


def test_every_attack_is_refused_before_anything_is_asked_of_slurm(spawner):
    async def taken():
        return [what for what, given in ATTACKS.items() if not await refused(given)]

    async def refused(given):
        try:
            await spawner.apply_choice(given)
        except Refused:
            return spawner.choice is None
        return False

    assert asyncio.run(taken()) == []


def test_cards_that_are_all_taken_are_waited_for(spawner):
    asyncio.run(spawner.apply_choice(GOOD))
    assert spawner.choice == Choice("gpu-1", "alpha", 4)
    assert asyncio.run(spawner.choice_from_form({"profile": ["gpu-1"], "project": ["alpha"], "_xsrf": ["x"]})) == GOOD


def test_a_card_that_no_node_has_is_refused(spawner, monkeypatch):
    small = Node(frozenset({"gpu"}), {"cpu": 2, "mem": 512_000, "gpu": 8, "gpu:h800": 8}, {})
    monkeypatch.setattr(supply, "seen", lambda _runner: Cluster((small,), "gpu", {}))
    with pytest.raises(Refused, match="No node of the partition has so much"):
        asyncio.run(spawner.apply_choice(GOOD))


def test_a_silent_slurm_refuses_nobody_by_itself(spawner, monkeypatch):
    monkeypatch.setattr(supply, "seen", lambda _runner: None)
    asyncio.run(spawner.apply_choice(GOOD))
    assert "Slurm does not say" in spawner.offering().free_now(spawner._profile())


def test_batchspawner_s_ways_from_the_options_into_the_script_are_not_there():
    own = vars(CentreSlurmSpawner)
    assert {"start", "poll", "stop", "query_job_status", "get_state", "load_state"} <= set(own)
    # Whatever a subclass or a configuration says of its template: nothing of ours calls what reads the options.
    called = {name for method in own.values() if hasattr(method, "__code__") for name in method.__code__.co_names}
    assert not called & {"submit_batch_script", "get_req_subvars", "user_options", "run_command", "cancel_batch_job"}
    assert all(one[1] is not BatchSpawnerAPIHandler for one in apihandlers.default_handlers)


def test_the_script_is_made_of_the_choice_the_settings_and_the_account(centre, store, monkeypatch):
    monkeypatch.setenv("SECRET", "of the hub")
    profile, choice = centre.profiles[2], Choice("gpu-1", "alpha", 4)
    quoted = quote(store, profile, "alpha", 1_790_000_000)
    ask = asking.ask_for(centre, choice, profile, quoted, "ab12", "/home/ana")
    of_hub = {"USER": "ana", "HOME": "/home/ana", "JUPYTERHUB_API_TOKEN": "t"}
    environ = asking.environ_for(centre, choice, profile, "ab12", of_hub)
    text = script(ask, asking.body(["/env/bin/python", "-P", "-m", "x"], "/a b:/bin"))
    assert [line for line in text.splitlines() if line.startswith("#SBATCH")] == [
        "#SBATCH --job-name=wb-ab12",
        "#SBATCH --account=alpha",
        "#SBATCH --nodes=1",
        "#SBATCH --ntasks=1",
        "#SBATCH --cpus-per-task=4",
        "#SBATCH --mem=32768M",
        "#SBATCH --time=240",
        "#SBATCH --gres=gpu:h800:1",
        "#SBATCH --comment=wb=1;server=ab12;project=alpha;profile=gpu-1",
        "#SBATCH --output=/home/ana/.workbench-server.log",
        "#SBATCH --chdir=/home/ana",
        "#SBATCH --no-requeue",
    ]
    assert text.endswith("export PATH='/a b:/bin'\nexec /env/bin/python -P -m x\n")
    assert "CUDA_VISIBLE_DEVICES" not in environ
    assert "SECRET" not in environ
    assert environ["WORKBENCH_API"] == "http://127.0.0.1:8003/services/centre/api"
    assert (environ["LOGNAME"], environ["WORKBENCH_SERVER_ID"]) == ("ana", "ab12")


@pytest.mark.parametrize("body", BODIES)
def test_a_server_says_a_port_or_a_problem_and_nothing_else(body):
    assert listening.told(body) is None


def test_what_a_server_says_is_taken():
    assert listening.told(b'{"port": 43210}') == (43210, "")
    assert listening.told(b'{"problem": "' + b"x" * 900 + b'"}') == (0, "x" * listening.MOST_WORDS)


def test_a_server_that_says_its_port_and_dies_is_not_waited_for():
    async def ended(_do, *_given):
        return job.ENDED, ""

    async def note_end():
        dead.ended = {"words": "Its node failed."}

    dead = SimpleNamespace(_told=asyncio.Event(), problem="", node="", mine=None, runner=None, ended=None)
    dead._slurm, dead._note_end = ended, note_end
    dead._ended_first = lambda: CentreSlurmSpawner._ended_first(dead)
    dead._told.set()
    with pytest.raises(Refused, match="Its node failed"):
        asyncio.run(asyncio.wait_for(CentreSlurmSpawner._until_it_listens(dead), 5))


def test_refusals_say_why():
    assert choices.Refused("why").jupyterhub_message == "why"
