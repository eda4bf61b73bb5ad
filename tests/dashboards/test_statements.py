"""The pages of statements and of the ledger: figures of the ledger, who may see them, files to take away."""

import pytest

from dashboards import ledger, statements
from dashboards._asked import Asked
from dashboards._filters import Filters
from dashboards.ledger.verified import VERIFIER
from tests.builders import DATA_UNTIL_S, small_centre
from tests.dashboards.reading import plain, table, tile, total
from tests.serving_pages import serving
from workbench.domain.access import OwnProjects
from workbench.errors import UnknownProject
from workbench.pages.shell import viewer
from workbench.services.charging.rating import rate
from workbench.services.ledger.posting import bring_up
from workbench.settings import load
from workbench.store.engine import open_store
from workbench.units import DAY_S

NOW = DATA_UNTIL_S + 20 * DAY_S


@pytest.fixture(scope="module")
def posted(tmp_path_factory):
    store = small_centre(open_store(load(home=tmp_path_factory.mktemp("statements") / "state")))
    rate(store, NOW)
    bring_up(store, NOW)
    yield store
    store.engine.dispose()


@pytest.fixture(scope="module")
def ask(posted):
    def asked(group, page, **chosen):
        who = viewer("somebody", [group])
        return Asked(posted, who.scope, (*who.pages, "about-data"), page, Filters(**chosen), NOW, NOW)

    return asked


def test_the_totals_of_the_list_are_its_tiles(ask):
    page = statements.build(ask("executives", "statements"))
    found = table(page, "statements")
    for name, label in (("list", "List cost, HK$"), ("subsidy", "Subsidy, HK$"), ("closing", "Closing, HK$")):
        assert total(found, label) == f"{int(tile(page, name).exact) / 100:,.2f}"
    assert int(tile(page, "list").exact) == 342 * 2800
    assert page.period_label == "January 2026"
    assert plain(page.sentence).startswith("2 projects used HK$9,576 at list price in January 2026: the scheme pays ")
    assert any("belongs to no known project" in str(note.text) for note in page.notes)


def test_a_row_opens_the_statement_and_a_day_opens_the_ledger(ask):
    page = statements.build(ask("executives", "statements"))
    assert table(page, "statements").rows[0].cells[0].href == "/services/centre/statements?at=2026-01&project=vision"
    one = statements.build(ask("executives", "statements", project="vision", at="2026-01"))
    assert one.actions[0] == ("PDF", "/services/centre/statements/pdf/2026-01/vision")
    day = table(one, "days").rows[0].cells[0]
    assert day.href.endswith("?at=2026-01&project=vision&show=2026-01-05#table-transactions")
    opened = statements.build(ask("executives", "statements", project="vision", at="2026-01", show="2026-01-05"))
    rows = table(opened, "transactions").frame
    assert rows["amount_minor"].sum() == 0
    assert rows.set_index("ledger_account")["amount_minor"]["fund:drawn"] == 24 * 1960


def test_the_account_of_a_statement_closes(ask):
    page = statements.build(ask("executives", "statements", project="vision", at="2026-01"))
    lines = table(page, "account").frame.set_index("line")["amount_minor"]
    assert lines["opening_minor"] + lines["user_minor"] == lines["closing_minor"] == int(tile(page, "closing").exact)
    assert total(table(page, "days"), "List cost, HK$") == total(table(page, "users"), "List cost, HK$") == "9,408.00"
    assert tile(statements.build(ask("executives", "statements", project="speech")), "left").value == "no award"


def test_leads_have_their_own_statements_alone(ask):
    page = statements.build(ask("lead:speech", "statements"))
    assert page.heading == "Hearing machines"
    with pytest.raises(UnknownProject):
        statements.build(ask("lead:speech", "statements", project="vision"))
    assert "ledger" not in viewer("lee", ["lead:speech"]).pages
    assert "statements" not in viewer("ana", ["member:vision"]).pages
    assert isinstance(viewer("lee", ["lead:speech"]).scope, OwnProjects)


def test_a_month_without_anything_says_so(ask):
    page = statements.build(ask("executives", "statements", at="2025-01"))
    assert plain(page.sentence) == "There is nothing to account for in January 2025."


def test_the_ledger_balances_and_says_until_where_it_is_verified(ask, posted):
    first = ledger.build(ask("executives", "ledger", at="2026-01"))
    assert "is being verified" in plain(first.sentence) or "is verified until" in plain(first.sentence)
    VERIFIER.wait(posted)
    page = ledger.build(ask("executives", "ledger", at="2026-01"))
    assert "Its chain is verified until transaction 20, at " in plain(page.sentence)
    accounts = table(page, "accounts")
    assert accounts.total.cells[2].text == accounts.total.cells[3].text
    assert accounts.frame["balance_minor"].sum() == 0
    assert int(tile(page, "drawn").exact) == 336 * 1960
    assert total(table(page, "projects"), "Payable, HK$") == f"{(342 * 2800 - 336 * 1960) / 100:,.2f}"


def test_a_check_that_cannot_be_made_is_said(ask, posted, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from dashboards.ledger import verified

    def fails(_store):
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    checks = verified.Verifier()
    monkeypatch.setattr(verified, "verify", fails)
    monkeypatch.setattr(ledger, "VERIFIER", checks)
    ledger.build(ask("executives", "ledger", at="2026-01"))
    checks.wait(posted)
    page = ledger.build(ask("executives", "ledger", at="2026-01"))
    assert "its chain could not be verified" in plain(page.sentence)


def test_a_transaction_shows_its_postings_charges_and_place_in_the_chain(ask):
    journal = table(ledger.build(ask("executives", "ledger", at="2026-01", project="vision")), "journal")
    number = journal.rows[0].cells[0]
    assert set(journal.frame["project"]) == {"vision"}
    page = ledger.build(ask("executives", "ledger", show=number.href.rsplit("show=", 1)[1]))
    assert page.heading == f"Transaction {number.text}"
    assert table(page, "postings").frame["amount_minor"].sum() == 0
    assert table(page, "charges").frame["list_minor"].sum() == 24 * 2800
    assert table(page, "place").frame.set_index("name")["value"]["Hash"] == journal.frame["hash"].iloc[0]


def test_pages_and_files_over_http_by_who_asks(posted):
    with serving(posted) as pages:
        got = pages.get("eve-token", "/statements/pdf/2026-01/vision")
        assert (got.status_code, got.headers["Content-Type"]) == (200, "application/pdf")
        assert got.content.startswith(b"%PDF-")
        assert got.headers["Content-Disposition"] == 'attachment; filename="statement-2026-01-vision.pdf"'
        focus = pages.get("lee-token", "/statements/focus/2026-01/speech")
        assert focus.text.startswith("BillingAccountId,")
        for token, path, status in (
            ("eve-token", "/statements?at=2026-01", 200),
            ("eve-token", "/ledger", 200),
            ("eve-token", "/statements/pdf/2031-01/vision", 404),
            ("eve-token", "/statements/pdf/2026-01/nothing", 403),
            ("lee-token", "/statements?at=2026-01", 200),
            ("lee-token", "/statements/pdf/2026-01/vision", 403),
            ("lee-token", "/ledger", 403),
            ("ana-token", "/statements", 403),
            ("ana-token", "/statements/pdf/2026-01/vision", 403),
            ("stu-token", "/statements/json/2026-01/vision", 403),
        ):
            assert pages.get(token, path).status_code == status, (token, path)
        assert "By project" in pages.get("eve-token", "/statements?at=2026-01").text
