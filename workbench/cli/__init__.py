"""The `workbench` command: one file per noun, loaded only when it is called.

Errors of ours end as one sentence on standard error with exit status 1; wrong usage as click words it with status 2.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from workbench.errors import WorkbenchError

# noun → (module, its click command, one line for `workbench --help`)
COMMANDS = {
    "up": ("workbench.cli.up", "up", "Start everything and show where to log in."),
    "down": ("workbench.cli.up", "down", "Stop everything that `up` started."),
    "status": ("workbench.cli.up", "status", "Say what is running, and where."),
    "reset": ("workbench.cli.up", "reset", "Ask, then clear the state folder."),
    "init": ("workbench.cli.init", "init", "Write a settings file from a running Slurm."),
    "ingest": ("workbench.cli.ingest", "ingest", "Bring in a job log, sacct's text, a running Slurm's accounting."),
    "usage": ("workbench.cli.usage", "usage", "GPU time by project, user, model, partition."),
    "occupancy": ("workbench.cli.occupancy", "occupancy", "Busy GPUs against capacity, by hour, day, month."),
    "efficiency": ("workbench.cli.efficiency", "efficiency", "GPU time held, active, idle; idle money; advice."),
    "forecast": ("workbench.cli.forecast", "forecast", "Occupancy and the fund in the months ahead."),
    "spend": ("workbench.cli.spend", "spend", "Charges, subsidies and awards by project, category, day."),
    "charges": ("workbench.cli.charges", "charges", "What one job was charged, and why."),
    "prices": ("workbench.cli.prices", "prices", "The price list: show, check, load."),
    "ledger": ("workbench.cli.ledger", "ledger", "Balances, journal, closing, check, export of the ledger."),
    "statements": ("workbench.cli.statements", "statements", "Monthly statements of the projects: list, show, export."),
    "whatif": ("workbench.cli.whatif", "whatif", "The next twelve months under another capacity, policy, award list."),
    "report": ("workbench.cli.report", "report", "The year's report to the funder."),
    "applications": ("workbench.cli.applications", "applications", "Applications to the scheme, from draft to award."),
    "awards": ("workbench.cli.awards", "awards", "Awards: versions, what is asked, reports, under-use."),
    "holds": ("workbench.cli.holds", "holds", "Subsidy set aside for running work, and how long it lasts."),
    "reservations": ("workbench.cli.reservations", "reservations", "GPUs kept for a project on whole days."),
    "training": ("workbench.cli.training", "training", "Classes: planned, decided, run, accounted for."),
    "storage": ("workbench.cli.storage", "storage", "What projects store, and what a month of it costs."),
    "refunds": ("workbench.cli.refunds", "refunds", "What goes back for jobs that ended by a fault."),
    "adjust": ("workbench.cli.adjust", "adjust", "Adjustments and write-offs of what a project owes."),
    "slurm": ("workbench.cli.slurm", "slurm", "Accounts, people and limits in Slurm, from awards."),
    "reconcile": ("workbench.cli.reconcile", "reconcile", "Our GPU time against Slurm's, by account and job."),
    "telemetry": ("workbench.cli.telemetry", "telemetry", "What GPUs do: samples of exporters, files, this machine."),
    "people": ("workbench.cli.people", "people", "Who can log in, with which role, in which projects."),
    "db": ("workbench.cli.db", "db", "Check the rollups, make them anew, move the tables."),
    "sample": ("workbench.cli.sample", "sample", "Load or extend the sample centre."),
}


class Sentence(click.ClickException):
    """An error of ours: its sentence, as it is, on standard error."""

    def show(self, file: Any = None) -> None:
        click.echo(self.format_message(), err=True, file=file)


class Nouns(click.Group):
    """A group that imports a command's module only to run it or to show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        try:
            command = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as missing:
            # Only our own missing file is a matter of the installation; a broken import inside it is a bug to be seen.
            if missing.name != module:
                raise
            raise Sentence(
                f"This installation has no command `{cmd_name}` ({module} is missing). Run: make setup"
            ) from None
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(noun, line) for noun, (_, _, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except WorkbenchError as problem:
            raise Sentence(str(problem)) from problem


@click.command(cls=Nouns, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="workbench", prog_name="workbench")
def main() -> None:
    """The workbench of an AI supercomputing centre.

    Example: workbench usage --by project --from 2025-10-01 --to 2025-11-01 --format csv
    """
