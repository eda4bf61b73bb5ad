"""What a start that waits in Slurm's queue is told, and what it is offered instead."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from tests.builders import DATA_UNTIL_S, small_centre
from tests.starts import a_start, cover
from workbench.domain.awards import Award
from workbench.errors import SlurmRefused, SlurmSilent
from workbench.hub.options import Choice
from workbench.hub.slurm import award, pending
from workbench.hub.slurm.pending import ASKED, QUEUE, START, Watch
from workbench.hub.slurm.smaller import slices
from workbench.services.charging import rating
from workbench.services.holds.holds import place
from workbench.services.quote import quote
from workbench.settings import ProfileSettings
from workbench.slurm import squeue
from workbench.slurm.squeue import QueuedJob

NOW = int(datetime(2026, 3, 2, 4, tzinfo=UTC).timestamp())  # noon in Hong Kong


def profile(name, gpus=0, cores=2, gib=8, **given):
    return ProfileSettings(
        id=name, title=f"The {name}", purpose="p", cpu_cores=cores, mem_gib=gib, gpus=gpus,
        gpu_model="H800" if gpus else None, **given,
    )  # fmt: skip


CARDS = (profile("small", cores=1), profile("large"), profile("gpu-1", 1), profile("gpu-4", 4), profile("gpu-8", 8))


@pytest.fixture
def centre(settings):
    return settings.model_copy(update={"profiles": CARDS})


def a_queued(**said):
    job = QueuedJob(
        job_id=7, state="PENDING", reason="Priority", start_at=None, submit_at=NOW - 60, priority=100, partition="gpu",
        user="t-ana", account="vision", qos="normal", limit_s=14_400, gres="gpu:h800:4", node="", tags={}, ahead=3,
    )  # fmt: skip
    return replace(job, **said)


def a_spawner(settings, **given):
    spawner = {"centre": settings, "choice": Choice("gpu-4", "vision", 4), "server_id": "one", "job_id": "7"}
    spawner |= {"stage": (15, "Preparing your home"), "start_timeout": 86_400, "_spawn_pending": True}
    return SimpleNamespace(**spawner | given)


def view(settings, job=None, why=("", ""), instead=()):
    return pending.waiting_view(a_spawner(settings), job or a_queued(), why, instead, NOW)


def test_place_and_expected_start_are_said_in_the_centres_time(centre):
    said = view(centre, a_queued(start_at=NOW + 8_400))
    assert said.says == "3 jobs before yours. Slurm expects the start at 14:20 HKT."
    assert said.until == "11:59 HKT on 3 Mar 2026"
    assert said.card == "The gpu-4 · vision · 4\u00a0×\u00a0H800, 8 GiB, 4 hours"
    assert (said.step, said.percent) == (QUEUE, 25)


@pytest.mark.parametrize(("ahead", "words"), [(0, "Next in the queue"), (1, "1 job before"), (1200, "1,200 jobs")])
def test_the_place_is_counted_in_words(centre, ahead, words):
    assert words in view(centre, a_queued(ahead=ahead)).place


@pytest.mark.parametrize("start_at", [None, NOW - 1])
def test_no_start_is_promised_that_slurm_does_not_expect(centre, start_at):
    said = view(centre, a_queued(start_at=start_at))
    assert said.expected == ""
    assert said.says == "3 jobs before yours."


def test_a_job_that_waits_for_its_own_limit_is_told_why_and_no_place(centre):
    held = view(centre, a_queued(reason="JobHeldAdmin", ahead=None))
    assert (held.place, held.reason) == ("", "")
    assert held.says.startswith("The operator holds it.")


def test_the_awards_own_numbers_stand_where_it_is_the_award(centre):
    said = view(centre, a_queued(reason="AssocGrpGRESMinutes", ahead=None), ("3 left, 8 needed.", "Ask."))
    assert (said.place, said.says, said.reason) == ("", "3 left, 8 needed.", "Ask.")


def test_an_event_is_what_the_hub_can_send(centre):
    sent = json.loads(json.dumps(view(centre).event()))
    assert sent["message"] == sent["wait"]["says"]
    assert sent["wait"]["step"] == QUEUE


# --- smaller slices -----------------------------------------------------------------------------------------------


def instead(settings, choice=None, fits=lambda _p: True, refused=lambda _p, _h: "", *, shorter=False):
    found = slices(settings, CARDS, choice or Choice("gpu-8", "vision", 8), fits, refused, shorter=shorter)
    return [(one.profile, one.hours) for one in found]


def test_only_smaller_cards_are_offered_the_largest_first(centre):
    assert instead(centre) == [("gpu-4", 8), ("gpu-1", 8), ("large", 8)]
    assert instead(centre, Choice("small", "vision", 4)) == []


def test_what_is_not_free_now_is_not_offered(centre):
    assert instead(centre, fits=lambda card: card.gpus < 2) == [("gpu-1", 8), ("large", 8), ("small", 8)]


def test_of_each_card_the_most_hours_that_the_award_covers(centre):
    found = instead(centre, refused=lambda card, hours: "too much" if card.gpus * hours > 4 else "")
    assert found == [("gpu-4", 1), ("gpu-1", 4), ("large", 8)]


def test_fewer_hours_of_the_same_card_where_time_is_what_is_missing(centre):
    assert instead(centre, shorter=True)[0] == ("gpu-8", 4)
    assert instead(centre, Choice("gpu-8", "vision", 1), shorter=True)[0] == ("gpu-4", 1)


# --- the award's numbers ------------------------------------------------------------------------------------------


@pytest.fixture
def books(store):
    small_centre(store)
    rating.rate(store, DATA_UNTIL_S)
    return store


def covering(store, hours):
    """The award of vision has so many GPU-hours free from now on."""
    with store.db() as db:
        ceiling = db.scalars(select(Award)).one().ceiling_minor
    free = quote(store, CARDS[2], "vision", DATA_UNTIL_S).standings[0].free_minor
    cover(store, hours, ceiling - free)


def test_the_award_says_what_it_has_left_and_what_is_asked(books):
    covering(books, 3)
    waits = award.Waiting(Choice("gpu-4", "vision", 2), "one")
    said = award.left_words(books, CARDS[3], waits, DATA_UNTIL_S)
    assert said[0] == "The award of vision has 3 GPU-hours left, this needs 8."
    assert "smaller card" in said[1]


def test_what_the_start_itself_holds_is_its_own_to_use(books):
    covering(books, 10)
    place(books, a_start("one", hours=8), DATA_UNTIL_S)
    waits = award.Waiting(Choice("gpu-1", "vision", 8), "one")
    said = award.left_words(books, CARDS[2], waits, DATA_UNTIL_S)
    assert said[0] == "The award of vision has 10 GPU-hours left, this needs 8."
    assert said[1].startswith("Slurm keeps the full time")
    assert award.refused(books, books.settings, CARDS[2], 8, waits, DATA_UNTIL_S) == ""
    other = replace(waits, server_id="another")
    assert "free" in award.refused(books, books.settings, CARDS[2], 8, other, DATA_UNTIL_S)


def test_a_project_without_an_award_has_no_numbers(books):
    assert award.left_words(books, CARDS[2], award.Waiting(Choice("gpu-1", "speech", 8), ""), DATA_UNTIL_S)[0] == ""


# --- the watch ----------------------------------------------------------------------------------------------------


class Slurm:
    """What squeue says, one after the other; the last stays."""

    def __init__(self, monkeypatch, *answers):
        self.answers, self.asked = list(answers), 0
        monkeypatch.setattr(squeue, "look", self.look)

    def look(self, _runner, _job_id):
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def watch(spawner):
    found = Watch(spawner, lambda _settings, _profile: True)
    found._from_books = lambda _job, _now: (("", ""), ())
    return found


def test_before_there_is_a_job_the_spawners_own_words_are_said(centre, monkeypatch):
    slurm = Slurm(monkeypatch, None)
    said = asyncio.run(watch(a_spawner(centre, job_id="")).now())
    assert (said.step, said.says, said.percent, slurm.asked) == (ASKED, "Preparing your home", 15, 0)


def test_several_pages_share_one_question(centre, monkeypatch):
    slurm = Slurm(monkeypatch, a_queued())

    async def three():
        one = watch(a_spawner(centre))
        return [await one.now() for _ in range(3)]

    assert len(set(asyncio.run(three()))) == 1
    assert slurm.asked == 1


@pytest.mark.parametrize("problem", [SlurmSilent("squeue", "no answer"), SlurmRefused("squeue", "", "down", 1)])
def test_a_silent_slurm_is_said_and_what_was_known_stays(centre, monkeypatch, problem):
    Slurm(monkeypatch, a_queued(), problem)
    monkeypatch.setattr(pending, "EVERY_S", 0.0)

    async def two():
        one = watch(a_spawner(centre))
        return await one.now(), await one.now()

    before, after = asyncio.run(two())
    assert (before.silent, after.silent) == (False, True)
    assert after.place == before.place
    assert "does not answer" in after.says


def test_a_slurm_that_was_silent_from_the_start_keeps_the_start_waiting(centre, monkeypatch):
    Slurm(monkeypatch, SlurmSilent("squeue", "no answer"))
    said = asyncio.run(watch(a_spawner(centre)).now())
    assert (said.step, said.silent, said.place) == (QUEUE, True, "")


def test_each_change_is_told_once_until_the_start_is_over(centre, monkeypatch):
    monkeypatch.setattr(pending, "EVERY_S", 0.01)
    running = a_queued(state="RUNNING", ahead=None)
    Slurm(monkeypatch, a_queued(), a_queued(), a_queued(ahead=2), running)

    async def told():
        spawner = a_spawner(centre)
        heard = []
        async for line in watch(spawner).lines():
            heard.append((line["wait"]["step"], line["wait"]["place"]))
            spawner._spawn_pending = line["wait"]["step"] != START
        return heard

    assert asyncio.run(told()) == [(QUEUE, "3 jobs before yours"), (QUEUE, "2 jobs before yours"), (START, "")]
