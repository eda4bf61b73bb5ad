"""nvidia-smi's output: three captures of real GPUs parse fully; XML; what is hostile or broken is refused."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from workbench.periods import iso
from workbench.telemetry.nvidia_smi import parse

CAPTURES = Path(__file__).parents[1] / "fixtures" / "nvidia-smi"
UTC = ZoneInfo("UTC")
UUID = "GPU-00000000-0000-0000-0000-000000000000"
HBM3 = "linux-x86_64__nvidia-h100-80gb-hbm3__590.48.01.txt"
MIG = "linux-x86_64__nvidia-h100-mig__590.48.01.txt"
H200 = "linux-x86_64__nvidia-h200__590.48.01.txt"


def capture(name):
    return parse((CAPTURES / name).read_bytes(), "gpu1", None, UTC)


def rows(parsed, *columns):
    frame = parsed.samples[list(columns)].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


def section(name, title):
    """What a capture holds under a title, without its head."""
    lines = (CAPTURES / name).read_text("utf-8").split("\n")
    begin = lines.index(f"# {title}") + 3
    while not lines[begin - 1].startswith("####"):
        begin += 1
    end = next((n for n in range(begin, len(lines)) if lines[n].startswith("####")), len(lines))
    return "\n".join(lines[begin:end])


@pytest.mark.parametrize("name", [HBM3, MIG, H200])
def test_a_capture_parses_without_a_rejected_line(name):
    parsed = capture(name)
    assert parsed.rejects == ()
    assert set(parsed.samples["gpu_index"]) == {0}
    assert set(parsed.samples["gpu_uuid"]) == {UUID}
    assert set(parsed.samples["source"]) == {"nvidia-smi"}
    # Of processes and of the tool itself: counted, none a sample of a device.
    assert {what.partition(" :: ")[2].partition(" ")[0] for what in parsed.passed} >= {"query-compute-apps", "pmon"}


@pytest.mark.parametrize(
    ("name", "model", "idle", "load"),
    [
        (
            HBM3, "NVIDIA H100 80GB HBM3",
            [(0, 0, 81559, 69_000), (0, 0, 81559, 69_850), (0, 0, 81559, 69_850), *[(0, None, None, 69_000)] * 5],
            [(10_000, 19818, 81559, 629_000), (10_000, 19818, 81559, 629_450), (10_000, 19818, 81559, 631_950),
             *[(10_000, None, None, mw) for mw in (631_000, 634_000, 633_000, 634_000, 636_000)]],
        ),
        (
            H200, "NVIDIA H200",
            [(0, 0, 143771, 77_000), (0, 0, 143771, 77_670), (0, 0, 143771, 77_710), *[(0, None, None, 77_000)] * 5],
            [(10_000, 32362, 143771, 628_000), (10_000, 32362, 143771, 627_320), (10_000, 32362, 143771, 627_400),
             *[(10_000, None, None, mw) for mw in (630_000, 628_000, 629_000, 632_000, 630_000)]],
        ),
    ],
)  # fmt: skip
def test_a_whole_gpu_in_every_section_idle_and_under_load(name, model, idle, load):
    """The ordinary table, -q, --query-gpu, dmon five times; each once idle and once under load."""
    parsed = capture(name)
    found = rows(parsed, "active_bp", "mem_used_mib", "mem_total_mib", "power_mw")
    assert found == idle + load
    assert parsed.samples["mig"].isna().all()
    assert set(parsed.samples["gpu_model"]) == {model}
    assert set(parsed.samples["measure"]) == {"gpu_util"}


def test_a_gpu_with_mig_has_four_slices_and_no_utilisation():
    parsed = capture(MIG)
    assert parsed.samples["active_bp"].isna().all()
    assert parsed.samples["measure"].isna().all()
    board = [row for row in rows(parsed, "mig", "mem_used_mib", "power_mw") if row[0] is None]
    assert board == [
        (None, 59, 98_000), (None, 59, 71_270), (None, 59, 71_150), *[(None, None, 70_000)] * 5,
        (None, 11125, 432_000), (None, 11125, 432_210), (None, 11125, 433_780),
        *[(None, None, mw) for mw in (438_000, 440_000, 437_000, 439_000, 439_000)],
    ]  # fmt: skip
    slices = [row for row in rows(parsed, "mig", "mem_used_mib", "mem_total_mib", "power_mw") if row[0]]
    small = [("2g.20gb/3/0", 17, 20096, None), ("1g.10gb/9/0", 9, 9984, None), ("1g.10gb/10/0", 9, 9984, None)]
    idle, load = [("3g.40gb/2/0", 26, 40448, None), *small], [("3g.40gb/2/0", 11091, 40448, None), *small]
    assert slices == idle + idle + load + load  # the ordinary table and -q


def test_the_moments_are_those_that_are_printed():
    at = capture(H200).samples["sampled_at"]
    assert (iso(at.iloc[0]), iso(at.iloc[-1])) == ("2026-07-03T22:10:45Z", "2026-07-03T22:11:14Z")


def test_a_clock_in_another_zone():
    text = section(H200, "idle :: query (-q)").encode()
    here, there = (
        parse(text, "gpu1", None, ZoneInfo(zone)).samples["sampled_at"][0] for zone in ("UTC", "Asia/Hong_Kong")
    )
    assert here - there == 8 * 3600


@pytest.mark.parametrize(
    ("title", "columns"),
    [
        ("load :: nvidia-smi (default table)", (None, 10_000, 627_320)),
        ("load :: query (-q)", (UUID, 10_000, 627_320)),
        ("load :: query-gpu (csv, what the exporter parses)", (UUID, 10_000, 627_400)),
    ],
)
def test_each_output_is_read_alone_too(title, columns):
    parsed = parse(section(H200, title).encode(), "gpu1", None, UTC)
    uuid, active, power = columns
    power = 628_000 if "table" in title else power
    assert rows(parsed, "gpu_index", "gpu_uuid", "active_bp", "power_mw") == [(0, uuid, active, power)]
    assert parsed.rejects == ()


def test_dmon_alone_says_no_moment_unless_it_is_told():
    text = section(H200, "load :: dmon (per-device monitor, incl. PCIe rx/tx)").encode()
    assert [reject.kind for reject in parse(text, "gpu1", None, UTC).rejects] == ["no moment"] * 5
    assert parse(text, "gpu1", 1000, UTC).samples["sampled_at"].tolist() == [1000, 1001, 1002, 1003, 1004]
    dated = b"#Date    Time     gpu pwr sm\n#YYYYMMDD HH:MM:SS Idx W %\n 20260703 22:11:14 1 - 7\n"
    assert rows(parse(dated, "gpu1", None, UTC), "gpu_index", "active_bp", "power_mw") == [(1, 700, None)]


def test_a_slice_whose_profile_nobody_names():
    parsed = parse(section(MIG, "load :: query (-q)").encode(), "gpu1", None, UTC)
    assert [mig for (mig,) in rows(parsed, "mig")] == [None, "?/2/0", "?/3/0", "?/9/0", "?/10/0"]


def test_what_cannot_be_read_is_unknown_and_rejected_with_its_line():
    text = section(H200, "load :: query (-q)").replace("32362 MiB", "lots").replace("100 %", "130 %", 1)
    parsed = parse(text.encode(), "gpu1", None, UTC)
    assert rows(parsed, "active_bp", "mem_used_mib", "power_mw") == [(None, None, 627_320)]
    lines = text.split("\n")
    assert sorted(lines[reject.line - 1].split(": ")[1] for reject in parsed.rejects) == ["130 %", "lots"]


def test_a_text_that_was_cut_says_that_gpus_are_missing():
    text = re.sub(r"(Attached GPUs +): 1", r"\1: 8", section(H200, "idle :: query (-q)"))
    parsed = parse(text.encode(), "gpu1", None, UTC)
    assert [reject.kind for reject in parsed.rejects] == ["GPUs missing"]
    assert parsed.samples["gpu_index"].isna().all()  # which of the eight it is, nobody says


def test_a_row_with_other_cells_than_its_header_is_rejected():
    text = b"timestamp, index, utilization.gpu [%]\n2026/07/03 22:11:09.001, 0, 5 %\n2026/07/03 22:11:09.002, 1\n"
    parsed = parse(text, "gpu1", None, UTC)
    assert rows(parsed, "gpu_index", "active_bp") == [(0, 500)]
    assert [(reject.line, reject.kind) for reject in parsed.rejects] == [(3, "not readable")]


XML = """<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
 <timestamp>Tue Jul 14 09:00:27 2026</timestamp>
 <attached_gpus>2</attached_gpus>
 <gpu id="00000000:00:09.0">
  <product_name>NVIDIA H100 80GB HBM3</product_name>
  <mig_mode><current_mig>Enabled</current_mig></mig_mode>
  <mig_devices>
   <mig_device><index>0</index><gpu_instance_id>2</gpu_instance_id><compute_instance_id>0</compute_instance_id>
    <fb_memory_usage><total>40448 MiB</total><reserved>0 MiB</reserved><used>26 MiB</used></fb_memory_usage>
   </mig_device>
  </mig_devices>
  <uuid>GPU-a</uuid>
  <fb_memory_usage><total>81559 MiB</total><used>59 MiB</used></fb_memory_usage>
  <utilization><gpu_util>N/A</gpu_util></utilization>
  <gpu_power_readings><average_power_draw>N/A</average_power_draw><instant_power_draw>71.27 W</instant_power_draw>
  </gpu_power_readings>
 </gpu>
 <gpu id="00000000:00:0A.0">
  <product_name>NVIDIA H100 80GB HBM3</product_name><mig_devices>None</mig_devices><uuid>GPU-b</uuid>
  <fb_memory_usage><total>81559 MiB</total><used>0 MiB</used></fb_memory_usage>
  <utilization><gpu_util>0 %</gpu_util></utilization>
  <gpu_power_readings><power_draw>98.00 W</power_draw></gpu_power_readings>
 </gpu>
</nvidia_smi_log>
"""


def test_xml_of_a_gpu_with_mig_and_a_whole_one():
    parsed = parse(XML.encode(), "gpu1", None, UTC)
    assert parsed.rejects == ()
    assert rows(parsed, "gpu_index", "gpu_uuid", "mig", "active_bp", "mem_used_mib", "mem_total_mib", "power_mw") == [
        (0, "GPU-a", None, None, 59, 81559, 71_270),
        (0, "GPU-a", "?/2/0", None, 26, 40448, None),
        (1, "GPU-b", None, 0, 0, 81559, 98_000),
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        XML.replace("v12.dtd\">", "v12.dtd\" [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>"),
        XML.replace("v12.dtd\">", "v12.dtd\" [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>").replace("GPU-a", "&x;"),
        XML[:900],
        "<?xml version='1.0'?><html/>",
        XML.replace("GPU-a", "&undeclared;"),
    ],
)  # fmt: skip
def test_a_hostile_or_broken_document_is_refused_whole(hostile):
    parsed = parse(hostile.encode(), "gpu1", None, UTC)
    assert [reject.kind for reject in parsed.rejects] == ["no XML of nvidia-smi"]
    assert parsed.samples.empty


@pytest.mark.parametrize("content", [b"", b"\x00\xff\x00", b"hello\n", b"a, b\n1, 2\n"])
def test_what_is_not_of_nvidia_smi_is_said_to_be_so(content):
    parsed = parse(content, "gpu1", None, UTC)
    assert [reject.kind for reject in parsed.rejects] == ["not of nvidia-smi"]
