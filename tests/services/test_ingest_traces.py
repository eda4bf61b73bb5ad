"""Real logs come in with mappings written from their documentation alone, and give their published totals."""

from sqlalchemy import func, select

from tests.services.joblogs import FIXTURES, MAPPINGS, NOW, PHILLY, part_seconds
from workbench.domain.access import WholeCentre
from workbench.domain.capacity import CapacityChange
from workbench.domain.jobs import Job
from workbench.services import reports
from workbench.services.capacity_log import ingest_capacity
from workbench.services.ingest import ingest_joblog
from workbench.services.joblog.parse import parse_joblog
from workbench.services.mapping import load_mapping
from workbench.units import DAY_S, GPU_PARTS

TRACES = FIXTURES / "traces"
EARTH = TRACES / "helios-earth-2020"


def gpu_hours(parts):
    return round(parts / GPU_PARTS / 3600, 3)


def parsed(log, mapping):
    found, _ = load_mapping(MAPPINGS / f"{mapping}.toml")
    return parse_joblog(log, found, found.cluster)


def test_philly_is_978_078_473_gpu_hours_in_82_247_jobs_and_stays_so(store):
    report = ingest_joblog(store, PHILLY, MAPPINGS / "philly.toml", NOW)
    assert (report.accepted, report.rejected, report.unchanged) == (82_247, 0, 0)
    window = report.window
    usage = reports.usage(store, WholeCentre("test"), *window, ["project"])
    assert (int(usage["jobs"].sum()), len(usage)) == (82_247, 15)
    assert gpu_hours(int(usage["gpu_part_seconds"].sum())) == 978_078.473
    again = ingest_joblog(store, PHILLY, MAPPINGS / "philly.toml", NOW)
    assert (again.accepted, again.unchanged) == (0, 82_247)


def test_phillys_65_exact_duplicates_are_jobs_of_their_own():
    jobs = parsed(PHILLY, "philly").jobs
    assert jobs["job_id"].nunique() == 82_247
    assert jobs["job_id"].str.contains(".", regex=False).sum() == 65


def test_mit_is_43_847_463_gpu_hours_in_9_628_rows(store):
    log = TRACES / "mit-supercloud-2021" / "slurm_log.parquet"
    report = ingest_joblog(store, log, MAPPINGS / "mit-supercloud.toml", NOW)
    assert (report.accepted, report.rejected) == (9_628, 0)
    with store.read() as conn:
        total = conn.execute(select(func.sum(Job.gpu_parts * (Job.end_at - Job.start_at)))).scalar()
        assert conn.execute(select(func.count()).where(Job.gpu_parts > 0)).scalar() == 2_401
        assert conn.execute(select(func.count(Job.user_name.distinct()))).scalar() == 322
    assert gpu_hours(total) == 43_847.463
    assert ingest_joblog(store, log, MAPPINGS / "mit-supercloud.toml", NOW).unchanged == 9_628


def test_earth_is_424_772_617_gpu_hours():
    log = parsed(EARTH / "earth_vc_occupancy_1min_2020-05.parquet", "helios-earth")
    assert (len(log.jobs), log.rejects) == (714_240, [])
    assert gpu_hours(part_seconds(log.jobs)) == 424_772.617


def test_earths_capacity_changes_by_the_day(store):
    file, mapping = EARTH / "earth_gpu_number_daily.csv", MAPPINGS / "helios-earth-capacity.toml"
    report = ingest_capacity(store, file, mapping, NOW)
    assert (report.rows, report.rejects) == (181, [])
    assert (report.added, report.removed) == (report.changes, 0)
    again = ingest_capacity(store, file, mapping, NOW)
    assert (again.added, again.removed) == (0, 0)
    lines = [line.split(",") for line in file.read_text().splitlines()]
    with store.db() as db:
        changes = db.scalars(select(CapacityChange).order_by(CapacityChange.from_at)).all()
    for line in lines[1:]:
        now = {c.partition: c.in_service for c in changes if f"{c.from_at:%Y-%m-%d}" <= line[0]}
        assert now == dict(zip(lines[0][1:-1], map(int, line[1:-1]), strict=True))
        assert sum(now.values()) == int(line[-1])


def test_earths_occupancy_has_earths_capacity_below_it(store):
    """One day of May: 856 GPUs in service, and as many busy as the source's own column says."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    ingest_capacity(store, EARTH / "earth_gpu_number_daily.csv", MAPPINGS / "helios-earth-capacity.toml", NOW)
    table = pq.read_table(EARTH / "earth_vc_occupancy_1min_2020-05.parquet")
    day = table.filter(pc.equal(pc.strftime(table["time"], "%d"), "10"))
    path = store.settings.home / "day.parquet"
    pq.write_table(day, path)
    report = ingest_joblog(store, path, MAPPINGS / "helios-earth.toml", NOW)
    assert report.accepted == 16 * 1440
    hours = reports.occupancy(store, WholeCentre("test"), *report.window, "hour")
    assert int(hours["gpu_part_seconds"].sum()) == pc.sum(day["running_gpu_num"]).as_py() * 60 * GPU_PARTS
    assert report.window[1] - report.window[0] == DAY_S
    capacity = [c for c in hours.columns if "in_service" in c]
    assert capacity, hours.columns
    assert int(hours[capacity[0]].sum()) == 856 * DAY_S * GPU_PARTS
