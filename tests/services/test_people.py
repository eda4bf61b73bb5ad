"""Who somebody is."""

import pytest
from sqlalchemy import update

from tests.builders import small_centre
from workbench.domain.projects import Person
from workbench.errors import UnknownPerson
from workbench.services.people import Place, check_password, groups, hash_password, person, places


@pytest.fixture
def centre(store):
    small_centre(store)
    with store.begin() as conn:
        conn.execute(update(Person).where(Person.name == "ana").values(password_hash=hash_password("open sesame")))
        conn.execute(update(Person).where(Person.name == "lee").values(password_hash="not a hash"))
    return store


def test_the_right_password_gives_the_person(centre):
    assert check_password(centre, "ana", "open sesame").name == "ana"


@pytest.mark.parametrize(
    ("name", "password"),
    [("ana", "open"), ("ana", ""), ("nobody", "open sesame"), ("nobody", "nobody has this password"), ("lee", "x")],
)
def test_anything_else_gives_nobody(centre, name, password):
    assert check_password(centre, name, password) is None


def test_groups_are_the_role_and_the_places(centre):
    with centre.db() as db:
        db.add(Person("eve", "Executive", role="executive"))
    assert groups(centre, "ana") == ["member:vision"]
    assert groups(centre, "lee") == ["lead:speech"]
    assert groups(centre, "eve") == ["executives"]
    assert groups(centre, "nobody") == []


def test_places_have_titles(centre):
    assert places(centre, "lee") == [Place("speech", "Hearing machines", "lead")]
    assert places(centre, "nobody") == []


def test_a_name_that_nobody_has_is_an_error_for_who_needs_the_person(centre):
    assert person(centre, "ana").made_up
    with pytest.raises(UnknownPerson, match="nobody"):
        person(centre, "nobody")
