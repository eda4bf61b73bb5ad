"""What the tests on a GPU share: a small centre's lake, and one Dask-CUDA cluster for a module."""

import pytest
from builders import small_centre

import workbench.notebook as wb
from workbench.clusters import local
from workbench.notebook.sources import LocalSource
from workbench.store.lake import refresh

NOW = 1_769_000_000


@pytest.fixture
def centre(store, monkeypatch):
    small_centre(store)
    refresh(store)
    monkeypatch.setattr(wb, "_source", LocalSource(store, lambda: NOW))
    return store


@pytest.fixture(scope="module")
def client():
    with local.start() as running:
        yield running
