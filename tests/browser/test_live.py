"""The live line of an open page: it says that new figures are in, and closes the page of whoever may not see it now."""

import socket

import pytest
from sqlalchemy import update

import dashboards.serve
from tests.builders import DATA_UNTIL_S, small_centre
from tests.serving_pages import serving
from workbench.settings import load
from workbench.store.engine import open_store
from workbench.store.tables import freshness

pytestmark = pytest.mark.browser


@pytest.fixture
def pages(tmp_path, monkeypatch):
    monkeypatch.setattr(dashboards.serve, "LOOK_EVERY_MS", 300)
    store = small_centre(open_store(load(home=tmp_path / "state")))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serving(store, port) as running:
        yield running, store
    store.engine.dispose()


@pytest.fixture
def look(browser, pages):
    running, _store = pages
    context = browser.new_context()

    def at(token, path):
        name, _, value = running.cookie(token)["Cookie"].partition("=")
        context.add_cookies([{"name": name, "value": value, "url": running.address}])
        page = context.new_page()
        page.goto(f"{running.address}{path}")
        page.wait_for_selector("body[data-drawn]")
        return page

    yield at
    context.close()


def test_a_role_taken_away_closes_the_open_page(look, pages):
    running, _store = pages
    page = look("lee-token", "/projects")
    assert page.inner_text("h1") == "Hearing machines"
    running.auth.people["lee-token"] = {**running.auth.people["lee-token"], "groups": []}
    page.wait_for_selector("text=is not open to you", timeout=10_000)
    assert page.query_selector(".tile") is None


def test_new_figures_are_announced_and_shown_on_wish(look, pages):
    _running, store = pages
    page = look("eve-token", "/occupancy")
    page.wait_for_timeout(1_000)  # the line has looked once
    with store.begin() as conn:
        conn.execute(update(freshness).values(data_until_at=DATA_UNTIL_S + 3600))
    page.click("text=New figures are in: show them", timeout=10_000)
    page.wait_for_selector("body[data-drawn]")
    assert "01:00 HKT" in page.inner_text("#fresh")
