"""Whether our books are Slurm's: the last comparison by account, the jobs and days that differ, those before it."""

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from dashboards._asked import Asked
from dashboards._money import amount
from dashboards._page import Cell, Column, Note, Row, Table, linked, sentence, unknown_cell
from dashboards.about.sources import when
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.periods import iso
from workbench.services.slurm.causes import in_words, verdict, what_differs
from workbench.services.slurm.compared import INNOCENT, AccountLine, Comparison
from workbench.services.slurm.reconcile import history
from workbench.units import gpu_seconds

SHOWN = 12
"""Comparisons of before that are listed."""
MOST_JOBS = 200
COMMAND = "workbench reconcile"


@dataclass(frozen=True)
class Compared:
    """cluster: of the settings, '' where there is no Slurm; found: its comparisons, the newest first."""

    cluster: str
    found: list[Comparison]

    @property
    def last(self) -> Comparison | None:
        return self.found[0] if self.found else None


def ask(asked: Asked) -> Compared:
    cluster = asked.store.settings.slurm.cluster
    return Compared(cluster, history(asked.store, SHOWN) if cluster else [])


def say(asked: Asked, compared: Compared) -> Markup:
    """What the last comparison found, or why there is none."""
    if not compared.cluster:
        return sentence(
            _("No Slurm is connected: notebook servers run on this machine, job logs are imported."),
            _("How to connect one: docs/deploy-slurm.md."),
        )
    last = compared.last
    if last is None:
        return sentence(_("Our books were never compared with Slurm's ({cluster}).").format(cluster=compared.cluster))
    of = {"cluster": last.cluster, "when": words.ago(asked.now_s - last.compared_at)}
    if last.differences:
        count = linked(words.count(last.differences), "#table-slurm-accounts")
        told = ngettext(
            "Our books and Slurm's ({cluster}) differ in {n} place; compared {when}.",
            "Our books and Slurm's ({cluster}) differ in {n} places; compared {when}.",
            last.differences,
        )
        return sentence(told).format(n=count, **of)
    used = f"{gpu_seconds(sum(line.sums for line in last.accounts)):,}"
    return sentence(
        _("Our books and Slurm's ({cluster}) agree to the second; compared {when}.").format(**of),
        _("{seconds} GPU-seconds in {jobs} jobs, from {start} to {end}.").format(
            seconds=used,
            jobs=words.count(last.jobs_seen),
            start=when(asked, last.window.start_s),
            end=when(asked, last.window.end_s),
        ),
    )


def notes(compared: Compared) -> tuple[Note, ...]:
    """What to do about differences."""
    if compared.last is None or not compared.last.differences:
        return ()
    text = _("Look at the jobs that differ first. After the cause is mended, compare again: {command}")
    return (Note(text.format(command=f"{COMMAND} --month {compared.last.month}"), "act"),)


def tables(asked: Asked, compared: Compared) -> tuple[Table, ...]:
    """By account; jobs and days of projects where some differ; the history. Nothing where there is no Slurm."""
    if not compared.cluster:
        return ()
    last = compared.last
    found = [by_account(asked, compared)]
    if last is not None:
        found += [by_job(asked, last)] if last.jobs else []
        found += [by_day(asked, last)] if last.books else []
        found.append(before(asked, compared))
    return tuple(found)


def by_account(asked: Asked, compared: Compared) -> Table:
    """GPU-seconds here and in Slurm; the difference should be 0."""
    last = compared.last
    lines = last.accounts if last else ()
    columns = (
        Column(_("Slurm account")),
        Column(_("Project")),
        Column(_("Ours, GPU-seconds"), right=True),
        Column(_("Slurm's, GPU-seconds"), right=True, title="sreport cluster AccountUtilizationByUser"),
        Column(_("Difference"), right=True),
    )
    rows = tuple(_account(line) for line in lines)
    sums = [sum(getattr(line, name) for line in lines) for name in ("ours", "sums", "difference")]
    total = Row((Cell(_("All")), Cell(""), *(_number(parts) for parts in sums)))
    frame = pd.DataFrame(
        [
            {
                "account": line.account,
                "project": line.project,
                "ours_gpu_seconds": gpu_seconds(line.ours),
                "slurm_gpu_seconds": gpu_seconds(line.sums),
                "difference": gpu_seconds(line.difference),
                "why": in_words(line.cause),
            }
            for line in lines
        ]
    )
    if last is None:
        empty = _("Never compared."), _("Once a day the Hub does it; now: {command}").format(command=COMMAND)
    else:
        empty = _("No GPU time in {month}.").format(month=last.month), ""
    return Table(
        "slurm-accounts", _("Compared with Slurm"), columns, rows, frame, total if rows else None,
        _span(asked, last) if last else "", asked.csv("slurm-accounts"), *empty,
    )  # fmt: skip


def by_job(asked: Asked, last: Comparison) -> Table:
    """The jobs that are not the same here and in Slurm."""
    columns = (
        Column(_("Job")), Column(_("What differs")),
        Column(_("GPU-seconds"), right=True, title=_("Ours less Slurm's")),
        Column(_("Slurm account")), Column(_("Submitted")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                Cell(job.job_id) if job.job_id else unknown_cell(),
                Cell(what_differs(job), sub=in_words(job.cause)),
                _difference(job.ours - job.slurm, job.cause),
                Cell(job.account) if job.account else unknown_cell(),
                Cell(when(asked, job.submit_at), order=job.submit_at) if job.job_id else unknown_cell(),
            )
        )
        for job in last.jobs[:MOST_JOBS]
    )
    frame = pd.DataFrame(
        [
            {
                "job_id": job.job_id,
                "submitted_at": iso(job.submit_at) if job.job_id else None,
                "account": job.account,
                "what": what_differs(job),
                "ours_gpu_seconds": gpu_seconds(job.ours),
                "slurm_gpu_seconds": gpu_seconds(job.slurm),
                "why": in_words(job.cause),
            }
            for job in last.jobs
        ]
    )
    more = len(last.jobs) + last.jobs_left_out
    says = _("{n} of {jobs}").format(n=words.count(more), jobs=words.count(last.jobs_seen))
    return Table("slurm-jobs", _("Jobs that differ"), columns, rows, frame, None, says, asked.csv("slurm-jobs"))


def by_day(asked: Asked, last: Comparison) -> Table:
    """Days of projects on which usage is not what was rated, or charges are not what was posted."""
    charged, posted = _("Charged, {currency}"), _("Posted, {currency}")
    columns = (
        Column(_("Project")),
        Column(_("Day")),
        Column(_("Used, GPU-seconds"), right=True),
        Column(_("Rated, GPU-seconds"), right=True),
        Column(charged.format(currency=asked.symbol), right=True),
        Column(posted.format(currency=asked.symbol), right=True),
    )
    rows = tuple(
        Row(
            (
                Cell(line.project) if line.project else unknown_cell(),
                Cell(line.day),
                _number(line.used),
                _number(line.rated),
                amount(line.charged_minor),
                amount(line.posted_minor),
            )
        )
        for line in last.books
    )
    names = ("project", "day", "used", "rated", "charged_minor", "posted_minor")
    frame = pd.DataFrame([{name: getattr(line, name) for name in names} for line in last.books])
    title = _("Days on which our own books differ")
    return Table("slurm-books", title, columns, rows, frame, csv=asked.csv("slurm-books"))


def before(asked: Asked, compared: Compared) -> Table:
    """The last comparisons, the newest first."""
    columns = (
        Column(_("Compared")), Column(_("Month")), Column(_("Until")), Column(_("Jobs"), right=True),
        Column(_("Differences"), right=True), Column(_("Found")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                Cell(when(asked, one.compared_at), order=one.compared_at),
                Cell(one.month),
                Cell(when(asked, one.window.end_s), order=one.window.end_s),
                Cell(words.count(one.jobs_seen), order=one.jobs_seen),
                Cell(words.count(one.differences), order=one.differences),
                Cell(verdict(one), state="act" if one.differences else "good"),
            )
        )
        for one in compared.found
    )
    frame = pd.DataFrame(
        [
            {
                "compared_at": iso(one.compared_at),
                "month": one.month,
                "from": iso(one.window.start_s),
                "until": iso(one.window.end_s),
                "jobs": one.jobs_seen,
                "differences": one.differences,
            }
            for one in compared.found
        ]
    )
    title = _("Comparisons until now")
    return Table("slurm-history", title, columns, rows, frame, csv=asked.csv("slurm-history"))


def _account(line: AccountLine) -> Row:
    project = Cell(line.project) if line.project else Cell(_("none of ours"), order="", unknown=True)
    why = in_words(line.cause) or (_("see the jobs that differ") if line.ours != line.jobs else "")
    account = Cell(line.account, sub=why) if line.account else Cell(_("unknown"), order="", sub=why, unknown=True)
    difference = _difference(line.difference, line.cause)
    return Row((account, project, _number(line.ours), _number(line.sums), difference))


def _span(asked: Asked, last: Comparison) -> str:
    return _("from {start} to {end}").format(
        start=when(asked, last.window.start_s), end=when(asked, last.window.end_s)
    )  # fmt: skip


def _number(parts: int) -> Cell:
    seconds = gpu_seconds(parts)
    sign = words.MINUS if seconds < 0 else ""
    return Cell(f"{sign}{abs(seconds):,}", order=seconds)


def _difference(parts: int, cause: str) -> Cell:
    seconds = gpu_seconds(parts)
    if not seconds:
        return Cell("0", order=0)
    sign = "+" if seconds > 0 else words.MINUS
    return Cell(f"{sign}{abs(seconds):,}", order=seconds, state="watch" if cause in INNOCENT else "act")
