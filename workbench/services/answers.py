"""The questions a notebook may ask, answered as frames for people, within the asker's scope.

Questions and their parameters (all text, all optional):

  whoami                                             viewer, projects, whether the whole centre is in view, data until
  projects                                           your projects, their award and what is left of it
  usage      by start end project cluster            GPU time by project, user, partition, gpu_model or period
  occupancy  by start end split cluster              allocated GPUs against GPUs in service, per period
  charges    by start end project                    list price, subsidy and the user's share
  forecast   of by                                   occupancy or fund ahead, by day or month; whole centre only
  efficiency by start end project cluster            held, active, idle and unknown GPU time; by job with advice
  cost       server project                          one server so far, and its project's award (facts, no table)
  balance    server project                          its project's award: drawn, held, free, how long (facts, no table)
  cards                                              what each card is and costs an hour (facts, no table)
  lake       project start end                       the Parquet files of jobs, with the window as epoch seconds

Columns carry their units: GPU-hours, GPU-seconds, shares 0–1, money in major units of the currency (`list_hkd`).
Unknown names are NA, unknown numbers are NA, never "" or 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from workbench.domain.access import Scope, WholeCentre, may_see
from workbench.errors import BadQuestion
from workbench.periods import iso
from workbench.services import answer_columns, reports, spend
from workbench.services.cards import cards
from workbench.services.cost import server_cost
from workbench.services.efficiency.told import told as told_efficiency
from workbench.services.forecast import fund_forecast, occupancy_forecast, told
from workbench.services.holds.outlook import Outlook, gone_words, left_words, outlook
from workbench.services.lake_files import LakeFile, lake_files
from workbench.services.question import Asked, choice, moment_of
from workbench.services.reports import Only
from workbench.store.engine import Store
from workbench.store.facts import project_rows
from workbench.units import GPU_PARTS, HOUR_S

LAKE_SCHEMA = 1
"""Raised when the columns of the lake's files change in a way that a reader must know."""
SAMPLE = "sample data: Philly 2017 job log, replayed"
USAGE_BY = {"project": "project", "user": "user_name", "partition": "partition", "gpu_model": "gpu_model"}
CHARGES_BY = ("project", "category", "partition", "gpu_model", "day")
SPLITS = ("partition", "gpu_model", "project")


@dataclass(frozen=True)
class Answer:
    """Facts (JSON-ready) and, for most questions, a table."""

    facts: dict[str, Any]
    table: pd.DataFrame | None = None


def answer(store: Store, scope: Scope, question: str, params: Mapping[str, str], now: int) -> Answer:
    """The answer to one question.

    Args:
        store: the centre's records.
        scope: what the asker may see.
        question: a name of QUESTIONS.
        params: as text; dates and moments without a zone are the centre's.
        now: UTC epoch seconds.

    Raises:
        BadQuestion: no such question, parameter or value; says which there are.
        UnknownProject, UnknownServer: not there, or not the asker's (the same words).
    """
    if question not in QUESTIONS:
        raise BadQuestion(f"there is no question {question!r}", f"ask one of {', '.join(sorted(QUESTIONS))}")
    reply, allowed = QUESTIONS[question]
    if unknown := sorted(set(params) - set(allowed)):
        raise BadQuestion(f"{question} has no {', '.join(unknown)}", f"it takes {', '.join(allowed) or 'no parameter'}")
    zone = store.settings.centre.zone
    names = {name: params.get(name) or None for name in ("by", "split", "project", "cluster", "server", "of")}
    start_s, end_s = (moment_of(params.get(name), zone) for name in ("start", "end"))
    asked = Asked(store, scope, now, **names, start_s=start_s, end_s=end_s)
    if asked.project is not None and question not in ("cost", "balance"):
        reports.check_project(store, scope, asked.project)
    said = reply(asked)
    return Answer({**_common(asked), **said.facts}, said.table)


def _whoami(asked: Asked) -> Answer:
    whole = isinstance(asked.scope, WholeCentre)
    slugs = sorted(slug for slug, _ in reports.choices(asked.store, asked.scope).projects)
    return Answer({"viewer": asked.scope.viewer, "whole_centre": whole, "projects": slugs})


def _projects(asked: Asked) -> Answer:
    rows = spend.by_project(asked.store, asked.scope, asked.now)
    rows = rows[rows["project"] != ""]
    told = rows[["project", "title", "category", "organisation", "made_up"]].copy()
    told["gpu_hours"] = rows["gpu_part_seconds"] / GPU_PARTS / HOUR_S
    told["award_state"] = rows["award_state"]
    told["subsidy_rate"] = answer_columns.number(rows["rate_bp"]) / 10_000
    for name in ("ceiling", "drawn", "left"):
        told[f"award_{name}_{_currency(asked)}"] = answer_columns.major(rows[f"{name}_minor"])
    told["award_ends"] = rows["ends_on"]
    return Answer({}, told.reset_index(drop=True))


def _usage(asked: Asked) -> Answer:
    by = choice("by", asked.by, (*USAGE_BY, *answer_columns.PERIODS), "project")
    start, end = asked.window()
    rows = reports.usage(
        asked.store, asked.scope, start, end, (USAGE_BY.get(by, by),), Only(asked.cluster, project=asked.project)
    )
    if by not in answer_columns.PERIODS:
        rows = rows.sort_values("gpu_part_seconds", ascending=False, kind="stable")
    told = answer_columns.named(asked, rows, by, USAGE_BY.get(by, by))
    told["jobs"] = rows["jobs"]
    told["gpu_hours"] = rows["gpu_hours"]
    told["gpu_seconds"] = rows["gpu_part_seconds"] / GPU_PARTS
    told["core_hours"] = rows["core_seconds"] / HOUR_S
    told["wait_mean_s"] = answer_columns.number(rows["wait_mean_s"])
    return Answer(_window_facts(start, end), told.reset_index(drop=True))


def _occupancy(asked: Asked) -> Answer:
    by = choice("by", asked.by, tuple(answer_columns.PERIODS), "day")
    split = choice("split", asked.split, SPLITS, None)
    start, end = asked.window()
    stated = not reports.capacity_steps(asked.store, start, end, Only(asked.cluster)).empty
    only = Only(asked.cluster, measured=stated)
    rows = reports.occupancy(asked.store, asked.scope, start, end, by, (split,) if split else (), only)
    seconds = (rows["end_at"] - rows["start_at"]).dt.total_seconds()
    told = answer_columns.named(asked, rows.rename(columns={"start_at": by}), by, by)
    if split:
        told[split] = answer_columns.known(rows[split])
    told["busy_gpus"] = rows["busy_gpus"].astype("float64")
    told["in_service_gpus"] = answer_columns.number(rows["capacity_gpus"])
    told["occupancy_share"] = answer_columns.number(rows["share"])
    told["gpu_hours"] = rows["gpu_part_seconds"] / GPU_PARTS / HOUR_S
    told["gpu_seconds"] = rows["gpu_part_seconds"] / GPU_PARTS
    told["period_hours"] = seconds / HOUR_S
    return Answer(_window_facts(start, end), told)


def _charges(asked: Asked) -> Answer:
    by = choice("by", asked.by, CHARGES_BY, "project")
    rows = _charged(asked, by)
    told = answer_columns.named(asked, rows, by, by) if by != "day" else pd.DataFrame({"day": rows["day"]})
    told["gpu_hours"] = rows["gpu_part_seconds"] / GPU_PARTS / HOUR_S
    for name in ("list", "subsidy", "user"):
        told[f"{name}_{_currency(asked)}"] = answer_columns.major(rows[f"{name}_minor"])
    told["unpriced_gpu_hours"] = rows["unpriced_gpu_part_seconds"] / GPU_PARTS / HOUR_S
    return Answer({}, told.reset_index(drop=True))


def _charged(asked: Asked, by: str) -> pd.DataFrame:
    """Sums of the window's charge lines by one key, most list cost first (days in order)."""
    if asked.project is not None:
        lines = spend.project_charges(
            asked.store, asked.scope, asked.project, asked.now, asked.start_s, asked.end_s
        ).assign(project=asked.project)
        if by == "category":
            raise BadQuestion("one project has one category", "leave project or by=category out")
        lines["unpriced_gpu_part_seconds"] = lines["gpu_part_seconds"].where(lines["list_minor"].isna(), 0)
    else:
        lines = spend.daily(
            asked.store,
            asked.scope,
            asked.now,
            asked.start_s,
            asked.end_s,
            None if by == "day" else by,  # type: ignore[arg-type]
        )
    sums = ["gpu_part_seconds", "list_minor", "subsidy_minor", "user_minor", "unpriced_gpu_part_seconds"]
    rows = lines.groupby(by, as_index=False, dropna=False)[sums].sum()
    return rows if by == "day" else rows.sort_values("list_minor", ascending=False, kind="stable")


def _forecast(asked: Asked) -> Answer:
    of, by = choice("of", asked.of, told.OF, "occupancy"), choice("by", asked.by, told.BY, "day")
    ask = occupancy_forecast if of == "occupancy" else fund_forecast
    found = ask(asked.store, asked.scope, asked.now)
    rows = told.rows(found, by)
    money = [name for name in rows.columns if name.endswith("_minor")]
    major = {name: f"{name.removesuffix('_minor')}_{_currency(asked)}" for name in money}
    rows = rows.assign(**{name: answer_columns.major(rows[name]) for name in money}).rename(columns=major)
    return Answer(told.facts(found), rows.rename(columns={"share": "occupancy_share"}))


def _efficiency(asked: Asked) -> Answer:
    return Answer(*told_efficiency(asked, _currency(asked), 100))


def _cost(asked: Asked) -> Answer:
    facts: dict[str, Any] = dict.fromkeys(
        ("server", "profile", "seconds", "list_minor", "subsidy_minor", "user_minor"), None
    )
    facts |= {"project": asked.project, "why": "", "symbol": asked.store.settings.centre.symbol}
    if asked.server is not None:
        facts |= asdict(server_cost(asked.store, asked.scope, asked.server, asked.now))
    award = None
    if facts["project"] is not None:
        reports.check_project(asked.store, asked.scope, facts["project"])
        award = spend.award_now(asked.store, asked.scope, facts["project"], asked.now)
    facts |= {
        "award_left_minor": award.left_minor if award else None,
        "award_ceiling_minor": award.ceiling_minor if award else None,
        "award_state": award.state if award else None,
        "award_until": award.ends_on.isoformat() if award else None,
    }
    return Answer(facts)


def _cards(asked: Asked) -> Answer:
    offered = [asdict(card) for card in cards(asked.store, asked.now)]
    return Answer({"cards": offered, "symbol": asked.store.settings.centre.symbol})


def _balance(asked: Asked) -> Answer:
    project, ends_at = asked.project, None
    if asked.server is not None:
        server = server_cost(asked.store, asked.scope, asked.server, asked.now)
        project, ends_at = project or server.project, server.ends_at
    settings = asked.store.settings
    found = []
    if project is not None:
        reports.check_project(asked.store, asked.scope, project)
        found = outlook(asked.store, asked.now, frozenset({project}))
    sums = {
        f"{name}_minor": sum(getattr(one.balance, f"{name}_minor") for one in found) if found else None
        for name in ("ceiling", "drawn", "held", "free")
    }
    said = [words for one in found for words in (left_words(one, settings.centre.symbol), _gone(asked, one)) if words]
    ends = None if ends_at is None else iso(ends_at)
    return Answer({"project": project, "symbol": settings.centre.symbol, **sums, "said": said, "ends_at": ends})


def _gone(asked: Asked, found: Outlook) -> str:
    return gone_words(found, asked.store.settings.centre.zone)


def _lake(asked: Asked) -> Answer:
    files = lake_files(asked.store, asked.scope, asked.project)
    columns = list(LakeFile.__dataclass_fields__)
    rows = pd.DataFrame([asdict(f) for f in files], columns=columns).astype({c: "str" for c in columns if c != "bytes"})
    window = {"start_s": asked.start_s, "end_s": asked.end_s}
    return Answer({"schema": LAKE_SCHEMA, **window}, rows.astype({"bytes": "int64"}))


QUESTIONS: dict[str, tuple[Callable[[Asked], Answer], tuple[str, ...]]] = {
    "whoami": (_whoami, ()),
    "projects": (_projects, ()),
    "usage": (_usage, ("by", "start", "end", "project", "cluster")),
    "occupancy": (_occupancy, ("by", "start", "end", "split", "cluster")),
    "charges": (_charges, ("by", "start", "end", "project")),
    "forecast": (_forecast, ("of", "by")),
    "efficiency": (_efficiency, ("by", "start", "end", "project", "cluster")),
    "cost": (_cost, ("server", "project")),
    "balance": (_balance, ("server", "project")),
    "cards": (_cards, ()),
    "lake": (_lake, ("project", "start", "end")),
}


def _common(asked: Asked) -> dict[str, Any]:
    centre = asked.store.settings.centre
    fresh = reports.freshness(asked.store, asked.scope, asked.now)
    return {
        "centre": centre.name,
        "zone": centre.time_zone,
        "currency": centre.currency,
        "data_until": iso(fresh[0].data_until_s) if fresh else None,
        "label": SAMPLE if _is_sample(asked) else "",
    }


def _is_sample(asked: Asked) -> bool:
    """Whether anything this viewer sees is made up."""
    with asked.store.read() as conn:
        known = project_rows(conn)
    return any(may_see(asked.scope, slug) for slug in known[known["made_up"].astype(bool)]["slug"])


def _currency(asked: Asked) -> str:
    return asked.store.settings.centre.currency.lower()


def _window_facts(start: int, end: int) -> dict[str, Any]:
    return {"start": iso(start), "end": iso(end)}
