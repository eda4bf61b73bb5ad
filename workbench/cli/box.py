"""The one box that `up` ends with: where to open the workbench, who may log in, how to stop."""

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from workbench.hub.running import url_of
from workbench.settings import Settings


def login_box(settings: Settings) -> RenderableType:
    """Address, one log-in a role, the word about the sample data, how to stop."""
    from workbench.sample import logins

    found = logins.read(settings)
    parts: list[RenderableType] = [Text.assemble("Open  ", (url_of(settings), "bold underline")), ""]
    if found:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        # On a narrow screen the title gives way: a name or password cut short would be useless.
        table.add_column("log in as", overflow="fold")
        for title in ("name", "password"):
            table.add_column(title, no_wrap=True)
        for login in found:
            table.add_row(login.role_title, login.name, login.password)
        parts += [table, "", Text("Sample data: Philly 2017 job log, replayed; people and awards are made up.", "dim")]
    parts.append(Text("Stop: Ctrl-C here, or `make down` from anywhere.", "dim"))
    return Panel(Group(*parts), title=settings.centre.name, box=box.ROUNDED, expand=False, padding=(1, 2))
