"""Run by an IPython kernel of a seat as it begins, in any environment: loads workbench.lab.progress from beside it.

By the file, since another environment has no workbench installed; the standard library alone. What it names is gone
before the first cell. Source: IPython, "InteractiveShellApp.exec_files".
"""


def _begin(here: str) -> None:
    import importlib.util
    import sys
    from pathlib import Path

    name, file = "workbench.lab.progress", Path(here).with_name("progress.py")
    module = sys.modules.get(name)  # a kernel that is forked has it loaded
    if module is None:
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    module.load_ipython_extension(get_ipython())  # type: ignore[name-defined]  # noqa: F821 - IPython's own


_begin(__file__)
del _begin
