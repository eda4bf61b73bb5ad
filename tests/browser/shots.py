"""Take a picture of every page as every role, wide and narrow, light and dark: to be looked at.

    python tests/browser/shots.py http://127.0.0.1:8000 var/secrets/sample_logins.json FOLDER [NAME ...]

NAME limits it to the shots whose name contains it. Needs Chromium (CHROMIUM names its program).
"""

import json
import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
PAGES = {
    "efficiency-project": ("executive", "/services/centre/efficiency?project=language-model"),
    # name: (role, address)
    "occupancy": ("executive", "/services/centre/occupancy"),
    "occupancy-scheme": ("executive", "/services/centre/occupancy?period=scheme&show=category"),
    "occupancy-place": ("executive", "/services/centre/occupancy?partition=train&model=H800"),
    "spend": ("executive", "/services/centre/spend"),
    "spend-close": ("executive", "/services/centre/spend?show=close"),
    "forecast": ("executive", "/services/centre/forecast"),
    "efficiency": ("executive", "/services/centre/efficiency"),
    "forecast-year": ("executive", "/services/centre/forecast?show=year"),
    "what-if": ("executive", "/services/centre/what-if?gpus=500&approve=5&class_gpus=200"),
    "projects": ("executive", "/services/centre/projects"),
    "project": ("executive", "/services/centre/projects?project=language-model"),
    "about": ("executive", "/services/centre/about-data"),
    "lead": ("lead", "/services/centre/projects"),
    "lead-elsewhere": ("lead", "/services/centre/projects?project=language-model"),
    "analyst": ("analyst", "/services/centre/projects"),
    "applications": ("secretariat", "/services/centre/applications"),
    "applications-new": ("applicant", "/services/centre/applications/new"),
    "applications-reviewer": ("reviewer", "/services/centre/applications"),
    "meetings": ("committee", "/services/centre/applications/meetings"),
    "refused": ("lead", "/services/centre/spend"),
    "student": ("student", "/services/centre/occupancy"),
    "nothing": ("executive", "/services/centre/nowhere"),
    "home": ("analyst", "/hub/home"),
    "home-executive": ("executive", "/hub/home"),
    "spawn": ("analyst", "/hub/spawn"),
    "hub-404": ("analyst", "/hub/nowhere"),
    "token": ("operator", "/hub/token"),
    "admin": ("operator", "/hub/admin"),
}


def log_in(page: Page, base: str, name: str, password: str) -> None:
    page.goto(f"{base}/hub/login")
    page.fill("#username_input", name)
    page.fill("#password_input", password)
    page.click("#login_submit")
    page.wait_for_load_state()


def settle(page: Page) -> None:
    """Until the pictures are drawn, where there are any."""
    if page.locator("[data-figure]").count():
        page.wait_for_selector("body[data-drawn]", timeout=20_000)
    page.wait_for_timeout(500)


def shoot(browser: Browser, base: str, logins: list[dict[str, str]], folder: Path, wanted: list[str]) -> None:
    for width, scheme in LOOKS:
        size = {"width": width, "height": 900 if width > 600 else 844}

        def seen(name: str, width: int = width, scheme: str = scheme) -> Path:
            return folder / f"{name}-{width}-{scheme}.png"

        context = browser.new_context(viewport=size, color_scheme=scheme)
        page = context.new_page()
        if not wanted or any(w in "login" for w in wanted):
            page.goto(f"{base}/hub/login")
            page.screenshot(path=seen("login"), full_page=True)
        context.close()
        for role in dict.fromkeys(role for role, _ in PAGES.values()):
            mine = {n: a for n, (r, a) in PAGES.items() if r == role and (not wanted or any(w in n for w in wanted))}
            if not mine:
                continue
            login = next(entry for entry in logins if entry["role"] == role)
            context = browser.new_context(viewport=size, color_scheme=scheme)
            page = context.new_page()
            page.on("pageerror", lambda error: print("  script error:", str(error)[:300]))
            page.on("console", lambda m: print("  console:", m.text[:300]) if m.type == "error" else None)
            log_in(page, base, login["name"], login["password"])
            for name, address in mine.items():
                answer = page.goto(f"{base}{address}")
                settle(page)
                spill = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                page.screenshot(path=seen(name), full_page=True)
                print(
                    f"{seen(name).name}: {answer.status if answer else '?'}"
                    + (f", {spill} px too wide" if spill > 0 else "")
                )
            context.close()


def main() -> None:
    base, logins, folder, *wanted = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS
        )
        shoot(browser, base.rstrip("/"), json.loads(Path(logins).read_text(encoding="utf-8")), Path(folder), wanted)
        browser.close()


if __name__ == "__main__":
    main()
