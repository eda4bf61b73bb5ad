"""Advice in plain words, with what to change and what idled in money."""

from workbench.analytics.efficiency_advice import Advice
from workbench.i18n import _, ngettext
from workbench.units import HOUR_S, money_short


def advice_words(said: Advice, idle_subsidy_minor: int | None, idle_user_minor: int | None, symbol: str) -> str:
    """One line; '' where there is nothing to say.

    Args:
        said: the advice.
        idle_subsidy_minor: subsidy of the time that is known to be idle; None: it has no price.
        idle_user_minor: the user share of it.
        symbol: of the currency.
    """
    held = f"{said.held:g}"
    if said.kind == "unknown":
        return _("No advice: what its GPUs did is unknown for {share} of the time.").format(share=f"{said.unknown:.0%}")
    if said.kind == "nothing":
        words = _("{held} GPUs held for {hours} h and never used: end such a job, or find why it waits").format(
            held=held, hours=hours(said.seconds)
        )
        if said.held == 1:
            words = _("1 GPU held for {hours} h and never used: end such a job, or find why it waits").format(
                hours=hours(said.seconds)
            )
    elif said.kind == "fewer":
        words = ngettext(
            "{held} GPUs held, {used} used for {used_hours} of {hours} h: ask for {used}",
            "{held} GPUs held, {used} used, the longest for {used_hours} of {hours} h: ask for {used}",
            said.used,
        ).format(held=held, used=said.used, used_hours=hours(said.used_s), hours=hours(said.seconds))
    elif said.kind == "tail":
        words = _("Nothing ran in its last {tail} of {hours} h: end it sooner, or set an idle timeout").format(
            tail=hours(said.tail_s), hours=hours(said.seconds)
        )
    elif said.kind == "slice":
        words = _("Little work and memory on a whole GPU: a slice {slice} is enough").format(slice=said.slice)
    else:
        return ""
    return f"{words}{_idle(idle_subsidy_minor, idle_user_minor, symbol)}."


def hours(seconds: int) -> str:
    """Hours with at most one decimal, "11" or "2.5"."""
    return f"{round(seconds / HOUR_S, 1):g}"


def _idle(subsidy: int | None, user: int | None, symbol: str) -> str:
    amounts = []
    if subsidy:
        amounts.append(_("{money} of subsidy idle").format(money=money_short(subsidy, symbol)))
    if user:
        amounts.append(_("{money} of the user's own money idle").format(money=money_short(user, symbol)))
    return "".join(f"; {amount}" for amount in amounts)
