"""The comparison with Slurm on PostgreSQL: the same figures, kept, and its table made and removed."""

from dataclasses import replace

import pytest
from sqlalchemy import inspect

from tests.builders import add_prices
from tests.services.test_reconcile import HOUR, T0, AddsUp
from workbench.domain.projects import Project
from workbench.services.slurm import follow
from workbench.services.slurm.reconcile import compare, history
from workbench.settings import SlurmSettings
from workbench.store.engine import migrate
from workbench.units import DAY_S, GPU_PARTS

pytestmark = pytest.mark.postgres


def test_books_are_compared_and_the_result_is_kept(on_postgres):
    centre = replace(
        on_postgres, settings=on_postgres.settings.model_copy(update={"slurm": SlurmSettings(cluster="alpha")})
    )
    add_prices(centre, {"2026-01-01": {"H800": "28.00", "CPU": "0.20"}})
    with centre.db() as db:
        db.add(Project("vision", "Seeing machines", "university", "University A"))
    slurm = AddsUp()
    slurm.job("1", HOUR - 3 * DAY_S, HOUR - 3 * DAY_S + 3600, "COMPLETED")
    slurm.job("2", HOUR - 4000)
    slurm.now = T0
    follow.poll(centre, slurm, T0)
    found = compare(centre, slurm, "2026-11", T0)
    assert (found.differences, found.jobs_seen) == (0, 2)
    assert found.accounts[0].ours == 7600 * 2 * GPU_PARTS
    assert found.book_sums.charged_minor == found.book_sums.posted_minor == 5600
    slurm.jobs["1"]["end"] += 5
    later = compare(centre, slurm, "2026-11", T0 + 60)
    assert later.differences == 2
    assert history(centre) == [later, found]


def test_the_table_goes_and_comes(on_postgres):
    migrate(on_postgres.engine, "0012")
    assert "slurm_comparisons" not in inspect(on_postgres.engine).get_table_names()
    migrate(on_postgres.engine)
    assert history(on_postgres) == []
