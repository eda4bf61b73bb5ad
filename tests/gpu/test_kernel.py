"""The kernel "Python (RAPIDS)": offered, and what is written for pandas runs on the GPU in it."""

import os
import time

import pytest
from jupyter_client.manager import KernelManager

from workbench.clusters.kernels import RAPIDS
from workbench.hub.kernels import Kernels
from workbench.settings import ROOT

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def kernel():
    manager = KernelManager(kernel_name=RAPIDS, kernel_spec_manager=Kernels())
    manager.start_kernel(env=os.environ | {"PYTHONPATH": str(ROOT)})
    talk = manager.client()
    talk.start_channels()
    try:
        talk.wait_for_ready(timeout=120)
        yield talk
    finally:
        talk.stop_channels()
        manager.shutdown_kernel(now=True)


def run(kernel, code):
    """What a cell prints; its error is the test's."""
    printed = []

    def heard(message):
        content = message["content"]
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            printed.append(content["text"])

    reply = kernel.execute_interactive(code, timeout=200, output_hook=heard)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(printed).strip()


def test_it_is_offered_here():
    assert RAPIDS in Kernels().find_kernel_specs()


def test_pandas_is_accelerated_and_says_the_same(kernel):
    run(kernel, "import pandas as pd; s = pd.Series(range(1_000_000)); total = s.sum()")
    assert run(kernel, "print(total)") == "499999500000"
    assert run(kernel, "print(type(s._fsproxy_wrapped).__module__.split('.')[0])") == "cudf"


def test_what_cudf_lacks_falls_back_to_pandas(kernel):
    assert run(kernel, "print(pd.Series([1, 2, 3]).apply(lambda x: str(x) * 2).tolist())") == "['11', '22', '33']"


def test_dask_workers_of_such_a_kernel_take_its_frames(kernel):
    run(kernel, "import workbench.notebook as wb; client = wb.cluster()")
    run(kernel, "import dask.dataframe as dd; lazy = dd.from_pandas(pd.DataFrame({'x': [1, 2, 3]}), npartitions=2)")
    assert run(kernel, "print(wb.collect(lazy['x'].sum()))") == "6"
    run(kernel, "client.close()")


def test_a_verdict_is_asked_for_in_the_plain_kernel(kernel):
    began = time.monotonic()
    said = run(kernel, "print(wb.verdict(lambda frame: frame.sum(), pd.DataFrame({'x': [1]})))")
    assert "Ask this in the kernel Python 3" in said
    assert time.monotonic() - began < 60
