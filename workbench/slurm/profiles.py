"""What a profile of the settings asks of Slurm: the one place that says it, for notebook servers and Dask workers."""

from collections.abc import Mapping

from workbench.settings import ProfileSettings, Settings
from workbench.slurm.jobscript import JobAsk
from workbench.units import HOUR_S

MIB_OF_GIB = 1024


def ask_of(
    settings: Settings, profile: ProfileSettings, project: str, hours: int, tags: Mapping[str, str], name: str
) -> JobAsk:
    """The job of a profile.

    Args:
        settings: how accounts and GPU models are called in Slurm.
        profile: what it gets.
        project: slug; its account pays.
        hours: its time limit.
        tags: what the job says of itself (slurm.tags).
        name: of the job.
    """
    return JobAsk(
        account=settings.slurm.account(project),
        name=name,
        cpus=profile.cpu_cores,
        mem_mib=profile.mem_gib * MIB_OF_GIB,
        time_s=hours * HOUR_S,
        partition=profile.partition,
        qos=profile.qos,
        gres=f"{gres_of(settings, profile)}:{profile.gpus}" if profile.gpus else None,
        tags=dict(tags),
    )


def gres_of(settings: Settings, profile: ProfileSettings) -> str:
    """What one GPU of a profile is called in Slurm: "gpu:h800"; "gpu" where any will do."""
    if profile.gres:
        return profile.gres
    if profile.gpu_model is None:
        return "gpu"
    called = {model: gpu_type for gpu_type, model in settings.slurm.models}
    return f"gpu:{called.get(profile.gpu_model, profile.gpu_model.lower())}"
