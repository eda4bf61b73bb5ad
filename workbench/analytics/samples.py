"""The frames of telemetry: samples of GPUs, and which GPUs a job had. Columns and dtypes, in one place.

A sample says what one device (a GPU, or a MIG slice of one) was doing when it was asked. What it does not say is NA,
never 0: a GPU with MIG on gives no utilisation by itself, a driver without the right to profile gives none of a slice.
"""

SAMPLE_COLUMNS: dict[str, str] = {
    "sampled_at": "int64",
    "node": "str",
    "gpu_index": "Int64",
    "gpu_uuid": "str",
    "mig": "str",
    "gpu_model": "str",
    "active_bp": "Int64",
    "measure": "str",
    "mem_used_mib": "Int64",
    "mem_total_mib": "Int64",
    "power_mw": "Int64",
    "job_id": "str",
    "source": "str",
}
"""`sampled_at`: UTC epoch seconds. `node`: its short name as Slurm knows it. `gpu_index`, `gpu_uuid`: of the whole GPU,
either may be NA. `mig`: the slice's profile and place, "1g.10gb/7/0" (profile, GPU instance, compute instance); NA: the
whole GPU. `active_bp`: utilisation in hundredths of a percent, 0 to 10,000. `measure`: what that is, one of MEASURES.
`job_id`: as the exporter labels it. `source`: one of SOURCES."""

MEASURES = ("gr_engine_active", "gpu_util")
"""Share of time in which any compute or graphics engine was busy (DCGM_FI_PROF_GR_ENGINE_ACTIVE; whole GPUs and MIG);
share of time in which any kernel ran (NVML's utilization.gpu, DCGM_FI_DEV_GPU_UTIL; whole GPUs only)."""

SOURCES = ("dcgm", "nvidia-smi", "nvml", "sample")
"""`sample`: made up, for the sample centre; a page that shows it says so."""

PLACED_COLUMNS: dict[str, str] = {
    "cluster": "str",
    "job_id": "str",
    "submit_at": "int64",
    "node": "str",
    "gpu_index": "Int64",
    "gpu_uuid": "str",
    "mig": "str",
    "gpu_parts": "int64",
}
"""One row for each device of a job (key: cluster, job_id, submit_at as in JOB_KEY): by index, or uuid, or both; with
`mig` as in a sample. `gpu_parts`: of one GPU, 1/420,000 (workbench.units). A job without rows: nobody said where."""
