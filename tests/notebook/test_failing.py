"""Out of memory as an analyst sees it: through wb.collect, and at a plain .compute() in IPython."""

import dask
import dask.dataframe as dd
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

import workbench.notebook as wb
from workbench.errors import OutOfMemory
from workbench.notebook import failing

FRAME = pd.DataFrame({"x": [1, 2, 3]})


def cannot(_part):
    raise MemoryError("std::bad_alloc: out_of_memory: CUDA error at: rmm/mr/pool_memory_resource.hpp")


def cannot_read(_part):
    raise RuntimeError("the file is gone")


def lazy_of(function):
    return dd.from_pandas(FRAME, npartitions=1).map_partitions(function, meta=FRAME)


@pytest.fixture
def shell():
    with dask.config.set(scheduler="sync"):
        made = InteractiveShell()
        failing.watch(made)
        made.push({"lazy": lazy_of(cannot), "other": lazy_of(cannot_read)})
        yield made
    made.history_manager.end_session()
    made.displayhook.flush()


def test_collect_raises_the_sentence_in_place_of_the_error():
    with dask.config.set(scheduler="sync"), pytest.raises(OutOfMemory, match="Out of memory: the GPU has"):
        wb.collect(lazy_of(cannot))


def test_collect_lets_other_errors_be():
    with dask.config.set(scheduler="sync"), pytest.raises(RuntimeError, match="the file is gone"):
        wb.collect(lazy_of(cannot_read))


def test_a_plain_compute_shows_one_sentence_and_no_traceback(shell, capsys):
    shell.run_cell("lazy.compute()")
    shown = capsys.readouterr().out
    assert shown.count("Out of memory: the GPU") == 1
    assert "Traceback" not in shown
    shell.run_cell("print(1 + 1)")
    assert capsys.readouterr().out == "2\n"


def test_other_errors_are_shown_as_ever(shell, capsys):
    shell.run_cell("other.compute()")
    assert "the file is gone" in capsys.readouterr().out
    shell.run_cell("raise RuntimeError('mine')")
    shown = capsys.readouterr().out
    assert "RuntimeError" in shown
    assert "mine" in shown
    assert "Traceback" in shown


def test_what_was_computed_is_found_where_it_failed():
    lazy = lazy_of(cannot)
    with dask.config.set(scheduler="sync"), pytest.raises(MemoryError) as failed:
        lazy.compute()
    assert failing._lazy_of(failed.value.__traceback__) is lazy


def test_outside_of_ipython_nothing_is_watched():
    failing.watch(None)
    assert None not in failing._watched
