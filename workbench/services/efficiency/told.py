"""How busy held GPUs were, as a frame for people: GPU-hours and money in major units."""

from typing import Any

import pandas as pd

from workbench.services.efficiency import report
from workbench.services.question import Asked, choice
from workbench.services.reports import Only
from workbench.units import GPU_PARTS, HOUR_S

BY = (*report.BY, "job")
OF_JOB = ["cluster", "job_id", "project", "user_name", "partition", "gpu_model"]


def told(asked: Asked, currency: str, minor: int) -> tuple[dict[str, Any], pd.DataFrame]:
    """The answer to the question `efficiency`: facts and rows.

    Args:
        asked: by one of BY; without a window: the days that have samples.
        currency: in names of columns, "hkd".
        minor: minor units of one.
    """
    by = choice("by", asked.by, BY, "project")
    sampled = report.sampled(asked.store)
    facts = {
        "made_up": sampled.made_up,
        "says": ["The utilisation is made up, for the sample centre."] if sampled.made_up else [],
        "sampled_from": sampled.first or None,
        "sampled_to": sampled.last or None,
    }
    start, end = asked.start_s, asked.end_s
    if start is None or end is None:
        window = report.sampled_window(asked.store, sampled)
        start, end = window.start_s if start is None else start, window.end_s if end is None else end
    only = Only(asked.cluster, project=asked.project)
    if by == "job":
        rows = report.jobs(asked.store, asked.scope, asked.project, start, end, only)
        frame = rows[OF_JOB].replace("", pd.NA).rename(columns={"user_name": "user"})
        frame["gpus"] = rows["gpu_parts"] / GPU_PARTS
    else:
        rows = report.efficiency(asked.store, asked.scope, start, end, by, only)
        frame = rows[[report.BY[by]]].replace("", pd.NA)
        frame.columns = ["gpu_model" if by == "model" else by]
    for name in ("held", "active", "idle", "unknown"):
        frame[f"{name}_gpu_hours"] = rows[f"{name}_part_seconds"] / GPU_PARTS / HOUR_S
    for name in ("subsidy", "user"):
        frame[f"idle_{name}_{currency}"] = rows[f"idle_{name}_minor"] / minor
    if by == "job":
        frame["advice"] = rows["advice"].replace("", pd.NA)
    return facts, frame
