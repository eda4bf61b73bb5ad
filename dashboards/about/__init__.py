"""About the data: where the jobs come from, until when they go, whether our books are Slurm's, and what is invented.

The sample badge leads here. Everybody sees until when the data reach; what was captured and compared with Slurm is for
those who see the whole centre.
"""

from markupsafe import Markup

from dashboards._asked import Asked
from dashboards._page import Page
from dashboards.about import slurm
from dashboards.about.sample import sample
from dashboards.about.sources import sources
from workbench.domain.access import WholeCentre
from workbench.i18n import _
from workbench.sample import is_loaded
from workbench.sample.description import LABEL
from workbench.store.engine import Store


def label(store: Store) -> str:
    """What the badge says; '' where no sample data are loaded."""
    return _(LABEL) if is_loaded(store) else ""


def build(asked: Asked) -> Page:
    compared = slurm.ask(asked) if isinstance(asked.scope, WholeCentre) else None
    tables = (sources(asked), *(slurm.tables(asked, compared) if compared else ()))
    return Page(
        title=_("About the data"),
        heading=_("About the data"),
        kind=_("Where the figures on these pages come from."),
        sentence=slurm.say(asked, compared) if compared else Markup(""),
        notes=slurm.notes(compared) if compared else (),
        prose=sample(asked) if is_loaded(asked.store) else own(),
        tables=tables,
        frames={table.id: table.frame for table in tables},
    )


def own() -> Markup:
    """Without sample data there is only what somebody brought."""
    text = _("These figures come from job logs that the operator imported and from the notebook servers started here.")
    return Markup("<p>{}</p>").format(text)
