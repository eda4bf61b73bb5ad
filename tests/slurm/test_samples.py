"""The page about the samples says what the importer does."""

from pathlib import Path

from tests.slurm.samples import FIXTURES, SAMPLES, page

PAGE = Path(__file__).parent.parent.parent / "docs" / "slurm-samples.md"


def test_the_page_about_the_samples_is_true():
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.slurm.samples > docs/slurm-samples.md"


def test_it_leaves_out_no_file():
    files = {str(p.relative_to(FIXTURES)) for p in FIXTURES.rglob("*") if p.is_file() and p.suffix != ".md"}
    assert {name for name in files if "LICENSE" not in name} == {sample.path for sample in SAMPLES}
