"""A charge line in words: one sentence, and the arithmetic that anybody can do again."""

from zoneinfo import ZoneInfo

from workbench.domain.charging import ChargeLine
from workbench.domain.job_price import SCALE
from workbench.domain.pricelist import nano_text
from workbench.periods import moment
from workbench.units import BASIS_POINTS, GPU_PARTS, money

ENDS = {
    "price": "Then another price list holds.",
    "award": "Then an award begins, changes or ends.",
    "ceiling": "In its last second the award's ceiling is reached.",
    "cut": "Then another month begins.",
    "drawn": "By the next day the award is used up, or has money again.",
    "end": "",
}


def sentence(line: ChargeLine, zone: ZoneInfo, symbol: str) -> str:
    """What was charged, at which price, and who pays; times in the zone given."""
    start, end = (
        f"{moment(at).astimezone(zone):%-d %b %Y %H:%M:%S}" for at in (line.window.start_s, line.window.end_s)
    )
    span = f"From {start} to {end} ({line.seconds:,} s)"
    if line.share is None or line.list_minor is None or line.subsidy_minor is None or line.user_minor is None:
        return f"{span} nothing is charged yet: {line.why} {ENDS[line.ends_with]}".strip()
    what = "cores" if line.share.basis == "cores" else "GPU"
    said = (
        f"{span} the job was charged for {_number(line.share.parts)} {what}{_basis(line)} at {symbol}"
        f"{nano_text(line.share.nano_per_hour)} an hour (price list {line.price_version!r}){_factors(line)}: "
        f"{money(line.list_minor, symbol)}. {_split(line, symbol)} {ENDS[line.ends_with]}"
    )
    return said.strip()


def arithmetic(line: ChargeLine) -> list[str]:
    """The sums of a line, in major units; empty where it has no price."""
    if line.share is None or line.list_minor is None or line.subsidy_minor is None or line.user_minor is None:
        return []
    factors = "".join(f" × {bp / BASIS_POINTS:g}" for bp in (line.service_bp, line.priority_bp))
    price, share = nano_text(line.share.nano_per_hour), _number(line.share.parts)
    exact = line.after_exact - line.before_exact
    made = [f"{price} × {share}{factors} × {line.seconds:,} s ÷ 3,600 = {_exact(exact)}"]
    if line.before_exact:
        made.append(f"of the job so far {_exact(line.before_exact)} + {_exact(exact)} = {_exact(line.after_exact)}")
    made.append(f"list cost: rounded, less the rounded lines before = {money(line.list_minor, '')}")
    if line.award_version:
        so_far = "of it" if not line.before_exact else "of the list cost so far, rounded, less that of the lines before"
        limit = ", all that the award had left" if line.ends_with == "ceiling" else ""
        made.append(f"subsidy: {line.rate_bp / 100:g}% {so_far} = {money(line.subsidy_minor, '')}{limit}")
    paid = (money(amount, "") for amount in (line.list_minor, line.subsidy_minor, line.user_minor))
    return [*made, "user's share: {} − {} = {}".format(*paid)]


def _basis(line: ChargeLine) -> str:
    told = {
        "MIG": " (MIG table)",
        "CPU": " (its share of the node's cores)",
        "memory": " (its share of the node's memory)",
    }
    return told.get(line.share.basis, "") if line.share else ""


def _factors(line: ChargeLine) -> str:
    named = ((line.service, line.service_bp, "service"), (line.priority, line.priority_bp, "priority"))
    return "".join(f", {kind} {name} × {bp / BASIS_POINTS:g}" for name, bp, kind in named if bp != BASIS_POINTS)


def _split(line: ChargeLine, symbol: str) -> str:
    assert line.subsidy_minor is not None
    assert line.user_minor is not None
    user = money(line.user_minor, symbol)
    if not line.award_version:
        return f"No award pays: the user pays {user}."
    pays = f"pays {line.rate_bp / 100:g}%, {money(line.subsidy_minor, symbol)}"
    return f"The subsidy ({line.award_version}) {pays}; the user pays {user}."


def _number(parts: int) -> str:
    return f"{parts / GPU_PARTS:.6f}".rstrip("0").rstrip(".")


def _exact(scaled: int) -> str:
    """1/SCALE of a minor unit as major units; six decimals, "…" where there are more."""
    whole, rest = divmod(scaled * 10**4, SCALE)
    return f"{whole // 10**6:,}.{whole % 10**6:06d}{'…' if rest else ''}"
