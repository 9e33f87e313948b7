"""Roles as data: what each may do. Where it may do it is the grant's node."""

from dataclasses import dataclass
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(models.TextChoices):
    STREET_LEADER = "street_leader", _("street leader")
    SECTION_HEAD = "section_head", _("section head")
    COMMITTEE_SECRETARY = "committee_secretary", _("committee secretary")
    COMMITTEE_WORKER = "committee_worker", _("committee worker")
    GRID_WORKER = "grid_worker", _("grid worker")
    VOLUNTEER = "volunteer", _("volunteer")
    COMMUNITY_POLICE = "community_police", _("community police officer")
    SPECIAL_GUARD = "special_guard", _("special guard")
    DISTRICT_LEADER = "district_leader", _("district leader")
    BUILDING_PARTY_WORKER = "building_party_worker", _("building party worker")
    PROPERTY_MANAGER = "property_manager", _("property manager")
    ENTERPRISE_HR = "enterprise_hr", _("enterprise HR")
    PHARMACY = "pharmacy", pgettext_lazy("role", "pharmacy")
    HEALTH_STAFF = "health_staff", _("health centre staff")
    GATE_GUARD = "gate_guard", _("gate guard")
    AUDITOR = "auditor", _("auditor")
    ADMINISTRATOR = "administrator", _("administrator")


class Capability(StrEnum):
    """One thing that a person may do within reach."""

    BOARD = "board"
    GAPS = "gaps"
    RECORD = "record"
    DISINFECT = "disinfect"
    WAIVE = "waive"
    GIVE_DUTY = "give_duty"
    ROUNDS = "rounds"
    REGISTER = "register"
    SEARCH = "search"
    REVEAL = "reveal"
    IMPORT = "import"
    PLACES = "places"
    STOCK = "stock"
    GATE = "gate"
    """Stand at a gate: check, override, ask a host, hand over parcels."""
    GATE_BOARD = "gate_board"
    PASSES = "passes"
    """Issue, suspend, restore, revoke and print passes."""
    DEVICES = "devices"
    """Register machines and tablets of gates, set gates up, plan their guards."""
    TRACE = "trace"
    """Ask who was where with whom; each answer is audited with its purpose."""
    MASKS = "masks"
    """Make rounds of goods, allocate, decide about pharmacies, see all of it."""
    MASK_DESK = "mask_desk"
    """Register households at a committee, tell numbers, bring goods to the door, decide disputes."""
    MASK_COUNTER = "mask_counter"
    """Stand at a pharmacy's counter in a round: take in stock, hand out, close the day."""
    BUILDINGS = "buildings"
    """See office buildings, their enterprises, filings, ledgers and the return wave."""
    BUILDING_SETUP = "building_setup"
    """Keep a building's task force, lifts, supplies and measures."""
    FIRM = "firm"
    """Write for an enterprise: filing, ledger, daily report, arrival window."""
    ENDORSE = "endorse"
    """Check what an enterprise has filed before the street decides."""
    FILINGS = "filings"
    """Decide about filings, people who may not work, and plans of the return wave."""
    INSPECT = "inspect"
    """Inspect places that are not one's own, and re-inspect what was put right."""
    FINDINGS = "findings"
    """See findings, agree plans about them, report them as put right."""
    PLAYBOOK = "playbook"
    ACCOUNTS = "accounts"
    AUDIT = "audit"


_C = Capability
_SEE = frozenset({_C.BOARD, _C.GAPS})
_GATES = frozenset({_C.GATE, _C.GATE_BOARD, _C.PASSES, _C.DEVICES})
_STREET = frozenset({_C.BUILDINGS, _C.BUILDING_SETUP, _C.FIRM, _C.ENDORSE, _C.FILINGS, _C.INSPECT, _C.FINDINGS})
_DESK = _SEE | {_C.RECORD, _C.DISINFECT, _C.REGISTER, _C.SEARCH, _C.REVEAL, _C.IMPORT}
_LEAD = _DESK | {_C.WAIVE, _C.GIVE_DUTY, _C.ROUNDS, _C.PLACES, _C.STOCK}

CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.STREET_LEADER: _SEE
    | {_C.GATE_BOARD, _C.MASKS, _C.WAIVE, _C.GIVE_DUTY, _C.ROUNDS, _C.REGISTER, _C.SEARCH, _C.REVEAL}
    | {_C.BUILDINGS, _C.FILINGS, _C.INSPECT, _C.FINDINGS},
    Role.SECTION_HEAD: _LEAD | _GATES | _STREET | {_C.TRACE, _C.MASKS, _C.MASK_DESK},
    Role.COMMITTEE_SECRETARY: _LEAD | _GATES | {_C.MASK_DESK, _C.BUILDINGS, _C.FINDINGS},
    Role.COMMITTEE_WORKER: _DESK | {_C.STOCK, _C.GATE, _C.GATE_BOARD, _C.PASSES, _C.MASK_DESK, _C.FINDINGS},
    Role.GRID_WORKER: _SEE | {_C.RECORD, _C.DISINFECT, _C.REGISTER, _C.SEARCH, _C.MASK_DESK},
    Role.VOLUNTEER: _SEE | {_C.RECORD, _C.DISINFECT, _C.GATE},
    Role.COMMUNITY_POLICE: _SEE | {_C.RECORD, _C.REGISTER, _C.SEARCH, _C.REVEAL},
    Role.SPECIAL_GUARD: _SEE | {_C.RECORD, _C.GATE},
    Role.DISTRICT_LEADER: frozenset({_C.BOARD, _C.GATE_BOARD}),
    Role.BUILDING_PARTY_WORKER: _SEE
    | _GATES
    | {_C.RECORD, _C.DISINFECT, _C.REGISTER, _C.SEARCH, _C.IMPORT}
    | {_C.BUILDINGS, _C.BUILDING_SETUP, _C.FIRM, _C.ENDORSE, _C.INSPECT, _C.FINDINGS},
    Role.PROPERTY_MANAGER: _SEE
    | _GATES
    | {_C.RECORD, _C.DISINFECT, _C.STOCK, _C.IMPORT, _C.BUILDINGS, _C.BUILDING_SETUP, _C.FINDINGS},
    Role.ENTERPRISE_HR: frozenset({_C.IMPORT, _C.FIRM}),
    Role.PHARMACY: _SEE | {_C.RECORD, _C.STOCK, _C.MASK_COUNTER},
    Role.HEALTH_STAFF: _SEE | {_C.RECORD, _C.REGISTER, _C.SEARCH, _C.REVEAL, _C.TRACE},
    Role.GATE_GUARD: _SEE | {_C.RECORD, _C.GATE, _C.GATE_BOARD},
    Role.AUDITOR: frozenset({_C.BOARD, _C.AUDIT}),
    Role.ADMINISTRATOR: frozenset({_C.BOARD, _C.PLAYBOOK, _C.ACCOUNTS, _C.PLACES, _C.IMPORT, _C.AUDIT}),
}


@dataclass(frozen=True)
class Step:
    """One step of an escalation: this role owns a gap from so many minutes after it lapsed."""

    role: Role
    after_minutes: int


def may(role: str, capability: Capability) -> bool:
    return role in Role.values and capability in CAPABILITIES[Role(role)]
