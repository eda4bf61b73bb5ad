"""The fund's money follows what happens to awards: promised, moved, cut, drawn and lapsed, to the cent.

The award is that of tests.services.an_award: HK$200,000.00. It gets 10,000.00, gives 30,000.00 to vision, draws
1,960.00, and ends early: 178,040.00 lapse.
"""

from datetime import date

from tests.services.an_award import awarded, noon, use
from workbench.domain import ledger
from workbench.domain.access import WholeCentre
from workbench.services.awards.actions import Ask, ask, decide
from workbench.services.awards.effects import Given
from workbench.services.ledger import posting
from workbench.services.ledger.books import balances
from workbench.services.ledger.verify import verify

FEB, END, AFTER = date(2026, 2, 10), date(2026, 3, 1), date(2026, 3, 2)
VISION = 1


def balance(store, account):
    return balances(store, WholeCentre("eve")).get(account, 0)


def approved(store, award, kind, other=None, **given):
    number = ask(store, award, Ask(kind, "As planned.", Given(**given), other), "ada", noon(FEB))
    decide(store, number, "approve", "sec" if kind == "closing" else "com", noon(FEB))


def test_the_award_account_holds_what_is_left_and_nothing_after_the_end(store):
    award = awarded(store)
    use(store, FEB, 100, noon(FEB))
    approved(store, award, "supplement", amount_minor=1_000_000)
    approved(store, award, "transfer", VISION, amount_minor=3_000_000)
    approved(store, award, "closing", ends_on=END)
    posting.bring_up(store, noon(date(2026, 2, 20)))
    assert balance(store, ledger.award("speech-lab")) == 20_000_000 + 1_000_000 - 3_000_000 - 196_000
    posting.bring_up(store, noon(AFTER))
    assert balance(store, ledger.award("speech-lab")) == 0
    use(store, FEB, 50, noon(AFTER))  # heard of after the end: the lapse becomes smaller by it
    posting.bring_up(store, noon(AFTER))
    assert balance(store, ledger.award("speech-lab")) == 0
    assert posting.bring_up(store, noon(AFTER)).fund == 0
    assert verify(store).problems == ()
