"""Subsidy spend: what of the scheme's envelope is committed, drawn and left, how fast it goes, and to whom.

The envelope and the awards are to date; what was drawn in a period follows the period chosen. The plan is every award
drawn evenly over its term (services.spend.burn).
"""

from dashboards._asked import Asked, context
from dashboards._money import short
from dashboards._page import Page
from dashboards.spend.data import ask
from dashboards.spend.says import notes, say, strip, tiles
from dashboards.spend.scheme_tables import community_table, decisions_table
from dashboards.spend.tables import categories_table, projects_table
from dashboards.spend.views import burn_up, by_category, received
from workbench.i18n import _
from workbench.pages import words


def build(asked: Asked) -> Page:
    """The page of these filters."""
    data = ask(asked)
    pictures = (burn_up(asked, data), by_category(asked, data), received(asked, data))
    tables = (
        projects_table(asked, data),
        categories_table(asked, data),
        decisions_table(asked, data),
        community_table(asked, data),
    )
    return Page(
        title=_("Subsidy spend"),
        heading=_("Subsidy spend"),
        kind=_("{scheme}, {start} to {end}. Amounts to date; the period chosen applies where it is named.").format(
            scheme=asked.store.settings.scheme.name,
            start=words.day(asked.store.settings.scheme.starts_on),
            end=words.day(asked.store.settings.scheme.ends_on),
        ),
        sentence=say(asked, data),
        strip=strip(asked, data),
        strip_label=_("The envelope of {amount}").format(amount=short(asked, data.envelope.budget_minor)),
        tiles=tiles(asked, data),
        pictures=pictures,
        tables=tables,
        notes=notes(asked, data),
        frames={t.id: t.frame for t in tables} | {p.id: p.table.frame for p in pictures if p.table},
        **context(asked, ()),  # type: ignore[arg-type]
    )
