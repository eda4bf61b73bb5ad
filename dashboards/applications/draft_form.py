"""The form of a draft: what was typed, what is wrong with it field by field, and the draft where nothing is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboards.applications.numbers import minor, whole
from workbench.domain.need import PRECISIONS, Need, need_of, need_text, one_line
from workbench.domain.projects import CATEGORIES, SLUG
from workbench.domain.rules.parameters import rules_on
from workbench.i18n import _
from workbench.services.applications.estimate import Estimate, estimate, gpu_prices
from workbench.services.applications.steps import Draft
from workbench.services.spend_days import today_of
from workbench.store.engine import Store

MONTHS = 12
"""So many are shown at first."""
MOST_GPU_HOURS = 10_000_000
LONGEST = {"title": 160, "organisation": 160, "model_size": 160, "data": 240, "purpose": 6000, "members": 800}


@dataclass
class Form:
    """typed: field → text as it was sent. errors: field → sentence. draft: None while there are errors."""

    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    months: int = MONTHS
    hours: list[int] = field(default_factory=list)
    draft: Draft | None = None

    def value(self, name: str) -> str:
        return self.typed.get(name, "")


def read(store: Store, typed: Mapping[str, str], now: int) -> Form:
    """The form as it was sent, checked. Nothing that was typed is lost, whatever is wrong with it."""
    form = Form(dict(typed), months=_months(typed, most_months(store, now)))
    for name, label in (("title", _("a title")), ("organisation", _("the organisation"))):
        if not form.value(name).strip():
            form.errors[name] = _("Give {what}.").format(what=label)
    for name, most in LONGEST.items():
        if len(form.value(name)) > most:
            form.errors[name] = _("At most {n} characters; this has {now}.").format(n=most, now=len(form.value(name)))
    if form.value("category") not in CATEGORIES:
        form.errors["category"] = _("Choose who is applying.")
    slug = form.value("slug").strip() or slug_of(form.value("title"))
    if "title" not in form.errors and not SLUG.fullmatch(slug):
        form.errors["slug"] = _("Use small letters, digits and hyphens, beginning with a letter, like cantonese-asr.")
    if form.value("precision") and form.value("precision") not in PRECISIONS:
        form.errors["precision"] = _("Choose one of the list.")
    model = form.value("gpu_model") or None
    if model and model not in gpu_prices(store, now):
        form.errors["gpu_model"] = _("This model has no price today. Choose one of the list.")
    gpus = _whole(form, "gpus")
    hours = _hours(form)
    asked = _requested(form, store, model, now)
    if not form.errors:
        need = Need(*(one_line(form.value(n)) if n != "purpose" else form.value(n) for n in NEED))
        form.draft = Draft(
            slug=slug,
            title=one_line(form.value("title")),
            category=form.value("category"),
            organisation=one_line(form.value("organisation")),
            requested_minor=asked,
            need=need_text(need),
            gpu_model=model,
            gpus=gpus,
            gpu_hours_by_month=tuple(hours),
            members=tuple(sorted(set(re.split(r"[\s,;]+", form.value("members").strip())) - {""})),
        )
    return form


NEED = ("purpose", "model_size", "data", "precision")


def of(draft: Draft) -> Form:
    """The form of a draft that is kept."""
    need = need_of(draft.need)
    hours = list(draft.gpu_hours_by_month)
    typed = {name: getattr(draft, name) for name in ("slug", "title", "category", "organisation")}
    typed |= {name: getattr(need, name) for name in NEED}
    typed |= {f"hours-{month}": f"{given}" for month, given in enumerate(hours, start=1)}
    typed |= {"gpu_model": draft.gpu_model or "", "gpus": "" if draft.gpus is None else f"{draft.gpus}"}
    typed |= {"requested": f"{draft.requested_minor / 100:.2f}".removesuffix(".00"), "members": " ".join(draft.members)}
    months = max(MONTHS, -(-len(hours) // 6) * 6)
    return Form(typed, months=months, hours=hours, draft=draft)


def estimated(store: Store, form: Form, now: int) -> Estimate:
    """What the plan in the form costs."""
    return estimate(store, form.value("gpu_model") or None, form.hours, now)


def slug_of(title: str) -> str:
    """A project name made of a title: "Cantonese speech" → "cantonese-speech"."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-")


def most_months(store: Store, now: int) -> int:
    """How many months a plan can have: the longest term of an award by the rules of today."""
    return rules_on(store.settings.rules, today_of(store, now)).max_term_months


def _months(typed: Mapping[str, str], most: int) -> int:
    return min(most, whole(typed.get("months", ""), 10**9) or MONTHS)


def _whole(form: Form, name: str) -> int | None:
    text = form.value(name).replace(",", "").strip()
    if not text:
        return None
    found = whole(text, MOST_GPU_HOURS)
    if found is None:
        form.errors[name] = _("Write a whole number, like 1200.")
    return found


def _hours(form: Form) -> list[int]:
    found = [_whole(form, f"hours-{month}") or 0 for month in range(1, form.months + 1)]
    while found and not found[-1]:
        found.pop()
    form.hours = found
    return found


def _requested(form: Form, store: Store, model: str | None, now: int) -> int:
    """The subsidy asked for; where the field is empty, what the plan costs at the scheme's normal rate."""
    text = form.value("requested").replace(store.settings.centre.symbol, "").strip()
    if not text:
        form.errors["requested"] = _("Write the subsidy you ask for, or plan GPU-hours: it is then filled in for you.")
        planned = estimate(store, model, form.hours, now).subsidy_minor
        if planned:
            del form.errors["requested"]
        return planned or 0
    amount = minor(text)
    if not amount:
        form.errors["requested"] = _("Write an amount above zero, like 250000.")
    return amount or 0
