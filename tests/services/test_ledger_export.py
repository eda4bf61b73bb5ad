"""What other programs get; beancount, which is not ours, takes the file and comes to the same balances."""

import csv
import io
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DATA_UNTIL_S, DAYS, small_centre
from tests.centre import copy_of
from workbench.domain.access import WholeCentre
from workbench.services.charging import rating
from workbench.services.ledger import export as ledger_export
from workbench.services.ledger import posting
from workbench.services.ledger.books import balances, journal
from workbench.services.ledger.verify import verify
from workbench.settings import load
from workbench.store.engine import open_store

ALL = WholeCentre("eve")
NOW = DATA_UNTIL_S + 1


@pytest.fixture
def centre(store):
    small_centre(store)
    rating.rate(store, NOW)
    posting.bring_up(store, NOW)
    return store


@pytest.fixture
def sample_centre(loaded_home, tmp_path):
    opened = open_store(load(home=copy_of(loaded_home, tmp_path / "state")))
    yield opened
    opened.engine.dispose()


def beans(store):
    place, sums = store.settings.centre, balances(store, ALL)
    lines = ledger_export.beancount_lines(journal(store, ALL), sums, place.zone, place.currency)
    return "\n".join(lines) + "\n", sums


def judged(text):
    """Errors that beancount finds, and its balance of each account in minor units."""
    entries, errors, _ = loader.load_string(text)
    found = Counter()
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for line in entry.postings:
                found[line.account] += int(line.units.number * 100)
    return errors, found


def test_beancount_accepts_the_small_centre_and_agrees(centre):
    text, sums = beans(centre)
    errors, found = judged(text)
    assert errors == []
    assert found == {ledger_export.beancount_account(name): minor for name, minor in sums.items()}


def test_bean_check_itself_takes_the_file(centre, tmp_path):
    file = tmp_path / "centre.beancount"
    file.write_text(beans(centre)[0], encoding="utf-8")
    judge = Path(sys.executable).with_name("bean-check")
    done = subprocess.run([judge, file], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_beancount_refuses_a_file_in_which_a_cent_was_moved(centre):
    text, _ = beans(centre)
    errors, _ = judged(text.replace("  Income:Charges  -672.00", "  Income:Charges  -671.99", 1))
    assert errors


def test_beancount_refuses_a_file_in_which_a_transaction_is_missing(centre):
    text, _ = beans(centre)
    blocks = text.split("\n2026-01-06 * ")
    assert len(blocks) > 2
    errors, _ = judged("\n2026-01-06 * ".join([blocks[0], *blocks[2:]]))
    assert any("Balance failed" in error.message for error in errors)


def test_beancount_accepts_the_sample_centre_and_agrees(sample_centre):
    with sample_centre.read() as conn:
        now = conn.exec_driver_sql("SELECT max(data_until_at) FROM freshness").scalar()
    posting.bring_up(sample_centre, now)
    assert verify(sample_centre).problems == ()
    text, sums = beans(sample_centre)
    errors, found = judged(text)
    assert errors == []
    assert len(sums) > 60
    assert found == {ledger_export.beancount_account(name): minor for name, minor in sums.items()}


@given(st.sets(st.text("aA-x_5f2. é", min_size=1, max_size=6), min_size=2, max_size=8))
def test_no_two_projects_share_an_account_of_beancount(slugs):
    names = {ledger_export.beancount_account(f"project:{slug}:award") for slug in slugs}
    assert len(names) == len(slugs)


def rows(columns, made):
    text = io.StringIO()
    csv.writer(text).writerows([columns, *made])
    text.seek(0)
    return list(csv.DictReader(text))


def test_focus_adds_up_to_list_cost_and_to_what_users_pay(centre):
    place = centre.settings.centre
    made = ledger_export.focus_rows(journal(centre, ALL), place.zone, place.name)
    found = rows(ledger_export.FOCUS_COLUMNS, made)
    assert Counter(row["ChargeCategory"] for row in found) == {"Usage": 17, "Credit": DAYS}
    assert sum(Decimal(row["ListCost"]) for row in found) == 343 * 28
    assert sum(Decimal(row["BilledCost"]) for row in found) == Decimal("8.40") * 336 + 7 * 28
    assert sum(Decimal(row["ConsumedQuantity"] or 0) for row in found) == 343
    assert {row["BillingPeriodStart"] for row in found} == {"2025-12-31T16:00:00Z"}


def test_a_reversal_is_a_correction_in_focus_and_takes_everything_back(centre):
    place = centre.settings.centre
    with centre.begin() as conn:
        conn.exec_driver_sql("DELETE FROM charges_daily")
    posting.bring_up(centre, NOW, everything=True)
    found = rows(
        ledger_export.FOCUS_COLUMNS, ledger_export.focus_rows(journal(centre, ALL), place.zone, place.name)
    )  # fmt: skip
    assert Counter(row["ChargeClass"] for row in found) == {"": 17 + DAYS, "Correction": 17 + DAYS}
    for column in ("ListCost", "BilledCost", "EffectiveCost", "ConsumedQuantity"):
        assert sum(Decimal(row[column] or 0) for row in found) == 0


def test_csv_has_a_row_per_posting_and_comes_to_zero(centre):
    found = rows(ledger_export.POSTING_COLUMNS, ledger_export.posting_rows(journal(centre, ALL)))
    assert len(found) == DAYS * 5 + 3 * 2 + 3 * 2
    assert sum(Decimal(row["amount"]) for row in found) == 0


@pytest.mark.parametrize(("minor", "text"), [(-123456, "-1234.56"), (5, "0.05"), (-5, "-0.05"), (0, "0.00")])
def test_amounts_are_exact(minor, text):
    assert ledger_export.decimal(minor) == text
