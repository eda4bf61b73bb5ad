"""The work of a seat in one file: all of it, nothing of others, and no longer than it was promised."""

import os
import zipfile

import pytest
from sqlalchemy import update

from tests.services.training_centre import approved, teaching
from workbench.domain.training import TrainingSeat
from workbench.hub import removing
from workbench.services.training import archive, deciding, ending, watching
from workbench.units import DAY_S


@pytest.fixture
def home(settings):
    folder = settings.homes / "seat-abc234-007"
    (folder / "course" / "data").mkdir(parents=True)
    (folder / "course" / "lesson.ipynb").write_text("{}")
    (folder / "course" / "data" / "é.txt").write_text("mine")
    return folder


def read(settings, saved):
    with zipfile.ZipFile(settings.home / saved.path) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


def test_all_files_are_in_it_but_what_programs_leave(settings, home):
    for folder in (".cache", ".ipynb_checkpoints", "course/__pycache__"):
        (home / folder).mkdir()
        (home / folder / "x").write_text("x")
    (home / ".hidden").write_text("of the student")
    saved = archive.save(settings, "abc234", 7, home)
    assert read(settings, saved) == {
        "course/lesson.ipynb": "{}",
        "course/data/é.txt": "mine",
        ".hidden": "of the student",
    }
    file = settings.home / saved.path
    assert saved.size_bytes == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    assert saved.left_out == 0


def test_links_and_pipes_lead_nowhere(settings, home, tmp_path):
    (tmp_path / "secret").write_text("of others")
    (home / "link").symlink_to(tmp_path / "secret")
    (home / "folder").symlink_to(tmp_path)
    os.mkfifo(home / "pipe")
    assert set(read(settings, archive.save(settings, "abc234", 7, home))) == {
        "course/lesson.ipynb",
        "course/data/é.txt",
    }
    removing.remove(home)
    assert (tmp_path / "secret").read_text() == "of others"
    assert not home.exists()


def test_what_is_too_large_is_named_and_the_rest_kept(settings, home, monkeypatch):
    monkeypatch.setattr(archive, "MOST_BYTES", 100)
    (home / "big.bin").write_bytes(b"0" * 101)
    saved = archive.save(settings, "abc234", 7, home)
    assert saved.left_out == 1
    assert "big.bin" in read(settings, saved)[archive.SAYS]


def test_a_home_that_was_locked_can_be_removed(home):
    (home / "course" / "data").chmod(0o500)
    (home / "course").chmod(0)
    removing.remove(home)
    assert not home.exists()
    removing.remove(home)


def test_it_can_be_fetched_until_its_time_is_over(store, home):
    teaching(store)
    made = approved(store, seats=1)
    ((seat,),) = (one.seats for one in watching.approved(store, made.starts_at, 0))
    assert archive.kept(store, made.handle, 1) is None
    saved = archive.save(store.settings, made.handle, 1, home)
    ending.close_seat(store, seat.id, saved, made.ends_at)
    assert ending.close(store, made.handle, made.ends_at)
    file = archive.kept(store, made.handle, 1)
    assert file is not None
    assert archive.forget(store, made.ends_at + made.keep_days * DAY_S - 1) == 0
    assert archive.forget(store, made.ends_at + made.keep_days * DAY_S) == 1
    assert archive.kept(store, made.handle, 1) is None
    assert not file.exists()
    assert archive.forget(store, made.ends_at + 999 * DAY_S) == 0
    with store.db(writes=True) as db:
        db.execute(update(TrainingSeat).values(removed_at=None))
    assert archive.kept(store, made.handle, 1) is None


def test_work_of_a_class_that_was_called_off_has_its_time_too(store, home):
    teaching(store)
    made = approved(store, seats=1)
    called_off_at = made.starts_at - 60  # students may sit there already
    deciding.cancel(store, made.handle, "ina", "Fire alarm", called_off_at)
    ((seat,),) = (one.seats for one in watching.approved(store, called_off_at, 0))
    ending.close_seat(store, seat.id, archive.save(store.settings, made.handle, 1, home), called_off_at)
    assert archive.kept(store, made.handle, 1) is not None
    assert archive.forget(store, called_off_at + made.keep_days * DAY_S - 1) == 0
    assert archive.forget(store, called_off_at + made.keep_days * DAY_S) == 1
