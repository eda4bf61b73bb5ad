"""Small logs and mappings for tests of ingest, each written out so that it can be checked by hand."""

from pathlib import Path

from workbench.services.joblog.parse import parse_joblog
from workbench.services.mapping import load_mapping

ROOT = Path(__file__).parent.parent.parent
FIXTURES = ROOT / "tests" / "fixtures"
MAPPINGS = ROOT / "docs" / "mappings"
PHILLY = ROOT / "workbench" / "sample" / "philly-2017" / "philly_jobs.parquet"
NOW = 1_760_000_000

MAPPING = """
cluster = "alpha"
time_zone = "UTC"
[columns]
job_id = "id"
start = "start"
end = "end"
gpus = "gpus"
project = "project"
"""

LOG = """id,start,end,gpus,project
1,2024-01-10 10:00:00,2024-01-10 11:00:00,2,vision
2,2024-01-10 10:30:00,2024-01-10 12:00:00,0.5,speech
"""


def written(folder: Path, log: str | bytes = LOG, mapping: str = MAPPING, name: str = "log.csv") -> tuple[Path, Path]:
    """A log and its mapping as files."""
    path, mapping_path = folder / name, folder / "map.toml"
    path.write_bytes(log if isinstance(log, bytes) else log.encode())
    mapping_path.write_text(mapping)
    return path, mapping_path


def read(folder: Path, log: str | bytes = LOG, mapping: str = MAPPING, name: str = "log.csv"):
    """The log as it is parsed."""
    path, mapping_path = written(folder, log, mapping, name)
    found, _ = load_mapping(mapping_path)
    return parse_joblog(path, found, found.cluster or "alpha", mapping_path=mapping_path)


def part_seconds(jobs) -> int:
    """Part-seconds of a job frame, in Python's own integers."""
    return sum(int(j.gpu_parts) * (int(j.seen_until_at) - int(j.start_at)) for j in jobs.itertuples())
