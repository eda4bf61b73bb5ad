"""The New England Research Cloud's published rates (rates.yaml of nerc-rates) as a price list of ours.

A "service unit" of theirs is one GPU with its cores and memory: its rate is the price of a GPU-hour, its size the node
against which CPU and memory shares are measured. Months are whole: `from` and `until` are both inside.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from workbench.errors import FileUnreadable, PriceFileError
from workbench.services.prices.located import located

STORAGE = "NESE Storage GB Rate"
MONTH_H = 720
"""Hours in a TB-month: thirty days."""
GB_IN_TB = 1000

_RATE = re.compile(r"GPU(?P<model>\w+) SU Rate")
_SIZE = re.compile(r"(?P<what>vCPUs|RAM|GPUs) in GPU(?P<model>\w+) SU")


@dataclass(frozen=True, slots=True)
class FromNerc:
    """A price file's text (TOML), and the names of the entries that have no place in it."""

    text: str
    left_out: tuple[str, ...]


def from_nerc(path: Path) -> FromNerc:
    """The price file that says what their rates say.

    Args:
        path: their rates.yaml.

    Raises:
        FileUnreadable: it cannot be opened, or is no text.
        PriceFileError: it is no list of rates, or one of its months cannot be read.
    """
    try:
        # Their outermost part is a list; ours of a price file is a table.
        text = "rates:\n" + path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise FileUnreadable(path, getattr(problem, "strerror", None) or str(problem)) from problem
    source = located(text, Path("rates.yaml"))
    rates = source.values.get("rates")
    wrong = list(source.problems)
    if not wrong and not (isinstance(rates, list) and rates and all(_is_entry(entry) for entry in rates)):
        wrong = ["it is no list of rates: each has a name, and a history of values from a month on"]
    if wrong:
        raise PriceFileError(path, wrong)
    histories = {str(entry["name"]): entry["history"] for entry in rates or ()}
    models = sorted(m["model"] for m in map(_RATE.fullmatch, histories) if m)
    used = {name for name in histories if _is_used(name, models)}
    first = min((p["from"] for name in used if _is_price(name) for p in histories[name]), default="")
    months = sorted({p["from"] for name in used for p in histories[name] if p["from"] >= first})
    parts = [_version(month, histories, models) for month in months]
    named = ", ".join(f'"{model}"' for model in models)
    head = "# From the rates of the New England Research Cloud (nerc-rates, Apache-2.0).\n"
    head += f'currency = "USD"\nmodels = [{named}]\n'
    return FromNerc(head + "".join(parts), tuple(name for name in histories if name not in used))


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or "name" not in entry or not isinstance(entry.get("history"), list):
        return False
    return all(isinstance(p, dict) and "value" in p and _is_month(p.get("from")) for p in entry["history"])


def _is_month(text: Any) -> bool:
    return re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(text)) is not None


def _is_price(name: str) -> bool:
    return name in (STORAGE, "CPU SU Rate") or _RATE.fullmatch(name) is not None


def _is_used(name: str, models: list[str]) -> bool:
    size = _SIZE.fullmatch(name)
    return _is_price(name) or (size is not None and size["model"] in models)


def _version(month: str, histories: dict[str, Any], models: list[str]) -> str:
    def value(name: str) -> str | None:
        held = (p for p in histories.get(name, ()) if p["from"] <= month <= p.get("until", "9999-12"))
        return next((str(p["value"]) for p in held), None)

    lines = [f'\n[[version]]\nname = "NERC {month}"\nfrom = {month}-01']
    if cpu := value("CPU SU Rate"):
        lines.append(f'core_hour = "{cpu}"')
    prices = {model: value(f"GPU{model} SU Rate") for model in models}
    lines += ["[version.gpu_hour]", *(f'{model} = "{price}"' for model, price in prices.items() if price is not None)]
    if storage := value(STORAGE):
        per_month = Decimal(storage) * GB_IN_TB * MONTH_H
        lines += ["[version.storage]", f'tb_month = "{per_month.normalize():f}"']
    lines.append("[version.nodes]")
    for model in (model for model, price in prices.items() if price is not None):
        gpus, cores, ram = (value(f"{what} in GPU{model} SU") for what in ("GPUs", "vCPUs", "RAM"))
        if gpus and cores and ram:
            mem_gib = f"{(Decimal(ram) / 1024).normalize():f}"
            lines.append(f'{model} = {{ gpus = {gpus}, cores = {cores}, mem_gib = "{mem_gib}" }}')
    return "\n".join(lines) + "\n"
