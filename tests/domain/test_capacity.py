"""Capacity at a moment."""

from datetime import UTC, datetime

from workbench.domain.capacity import CapacityChange, GpusNow, Outage, gpus_at

JAN, JUN, JUL, DEC = (datetime(2025, month, 1, tzinfo=UTC) for month in (1, 6, 7, 12))


def test_capacity_follows_its_changes_and_outages():
    changes = [CapacityChange("c", "p", "H800", JUN, 20, 18, 16), CapacityChange("c", "p", "H800", JAN, 10, 9, 8)]
    outages = [Outage("c", "p", "H800", JUL, DEC, 6, planned=True, reason="cooling")]
    assert gpus_at(changes, outages, datetime(2024, 1, 1, tzinfo=UTC)) == GpusNow(0, 0, 0, 0)
    assert gpus_at(changes, outages, JAN) == GpusNow(10, 9, 8, 0)
    assert gpus_at(changes, outages, JUL) == GpusNow(20, 18, 10, 6)
    assert gpus_at(changes, outages, DEC) == GpusNow(20, 18, 16, 0)
