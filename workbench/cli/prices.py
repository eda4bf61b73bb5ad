"""`workbench prices`: the price list: show it, check a file, bring one in, make one of another cloud's rates."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from workbench.cli.answer import show as show_rows
from workbench.cli.asked import format_option
from workbench.settings import load as load_settings

FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group(invoke_without_command=True)
@format_option
@click.pass_context
def prices(ctx: click.Context, form: str) -> None:
    """The price list: per GPU-hour of a model, per core-hour of a CPU, from which day on.

    Example: workbench prices --format csv
    """
    if ctx.invoked_subcommand is not None:
        return
    from workbench.domain.pricelist import nano_text
    from workbench.periods import iso

    found = []
    for version in _stored():
        prices = dict(version.gpu_hour) | ({} if version.core_hour is None else {"cpu": version.core_hour})
        head = {"version": version.name, "from": iso(version.start_s)}
        found += [{**head, "resource": name, "per_hour": nano_text(nano)} for name, nano in prices.items()]
    show_rows(["resource", "from", "per_hour", "version"], sorted(found, key=lambda row: row["resource"]), form)


@prices.command()
@format_option
def show(form: str) -> None:
    """Every version whole: prices, MIG shares, factors, node sizes; amounts in the currency's major unit.

    Example: workbench prices show --format csv
    """
    show_rows(["version", "from", "what", "name", "value"], _rows(_stored()), form)


@prices.command()
@FILE
def check(file: Path) -> None:
    """Check a price file (TOML or YAML): every problem at once, with its line; exit status 1 where there is one.

    Example: workbench prices check hub_config/prices.toml
    """
    from workbench.services.prices.file import read_price_file
    from workbench.services.prices.stored import known_models
    from workbench.store.engine import open_store

    store = open_store(load_settings())
    found = read_price_file(file, store.settings.centre.zone, known_models(store) or None)
    click.echo(f"{file}: good. {len(found.versions)} version(s): {', '.join(v.name for v in found.versions)}.")


@prices.command()
@FILE
def load(file: Path) -> None:
    """Check a price file and bring it in; charges from its first new day on are made anew.

    Bringing in the same file twice changes nothing. A version that is stored is never changed.

    Example: workbench prices load hub_config/prices.toml
    """
    from workbench.services.charging.rating import rate
    from workbench.services.prices.file import read_price_file
    from workbench.services.prices.stored import known_models, load_prices
    from workbench.store.engine import open_store

    store, now = open_store(load_settings()), int(time.time())
    done = load_prices(store, read_price_file(file, store.settings.centre.zone, known_models(store) or None), file, now)
    rated = rate(store, now)
    click.echo(f"New: {', '.join(done.new) or 'none'}. Known already: {', '.join(done.repeated) or 'none'}.")
    click.echo(f"{rated.lines:,} charges of {rated.projects:,} projects made anew, {rated.unpriced:,} without a price.")


@prices.command("import-nerc")
@FILE
def import_nerc(file: Path) -> None:
    """Write the New England Research Cloud's rates.yaml as a price file, checked, on standard output.

    What has no place in a price list (bare-metal nodes, credits, switches) is named on standard error.

    Example: workbench prices import-nerc rates.yaml > nerc.toml
    """
    from workbench.services.prices.file import price_file
    from workbench.services.prices.located import located
    from workbench.services.prices.nerc import from_nerc

    made = from_nerc(file)
    price_file(located(made.text, Path("nerc.toml")), file, load_settings().centre.zone, None)
    click.echo(made.text, nl=False)
    click.echo(f"Left out, {len(made.left_out)} entries: {', '.join(made.left_out)}.", err=True)


def _stored() -> Any:
    from workbench.services.prices.stored import stored_prices
    from workbench.store.engine import open_store

    store = open_store(load_settings())
    with store.read() as conn:
        versions = stored_prices(conn, store.settings.centre.zone).versions
    if not versions:
        click.echo("The price list is empty: usage waits unpriced.", err=True)
    return versions


def _rows(versions: Any) -> list[dict[str, str]]:
    from workbench.domain.pricelist import nano_text
    from workbench.periods import iso
    from workbench.units import BASIS_POINTS, GPU_PARTS

    found = []
    for version in versions:
        parts = [("gpu_hour", model, nano_text(nano)) for model, nano in version.gpu_hour.items()]
        if version.core_hour is not None:
            parts.append(("core_hour", "cpu", nano_text(version.core_hour)))
        if version.storage_tb_month is not None:
            beyond = f"beyond {version.storage_free_tb} TB"
            parts.append(("storage_tb_month", beyond, nano_text(version.storage_tb_month)))
        parts += [("service", name, f"{bp / BASIS_POINTS:g}") for name, bp in version.service.items()]
        parts += [("priority", name, f"{bp / BASIS_POINTS:g}") for name, bp in version.priority.items()]
        for model, table in version.mig.items():
            parts += [("mig", f"{model} {name}", f"{n / GPU_PARTS:.6g}") for name, n in table.shares.items()]
        for model, node in version.nodes.items():
            size = f"{node.gpus} GPUs, {node.cores} cores, {node.mem_mib / 1024:g} GiB"
            parts.append(("node", model, size))
        head = {"version": version.name, "from": iso(version.start_s)}
        found += [{**head, "what": what, "name": name, "value": value} for what, name, value in parts]
    return found
