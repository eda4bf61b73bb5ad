"""What the samples of devices say of stretches of time: a sample stands until the next one, or for so long at most.

Running sums over the samples of all devices, in order of device and time, give the known seconds, the activity and the
used seconds before any moment; those of a stretch are the difference of two moments. So a stretch costs a few look-ups,
whatever it holds, and stretches may overlap. The same lines run on numpy arrays and, on a GPU, on CuPy's.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

MOMENT_BITS, RANK_BITS = 34, 2
"""Bits of a moment (until the year 2514) and of a rank in the key (device, moment, rank)."""

STOP, SILENT, KERNELS, ENGINE = range(4)
"""Which of a device's rows of one moment stands, the last first: the measure that also knows MIG slices; the share of
time with any kernel; a sample that does not say; the mark at which another part of the samples goes on."""

SUMS = ("known_s", "active_bp_s", "used_s")
PEAKS = ("last_used_at", "mem_peak_mib", "mem_total_mib")
ROWS = ("device", "sampled_at", "rank", "active_bp", "mem_used_mib", "mem_total_mib")
UNKNOWN_NUMBER = -1


@dataclass(frozen=True, slots=True)
class Stretches:
    """One entry each: the number of a device, when the job began that had it, and the [start, end) that counts."""

    device: Any
    began: Any
    start: Any
    end: Any


def measured(rows: Any, stretches: Stretches, gap_s: int, used_bp: int) -> pd.DataFrame:
    """What the samples say of each stretch. What was sampled before a job began says nothing of it.

    Args:
        rows: pandas or cuDF frame of ROWS (int64, UNKNOWN_NUMBER for unknown), in any order.
        stretches: numpy arrays.
        gap_s: a sample stands for so many seconds at most; what follows is unknown.
        used_bp: a device counts as used while its activity is at least this, in hundredths of a percent.

    Returns:
        pandas: one row per stretch of which something is said: int64 `stretch` (its place), SUMS (seconds; hundredths
        of a percent × seconds), PEAKS (UNKNOWN_NUMBER: unknown). Sums of parts of the samples add up.
    """
    if not len(rows) or not len(stretches.device):
        return pd.DataFrame({name: pd.Series(dtype="int64") for name in ("stretch", *SUMS, *PEAKS)})
    key = (rows["device"] * 2**MOMENT_BITS + rows["sampled_at"]) * 2**RANK_BITS + rows["rank"]
    rows = rows.assign(key=key).sort_values("key").reset_index(drop=True)
    line = _Line(rows, gap_s)
    wanted = Stretches(*(np.asarray(getattr(stretches, n), like=line.at) for n in ("device", "began", "start", "end")))
    first = np.searchsorted(line.where, _place(wanted.device, wanted.began), side="left")
    there = np.minimum(first, len(line.at) - 1)
    said = (first < len(line.at)) & (line.device[there] == wanted.device)
    start = np.where(said, np.maximum(wanted.start, line.at[there]), wanted.end)
    wanted = Stretches(wanted.device, wanted.began, np.minimum(start, wanted.end), wanted.end)
    active = np.where(line.known, line.active, 0)
    rates = (line.known, active, line.known & (active >= used_bp))
    found = {name: _host(line.sums(rate.astype(np.int64), wanted)) for name, rate in zip(SUMS, rates, strict=True)}
    found["last_used_at"] = _host(_last(rows, line, rates[2], wanted))
    told = pd.DataFrame({"stretch": np.arange(len(stretches.device)), **found})
    told = told.merge(_memory(rows, line, stretches), on="stretch", how="left").fillna(UNKNOWN_NUMBER).astype("int64")
    return told[(told["known_s"] > 0) | (told["mem_peak_mib"] >= 0)].reset_index(drop=True)


class _Line:
    """The rows in order, as arrays: `where` is (device, moment) in one number; each stands in [at, until)."""

    def __init__(self, rows: Any, gap_s: int) -> None:
        self.device, self.at, self.active = (rows[name].values for name in ("device", "sampled_at", "active_bp"))
        self.known = self.active >= 0
        self.where = _place(self.device, self.at)
        self.until = self.at + gap_s
        follows = self.device[1:] == self.device[:-1]
        self.until[:-1] = np.where(follows, np.minimum(self.until[:-1], self.at[1:]), self.until[:-1])

    def sums(self, rate: Any, wanted: Stretches) -> Any:
        whole = rate * (self.until - self.at)
        total = np.cumsum(whole)
        return self._until(rate, whole, total, wanted.device, wanted.end) - self._until(
            rate, whole, total, wanted.device, wanted.start
        )

    def last_row(self, device: Any, moment: Any) -> Any:
        """Place of the last row of a device before a moment (-1: none of any device up to there)."""
        return np.searchsorted(self.where, _place(device, moment), side="left") - 1

    def _until(self, rate: Any, whole: Any, total: Any, device: Any, moment: Any) -> Any:
        """The sum over all rows of devices before this one, and of this one until the moment."""
        place = self.last_row(device, moment)
        row = np.maximum(place, 0)
        stands = np.where(
            self.device[row] == device,
            rate[row] * (np.minimum(moment, self.until[row]) - self.at[row]),
            whole[row],
        )
        return np.where(place < 0, 0, total[row] - whole[row] + stands)


def _place(device: Any, moment: Any) -> Any:
    return device * 2**MOMENT_BITS + moment


def _last(rows: Any, line: _Line, used: Any, wanted: Stretches) -> Any:
    """Until when each stretch was last used."""
    numbers = np.cumsum(np.ones_like(line.at)) - 1
    # By the frame: CuPy has no running maximum of its own.
    newest = rows.assign(newest=np.where(used & (line.until > line.at), numbers, -1))["newest"].cummax().values
    place = line.last_row(wanted.device, wanted.end)
    found = np.where(place < 0, -1, newest[np.maximum(place, 0)])
    row = np.maximum(found, 0)
    inside = (found >= 0) & (line.device[row] == wanted.device) & (line.until[row] > wanted.start)
    return np.where(inside, np.minimum(line.until[row], wanted.end), UNKNOWN_NUMBER)


def _memory(rows: Any, line: _Line, stretches: Stretches) -> pd.DataFrame:
    """The most memory in use at any sample inside of each stretch, and how much there is."""
    order = np.argsort(_place(stretches.device, stretches.start), kind="stable")
    mine = Stretches(*(np.asarray(getattr(stretches, n)[order], like=line.at) for n in Stretches.__slots__))
    at = np.searchsorted(_place(mine.device, mine.start), line.where, side="right") - 1
    row = np.maximum(at, 0)
    inside = (at >= 0) & (mine.device[row] == line.device) & (line.at < mine.end[row])
    inside = inside & (rows["mem_used_mib"].values >= 0)
    found = rows.assign(stretch=np.asarray(order, like=line.at)[row])[inside]
    peaks = found.groupby("stretch")[["mem_used_mib", "mem_total_mib"]].max().reset_index()
    peaks = peaks.to_pandas() if hasattr(peaks, "to_pandas") else peaks
    return peaks.rename(columns={"mem_used_mib": "mem_peak_mib"})


def _host(values: Any) -> Any:
    """An array in the memory of this process."""
    return values.get() if hasattr(values, "get") else values
