"""What each address of the return to work asks for; the rest of the table stands with its test."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fangxian.accounts.roles import Capability
from fangxian.shared.ids import new_id
from tests.support.desk import Side

C = Capability
OPEN, SIGNED_IN = "open", "signed-in"
Arguments = Callable[[Side], dict[str, Any]]


@dataclass(frozen=True)
class Line:
    """What an address asks for. `of` gives its arguments on one side of the street; None: it has none.

    `strange` marks an address whose rows are made by its own tests: here an unknown id must be a 404.
    """

    needs: str
    of: Arguments | None = None
    post: bool = False
    strange: bool = False


def unknown(*names: str) -> Arguments:
    return lambda _side: {name: new_id() for name in names}


def photo_of(*names: str, **more: int) -> Arguments:
    return lambda _side: {**{name: new_id() for name in names}, **more, "digest": "0" * 64}


RETURN_TO_WORK: dict[str, Line] = {
    "waves:list": Line(C.BUILDINGS),
    "waves:ask": Line(C.FILINGS, post=True),
    "waves:plan": Line(C.BUILDINGS, unknown("plan_id"), strange=True),
    "waves:picture": Line(C.BUILDINGS, unknown("plan_id"), strange=True),
    "waves:part": Line(C.BUILDINGS, unknown("plan_id", "place_id"), strange=True),
    "waves:part-picture": Line(C.BUILDINGS, unknown("plan_id", "place_id"), strange=True),
    "waves:publish": Line(C.FILINGS, unknown("plan_id"), post=True, strange=True),
    "waves:take-back": Line(C.FILINGS, unknown("plan_id"), post=True, strange=True),
    "waves:answer": Line(C.FILINGS, lambda _side: {"slot_id": 1}, post=True, strange=True),
    "waves:place": Line(C.BUILDINGS, unknown("place_id"), strange=True),
    "waves:lanes": Line(C.BUILDING_SETUP, unknown("gate_id"), post=True, strange=True),
    "firm-wave:home": Line(C.FIRM),
    "firm-wave:object": Line(C.FIRM, lambda _side: {"slot_id": 1}, post=True, strange=True),
    "firm:home": Line(C.FIRM),
    **{
        f"firm:{name}": Line(C.FIRM, unknown("enterprise_id", "place_id"), post=post, strange=True)
        for name, post in (
            ("desk", False),
            ("measures", False),
            ("begin", True),
            ("filing", False),
            ("send", True),
            ("end", True),
            ("workbook", False),
            ("template", False),
        )
    },
    **{
        f"firm:{name}": Line(
            C.FIRM,
            lambda _side: {"enterprise_id": new_id(), "place_id": new_id(), "part": "plan"},
            post=post,
            strange=True,
        )
        for name, post in (("part", False), ("keep", True))
    },
    "firm:end-measure": Line(C.FIRM, unknown("enterprise_id", "place_id", "measure_id"), post=True, strange=True),
    "firm-roster:watch": Line(C.BUILDINGS),
    "firm-roster:watch-reports": Line(C.BUILDINGS),
    "firm-roster:watch-ledger": Line(C.BUILDINGS, unknown("enterprise_id", "place_id"), strange=True),
    **{
        f"firm-roster:{name}": Line(C.FIRM, unknown("enterprise_id", "place_id"), strange=True)
        for name in ("list", "add", "upload", "daily")
    },
    "firm-roster:look": Line(C.FIRM, unknown("enterprise_id", "place_id", "batch_id"), strange=True),
    **{
        f"firm-roster:{name}": Line(C.FIRM, unknown("enterprise_id", "place_id", "batch_id"), post=True, strange=True)
        for name in ("take", "refused")
    },
    **{
        f"firm-roster:{name}": Line(
            C.FIRM, unknown("enterprise_id", "place_id", "row_id"), post=name in ("state", "evidence"), strange=True
        )
        for name in ("person", "state", "evidence", "evidence-file")
    },
    "firms:list": Line(C.BUILDINGS),
    "firms:firm": Line(C.BUILDINGS, unknown("enterprise_id"), strange=True),
    "firms:facts": Line(C.REGISTER, unknown("enterprise_id"), post=True, strange=True),
    "firms:same": Line(C.REGISTER, unknown("enterprise_id"), post=True, strange=True),
    "firms:visit": Line(C.ENDORSE, unknown("enterprise_id"), post=True, strange=True),
    "firms:worker": Line(C.ENDORSE, unknown("enterprise_id"), post=True, strange=True),
    "firms:posts": Line(C.FIRM, unknown("enterprise_id"), post=True, strange=True),
    "filings:list": Line(C.BUILDINGS),
    "filings:filing": Line(C.BUILDINGS, unknown("filing_id"), strange=True),
    "filings:act": Line(C.BUILDINGS, unknown("filing_id"), post=True, strange=True),
    "filings:phone": Line(C.BUILDINGS, unknown("filing_id"), post=True, strange=True),
    "buildings:list": Line(C.BUILDINGS),
    "buildings:building": Line(C.BUILDINGS, unknown("place_id"), strange=True),
    "buildings:force": Line(C.BUILDINGS, unknown("place_id"), strange=True),
    "buildings:inside": Line(C.BUILDINGS, unknown("place_id"), strange=True),
    "buildings:tenants": Line(C.BUILDINGS, unknown("place_id"), strange=True),
    "buildings:statement": Line(C.BUILDINGS, unknown("place_id", "statement_id"), strange=True),
    "buildings:setup": Line(C.BUILDING_SETUP, unknown("place_id"), post=True, strange=True),
    "buildings:isolation": Line(C.BUILDING_SETUP, unknown("place_id"), post=True, strange=True),
    "buildings:add-lift": Line(C.BUILDING_SETUP, unknown("place_id"), post=True, strange=True),
    "buildings:change-lift": Line(C.BUILDING_SETUP, unknown("place_id", "lift_id"), post=True, strange=True),
    "buildings:appoint": Line(C.BUILDING_SETUP, unknown("place_id"), post=True, strange=True),
    "buildings:release": Line(C.BUILDING_SETUP, unknown("place_id", "member_id"), post=True, strange=True),
    "buildings:roster": Line(C.BUILDING_SETUP, unknown("place_id"), post=True, strange=True),
    "buildings:day": Line(C.BUILDING_SETUP, unknown("place_id"), post=True, strange=True),
    "buildings:sign": Line(
        C.BUILDING_SETUP, lambda _side: {"place_id": new_id(), "kind": "main"}, post=True, strange=True
    ),
    "buildings:count": Line(
        C.BUILDING_SETUP, lambda _side: {"place_id": new_id(), "goods": "masks"}, post=True, strange=True
    ),
    "buildings:declare": Line(C.BUILDING_SETUP, unknown("place_id"), post=True, strange=True),
    "buildings:verify": Line(C.BUILDINGS, unknown("place_id", "measure_id"), post=True, strange=True),
    "buildings:end-measure": Line(C.BUILDING_SETUP, unknown("place_id", "measure_id"), post=True, strange=True),
    "inspect:today": Line(C.INSPECT),
    "inspect:shell": Line(OPEN),
    "inspect:service-worker": Line(OPEN),
    "inspect:manifest": Line(OPEN),
    "inspect:hello": Line(C.INSPECT),
    "inspect:pack": Line(C.INSPECT, post=True),
    "inspect:pack-state": Line(OPEN, unknown("pack_id")),
    "inspect:listing": Line(C.INSPECT, unknown("pack_id"), strange=True),
    "inspect:photo": Line(C.INSPECT, post=True),
    "inspect:sync": Line(C.INSPECT, post=True),
    "inspect:plan": Line(C.FILINGS),
    "inspect:share": Line(C.FILINGS, post=True),
    "inspect:move": Line(C.FILINGS, post=True),
    "inspect:draw": Line(C.FILINGS, post=True),
    "inspect:inspection": Line(C.FINDINGS, unknown("inspection_id"), strange=True),
    "inspect:answer-photo": Line(C.FINDINGS, photo_of("inspection_id", answer_id=1), strange=True),
    "findings:list": Line(C.FINDINGS),
    "findings:new": Line(C.INSPECT),
    "findings:trends": Line(C.FINDINGS),
    "findings:finding": Line(C.FINDINGS, unknown("finding_id"), strange=True),
    "findings:act": Line(C.FINDINGS, unknown("finding_id"), post=True, strange=True),
    "findings:photo": Line(C.FINDINGS, photo_of("finding_id", "step_id"), strange=True),
}
