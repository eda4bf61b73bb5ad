"""docs/slurm-samples.md: what each file of Slurm's among the fixtures gives, written from what the importer does.

    python -m tests.slurm.samples > docs/slurm-samples.md

tests/slurm/test_samples.py fails where the page no longer says what the importer does.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.analytics.parsed import ParsedLog, by_kind
from workbench.errors import FileUnreadable
from workbench.services.joblog.rows import read_text
from workbench.slurm.nodes import parse_nodes
from workbench.slurm.read import is_json, read_any
from workbench.units import gpu_hours

FIXTURES = Path(__file__).parent.parent / "fixtures" / "slurm"
SOURCE = (FIXTURES / "SOURCE.md").read_text(encoding="utf-8")
XDMOD = tuple(SOURCE.split("accounting-logs*.log (pipe): ")[1].split(".\n")[0].split("|"))
GRONINGEN = tuple(SOURCE.split("U+2603): ")[1].split(".\n")[0].split(", "))


@dataclass(frozen=True)
class Sample:
    """One file: how it is read, and what to know about it."""

    path: str
    why: str
    zone: str = "UTC"
    columns: tuple[str, ...] | None = None
    columns_named: str = ""
    nodes: bool = False


SAMPLES = (
    Sample(
        "ccr-phillips-2016/phillips.log.gz",
        "sacct without a header, one row per job. Nothing to reject: every row has all its "
        "times, and AllocTRES names the GPUs of the two GPU jobs. Core-hours equal the reference's 11,768.",
        columns=XDMOD,
        columns_named="the 26 of tests/fixtures/slurm/SOURCE.md",
    ),
    Sample(
        "xdmod-unit/accounting-logs.log",
        "Four rows with the result that their own parser expects; ours is the same, down to the zero-length job that "
        "holds two GPUs for no time.",
        columns=XDMOD,
        columns_named="the same 26",
    ),
    Sample(
        "xdmod-unit/accounting-logs-with-job-arrays.log",
        "Made rows: five stand for several tasks of an array (4103947_[1-3]) and yet have a run time, which sacct "
        "prints for tasks that have not started only. Whether the resources are one task's or all tasks' is not said: "
        "rejected; sacct's --array gives a row per task.",
        columns=XDMOD,
        columns_named="the same 26",
    ),
    Sample(
        "sacct-text-aalto/test-data1.csv",
        "Two JupyterHub jobs and their steps. The second one is CANCELLED with End Unknown: it ended 17 s (Elapsed) "
        "after its start. AllocTRES, ReqTRES and ReqGRES are empty in all rows: they count as jobs without GPUs, and "
        "a note says so.",
        zone="Europe/Helsinki",
    ),
    Sample(
        "sacct-text-gcm/sample-sacct-output.txt",
        "The same step 68 times (8012944_24093.0). A step is part of an allocation whose row is not in the file: it is "
        "counted as a step, and there is no job.",
    ),
    Sample(
        "sacct-text-gcm/sample-sacct-running-output.txt",
        "The extern step of a running array task ten times, fields apart by the two characters |#: ten steps, no job.",
    ),
    Sample(
        "sacct-text-gcm/sample-sacct-one-multiline.txt",
        "A command line holds two pipes and a newline, so that one record lies on two lines. It is put together again; "
        "all four records are read. 201844 is REQUEUED: an attempt that ran, so a job of its own.",
    ),
    Sample(
        "sacct-text-gcm/sample-sacct-one-multiline-expected.txt", "The same as its authors repair it: the same jobs."
    ),
    Sample(
        "sacct-text-groningen/sacct.txt",
        "No header, fields apart by a snowman. Ten jobs never started (PENDING, CANCELLED or NODE_FAIL, Start None). "
        "Three still run. 7195760 runs over the change of clocks on 31 March 2024: End − Start is Elapsed only on the "
        "clock of Amsterdam; read as UTC a note says that the zone looks wrong. There is no Account column, so they "
        "belong to no project. Two jobs of 2023 ran on partitions named after GPUs, but their rows neither list "
        "nor ask for any: they count as what the row says.",
        zone="Europe/Amsterdam",
        columns=GRONINGEN,
        columns_named="the 37 of tests/fixtures/slurm/SOURCE.md",
    ),
    Sample(
        "sacct-json/slurm_21_8_8.json",
        "One job of sacct --json, preempted: REQUEUED is an attempt that ran. Its elapsed time is 8,062 s shorter than "
        "End − Start, and nothing says that it was suspended; we count End − Start.",
    ),
    Sample(
        "sacct-json/slurm_23_2_6.json",
        "One job of sacct --json, running since 2021 by its own words (end 0): seen until its start and elapsed time.",
    ),
    Sample(
        "slurmdb-rest-json/slurm_24_11_3_jobs.json",
        "Five jobs of slurmrestd's accounting (slurmdb/jobs, data parser v0.0.42), each with one step inside.",
    ),
    Sample(
        "own-22.05/sacct.txt",
        "Jobs of a real Slurm made for this: three tasks of an array, a heterogeneous job (14+0, 14+1), a requeued one "
        "(12, twice), a suspended one (18), a resized one (19), one in a reservation (25), cancelled, failed and timed "
        "out ones, a notebook server's comment, a Dask worker's, and one (11) with a made-up row of another job.",
    ),
    Sample("own-22.05/sacct.json.gz", "The same jobs as sacct --json says them: the same rows, and steps inside."),
    Sample("own-22.05/slurmdb-rest.json.gz", "The same jobs as slurmrestd says them: the same rows."),
    Sample(
        "slurmdb-rest-json/slurm_live_jobs.json",
        "slurmrestd's slurm/…/jobs: what runs and waits at one moment, not accounting: End is a forecast there.",
    ),
    Sample("live-json-rivos/squeue_out.json", "squeue --json: the queue of one moment, not accounting."),
    Sample("live-json-rivos/sinfo_out.json", "sinfo --json: nodes, no jobs."),
    Sample("slurmdb-rest-json/slurm_nodes.json", "slurmrestd's slurm/…/nodes: nodes, no jobs."),
    Sample(
        "xdmod-unit/alloc-tres-gpu-count.json",
        "Nine pairs of AllocTRES and GPUs, no jobs: tests/slurm/test_tres.py reads each to the number beside it.",
    ),
    Sample(
        "xdmod-unit/accounting-logs.expected.json",
        "What accounting-logs.log should give, no jobs: tests/slurm/test_sacct.py compares.",
    ),
    Sample(
        "xdmod-unit/accounting-logs-with-job-arrays.expected.json",
        "Which tasks the array ids of accounting-logs-with-job-arrays.log stand for, no jobs.",
    ),
    Sample("xdmod-unit/sacct.json", "Exit states of a program that calls sacct, and what it should say: no jobs."),
    Sample(
        "sacct-text-groningen/scontrol.txt",
        "scontrol show node: nodes, no jobs; capacity comes from such answers (workbench.slurm.nodes).",
        nodes=True,
    ),
    Sample("sacct-text-gcm/sample-squeue-output.txt", "squeue: the queue of one moment, not accounting."),
    Sample("sacct-text-gcm/sample-sinfo-output.txt", "sinfo: nodes, no jobs."),
    Sample("sacct-text-gcm/sample-sacctmgr-qos.txt", "sacctmgr show qos: limits, no jobs."),
    Sample("sinfo-osc/sinfo_gres.txt.gz", "sinfo: nodes of a cluster in columns of fixed width, no jobs."),
)


def page() -> str:
    """The page, in Markdown."""
    head = (
        "# What the Slurm samples give\n\n"
        "Written by `python -m tests.slurm.samples > docs/slurm-samples.md`; a test keeps it true. Each file is one\n"
        "of `tests/fixtures/slurm` (sources and licences there), text or JSON, read as\n"
        "`workbench ingest sacct FILE --cluster NAME` does. *Steps* are parts of an allocation and are not added up;\n"
        "*not started* are jobs that never began to run; both are understood, not rejected. What is not accounting is\n"
        "refused as a whole, with what it is. What counts, and from when to when: [slurm-jobs.md](slurm-jobs.md).\n\n"
        "| file | rows | accepted | rejected | steps | not started | still running | GPU-hours |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    )
    results = [(sample, _result(sample)) for sample in SAMPLES]
    return head + "".join(_row(*r) for r in results) + "\n" + "\n".join(_section(*r) for r in results)


def _result(sample: Sample) -> ParsedLog | str:
    try:
        text = read_text(FIXTURES / sample.path)
        return read_any(text, "sample", ZoneInfo(sample.zone), columns=sample.columns)
    except (ValueError, FileUnreadable) as problem:
        return str(problem)


def _row(sample: Sample, result: ParsedLog | str) -> str:
    if isinstance(result, str):
        nodes = f": {len(parse_nodes(read_text(FIXTURES / sample.path)))} nodes" if sample.nodes else ""
        return f"| {sample.path} | not jobs{nodes} | | | | | | |\n"
    jobs = result.jobs
    parts = int((jobs["gpu_parts"] * (jobs["seen_until_at"] - jobs["start_at"])).sum())
    cells = (
        result.rows,
        len(jobs),
        len(result.rejects),
        result.steps,
        result.not_started,
        int(jobs["end_at"].isna().sum()),
    )
    return f"| {sample.path} | {' | '.join(map(str, cells))} | {gpu_hours(parts):.3f} |\n"


def _section(sample: Sample, result: ParsedLog | str) -> str:
    text = f"## {sample.path}\n\n{sample.why}\n"
    if isinstance(result, str):
        return f"{text}\nRefused: *{result}*\n"
    if not is_json(read_text(FIXTURES / sample.path)):
        options = [f"--time-zone {sample.zone}"] + ([f"--columns {sample.columns_named}"] if sample.columns else [])
        text += f"\nRead with {', '.join(options)}.\n"
    for kind, count in by_kind(result.rejects).items():
        lines = ", ".join(str(r.line) for r in result.rejects if r.kind == kind)
        first = next(r for r in result.rejects if r.kind == kind)
        text += f"\n- rejected {count}, {kind} (lines {lines}): {first.reason}\n"
    states = Counter(result.jobs["state"].fillna("unknown"))
    if states:
        text += f"\n- states: {', '.join(f'{state} {count}' for state, count in sorted(states.items()))}\n"
    for notice in result.notices:
        text += f"\n- note: {notice}\n"
    return text


if __name__ == "__main__":
    print(page(), end="")
