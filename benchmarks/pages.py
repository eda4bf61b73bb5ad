"""Server time to a complete document, per page: first look, then warm. Needs a running workbench with sample logins.

    python benchmarks/pages.py [http://127.0.0.1:8000 [var/secrets/sample_logins.json]]

Logs in through the Hub as the executive with a plain HTTP client, so that what is timed is the server and nothing else.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import httpx

PAGES = (
    "occupancy",
    "occupancy?period=scheme",
    "spend",
    "forecast",
    "projects",
    "projects?project=language-model",
    "statements",
    "statements?project=language-model",
    "ledger",
    "about-data",
)
LOOKS = 15
DEFAULTS = ("http://127.0.0.1:8000", "var/secrets/sample_logins.json")


def logged_in(base: str, logins: Path) -> httpx.Client:
    login = next(entry for entry in json.loads(logins.read_text(encoding="utf-8")) if entry["role"] == "executive")
    client = httpx.Client(base_url=base, follow_redirects=True, timeout=60)
    client.get("/hub/login")
    form = {"username": login["name"], "password": login["password"], "_xsrf": client.cookies["_xsrf"]}
    client.post("/hub/login", data=form).raise_for_status()
    return client


def main() -> None:
    base, logins = (*sys.argv[1:], *DEFAULTS[len(sys.argv) - 1 :])
    try:
        client = logged_in(base, Path(logins))
    except (httpx.TransportError, OSError) as problem:
        print(f"NOT MEASURED: no workbench with sample logins at {base} ({problem}). Start one: make up")
        return
    print(f"{'page':34} {'first ms':>9} {'median ms':>10} {'largest ms':>11} {'KiB':>6}")
    for page in PAGES:
        times = []
        for _ in range(LOOKS + 1):
            start = time.perf_counter()
            answer = client.get(f"/services/centre/{page}")
            times.append((time.perf_counter() - start) * 1000)
            answer.raise_for_status()
            assert answer.text.rstrip().endswith("</html>"), "the document is not complete"
        warm = times[1:]
        kib = len(answer.content) / 1024
        print(f"{page:34} {times[0]:9.0f} {statistics.median(warm):10.0f} {max(warm):11.0f} {kib:6.0f}")


if __name__ == "__main__":
    main()
