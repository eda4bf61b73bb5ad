"""Which device of which node a job had, and which samples are of that device.

By UUID where both sides say one, else by the GPU's index; a MIG slice also by its profile and place. A job of which
nobody said where it ran has the devices that samples name it on (an exporter beside Slurm labels them with the job).
"""

from typing import Any

import numpy as np
import pandas as pd

from workbench.analytics import efficiency_frames as frames
from workbench.analytics.efficiency_standing import ENGINE, KERNELS, SILENT, UNKNOWN_NUMBER
from workbench.analytics.schema import JOB_KEY
from workbench.periods import Window
from workbench.units import GPU_PARTS

KEY = list(JOB_KEY)
DEVICE = ["node", "gpu_index", "gpu_uuid", "mig"]
NUMBERS = ["active_bp", "mem_used_mib", "mem_total_mib"]


def unplaced(held: pd.DataFrame, there: pd.DataFrame) -> pd.DataFrame:
    """Jobs that no row places, of ids that one cluster alone has: a label does not say of which cluster it is."""
    known = held[KEY].merge(there[KEY].drop_duplicates(), on=KEY, how="left", indicator=True)
    jobs = held[(known["_merge"] == "left_only").to_numpy()]
    clusters = held.groupby("job_id")["cluster"].transform("nunique")
    return jobs[clusters.loc[jobs.index] == 1][[*KEY, "start_at", "seen_until_at"]]


def labelled(part: Any, jobs: pd.DataFrame, near: Window) -> Any:
    """The devices on which these samples name the jobs: JOB_KEY and DEVICE, each once."""
    rows = _devices(_inside(part[part["job_id"].notna()], near), ["job_id", "sampled_at"])
    # By index where there is one, so that a device that says its UUID only now and then stays one device.
    rows["gpu_uuid"] = rows["gpu_uuid"].where(rows["gpu_index"] < 0, "")
    rows = rows.merge(frames.like(part, jobs), on="job_id")
    ran = (rows["sampled_at"] >= rows["start_at"]) & (rows["sampled_at"] < rows["seen_until_at"])
    return rows[ran][[*KEY, *DEVICE]].drop_duplicates()


def places_of(held: pd.DataFrame, there: pd.DataFrame, told: pd.DataFrame | None) -> pd.DataFrame:
    """One row per job and device, index 0…n-1.

    Args:
        held: jobs.
        there: rows of PLACED_COLUMNS of them.
        told: what `labelled` found of others.

    Returns:
        JOB_KEY, start_at, seen_until_at, DEVICE ('' and -1 for what is not said), text device, int64 gpu_parts, number
        (of the device), bool `whole`. Left out is a job whose devices add up to more than it had: one is wrong.
    """
    rows = _devices(there, [*KEY, "gpu_parts"]).drop_duplicates([*KEY, *DEVICE])
    if told is not None and len(told):
        told = told.drop_duplicates().merge(held[[*KEY, "gpu_parts"]], on=KEY)
        share = told["gpu_parts"] // told.groupby(KEY)["node"].transform("size")
        told["gpu_parts"] = share.where((told["mig"] != "") | (told["gpu_parts"] < GPU_PARTS), GPU_PARTS)
        rows = pd.concat((rows, told), ignore_index=True)
    rows = rows.merge(held[[*KEY, "start_at", "seen_until_at", "gpu_parts"]], on=KEY, suffixes=("", "_of_job"))
    rows = rows[rows.groupby(KEY)["gpu_parts"].transform("sum") <= rows["gpu_parts_of_job"]].reset_index(drop=True)
    rows["whole"] = (rows["mig"] == "") & (rows["gpu_parts"] == GPU_PARTS)
    rows["number"] = rows.groupby(DEVICE, sort=True).ngroup().astype("int64")
    name = rows["gpu_index"].astype("str").where(rows["gpu_index"] >= 0, rows["gpu_uuid"])
    rows["device"] = rows["node"] + ":" + name + ("/" + rows["mig"]).where(rows["mig"] != "", "")
    return rows.drop(columns="gpu_parts_of_job")


def rows_on(part: Any, places: pd.DataFrame, near: Window) -> Any:
    """The samples of the places' devices, as efficiency_standing.ROWS.

    What a whole GPU does says nothing of a job that had a part of it and no slice of its own: such places get none.
    """
    own = places[(places["mig"] != "") | places["whole"]]
    devices = own[[*DEVICE, "number"]].drop_duplicates().rename(columns={"number": "device"})
    rows = _devices(_inside(part, near), ["sampled_at", "measure", *NUMBERS])
    for name in NUMBERS:
        rows[name] = rows[name].fillna(UNKNOWN_NUMBER).astype("int64")
    engine = (rows["measure"].fillna("") == "gr_engine_active").astype("int64")
    rows["rank"] = (KERNELS + engine * (ENGINE - KERNELS)).where(rows["active_bp"] >= 0, SILENT)
    by_uuid = frames.like(part, devices[devices["gpu_uuid"] != ""].drop(columns="gpu_index"))
    found = rows[rows["gpu_uuid"] != ""].merge(by_uuid, on=["node", "gpu_uuid", "mig"])
    by_index = devices[devices["gpu_index"] >= 0].rename(columns={"gpu_uuid": "uuid_there"})
    other = rows[rows["gpu_index"] >= 0].merge(frames.like(part, by_index), on=["node", "gpu_index", "mig"])
    other = other[(other["gpu_uuid"] == "") | (other["uuid_there"] == "")]
    columns = ["device", "sampled_at", "rank", *NUMBERS]
    return frames.joined(found[columns], other[columns])


def _inside(part: Any, near: Window) -> Any:
    return part[(part["sampled_at"] >= near.start_s) & (part["sampled_at"] < near.end_s)]


def _devices(rows: Any, more: list[str]) -> Any:
    """These columns and DEVICE, with '' and -1 for what is not said."""
    rows = rows[[*DEVICE, *more]].copy()
    for name in ("gpu_uuid", "mig"):
        rows[name] = rows[name].fillna("").astype("str")
    rows["gpu_index"] = rows["gpu_index"].fillna(UNKNOWN_NUMBER).astype(np.int64)
    return rows
