"""Charges beside usage on PostgreSQL: as strict as on SQLite, also when two people act at the same moment."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.builders import small_centre
from tests.services.test_other_charges import a_charge
from tests.services.test_reservations import NOW, PRICES, WANTED
from workbench.domain.projects import Person
from workbench.errors import AskRefused
from workbench.services.beside_usage import refunds, reservation_use, reservations, storage
from workbench.services.beside_usage.rows import of_project, record
from workbench.services.prices.file import read_price_file
from workbench.services.prices.stored import known_models, load_prices

pytestmark = pytest.mark.postgres


@pytest.fixture
def centre(on_postgres, tmp_path):
    small_centre(on_postgres)
    with on_postgres.db(writes=True) as db:
        db.add_all([Person("sec", "Sec", role="secretariat"), Person("eve", "Eve", role="operator")])
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    zone = on_postgres.settings.centre.zone
    load_prices(on_postgres, read_price_file(path, zone, known_models(on_postgres)), path, NOW)
    return on_postgres


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE other_charges SET memo = 'x'",
        "DELETE FROM other_charges",
        "TRUNCATE other_charges CASCADE",
        "INSERT INTO other_charges SELECT 'k2', kind, project, day, award_id, list_minor + 1, subsidy_minor,"
        " user_minor, quantity, unit, memo, refs, made_by, made_at FROM other_charges",
    ],
)
def test_a_charge_cannot_be_changed_or_removed_even_by_hand(centre, change):
    with centre.begin() as conn:
        record(conn, a_charge())
    with pytest.raises(DBAPIError, match=r"never changed|adds_up"), centre.begin() as conn:
        conn.execute(text(change))


def test_of_two_approvals_at_the_same_moment_only_the_one_that_fits_is_given(centre):
    numbers = [reservations.ask(centre, WANTED, "ana", NOW)[0].id for _ in range(4)]
    barrier, refused = threading.Barrier(len(numbers)), []

    def approve(number):
        barrier.wait()
        try:
            reservations.approve(centre, number, "sec", NOW)
        except AskRefused as why:
            refused.append(str(why))

    threads = [threading.Thread(target=approve, args=[number]) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # 8 GPUs are in service, each wants 4.
    assert len(refused) == 2
    assert all("8 are reserved" in why for why in refused)
    assert [one.state for one in reservations.reservations(centre)].count("granted") == 2


def test_every_question_of_these_services_is_understood_there_too(centre):
    number = reservations.ask(centre, WANTED, "ana", NOW)[0].id
    reservations.approve(centre, number, "sec", NOW)
    assert reservation_use.credit(centre, NOW) == 0
    assert refunds.run(centre, NOW, waiting=True) == refunds.claims(centre) == []
    assert storage.charge(centre, "2025-12", NOW) == storage.deletions(centre, NOW) == []
    with centre.begin() as conn:
        conn.execute(text("INSERT INTO storage_daily VALUES ('2025-12-31', 'vision', 3000000000000, 0)"))
    assert [one.list_minor for one in storage.charge(centre, "2025-12", NOW)] == [5400]
    with centre.read() as conn:
        assert len(of_project(conn, "vision")) == 3
