"""The Committee's form: the award it looks at, what is wrong with it, and the reason for the minutes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from dashboards.applications.numbers import minor, whole
from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.terms import months_after
from workbench.i18n import _
from workbench.pages import words
from workbench.services.applications.awarding import Decided
from workbench.services.applications.files import File
from workbench.settings import Scheme

FIELDS = ("rate", "ceiling", "starts", "term", "conditions", "exceptional", "note")


@dataclass
class Form:
    """typed: field → text. errors: field → sentence. award: None while there are errors."""

    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    award: Decided | None = None

    def looked_at(self) -> Decided | None:
        """The award without its words: what a preview depends on."""
        return self.award and replace(self.award, conditions="", exceptional=False, reason="")


def begun(file: File, scheme: Scheme, rules: SchemeRules, today: date) -> dict[str, str]:
    """What the form says at first: what was recommended, else requested, at the scheme's usual terms."""
    listed = file.listed
    ceiling = listed.requested_minor if not listed.recommended_minor else listed.recommended_minor
    return {
        "rate": f"{scheme.rate / 100:g}",
        "ceiling": f"{ceiling / 100:.2f}".removesuffix(".00"),
        "starts": months_after(today.replace(day=1), 1).isoformat(),
        "term": f"{rules.term_months}",
    }


def read(typed: Mapping[str, str], scheme: Scheme, rules: SchemeRules, today: date) -> Form:
    """The form as it was sent, checked as far as the scheme's numbers go."""
    form = Form({name: typed.get(name, "") for name in FIELDS})
    rate = minor(form.typed["rate"].strip().removesuffix("%"))
    if rate is None:
        form.errors["rate"] = _("Write a percentage, like 70.")
    elif not 0 < rate <= scheme.max_rate:
        form.errors["rate"] = _("Above 0 and at most {most}%; 100% is never possible.").format(
            most=f"{scheme.max_rate / 100:g}"
        )
    elif rate > scheme.rate and not form.typed["exceptional"]:
        form.errors["rate"] = _("Above {normal}% the award is an exception: tick the box and write the reason.").format(
            normal=f"{scheme.rate / 100:g}"
        )
    ceiling = minor(form.typed["ceiling"])
    if not ceiling:
        form.errors["ceiling"] = _("Write an amount above zero, like 250000.")
    term = whole(form.typed["term"], rules.max_term_months, 1)
    if term is None:
        form.errors["term"] = _("From 1 to {most} months.").format(most=rules.max_term_months)
    starts = _first_day(form, scheme.starts_on, months_after(today, rules.max_term_months))
    if rate and ceiling and term and starts and not form.errors:
        ends = months_after(starts, term)
        note, conditions = form.typed["note"].strip(), form.typed["conditions"].strip()
        form.award = Decided(rate, ceiling, starts, ends, conditions, bool(form.typed["exceptional"]), note)
    return form


def _first_day(form: Form, earliest: date, latest: date) -> date | None:
    try:
        starts = date.fromisoformat(form.typed["starts"].strip())
    except ValueError:
        form.errors["starts"] = _("Write a day, like 2026-12-01.")
        return None
    if not earliest <= starts <= latest:
        said = _("From {first}, the first day of the scheme, to {last}.")
        form.errors["starts"] = said.format(first=words.day(earliest), last=words.day(latest))
        return None
    return starts
