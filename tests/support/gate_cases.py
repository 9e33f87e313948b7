"""The table of decisions at a gate, shared by Python and the browser: what a case says beside the base's fields."""

import json
from typing import Any

from fangxian.gates.models import Direction, PassKind, PassStatus
from fangxian.gates.playbook import GatesSection
from fangxian.gates.rules import Code, GateFacts, PassFacts, Seen, State
from tests.support.repository import ROOT

PARTS = ("plan", "gate", "permit", "seen", "state")
_TABLE = json.loads((ROOT / "tests" / "support" / "gate_cases.json").read_text("utf-8"))


def _whole(case: dict[str, Any]) -> dict[str, Any]:
    """A case with every field, as a device holds it."""
    parts = {
        part: None if case.get(part, ...) is None else {**_TABLE["base"][part], **case.get(part, {})} for part in PARTS
    }
    return {**case, **parts}


CASES: list[dict[str, Any]] = [_whole(case) for case in _TABLE["cases"]]
WINDOWS: list[dict[str, Any]] = _TABLE["windows"]
"""Which of an enterprise's arrival windows holds on a day."""


def facts(case: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `rules.decide` for a case."""
    gate, permit, seen = case["gate"], case["permit"], case["seen"]
    problem = seen["problem"]
    return {
        "plan": GatesSection(**case["plan"]),
        "gate": GateFacts(**{**gate, "direction": Direction(gate["direction"])}),
        "permit": permit and PassFacts(**{
            **permit, "kind": PassKind(permit["kind"]), "status": PassStatus(permit["status"]),
            "place_ids": frozenset(permit["place_ids"]),
        }),
        "seen": Seen(**{**seen, "direction": Direction(seen["direction"]), "problem": problem and Code(problem)}),
        "state": State(**case["state"]),
    }  # fmt: skip
