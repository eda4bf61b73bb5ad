"""The choice before a start: what is offered, and what is refused however it comes."""

import re

import pytest

from workbench.clusters.gpu import Gpus
from workbench.errors import ChoiceRefused
from workbench.hub import options
from workbench.hub.machine import GIB, Held, Machine
from workbench.services.people import Place
from workbench.services.quote import Quote

ALPHA, BETA = Place("alpha", "Alpha", "member"), Place("beta", "Beta", "lead")
NO_GPU = Gpus(0, reason="no NVIDIA driver answers on this machine")


def a_machine(cores=4, gib=64, names=()):
    gpus = Gpus(len(names), tuple(names)) if names else NO_GPU
    return Machine(tuple(range(cores)), gib * GIB, gpus, tuple(str(n) for n in range(len(names))))


def a_quote(profile, project, **changes):
    facts = {"resource": "cpu", "price_per_unit_minor": 20, "list_minor_per_hour": 40, "subsidy_minor_per_hour": 28}
    facts |= {"user_minor_per_hour": 12, "rate_bp": 7000, "award_left_minor": 2_800_000, "hours_left": 70_000.0}
    facts |= {"award_state": "live", "why": ""}
    return Quote(profile.id, project, **(facts | changes))


def offer(settings, machine=None, held=(), places=(ALPHA, BETA), quote=a_quote, last=None):
    return options.offer(settings, machine or a_machine(), held, places, quote, last or {})


def check(settings, given, places=(ALPHA, BETA), machine=None):
    here = machine or a_machine()
    return options.check(
        given, options.profiles_here(settings, here), places, lambda profile: options.unavailable(profile, here, ())
    )


def test_a_form_s_choice_is_taken(settings):
    assert check(settings, {"profile": ["cpu-small"], "project": ["beta"]}) == options.Choice("cpu-small", "beta")


def test_the_api_s_choice_is_taken(settings):
    assert check(settings, {"profile": "cpu-large", "project": "alpha"}) == options.Choice("cpu-large", "alpha")


GOOD = {"profile": ["cpu-small"], "project": ["alpha"]}
ATTACKS = {
    "nothing at all": {},
    "no project": {"profile": ["cpu-small"]},
    "no profile": {"project": ["alpha"]},
    "an empty project": GOOD | {"project": [""]},
    "two projects": GOOD | {"project": ["alpha", "beta"]},
    "two profiles": GOOD | {"profile": ["cpu-small", "cpu-large"]},
    "no text": GOOD | {"profile": [7]},
    "nothing in the list": GOOD | {"profile": []},
    "a mapping": GOOD | {"profile": {"id": "cpu-small"}},
    "null": GOOD | {"project": None},
    "true": GOOD | {"project": True},
    "a profile that is not declared": GOOD | {"profile": ["root"]},
    "a card that cannot be chosen": GOOD | {"profile": ["gpu-1"]},
    "another's project": GOOD | {"project": ["gamma"]},
    "a project in another case": GOOD | {"project": ["Alpha"]},
    "a project with a space": GOOD | {"project": ["alpha "]},
    "a project with a zero byte": GOOD | {"project": ["alpha\x00"]},
    "a path as project": GOOD | {"project": ["../alpha"]},
    "a very long text": GOOD | {"project": ["a" * 81]},
    "a program to run": GOOD | {"cmd": ["/bin/sh"]},
    "environment": GOOD | {"env": {"LD_PRELOAD": "x"}},
    "more memory": GOOD | {"mem_gib": ["512"]},
    "a price of its own": GOOD | {"price": ["0"]},
    "an uploaded file": GOOD | {"profile_file": [b"x"]},
}


@pytest.mark.parametrize("given", ATTACKS.values(), ids=ATTACKS)
def test_what_is_not_one_of_the_cards_is_refused(settings, given):
    with pytest.raises(ChoiceRefused) as refused:
        check(settings, given)
    assert str(refused.value).endswith(".")


def test_a_refusal_does_not_say_which_other_projects_there_are(settings):
    with pytest.raises(ChoiceRefused) as refused:
        check(settings, GOOD | {"project": ["gamma"]})
    assert "gamma" not in str(refused.value)


def test_somebody_without_a_project_starts_nothing_and_reads_why(settings):
    with pytest.raises(ChoiceRefused, match="no project"):
        check(settings, GOOD, places=())
    assert "no project" in options.draw(offer(settings, places=()))


def test_a_card_that_cannot_be_chosen_stays_with_its_reason_and_what_can(settings):
    card = offer(settings).cards[2]
    assert card.profile.id == "gpu-1"
    assert card.unavailable == "No NVIDIA GPU answers on this machine. You can start: Explore data."


def test_the_gpu_card_can_be_chosen_where_a_gpu_is(settings):
    here = a_machine(names=["NVIDIA H800 80GB HBM3"])
    card = offer(settings, here).cards[2]
    assert (card.unavailable, card.free) == ("", "1 of 1 GPUs free")
    assert check(settings, {"profile": "gpu-1", "project": "alpha"}, machine=here).profile == "gpu-1"


def test_the_gpu_card_is_refused_when_all_gpus_are_taken(settings):
    here = a_machine(names=["NVIDIA H800 80GB HBM3"])
    card = offer(settings, here, held=[Held((0,), ("0",))]).cards[2]
    assert card.unavailable.startswith("All GPUs of this machine are taken now.")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("NVIDIA H800 80GB HBM3", "H800"),
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H200", "H200"),
        ("NVIDIA A100-SXM4-80GB", "A100"),
        ("NVIDIA L40S", "L40S"),
        ("Tesla T4", "T4"),
        ("NVIDIA GeForce RTX 4090", "GeForce RTX 4090"),
    ],
)
def test_the_card_shows_the_model_that_the_machine_has(settings, name, model):
    assert options.model_of(name) == model
    assert offer(settings, a_machine(names=[name])).cards[2].profile.gpu_model == model


def test_a_profile_larger_than_the_machine_says_what_the_machine_has(settings):
    small = a_machine(cores=1, gib=3)
    reasons = [card.unavailable for card in offer(settings, small).cards]
    assert reasons[0] == "This machine has 3 GiB of memory."
    assert reasons[1] == "This machine has 1 CPU core."


def test_a_machine_of_16_gib_that_says_15_6_is_large_enough_for_16(settings):
    here = Machine((0,), int(3.7 * GIB), NO_GPU, ())
    assert offer(settings, here).cards[0].unavailable == ""


def test_the_last_choice_is_proposed_again(settings):
    of = offer(settings, last={"profile": "cpu-large", "project": "beta"})
    assert [card.chosen for card in of.cards] == [False, True, False]
    assert of.project == "beta"


def test_a_last_choice_that_cannot_be_had_any_more_is_not_proposed(settings):
    of = offer(settings, last={"profile": "gpu-1", "project": "gamma"})
    assert [card.chosen for card in of.cards] == [True, False, False]
    assert of.project == "alpha"


def test_what_is_free_counts_the_running_servers(settings):
    held = [Held((0,), ()), Held((0, 1), ())]
    assert offer(settings, held=held).cards[0].free == "2 of 4 cores free"
    assert "share" in offer(settings, a_machine(cores=2), held=held).cards[0].free


def test_each_card_says_what_the_project_pays_and_what_its_award_covers(settings):
    terms = offer(settings).cards[0].terms[0]
    assert (terms.list_price, terms.pays) == ("HK$0.40", "HK$0.12")
    assert terms.left == "70,000 more hours"


def test_an_unknown_price_is_said_to_be_unknown_never_free(settings):
    nothing = {"list_minor_per_hour": None, "subsidy_minor_per_hour": None, "user_minor_per_hour": None}

    def unpriced(profile, project):
        return a_quote(
            profile, project, **nothing, award_left_minor=None, hours_left=None, why="No list price for H200."
        )

    terms = offer(settings, quote=unpriced).cards[0].terms[0]
    assert (terms.list_price, terms.pays, terms.why) == ("unknown", "unknown", "No list price for H200.")
    assert terms.left == ""


def test_more_hours_than_anybody_uses_are_not_counted_out(settings):
    terms = offer(settings, quote=lambda *asked: a_quote(*asked, hours_left=64_263_150.0)).cards[0].terms[0]
    assert terms.left == "more than 100,000 hours"


def test_the_last_hours_of_an_award_are_told_with_a_decimal(settings):
    terms = offer(settings, quote=lambda *asked: a_quote(*asked, hours_left=1.26)).cards[0].terms[0]
    assert terms.left == "1.3 more hours"


def test_the_drawn_form_offers_what_is_checked(settings):
    drawn = options.draw(offer(settings))
    inputs = re.findall(r'<input type="radio" ([^>]*)>', drawn)
    offered = [re.search(r'name="(\w+)" value="([^"]+)"', text).groups() for text in inputs]
    assert re.findall(r'<option value="(\w+)"', drawn) == ["alpha", "beta"]
    assert offered == [
        ("profile", "cpu-small"),
        ("profile", "cpu-large"),
        ("profile", "gpu-1"),
    ]
    assert ["disabled" in text for text in inputs] == [False, False, True]


def test_the_only_project_is_not_asked_for_and_still_sent(settings):
    drawn = options.draw(offer(settings, places=(ALPHA,)))
    assert '<input type="hidden" name="project" value="alpha">' in drawn
    assert "<select" not in drawn


def test_names_in_the_form_are_text_never_markup(settings):
    drawn = options.draw(offer(settings, places=(Place("alpha", "<script>alert(1)</script>", "member"),)))
    assert "<script>alert" not in drawn
