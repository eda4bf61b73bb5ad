"""A student tries what a student must not: another seat's files, server and kernel, the Hub, the books, the codes.

Each is an attempt on a real Hub with two seats; each is refused, and each leaves its line where the operator looks.
"""

import json
import time

import httpx
import pytest
from class_centre import a_class, class_hub
from class_student import Student
from sqlalchemy import select

from workbench.domain.training import TrainingEvent
from workbench.hub import kept_ports, records

pytestmark = pytest.mark.isolation
SECRET = "the other's work"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("isolation")
    with class_hub(folder / "home") as running:
        yield running


@pytest.fixture(scope="module")
def held(hub):
    return a_class(hub, seats=4, warm=2)


@pytest.fixture(scope="module")
def pair(hub, held):
    """Two students with a seat each; the second has work."""
    hub.wait_until_warm(held)
    both = [Student(hub.url, name).join(held.code) for name in ("Mallory", "Alice")]
    both[1].run(f"open('work.txt', 'w').write({SECRET!r})")
    yield both
    for student in both:
        student.close()


@pytest.fixture(scope="module")
def mallory(pair):
    return pair[0]


@pytest.fixture(scope="module")
def alice(pair):
    return pair[1]


def events(hub, kind):
    with hub.store.db() as db:
        return list(db.scalars(select(TrainingEvent).where(TrainingEvent.kind == kind).order_by(TrainingEvent.id)))


def noted(hub, kind, words, within_s=20):
    """Whether an event of this kind with these words is there, or comes."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if any(words in event.says for event in events(hub, kind)):
            return True
        time.sleep(0.3)
    return False


def port_of(hub, seat):
    """Where the server of a seat listens, as the Hub knows it."""
    import sqlite3

    with sqlite3.connect(hub.settings.hub_state / "jupyterhub.sqlite") as db:
        ask = "select s.port from servers s join spawners p on p.server_id = s.id join users u on u.id = p.user_id"
        return db.execute(f"{ask} where u.name = ?", (seat,)).fetchone()[0]


def test_their_own_work_is_theirs(alice):
    assert alice.run("print(open('work.txt').read())") == SECRET


def test_another_s_home_cannot_be_read_and_the_try_is_noted(hub, mallory, alice):
    file = hub.settings.homes / alice.seat / "work.txt"
    assert (file).exists()
    said = mallory.run(f"open({str(file)!r}).read()")
    assert said.startswith(("FileNotFoundError", "PermissionError")), said
    assert noted(hub, "denied", str(file.parent))


def test_nor_by_another_program_or_a_list_of_the_homes(hub, mallory, alice):
    homes = hub.settings.homes
    said = mallory.run(f"!cat {homes}/{alice.seat}/work.txt; ls -la {homes}; ls -laR {homes} /tmp | head -50")
    assert SECRET not in said
    assert alice.seat not in said.replace(f"{homes}/{alice.seat}/work.txt", "")


@pytest.mark.parametrize("name", ["database", "hub", "secrets", "run", "log", "raw", "lake"])
def test_the_centre_s_own_files_are_not_there(hub, mallory, name):
    place = hub.settings.home / ("workbench.db" if name == "database" else name)
    assert place.exists() or name in ("lake", "raw", "secrets")
    said = mallory.run(f"import os; print(os.path.exists({str(place)!r}) and os.access({str(place)!r}, os.R_OK))")
    assert said == "False"


def test_another_s_processes_are_not_seen(hub, mallory, alice):
    keepers = {records.process_of(hub.settings, file.stem).pid for file in records.folder(hub.settings).glob("*.json")}
    seen = json.loads(
        mallory.run("import os, json; print(json.dumps([int(p) for p in os.listdir('/proc') if p.isdigit()]))")
    )
    assert len(seen) < 20
    assert not keepers & set(seen) or max(seen) < 200  # numbers of their own namespace
    assert alice.seat not in mallory.run("!cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'")


def test_they_are_not_root_and_cannot_become_it(mallory):
    assert mallory.run("import os; print(0 in os.getresuid() + os.getresgid())") == "False"
    assert "PermissionError" in mallory.run("os.setuid(0)")
    said = mallory.run("!unshare -m true; mount -t tmpfs none /mnt; grep CapEff /proc/self/status")
    assert "0000000000000000" in said
    assert said.lower().count("permission") + said.lower().count("not permitted") >= 1


@pytest.mark.skipif(not kept_ports.possible(), reason="this kernel cannot keep ports (Linux 6.7)")
def test_the_centre_s_own_ports_are_nobody_s(hub, mallory):
    code = f"""
import socket
for port in {hub.settings.hub.ports}:
    one = socket.socket()
    try:
        one.bind(("127.0.0.2", port))
        print("has it")
    except PermissionError:
        print("refused")
one = socket.socket()
one.bind(("127.0.0.1", 0))
one.listen()
print("others can be had")
"""
    assert mallory.run(code).split("\n") == ["refused"] * 4 + ["others can be had"]


def test_another_seat_s_server_answers_nobody_but_its_own_student(hub, mallory, alice):
    port = port_of(hub, alice.seat)
    code = f"""
import os, urllib.request
try:
    ask = urllib.request.Request("http://127.0.0.1:{port}/user/{alice.seat}/api/contents/work.txt")
    ask.add_header("Authorization", "token " + os.environ["JUPYTERHUB_API_TOKEN"])
    print(urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(ask, timeout=10).read())
except Exception as problem:
    print("refused", problem)
"""
    said = mallory.run(code)
    assert said.startswith("refused"), said
    assert "403" in said, said
    assert noted(hub, "denied", f":{port}")
    log = (hub.settings.log / "servers" / f"{alice.seat}.log").read_text()
    assert "403" in log


def test_another_seat_is_not_open_through_the_hub_either(mallory, alice):
    answer = mallory.client.get(f"/user/{alice.seat}/api/contents/work.txt")
    assert answer.status_code == 403, answer.text[:500]
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "users"),
        ("GET", "users/{other}"),
        ("POST", "users/{other}/tokens"),
        ("POST", "users/{own}/tokens"),
        ("POST", "users/{other}/server"),
        ("DELETE", "users/{other}/server"),
        ("DELETE", "users/{other}"),
        ("GET", "services"),
        ("GET", "proxy"),
        ("POST", "shutdown"),
    ],
)
def test_the_seat_s_token_is_refused_by_the_hub_s_interface(hub, mallory, alice, method, path):
    token = mallory.run("import os; print(os.environ['JUPYTERHUB_API_TOKEN'])")
    address = f"/hub/api/{path.format(own=mallory.seat, other=alice.seat)}"
    headers = {"Authorization": f"token {token}"}
    answer = httpx.request(method, hub.url + address, headers=headers, json={}, trust_env=False, timeout=20)
    assert answer.status_code in (403, 404), answer.text
    log = (hub.settings.log / "hub.log").read_text()
    assert any(f"{answer.status_code} {method} {address}" in line for line in log.splitlines()), log[-1500:]


def test_nor_does_it_show_figures_of_the_centre(hub, mallory):
    token = mallory.run("import os; print(os.environ['JUPYTERHUB_API_TOKEN'])")
    headers = {"Authorization": f"token {token}"}
    api = f"http://127.0.0.1:{hub.settings.hub.dashboards_port}/services/centre/api"
    answer = httpx.get(f"{api}/usage", headers=headers, trust_env=False, timeout=20)
    rows = answer.json().get("table", {}).get("rows", []) if answer.status_code == 200 else []
    assert not rows, answer.text[:500]


@pytest.mark.parametrize("page", ["occupancy", "spend", "projects", "training", "applications"])
def test_the_pages_of_the_centre_are_closed_to_a_seat(mallory, page):
    answer = mallory.client.get(f"/services/centre/{page}")
    assert answer.status_code == 403, (str(answer.url), answer.text[:300])


@pytest.mark.parametrize("path", ["hub/token", "hub/admin", "hub/spawn/{other}", "hub/user/{other}"])
def test_a_seat_s_log_in_opens_nothing_else_at_the_hub(mallory, alice, path):
    answer = mallory.client.get("/" + path.format(other=alice.seat), follow_redirects=True)
    assert answer.status_code in (403, 404), (str(answer.url), answer.text[:300])


def test_a_code_is_worth_nothing_after_the_end_of_its_class(hub, held, pair):
    before = len(events(hub, "refused-code"))
    hub.end_class(held)
    late = Student(hub.url, "Late")
    answer = late.try_code(held.code)
    late.close()
    assert answer.status_code >= 400
    assert "/user/" not in str(answer.url)
    assert len(events(hub, "refused-code")) > before
    gone = pair[0].client.get(f"/user/{pair[0].seat}/lab")
    assert gone.status_code >= 400 or "/hub/" in str(gone.url)


def test_guessed_codes_are_refused_then_slowed_down_and_noted(hub):
    guesser = Student(hub.url, "Eve")
    statuses = [guesser.try_code(f"ZZZZ{number:04d}").status_code for number in range(23)]
    assert all(status >= 400 for status in statuses)
    assert 429 in statuses
    assert len(events(hub, "refused-code")) >= 2
    guesser.close()
