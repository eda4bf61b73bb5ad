"""How the forecast was made, and what it takes for granted."""

from markupsafe import Markup

from dashboards.forecast.data import Data
from workbench.analytics.forecast_models import CONSTANT
from workbench.i18n import _


def method_words(method: str) -> str:
    return {
        "level": _("a level that wanders, and a weekly pattern"),
        "level and drift back": _("a level that wanders, swings about it that die away, and a weekly pattern"),
        "level and trend": _("a level that wanders and rises or falls steadily, and a weekly pattern"),
        "last week": _("every day as the same day of the week before"),
        CONSTANT: _("it never changed, and goes on so"),
    }[method]


def prose(data: Data) -> Markup:
    """The method of each, then every assumption."""
    made = [
        _("{name}: {method} (of {known} known days).").format(
            name=name, method=method_words(forecast.method), known=forecast.known
        )
        for name, forecast in data.tested
    ]
    how = [
        _("The models are statsmodels'; of those tried, the one with the smallest error in the back-test is used."),
        _("Ranges and chances come from 500 courses, as likely as one another, drawn with a fixed seed."),
        _(
            "The range is as wide as earlier errors say, up to four weeks ahead; further on it grows as the model has "
            "it, and nothing has tested it there."
        ),
    ]
    taken = list(dict.fromkeys(said for one in (data.occupancy, data.fund) if one for said in one.says))
    return Markup("<h2>{}</h2><ul>{}</ul><h2>{}</h2><ul>{}</ul>").format(
        _("How it was made"), _items([*made, *how]), _("What is taken for granted"), _items(taken)
    )


def _items(lines: list[str]) -> Markup:
    return Markup("").join(Markup("<li>{}</li>").format(line) for line in lines)
