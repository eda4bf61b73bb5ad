"""A what-if in a real Chromium: somebody drags, and occupancy, waits and the fund change while they look."""

import time
from datetime import date, timedelta

import pytest

from workbench.services.whatif.answer import ask
from workbench.services.whatif.scenario import Scenario
from workbench.store.engine import open_store

pytestmark = pytest.mark.browser
PATIENCE_MS = 10_000
"""A busy machine may take its time; what an answer took is printed."""


@pytest.fixture(scope="module")
def store(running_centre):
    opened = open_store(running_centre.settings)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def page(log_in, running_centre):
    opened = log_in("executive")
    opened.goto(f"{running_centre.url.rstrip('/')}/services/centre/what-if")
    opened.wait_for_selector("html.scripted")
    return opened


def drag(page, slider, share, steps=8):
    """Take the knob of a slider to a share of its length; the milliseconds until the answer to where it was let go."""
    page.locator(slider).scroll_into_view_if_needed()
    box = page.locator(slider).bounding_box()
    low, high, value = (float(page.locator(slider).evaluate(f"it => it.{name}")) for name in ("min", "max", "value"))
    y, knob = box["y"] + box["height"] / 2, 8
    inner = box["width"] - 2 * knob
    page.mouse.move(box["x"] + knob + inner * (value - low) / (high - low), y)
    page.mouse.down()
    page.mouse.move(box["x"] + knob + inner * share, y, steps=steps)
    began = time.perf_counter()
    page.mouse.up()
    answered(page)
    took = (time.perf_counter() - began) * 1000
    print(f"{slider} to {share:.0%}: the answer stood there after {took:.0f} ms")
    return took


def answered(page):
    """Until what stands on the page is the answer to what stands in the form."""
    fields = "new URLSearchParams([...new FormData(document.querySelector('#scenario'))]).toString()"
    page.wait_for_function(f"document.querySelector('#scenario').dataset.of === {fields}", timeout=PATIENCE_MS)


def figure(page, name):
    return page.inner_text(f"#fact-{name} .from-to .to").removeprefix("changed").strip()


def test_dragging_gpus_and_day_changes_occupancy_wait_and_says_so(page, store):
    before = {name: figure(page, name) for name in ("occupancy", "p95", "left", "runway")}
    drag(page, "[data-of=gpus]", 0.8)
    gpus = int(page.input_value("#gpus"))
    assert gpus > 0
    assert f"With {gpus:,} more" in page.inner_text("#sentence")
    assert figure(page, "occupancy") != before["occupancy"]
    assert figure(page, "p95") != before["p95"]
    assert (figure(page, "left"), figure(page, "runway")) == (before["left"], before["runway"])
    early = figure(page, "occupancy")
    drag(page, "[data-day-of=from]", 0.5)
    day = date.fromisoformat(page.input_value("#from"))
    assert figure(page, "occupancy") != early
    found = ask(store, Scenario(more_gpus=gpus, from_on=day), int(time.time()))
    assert abs(float(figure(page, "occupancy").rstrip("%")) - found.changed.whole.occupancy_bp / 100) < 0.2
    assert f"gpus={gpus}&from={day}" in page.url
    assert page.problems == []


def test_approving_the_next_applications_draws_the_fund(page):
    before = {name: figure(page, name) for name in ("left", "runway", "occupancy")}
    drag(page, "[data-of=approve]", 1.0)
    assert {name for name, was in before.items() if figure(page, name) != was} == set(before)
    assert len(page.query_selector_all("#table-approved tbody tr")) == int(page.input_value("#approve"))
    page.locator(".quick a", has_text="As it goes on").click()
    page.wait_for_selector(".quick a[aria-current]")
    assert page.query_selector("#table-approved") is None
    assert figure(page, "left") == before["left"]


def test_the_keyboard_moves_a_slider_and_a_wrong_number_is_said_beside_it(page):
    page.focus("[data-of=gpus]")
    page.keyboard.press("ArrowRight")
    answered(page)
    step = int(page.get_attribute("[data-of=gpus]", "step"))
    assert 0 < int(page.input_value("#gpus")) <= 2 * step
    page.fill("#gpus", "-99999")
    answered(page)
    assert "no more can go" in page.inner_text("#problem-gpus")
    assert "As the centre goes on" in page.inner_text("#sentence")
    page.fill("#gpus", "100")
    answered(page)
    assert not page.is_visible("#problem-gpus")


def test_it_works_without_a_script(browser, page, running_centre):
    context = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    try:
        plain = context.new_page()
        plain.goto(page.url)
        assert not plain.is_visible("[data-of=gpus]")
        plain.fill("#gpus", "500")
        plain.fill("#from", str(date.fromisoformat(plain.input_value("#from")) + timedelta(days=100)))
        plain.click("button[type=submit] >> text=Show")
        assert "With 500 more" in plain.inner_text("#sentence")
        assert "gpus=500" in plain.url
    finally:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_wider_than_the_window(log_in, running_centre, width, scheme):
    page = log_in("executive", width=width, scheme=scheme)
    page.goto(f"{running_centre.url.rstrip('/')}/services/centre/what-if?gpus=500&approve=5&class_gpus=200")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    tabs = page.locator(".tabs")
    assert tabs.evaluate("it => it.querySelector('[aria-current]').textContent") == "What if"
    if width > 1000:
        assert tabs.evaluate("it => it.scrollWidth - it.clientWidth") <= 0
    assert page.problems == []
