"""The job script, as text: what is asked, and that nothing else can be."""

from dataclasses import replace

import pytest

from workbench.settings import load
from workbench.slurm.jobscript import JobAsk, directives, script
from workbench.slurm.profiles import ask_of, gres_of

ASK = JobAsk(
    account="climate", name="wb-server", cpus=4, mem_mib=32_768, time_s=4 * 3600, partition="gpu", qos="normal",
    gres="gpu:h800:2", tags={"server": "ab12", "project": "climate", "profile": "gpu-1"},
    output="/home/ana/.workbench/%j.log", chdir="/home/ana", export=("HOME", "WORKBENCH_API"),
)  # fmt: skip
WHOLE = """#!/bin/bash
#SBATCH --job-name=wb-server
#SBATCH --account=climate
#SBATCH --partition=gpu
#SBATCH --qos=normal
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --mem=32768M
#SBATCH --time=240
#SBATCH --gres=gpu:h800:2
#SBATCH --comment=wb=1;server=ab12;project=climate;profile=gpu-1
#SBATCH --output=/home/ana/.workbench/%j.log
#SBATCH --chdir=/home/ana
#SBATCH --export=HOME,WORKBENCH_API
#SBATCH --no-requeue

exec true
"""
BAD = (
    "",
    " ",
    "a b",
    "a\n#SBATCH --account=root",
    "a\n",
    "$(id)",
    "`id`",
    "a;b",
    "a,b",
    "--qos=high",
    "-x",
    "ä",
    "a" * 300,
    7,
)


def test_the_whole_script():
    assert script(ASK, "exec true") == WHOLE


def test_what_is_not_asked_is_not_said():
    said = " ".join(directives(JobAsk(account="a", name="n", cpus=1, mem_mib=1, time_s=61)))
    assert said == ("--job-name=n --account=a --nodes=1 --ntasks=1 --cpus-per-task=1 --mem=1M --time=2 --no-requeue")


def test_no_environment_is_said_in_so_many_words():
    assert "--export=NIL" in directives(replace(ASK, export=()))


@pytest.mark.parametrize("field", ["account", "name", "partition", "qos", "gres", "output", "chdir"])
@pytest.mark.parametrize("value", BAD)
def test_a_text_that_could_become_more_than_its_value_is_refused(field, value):
    with pytest.raises(ValueError, match="cannot be asked of Slurm"):
        script(replace(ASK, **{field: value}), "exec true")


@pytest.mark.parametrize("value", [*BAD, "A=1"])
def test_a_variable_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="cannot be asked of Slurm"):
        directives(replace(ASK, export=("HOME", value)))


@pytest.mark.parametrize("field", ["cpus", "mem_mib", "time_s"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "4", None, 10**12])
def test_a_number_that_is_none_is_refused(field, value):
    with pytest.raises(ValueError, match="cannot be asked of Slurm"):
        directives(replace(ASK, **{field: value}))


@pytest.mark.parametrize("tags", [{"server": "a b"}, {"server": "a;qos=high"}, {"server": "a\n"}, {"UP": "a"}])
def test_a_tag_that_a_comment_cannot_carry_is_refused(tags):
    with pytest.raises(ValueError, match="cannot be a tag"):
        directives(replace(ASK, tags=tags))


@pytest.mark.parametrize(
    "gres", ["gpu", "gpu:h800", "gpu:h800:0", "gpu:h800:-1", "gpu:h800:1,gpu:a100:1", "license:x:1"]
)
def test_gpus_are_asked_with_their_count(gres):
    with pytest.raises(ValueError, match="gres"):
        directives(replace(ASK, gres=gres))


def test_a_profile_becomes_a_job():
    settings = load()
    slurm = settings.slurm.model_copy(update={"account_prefix": "p-", "models": (("hopper", "H800"),)})
    settings = settings.model_copy(update={"slurm": slurm})
    gpu = next(profile for profile in settings.profiles if profile.id == "gpu-1")
    ask = ask_of(settings, gpu, "climate", 2, {"server": "ab12"}, "wb-server")
    assert (ask.account, ask.cpus, ask.mem_mib, ask.time_s, ask.gres, ask.partition, ask.qos) == (
        "p-climate", 4, 32 * 1024, 7200, "gpu:hopper:1", None, None,
    )  # fmt: skip
    named = gpu.model_copy(update={"partition": "big", "qos": "fast", "gres": "gpu:a100_1g.10gb", "gpus": 3})
    ask = ask_of(settings, named, "climate", 2, {}, "wb-server")
    assert (ask.gres, ask.partition, ask.qos) == ("gpu:a100_1g.10gb:3", "big", "fast")
    assert ask_of(settings, settings.profiles[0], "climate", 1, {}, "wb-server").gres is None


def test_a_card_without_a_model_takes_any():
    settings = load()
    assert gres_of(settings, settings.profiles[0].model_copy(update={"gpus": 1})) == "gpu"
    assert gres_of(settings, settings.profiles[0].model_copy(update={"gpus": 1, "gpu_model": "A800"})) == "gpu:a800"
