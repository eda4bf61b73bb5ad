"""Whatever stands in names and wherever a text breaks off: no good row is lost, none is made up."""

from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.slurm.sacct import parse_sacct
from workbench.units import GPU_PARTS

UTC = ZoneInfo("UTC")
HEAD = "JobID|JobName|Account|State|Submit|Start|End|Elapsed|AllocTRES"
names = st.text(st.sampled_from("ab|\n,#. "), max_size=8)


def row(number, name="train", gpus=1):
    moments = "2024-01-10T09:00:00|2024-01-10T10:00:00|2024-01-10T11:00:00|01:00:00"
    return f"{number}|{name}|vision|COMPLETED|{moments}|cpu=1,gres/gpu={gpus}"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(names, st.integers(0, 8)), max_size=8), st.booleans())
def test_names_may_hold_delimiters_and_newlines(jobs, name_is_last):
    def written(number, name, gpus):
        cells = row(number, "{}", gpus).split("|")
        if name_is_last:
            cells = [cells[0], *cells[2:], cells[1]]
        return "|".join(cells).replace("{}", name)

    head = HEAD.split("|")
    head = "|".join([head[0], *head[2:], head[1]]) if name_is_last else HEAD
    text = "\n".join([head, *(written(n, name, gpus) for n, (name, gpus) in enumerate(jobs, 100)), ""])
    log = parse_sacct(text, "c", UTC)
    found = log.jobs.set_index("job_id")
    assert set(found.index) <= {str(n) for n in range(100, 100 + len(jobs))}
    for number, (name, gpus) in enumerate(jobs, 100):
        # A name that looks like rows of its own may cost its row, never another's.
        if str(number) in found.index:
            assert found.loc[str(number)].gpu_parts == gpus * GPU_PARTS
            if "\n" not in name:
                assert (found.loc[str(number)]["name"] or "") == name or not name
        else:
            assert "\n" in name


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.integers(0, 700))
def test_a_text_that_breaks_off_keeps_all_rows_before_the_break(rows, cut):
    text = "\n".join([HEAD, *(row(n) for n in range(100, 100 + rows)), ""])
    begin = len(HEAD) + 1
    text = text[: max(begin, len(text) - cut)]
    whole = text[begin:].count("\n")
    log = parse_sacct(text, "c", UTC)
    assert list(log.jobs["job_id"])[:whole] == [str(n) for n in range(100, 100 + whole)]
    assert len(log.jobs) + len(log.rejects) == whole + (not text.endswith("\n"))


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("0123456789|:-T =,/abcgpures\n\udcff\u2603"), max_size=300))
def test_any_text_below_a_header_is_read_or_rejected(text):
    log = parse_sacct(f"{HEAD}\n{text}\n{row(777)}\n", "c", UTC)
    assert "777" in set(log.jobs["job_id"])
