"""The Committee's form: the award it looks at, what is wrong with it, and the reason for the minutes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.terms import months_after
from workbench.i18n import _
from workbench.services.application_files import File
from workbench.services.awarding import Decided
from workbench.settings import Scheme
from workbench.units import minor_from_text

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


def read(typed: Mapping[str, str], scheme: Scheme, rules: SchemeRules) -> Form:
    """The form as it was sent, checked as far as the scheme's numbers go."""
    form = Form({name: typed.get(name, "") for name in FIELDS})
    rate = _number(form, "rate", _("Write a percentage, like 70."))
    if "rate" not in form.errors and not 0 < rate <= scheme.max_rate:
        form.errors["rate"] = _("Above 0 and at most {most}%; 100% is never possible.").format(
            most=f"{scheme.max_rate / 100:g}"
        )
    exceptional = bool(form.typed["exceptional"])
    if "rate" not in form.errors and rate > scheme.rate and not exceptional:
        form.errors["rate"] = _("Above {normal}% the award is an exception: tick the box and write the reason.").format(
            normal=f"{scheme.rate / 100:g}"
        )
    ceiling = _number(form, "ceiling", _("Write an amount above zero, like 250000."))
    if "ceiling" not in form.errors and not 0 < ceiling < 10**15:
        form.errors["ceiling"] = _("Write an amount above zero, like 250000.")
    term = form.typed["term"].strip()
    if not (term.isascii() and term.isdecimal() and 1 <= int(term) <= rules.max_term_months):
        form.errors["term"] = _("From 1 to {most} months.").format(most=rules.max_term_months)
    try:
        starts = date.fromisoformat(form.typed["starts"].strip())
    except ValueError:
        form.errors["starts"] = _("Write a day, like 2026-12-01.")
    if not form.errors:
        ends = months_after(starts, int(term))
        note, conditions = form.typed["note"].strip(), form.typed["conditions"].strip()
        form.award = Decided(rate, ceiling, starts, ends, conditions, exceptional, note)
    return form


def _number(form: Form, name: str, wrong: str) -> int:
    try:
        return minor_from_text(form.typed[name].replace(",", "").strip().removesuffix("%"))
    except ValueError:
        form.errors[name] = wrong
        return 0
