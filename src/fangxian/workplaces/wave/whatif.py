"""What if: a gate closed, a lane added, rain, another way of checking, another cap."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.site import Gate, Lane, Site


class What(StrEnum):
    CLOSE = "close"
    LANE = "lane"
    RAIN = "rain"
    METHOD = "method"
    PEOPLE_CAP = "people-cap"
    FIRM_CAP = "firm-cap"


class Unfit(ValueError):
    """A change that cannot be made; `args[0]` is a key: "method", "gate", "count"."""


@dataclass(frozen=True, slots=True)
class Change:
    """One assumption. What is empty is not restricted: without `site` every building, without `gate` every gate of it.

    CLOSE closes; LANE adds `count` lanes of `method` (a closed gate opens); METHOD lets every lane check by `method`;
    RAIN slows every lane by its method's factor; a cap becomes `count`, or is lifted where `count` is None.
    """

    what: What
    site: str = ""
    gate: str = ""
    method: str = ""
    count: int | None = 1

    def as_json(self) -> dict[str, Any]:
        return {
            "what": self.what.value,
            "site": self.site,
            "gate": self.gate,
            "method": self.method,
            "count": self.count,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(What(value["what"]), value["site"], value["gate"], value["method"], value["count"])


def lane_of(rule: WaveRule, method: str) -> Lane:
    service = rule.service(method)
    if service is None:
        raise Unfit("method")
    return Lane(method, service.seconds, service.spread)


def apply(site: Site, rule: WaveRule, changes: Iterable[Change]) -> Site:
    """The site under all changes that speak of it. Rain comes last, so that a lane that was added is wet too."""
    mine = [change for change in changes if change.site in ("", site.key)]
    for change in sorted(mine, key=lambda one: one.what is What.RAIN):
        site = _one(site, rule, change)
    return site


def _one(site: Site, rule: WaveRule, change: Change) -> Site:
    if change.what in (What.PEOPLE_CAP, What.FIRM_CAP) and change.count is not None and change.count < 0:
        raise Unfit("count")
    match change.what:
        case What.PEOPLE_CAP:
            return replace(site, people_cap=change.count)
        case What.FIRM_CAP:
            return replace(site, firm_cap=change.count)
        case What.CLOSE:
            return _gates(site, change, lambda gate: replace(gate, lanes=()))
        case What.LANE:
            return _add(site, rule, change)
        case What.METHOD:
            lane = lane_of(rule, change.method)
            return _gates(site, change, lambda gate: replace(gate, lanes=(lane,) * len(gate.lanes)))
        case What.RAIN:
            return _gates(site, change, lambda gate: _wet(gate, rule))


def _add(site: Site, rule: WaveRule, change: Change) -> Site:
    if change.count is None or change.count < 1:
        raise Unfit("count")
    more = (lane_of(rule, change.method),) * change.count
    return _gates(site, change, lambda gate: replace(gate, lanes=gate.lanes + more))


def _gates(site: Site, change: Change, to: Callable[[Gate], Gate]) -> Site:
    """A gate that is named must be there, at a site that is named; without a site it is sought at each."""
    if change.gate and change.site and all(gate.key != change.gate for gate in site.gates):
        raise Unfit("gate")
    return replace(site, gates=tuple(to(gate) if change.gate in ("", gate.key) else gate for gate in site.gates))


def _wet(gate: Gate, rule: WaveRule) -> Gate:
    return replace(gate, lanes=tuple(_slower(lane, rule) for lane in gate.lanes))


def _slower(lane: Lane, rule: WaveRule) -> Lane:
    service = rule.service(lane.method)
    return lane if service is None else replace(lane, seconds=lane.seconds * service.rain_factor)
