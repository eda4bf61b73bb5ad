"""Imports go the way the house is drawn."""

from importlinter.cli import lint_imports

from workbench.settings import ROOT


def test_import_contracts_hold(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == 0, capsys.readouterr().out
