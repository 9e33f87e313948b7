"""Plans as JSON, to be stored, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fangxian.workplaces.wave.site import GateQueue, LobbyQueue, Morning, Plan, Problem, Total

DIGITS = 3


def as_json(plan: Plan) -> dict[str, Any]:
    """All but who comes when, which has rows of its own."""
    return {
        "site": plan.site,
        "cost": _short(plan.cost),
        "bound": _short(plan.bound),
        "floor": _short(plan.floor),
        "gap": _short(plan.gap),
        "margin": _short(plan.margin),
        "lobby_margin": _short(plan.lobby_margin),
        "held": plan.held,
        "problems": [problem.value for problem in plan.problems],
        "lanes_more": plan.lanes_more,
        "seconds": _short(plan.seconds),
        "before": morning_json(plan.before),
        "after": morning_json(plan.after),
    }


def total_json(total: Total) -> dict[str, Any]:
    return {
        "cost": _short(total.cost),
        "bound": _short(total.bound),
        "gap": _short(total.gap),
        "seconds": _short(total.seconds),
        "sites": {plan.site: as_json(plan) for plan in total.plans},
    }


def problems_of(value: Mapping[str, Any]) -> tuple[Problem, ...]:
    return tuple(Problem(key) for key in value["problems"])


def morning_json(morning: Morning) -> dict[str, Any]:
    found = _short(asdict(morning))
    assert isinstance(found, dict)
    return found


def morning_of(value: Mapping[str, Any]) -> Morning:
    """What `morning_json` wrote, rounded as it was stored."""
    lobby = value["lobby"]
    return Morning(
        start=value["start"],
        slot=value["slot"],
        arrivals=tuple(value["arrivals"]),
        gates=tuple(GateQueue(**_tuples(gate)) for gate in value["gates"]),
        lobby=None if lobby is None else LobbyQueue(**_tuples(lobby)),
        lanes_needed=tuple(value["lanes_needed"]),
        volunteers=tuple(value["volunteers"]),
    )


def _tuples(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(part) if isinstance(part, list) else part for key, part in value.items()}


def _short(value: object) -> object:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: _short(part) for key, part in value.items()}
    return [_short(part) for part in value] if isinstance(value, list | tuple) else value
