"""What a plan of the return wave found for each building, as it is kept with the plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fangxian.workplaces.wave.results import as_json, morning_of, problems_of
from fangxian.workplaces.wave.site import Morning, Plan, Problem, Site

SITES: Final = "sites"
COUNTS: Final = "counts"


@dataclass(frozen=True, slots=True)
class Counts:
    """`come`: people who come to the premises; `more_home`: those asked to stay at home beyond what their enterprises
    asked for; `shut`: enterprises that cannot resume; `moved`: those whose window is not the one they asked for."""

    firms: int
    come: int
    home: int
    more_home: int
    shut: int
    moved: int


@dataclass(frozen=True, slots=True)
class SiteResult:
    """One building's part of a plan."""

    site: str
    counts: Counts
    cost: float
    bound: float
    gap: float
    held: bool
    problems: tuple[Problem, ...]
    lanes_more: int | None
    before: Morning
    after: Morning
    seconds: float


def packed(site: Site, plan: Plan) -> dict[str, Any]:
    """To be stored under the building's key."""
    counts = _counts(site, plan)
    return {**as_json(plan), COUNTS: {name: getattr(counts, name) for name in Counts.__slots__}}


def unpacked(kept: Mapping[str, Any]) -> dict[str, SiteResult]:
    return {key: _result(found) for key, found in kept.get(SITES, {}).items()}


def one_of(kept: Mapping[str, Any], site: str) -> SiteResult | None:
    found = kept.get(SITES, {}).get(site)
    return None if found is None else _result(found)


def _counts(site: Site, plan: Plan) -> Counts:
    home = sum(plan.home.values())
    moved = (
        plan.resumes[firm.key] and plan.windows[firm.key] != (firm.ask_from, firm.ask_until) for firm in site.firms
    )
    return Counts(
        firms=len(site.firms), come=sum(firm.people for firm in site.firms) - home, home=home,
        more_home=home - sum(firm.home_ask for firm in site.firms),
        shut=sum(not resumes for resumes in plan.resumes.values()), moved=sum(moved),
    )  # fmt: skip


def _result(found: Mapping[str, Any]) -> SiteResult:
    return SiteResult(
        site=found["site"], counts=Counts(**found[COUNTS]), cost=found["cost"], bound=found["bound"], gap=found["gap"],
        held=found["held"], problems=problems_of(found), lanes_more=found["lanes_more"],
        before=morning_of(found["before"]), after=morning_of(found["after"]), seconds=found["seconds"],
    )  # fmt: skip
