"""Mappings: all problems at once, unknown names with the nearest, and the examples of the documentation."""

import pytest

from tests.services.joblogs import MAPPINGS, read
from workbench.errors import MappingError
from workbench.services.capacity_log import CapacityMapping
from workbench.services.checked_toml import checked, read_toml
from workbench.services.mapping import load_mapping
from workbench.services.mapping_guess import guessed_mapping


def problems(tmp_path, mapping, log="a,b\n1,2\n"):
    with pytest.raises(MappingError) as caught:
        read(tmp_path, log, mapping)
    return "\n".join(caught.value.problems)


def test_all_problems_of_a_mapping_come_at_once(tmp_path):
    said = problems(
        tmp_path,
        """
        clustr = "x"
        time_zone = "Europe/Berlim"
        [columns]
        strat = "a"
        [times]
        format = "unix parsec"
        duration = "year"
        [gpus]
        scale = 0
        """,
    )
    assert "clustr: there is no such key; did you mean 'cluster'?" in said
    assert "columns.strat: there is no such key; did you mean 'start'?" in said
    for word in ("Europe/Berlim", "unix parsec", "times.duration", "gpus.scale"):
        assert word in said


def test_what_is_missing_is_said_with_what_would_do(tmp_path):
    said = problems(tmp_path, 'cluster = "x"\n[columns]\nproject = "a"\n')
    assert "columns.gpus: missing" in said
    assert "columns.start: missing" in said
    assert "columns.end: missing" in said


def test_submit_and_end_alone_do_not_say_when_a_job_ran(tmp_path):
    assert "do not say when a job ran" in problems(
        tmp_path, 'cluster = "x"\n[columns]\nsubmit = "a"\nend = "b"\ngpus = "a"\n'
    )


def test_a_field_is_a_column_or_a_constant_not_both(tmp_path):
    said = problems(tmp_path, 'cluster = "x"\n[columns]\nstart = "a"\nend = "b"\ngpus = "a"\n[constants]\ngpus = 1\n')
    assert "gpus: it is both" in said


def test_unknown_columns_are_listed_with_the_nearest_and_those_there_are(tmp_path):
    mapping = 'cluster = "x"\n[columns]\nstart = "start_tmie"\nend = "end"\ngpus = "gpu"\n'
    said = problems(tmp_path, mapping, "start_time,end_time,gpus\n")
    assert "columns.start: " in said
    assert "did you mean 'start_time'?" in said
    assert "did you mean 'gpus'?" in said
    assert "its columns are: 'start_time', 'end_time', 'gpus'" in said


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    mapping = 'cluster = "x"\n[columns]\nstart = "s"\nend = "e"\ngpus = "g"\n'
    assert "has 2 columns 'e'" in problems(tmp_path, mapping, "s,e,g,e\n")


def test_a_mapping_that_is_no_toml_says_where(tmp_path):
    assert "line 1" in problems(tmp_path, "cluster = \n")


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_mapping_of_the_documentation_is_sound(path):
    if "capacity" in path.stem:
        checked(CapacityMapping, read_toml(path)[0], path)
    else:
        assert load_mapping(path)[0].cluster


def test_a_template_reads_the_log_that_it_was_guessed_from(tmp_path):
    log = "JobID,Submit Time,start_time,end_time,gpu_num,vc,user\n5,1704880000,1704880800,1704884400,2,vision,ana\n"
    (tmp_path / "log.csv").write_text(log)
    guess = guessed_mapping(tmp_path / "log.csv")
    job = read(tmp_path, log, guess).jobs.iloc[0]
    assert (job.job_id, job.project, job.user_name) == ("5", "vision", "ana")
    assert (job.start_at, job.end_at, job.submit_at) == (1704880800, 1704884400, 1704880000)


def test_a_template_quotes_odd_names_and_says_what_it_leaves_out(tmp_path):
    (tmp_path / "log.csv").write_text('"my ""own"" job",gpus\n1,2\n')
    guess = guessed_mapping(tmp_path / "log.csv")
    assert 'not used: my "own" job' in guess
