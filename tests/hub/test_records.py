"""What the runners' records say, also when they are half there."""

import json

import pytest

from workbench.hub import records
from workbench.services.meter import Sighting

WHOLE = {
    "server_id": "s1",
    "pid": 1,
    "created_at": 5.0,
    "started_at": 100,
    "seen_at": 160,
    "ended_at": None,
    "reason": None,
}


@pytest.fixture
def write(settings):
    records.folder(settings).mkdir(parents=True)

    def put(**changes):
        content = WHOLE | changes
        records.file_of(settings, content["server_id"]).write_text(json.dumps(content))

    return put


def test_a_server_with_a_living_supervisor_runs(settings, write):
    write()
    assert records.read(settings, alive=lambda _: True) == [Sighting("s1", 100, 160, None, None)]


def test_a_server_whose_supervisor_is_gone_ended_when_it_was_last_seen(settings, write):
    write()
    assert records.read(settings, alive=lambda _: False) == [Sighting("s1", 100, 160, 160, records.LOST)]


def test_an_end_that_was_written_down_counts_whatever_lives_now(settings, write):
    write(ended_at=155, reason="stopped")
    assert records.read(settings, alive=lambda _: True) == [Sighting("s1", 100, 160, 155, "stopped")]


def test_a_runner_that_ends_while_we_look_has_its_end_counted(settings, write):
    write()

    def ends_now(_process):
        write(ended_at=170, seen_at=170, reason="stopped")
        return False

    assert records.read(settings, alive=ends_now) == [Sighting("s1", 100, 170, 170, "stopped")]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"server_id": "s1"}', "\x00\x00"])
def test_a_file_that_is_no_record_is_left_alone(settings, write, content):
    file = records.file_of(settings, "odd")
    file.write_text(content)
    assert records.read(settings, alive=lambda _: True) == []
    assert file.exists()


def test_what_is_in_the_books_is_forgotten(settings, write):
    write()
    records.forget(settings, ["s1", "never-there"])
    assert records.read(settings, alive=lambda _: True) == []
