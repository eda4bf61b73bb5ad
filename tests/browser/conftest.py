"""What the browser's tests share: a Chromium, and somebody who is logged in through the Hub."""

import pytest

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="module")  # no longer: while Playwright is open, no other test could run an event loop
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def log_in(browser, running_centre):
    """log_in("executive", width=390): a page of somebody who just logged in; `page.problems` fills up."""
    contexts = []

    def open_page(role, width=1440, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        login = running_centre.login(role)
        page.goto(f"{running_centre.url}hub/login")
        page.fill("#username_input", login.name)
        page.fill("#password_input", login.password)
        page.click("#login_submit")
        page.wait_for_url(lambda url: "/hub/login" not in url)
        return page

    yield open_page
    for context in contexts:
        context.close()
