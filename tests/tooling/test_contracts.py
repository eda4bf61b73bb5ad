"""Imports go the way the house is drawn."""

import logging.config

from importlinter.cli import lint_imports

from workbench.settings import ROOT


def test_import_contracts_hold(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    # It configures logging for a command of its own, and would switch off every logger that there is.
    monkeypatch.setattr(logging.config, "dictConfig", lambda _config: None)
    assert lint_imports(no_cache=True) == 0, capsys.readouterr().out
