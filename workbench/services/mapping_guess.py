"""A mapping to begin with, from a log's own columns: guesses by name and by what the first cells look like.

A guess is written down with the cell it was made from; what could not be guessed is left as a comment to fill in.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from workbench.services.joblog.cells import decoded, plain, texts
from workbench.services.joblog.rows import Batch, open_log
from workbench.services.mapping import NULL_WORDS, Csv

LIKELY = {
    "job_id": ("job_id", "jobid", "id_job", "jobidraw", "job", "id"),
    "submit": ("submit", "submit_time", "submission_time", "time_submit", "submitted_at", "submitted", "created",
               "arrival"),
    "start": ("start", "start_time", "time_start", "started_at", "started", "begin", "start_ts", "timestamp", "time",
              "date"),
    "end": ("end", "end_time", "time_end", "ended_at", "ended", "finish", "finish_time", "finished", "end_ts", "stop"),
    "duration": ("duration", "runtime", "run_time", "elapsed", "elapsed_s", "wall_time", "walltime", "duration_s",
                 "run_s"),
    "wait": ("wait", "wait_time", "queue", "queue_time", "queued_s", "wait_s"),
    "gpus": ("gpus", "gpu_num", "num_gpus", "num_gpu", "gpu_count", "n_gpus", "ngpus", "gpu", "alloctres", "tres_alloc",
             "allocgres", "plan_gpu", "running_gpu_num"),
    "gpu_model": ("gpu_model", "gpu_type", "gpu_name", "model"),
    "cpus": ("cpus", "cpu_num", "num_cpus", "ncpus", "alloccpus", "cpu_count", "cores", "cpu"),
    "project": ("project", "account", "slurm_account", "group", "vc", "tenant", "team", "org", "namespace", "cluster"),
    "user": ("user", "username", "user_name", "user_id", "id_user", "owner"),
    "partition": ("partition", "queue_name", "pool", "node_type"),
    "state": ("state", "status", "job_state"),
    "name": ("name", "job_name", "jobname"),
}  # fmt: skip
SAMPLE = 200


def guessed_mapping(path: Path, dialect: Csv | None = None) -> str:
    """The text of a mapping for this log, to be read and corrected by a person.

    Raises:
        FileUnreadable: the file cannot be read as CSV or Parquet.
    """
    known = [name for names in LIKELY.values() for name in names]
    log = open_log(path, dialect or Csv(), known)
    samples = _samples(log.batches(log.names), log.names)
    guesses = _guesses(log.names)
    lines = [
        f"# A first guess for {path.name}. Check each line, then try it:",
        f"#   workbench ingest joblog {path.name} --mapping THIS --dry-run",
        f'cluster = "{re.sub(r"[^a-z0-9]+", "-", path.name.split(".")[0].lower()).strip("-") or "my-cluster"}"',
        'time_zone = "UTC"              # the clock that wrote the times; not needed where they carry a zone',
        "",
        "[columns]                      # ours = the log's column",
    ]
    for ours in LIKELY:
        if ours in guesses:
            shown = ", ".join(samples[guesses[ours]][:2]) or "empty"
            lines.append(f"{ours} = {_quoted(guesses[ours])}".ljust(31) + f"# e.g. {shown[:60]}")
        else:
            lines.append(f'# {ours} = ""')
    rest = [name for name in log.names if name not in guesses.values()]
    if rest:
        lines += ["", f"# not used: {', '.join(rest)[:400]}"]
    lines += ["", *_times(guesses, samples)]
    return "\n".join(lines).rstrip() + "\n"


def _samples(batches: Iterable[Batch], names: Sequence[str]) -> dict[str, list[str]]:
    nulls = frozenset(NULL_WORDS)
    batch = next(iter(batches), None)
    found: dict[str, list[str]] = {}
    for name in names:
        column = pa.nulls(0, pa.string()) if batch is None else batch.columns[name].slice(0, SAMPLE)
        try:
            found[name] = [c for c in texts(plain(decoded(column, lambda _: None), nulls), nulls).to_pylist() if c]
        except pa.ArrowException:
            found[name] = []  # a list or a struct: nothing that a mapping could use
    return found


def _guesses(names: Sequence[str]) -> dict[str, str]:
    """The best column for each field; no column serves two."""
    by_plain = {re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"): name for name in reversed(names)}
    guesses: dict[str, str] = {}
    for ours, likely in LIKELY.items():
        match = next(
            (by_plain[name] for name in likely if name in by_plain and by_plain[name] not in guesses.values()), None
        )
        if match is not None:
            guesses[ours] = match
    return guesses


def _times(guesses: dict[str, str], samples: dict[str, list[str]]) -> list[str]:
    cells = [cell for ours in ("start", "submit", "end") if ours in guesses for cell in samples[guesses[ours]]]
    numbers = [float(cell) for cell in cells if re.fullmatch(r"\d+(\.\d+)?", cell)]
    if not cells or len(numbers) < len(cells):
        return []
    typical = sorted(numbers)[len(numbers) // 2]
    unit = next((u for u, top in (("s", 1e10), ("ms", 1e13), ("us", 1e16)) if 1e8 < typical < top), None)
    if unit is None:
        return [
            "[times]",
            'format = "unix s"              # seconds? of what?',
            'origin = "2020-01-01T00:00:00Z"  # the moment that is 0',
        ]
    return ["[times]", f'format = "unix {unit}"']


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
