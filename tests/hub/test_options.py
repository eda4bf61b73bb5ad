"""The choice before a start: what is offered, and what is refused however it comes."""

import re

import pytest

from workbench.clusters.gpu import Gpus
from workbench.domain.holds import Balance
from workbench.domain.overuse import OverUseRule
from workbench.domain.starts import Standing
from workbench.errors import ChoiceRefused
from workbench.hub import cards, options
from workbench.hub.machine import GIB, Held, Machine
from workbench.hub.supply import ThisMachine
from workbench.services.people import Place
from workbench.services.quote import Quote

ALPHA, BETA = Place("alpha", "Alpha", "member"), Place("beta", "Beta", "lead")
NO_GPU = Gpus(0, reason="no NVIDIA driver answers on this machine")


def a_machine(cores=4, gib=64, names=()):
    gpus = Gpus(len(names), tuple(names)) if names else NO_GPU
    return Machine(tuple(range(cores)), gib * GIB, gpus, tuple(str(n) for n in range(len(names))))


def a_quote(profile, project, **changes):
    facts = {"resource": "cpu", "list_minor_per_hour": 40, "subsidy_minor_per_hour": 28, "standings": (standing(),)}
    facts |= {"user_minor_per_hour": 12, "rate_bp": 7000, "award_left_minor": 2_800_000, "hours_left": 70_000.0}
    facts |= {"award_state": "live", "why": ""}
    return Quote(profile.id, project, **(facts | changes))


def standing(free_minor=2_800_000, *, award=1, without_award=False):
    balance = Balance(10_000_000, 10_000_000 - free_minor, 0)
    rate_bp = 7000 if award else 0
    rule = OverUseRule(12_500)
    return Standing(award, rate_bp, balance, balance.drawn_minor, rule, opted_in=False, without_award=without_award)


def offer(settings, machine=None, held=(), places=(ALPHA, BETA), quote=a_quote, last=None, warnings=None):
    return cards.offer(settings, ThisMachine(machine or a_machine(), held), places, quote, last or {}, warnings or {})


def check(settings, given, places=(ALPHA, BETA), machine=None, quote=a_quote):
    here = machine or a_machine()

    def reason(profile, project, hours):
        taken = options.unavailable(profile, here, ())
        return taken or options.refused_for(settings, quote(profile, project), hours)

    return options.check(settings, given, options.profiles_here(settings, here), places, reason)


def test_a_form_s_choice_is_taken(settings):
    assert check(settings, {"profile": ["cpu-small"], "project": ["beta"]}) == options.Choice("cpu-small", "beta", 4)


def test_the_api_s_choice_is_taken(settings):
    assert check(settings, {"profile": "cpu-large", "project": "alpha"}) == options.Choice("cpu-large", "alpha", 4)


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
    "hours that cannot be asked": GOOD | {"hours": ["3"]},
    "no hours at all": GOOD | {"hours": ["0"]},
    "hours below zero": GOOD | {"hours": ["-1"]},
    "a week": GOOD | {"hours": ["168"]},
    "hours as a sum": GOOD | {"hours": ["4+4"]},
    "hours in another script": GOOD | {"hours": ["٤"]},
    "true hours": GOOD | {"hours": True},
    "two times": GOOD | {"hours": ["4", "8"]},
    "hours that are null": GOOD | {"hours": None},
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
    assert "no project" in cards.draw(offer(settings, places=()))


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
    drawn = cards.draw(offer(settings))
    inputs = re.findall(r'<input type="radio" ([^>]*)>', drawn)
    offered = [re.search(r'name="(\w+)" value="([^"]+)"', text).groups() for text in inputs]
    assert re.findall(r'<option value="([a-z]+)"', drawn) == ["alpha", "beta"]
    assert re.findall(r'<option value="(\d+)"', drawn) == ["1", "2", "4", "8", "12", "24"]
    assert '<option value="4" selected>4 hours</option>' in drawn
    assert offered == [
        ("profile", "cpu-small"),
        ("profile", "cpu-large"),
        ("profile", "gpu-1"),
    ]
    assert ["disabled" in text for text in inputs] == [False, False, True]


def test_the_only_project_is_not_asked_for_and_still_sent(settings):
    drawn = cards.draw(offer(settings, places=(ALPHA,)))
    assert '<input type="hidden" name="project" value="alpha">' in drawn
    assert '<select id="project"' not in drawn


def test_names_in_the_form_are_text_never_markup(settings):
    drawn = cards.draw(offer(settings, places=(Place("alpha", "<script>alert(1)</script>", "member"),)))
    assert "<script>alert" not in drawn


@pytest.mark.parametrize(("given", "hours"), [(["8"], 8), ("8", 8), (8, 8), (["1"], 1)])
def test_hours_are_taken_from_a_form_and_from_the_api(settings, given, hours):
    assert check(settings, GOOD | {"hours": given}).hours == hours


def of_hours(settings, hours, **changes):
    found = offer(settings, quote=lambda *of: a_quote(*of, **changes)).cards[1].terms[0].times
    return next(time for time in found if time.hours == hours)


def test_each_time_says_what_is_held_of_the_award_for_it(settings):
    drawn = cards.draw(offer(settings, quote=lambda *of: a_quote(*of, list_minor_per_hour=2800)))
    assert of_hours(settings, 4, list_minor_per_hour=2800) == cards.ForHours(4, "HK$78.40", "")
    assert of_hours(settings, 24, list_minor_per_hour=2800).held == "HK$470.40"
    assert '<span class="r" data-hours="4">HK$78.40</span>' in drawn
    assert '<span class="r" data-hours="24" hidden>HK$470.40</span>' in drawn


def test_a_time_that_the_award_does_not_cover_says_how_much_is_free_and_what_to_do(settings):
    few = {"list_minor_per_hour": 2800, "standings": (standing(5_000),)}
    assert of_hours(settings, 4, **few).refused == (
        "The award of alpha has HK$50.00 free, this needs HK$78.40 for 4 hours: choose 2 hours, a smaller card, "
        "or ask the project's lead about a supplement."
    )
    assert of_hours(settings, 2, **few) == cards.ForHours(2, "HK$39.20", "")
    with pytest.raises(ChoiceRefused, match=r"has HK\$50\.00 free"):
        check(settings, GOOD, quote=lambda *of: a_quote(*of, **few))
    assert check(settings, GOOD | {"hours": "2"}, quote=lambda *of: a_quote(*of, **few)).hours == 2


def test_an_award_without_enough_for_an_hour_names_no_shorter_time(settings):
    refused = of_hours(settings, 1, list_minor_per_hour=2800, standings=(standing(100),)).refused
    assert "choose a smaller card, or ask" in refused


def test_without_an_award_nothing_starts_unless_the_centre_says_so(settings):
    def without(**given):
        return {"standings": (standing(award=None, **given),), "rate_bp": 0, "hours_left": None}

    assert "no award that pays now" in of_hours(settings, 1, **without()).refused
    assert of_hours(settings, 1, **without(without_award=True)) == cards.ForHours(1, "", "")


def test_what_has_no_price_cannot_be_held_and_does_not_start(settings):
    unpriced = {"list_minor_per_hour": None, "why": "No list price for H200."}
    assert of_hours(settings, 1, **unpriced).refused == "No list price for H200."
    at_list_price = unpriced | {"standings": (standing(award=None, without_award=True),)}
    assert of_hours(settings, 1, **at_list_price).refused == ""


def test_a_profile_may_have_its_own_hours(settings):
    small = settings.profiles[0].model_copy(update={"most_hours": 2, "default_hours": 1})
    own = settings.model_copy(update={"profiles": (small, *settings.profiles[1:])})
    of = offer(own)
    assert (of.asked, of.cards[0].default_hours, of.cards[1].default_hours) == (1, 1, 4)
    assert of.cards[0].terms[0].times[2].refused == "This card can be had for 2 hours at most."
    assert check(own, GOOD).hours == 1
    with pytest.raises(ChoiceRefused, match="can be had for 1, 2 hours"):
        check(own, GOOD | {"hours": "4"})


def test_the_hours_of_the_last_server_are_proposed_again(settings):
    assert offer(settings, last={"profile": "cpu-large", "project": "beta", "hours": 12}).asked == 12
    assert offer(settings, last={"profile": "cpu-large", "project": "beta", "hours": 3}).asked == 4


def test_what_must_be_said_of_an_award_is_said_above_the_cards(settings):
    drawn = cards.draw(offer(settings, warnings={"beta": "10% or less of the award is left."}))
    assert 'data-project="beta">beta: 10% or less of the award is left.' in drawn
