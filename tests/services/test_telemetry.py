"""Samples from exporters and files into the lake: a broken one stops nobody, the same again changes nothing."""

import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from builders import a_job

from workbench.analytics.schema import job_frame
from workbench.errors import FileUnreadable
from workbench.periods import Window
from workbench.services.telemetry import collect, exporters
from workbench.services.telemetry.exporters import addresses, ask
from workbench.services.telemetry.files import Told, ingest, listed
from workbench.services.telemetry.status import status
from workbench.settings import SlurmSettings
from workbench.settings.telemetry import TelemetrySettings
from workbench.store import placed
from workbench.store.jobs import upsert_jobs
from workbench.telemetry import lake
from workbench.units import DAY_S, GPU_PARTS

AT = 1_790_035_200
"""2026-09-22T00:00:00Z."""
ALWAYS = Window(0, 2**40)
CAPTURES = Path(__file__).parents[1] / "fixtures" / "nvidia-smi"


def answer(node="gpu1", job="7", gpus=(0, 1), active=0.5):
    return "".join(
        f'DCGM_FI_PROF_GR_ENGINE_ACTIVE{{gpu="{gpu}",UUID="GPU-{node}-{gpu}",Hostname="{node}",hpc_job="{job}"}}'
        f" {active}\n"
        for gpu in gpus
    )


class Exporter(BaseHTTPRequestHandler):
    """Answers by path: /NODE as an exporter would; the others are broken, each in its own way."""

    def do_GET(self):
        kind = self.path.strip("/")
        if kind == "slow":
            self.server.held.wait(5)
        status = 500 if kind == "broken" else 200
        content = {
            "empty": "# nothing\n",
            "rubbish": "<html>\n",
            "half": answer("gpu3") + answer("gpu4", active="x"),
        }.get(kind, answer(kind)).encode()
        if kind == "large":
            content = b"x" * 3000
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args):
        pass


@contextmanager
def serving():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    server.held = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.held.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def url():
    with serving() as found:
        yield found


def with_exporters(store, *listed_, **changes):
    telemetry = TelemetrySettings(exporters=listed_, timeout_s=1, **changes)
    return replace(store, settings=store.settings.model_copy(update={"telemetry": telemetry}))


def samples(store):
    return lake.read(store.settings.telemetry_folder, ALWAYS)


def test_folded_addresses_are_those_of_their_nodes():
    assert addresses(["http://gpu[001-003]:9400/metrics", "http://10.0.0.7/metrics", "http://[::1]:9400/"]) == [
        "http://gpu001:9400/metrics", "http://gpu002:9400/metrics", "http://gpu003:9400/metrics",
        "http://10.0.0.7/metrics", "http://[::1]:9400/",
    ]  # fmt: skip


def test_one_round_reads_who_answers_and_names_who_does_not(store, url, monkeypatch):
    monkeypatch.setattr(exporters, "MOST_BYTES", 2000)
    kinds = ("gpu1", "broken", "empty", "rubbish", "large", "gpu2")
    store = with_exporters(store, *(f"{url}/{kind}" for kind in kinds), "http://127.0.0.1:9/none")
    found = collect.once(store, AT)
    assert [one.address.rpartition("/")[2] for one in found.silent] == ["broken", "empty", "rubbish", "large", "none"]
    assert [one.error.split(" (")[0] for one in found.silent] == [
        "it answers with status 500", "its answer tells of no GPU", "its answer tells of no GPU",
        "its answer is longer than 0 MiB", "no answer",
    ]  # fmt: skip
    assert found.kept.samples == 4
    assert samples(store)[["node", "gpu_index", "active_bp"]].values.tolist() == [
        ["gpu1", 0, 5000], ["gpu1", 1, 5000], ["gpu2", 0, 5000], ["gpu2", 1, 5000],
    ]  # fmt: skip


def test_an_exporter_of_which_some_lines_cannot_be_used_is_named_and_read(store, url):
    found = collect.once(with_exporters(store, f"{url}/half"), AT)
    assert found.silent == ()
    assert [why.split(": ", 2)[:2] for why in found.troubles.values()] == [
        ["lines that cannot be used", "2, the first"]
    ]
    assert set(samples(store)["node"]) == {"gpu3"}


def test_a_slow_exporter_costs_its_time_limit_and_no_more(url):
    slow, quick = ask([f"{url}/slow", f"{url}/gpu1"], AT, 0.2)
    assert (slow.error, quick.error) == ("no answer in time", None)


def test_old_days_go_and_past_ones_are_merged(store, url):
    store = with_exporters(store, f"{url}/gpu1", keep_days=1)
    for at in (AT, AT + 60, AT + DAY_S, AT + 3 * DAY_S):
        collect.once(store, at)
    assert [day.day for day in lake.days(store.settings.telemetry_folder)] == ["2026-09-25"]


def test_rounds_go_on_until_they_are_stopped(store, url):
    store = with_exporters(store, f"{url}/gpu1", interval_s=5)
    times, waits, seen = iter([AT, AT + 1, AT + 5, AT + 7]), [], []

    class Stop:
        def is_set(self):
            return len(seen) == 2

        def wait(self, seconds):
            waits.append(seconds)

    collect.loop(store, Stop(), clock=lambda: next(times), tell=seen.append)
    assert waits == [4, 3]
    assert sorted(set(samples(store)["sampled_at"])) == [AT, AT + 5]


def test_nothing_runs_in_the_background_without_exporters(store, url):
    stop = threading.Event()
    assert collect.in_background(store, stop) is None
    thread = collect.in_background(with_exporters(store, f"{url}/gpu1", f"{url}/broken"), stop)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def centre(store):
    store = replace(store, settings=store.settings.model_copy(update={"slurm": SlurmSettings(cluster="alpha")}))
    early = a_job(job_id="7", submit_at=AT - 9000, start_at=AT - 9000, end_at=AT - 5000, seen_until_at=AT - 5000)
    running = a_job(
        job_id="7", submit_at=AT - 60, start_at=AT - 30, end_at=None, seen_until_at=AT, gpu_parts=2 * GPU_PARTS
    )
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([early, running]), store.settings.centre.zone)
    return store


def test_labels_say_where_the_job_of_that_time_is(centre, tmp_path):
    file = tmp_path / "gpu1.prom"
    file.write_text(answer(), "utf-8")
    told = Told(ZoneInfo("UTC"), at=AT)
    assert ingest(centre, file, told, AT + 5).kept.placed == 2
    assert ingest(centre, file, told, AT + 5).kept.placed == 0
    assert len(samples(centre)) == 2
    with centre.read() as conn:
        rows = placed.read(conn, Window(AT - 10_000, AT + 60))
    assert rows[["submit_at", "gpu_index", "gpu_uuid"]].values.tolist() == [
        [AT - 60, 0, "GPU-gpu1-0"], [AT - 60, 1, "GPU-gpu1-1"],
    ]  # fmt: skip


@pytest.mark.parametrize(("parts", "each"), [(2 * GPU_PARTS, GPU_PARTS), (2 * GPU_PARTS // 7, GPU_PARTS // 7)])
def test_a_slice_counts_what_the_accounting_counts_it(centre, tmp_path, parts, each):
    job = a_job(job_id="8", submit_at=AT - 60, start_at=AT - 30, end_at=None, seen_until_at=AT, gpu_parts=parts)
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame([job]), centre.settings.centre.zone)
    file = tmp_path / "gpu1.prom"
    slices = (f'gpu="0",Hostname="gpu1",hpc_job="8",GPU_I_PROFILE="1g.10gb",GPU_I_ID="{n}"' for n in (7, 8))
    file.write_text("".join(f"DCGM_FI_DEV_FB_USED{{{one}}} 5\n" for one in slices))
    assert ingest(centre, file, Told(ZoneInfo("UTC"), at=AT), AT).kept.placed == 2
    with centre.read() as conn:
        rows = placed.read(conn, Window(AT - 10, AT + 60))
    assert rows[["mig", "gpu_parts"]].values.tolist() == [["1g.10gb/7/0", each], ["1g.10gb/8/0", each]]


def test_a_label_of_no_job_and_a_centre_without_a_cluster_place_nothing(centre, store, tmp_path):
    file = tmp_path / "gpu1.prom"
    file.write_text(answer(job="99"), "utf-8")
    assert ingest(centre, file, Told(ZoneInfo("UTC"), at=AT), AT).kept.placed == 0
    file.write_text(answer(), "utf-8")
    assert ingest(store, file, Told(ZoneInfo("UTC"), at=AT), AT).kept.placed == 0


def test_captures_come_in_once(store):
    file = CAPTURES / "linux-x86_64__nvidia-h100-mig__590.48.01.txt"
    told = Told(ZoneInfo("UTC"), node="gpu7")
    first = ingest(store, file, told, AT)
    again = ingest(store, file, told, AT)
    assert first.kept.rejects == ()
    assert first.kept.samples == again.kept.samples == len(samples(store))
    assert set(samples(store)["node"]) == {"gpu7"}


def test_a_file_is_named_after_its_node_and_samples_of_the_future_are_rejected(store, tmp_path):
    file = tmp_path / "gpu042.csv"
    file.write_text(
        "timestamp, index, utilization.gpu [%]\n2026/09/22 00:00:01.1, 0, 5 %\n2027/01/01 00:00:00, 0, 5 %\n", "utf-8"
    )
    found = ingest(store, file, Told(ZoneInfo("UTC")), AT + 60)
    assert [reject.kind for reject in found.kept.rejects] == ["from the future"]
    assert samples(store)["node"].tolist() == ["gpu042"]


def test_folders_are_read_by_their_files(tmp_path):
    for name in ("b.xml", "a.xml", ".hidden"):
        (tmp_path / name).write_text("x")
    assert [file.name for file in listed((tmp_path, tmp_path / "a.xml"))] == ["a.xml", "b.xml", "a.xml"]


def test_a_file_that_cannot_be_read_is_named(store, tmp_path):
    with pytest.raises(FileUnreadable, match=r"gone\.xml"):
        ingest(store, tmp_path / "gone.xml", Told(ZoneInfo("UTC")), AT)


def test_a_node_is_late_after_two_rounds(store, url):
    store = with_exporters(store, f"{url}/gpu1")
    assert status(store.settings, AT).days == ()
    collect.once(store, AT)
    assert [(one.name, one.is_late) for one in status(store.settings, AT + 120).nodes] == [("gpu1", False)]
    assert [(one.name, one.is_late) for one in status(store.settings, AT + 121).nodes] == [("gpu1", True)]


def test_this_machines_own_gpus_may_be_asked_too(store, monkeypatch):
    monkeypatch.setattr(collect, "_own", lambda now: exporters.Heard("NVML", error="no NVIDIA driver answers"))
    found = collect.once(store, AT, own=True)
    assert [one.address for one in found.silent] == ["NVML"]
    assert found.kept.samples == 0
