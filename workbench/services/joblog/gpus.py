"""GPUs of each row of a batch: counts and fractions, Slurm's words, counts per node times nodes."""

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.analytics.parsed import shortened
from workbench.services.joblog.cells import Amounts, amounts, counted, distinct
from workbench.services.joblog.fields import Fields, no_amounts
from workbench.slurm.tres import MOST_GPUS, Gpus, gpus_of
from workbench.units import GPU_PARTS, gpu_parts
from workbench.wallclock import Flags

NUMERIC = r"^[+-]?[\d.]+([eE][+-]?\d+)?$|^\d+/\d+$|^[+-]?(inf|infinity)$"


def gpus(fields: Fields) -> tuple[Amounts, pa.Array]:
    """Parts per row (workbench.units), and the model where the log names one."""
    column = fields.column("gpus")
    assert column is not None  # the mapping was checked for it
    kind = fields.mapping.gpus.kind
    numbers = np.ones(fields.length, dtype=bool)
    if pa.types.is_string(column.type) and kind != "count":
        numeric = pc.match_substring_regex(fields.number(column), NUMERIC, ignore_case=True)
        numbers = np.asarray(pc.fill_null(numeric, True)) & (kind == "auto")
    found, model = no_amounts(fields.length), fields.text("gpu_model")
    if numbers.any():
        found = _counts(fields, column, numbers)
    if not numbers.all():
        spelled, models = _spelled(fields, column, ~numbers)
        found = Amounts(np.where(numbers, found.values, spelled.values), np.where(numbers, found.known, spelled.known))
        model = pc.coalesce(model, models)
    found = _multiplied(fields, found)
    fields.note(~found.known, "GPUs not known", "it does not say how many GPUs (defaults.gpus fills empty cells)")
    for row in np.flatnonzero(found.values > MOST_GPUS * GPU_PARTS):
        fields.problems.note(row, "too many GPUs", f"{found.values[row] // GPU_PARTS} GPUs is more than can be real")
    return found, model


def _counts(fields: Fields, column: pa.Array, rows: Flags) -> Amounts:
    if not rows.all():
        column = pc.if_else(pa.array(rows), column, pa.scalar(None, column.type))
    to_parts = fields.mapping.gpus.scale * GPU_PARTS
    read = _nearest if fields.mapping.gpus.round else gpu_parts
    return amounts(fields.number(column), to_parts, lambda parts: read(parts / GPU_PARTS), "gpus", fields.problems)


def _spelled(fields: Fields, column: pa.Array, rows: Flags) -> tuple[Amounts, pa.Array]:
    spelling = fields.mapping.gpus

    def read(text: str) -> Gpus:
        if "gpu" not in text.lower() and "=" not in text:
            raise ValueError(f"{shortened(text)!r} is no number of GPUs, nor a GPU string of Slurm")
        return gpus_of(text, ids=spelling.tres_ids, weights=spelling.weights)

    def note(row: int, why: str) -> None:
        fields.problems.note(row, "GPUs not readable", f"gpus: {why}")

    results, places = distinct(pc.if_else(pa.array(rows), column, pa.scalar(None, pa.string())), read, note)
    parts = np.array([0 if found is None else found.parts for found in results] + [0], dtype=np.int64)
    models = pa.array([None if found is None else found.model for found in results] + [None], pa.string())
    return Amounts(parts[places], places >= 0), models.take(pa.array(places % len(models)))


def _multiplied(fields: Fields, found: Amounts) -> Amounts:
    column = fields.column("gpus_times")
    if column is None:
        return found
    factor = amounts(fields.number(column), Fraction(1), counted, "gpus_times", fields.problems)
    product = np.minimum(found.values, MOST_GPUS * GPU_PARTS + 1) * np.minimum(factor.values, MOST_GPUS)
    return Amounts(product, found.known & factor.known)


def _nearest(count: Fraction) -> int:
    return round(count * GPU_PARTS)
