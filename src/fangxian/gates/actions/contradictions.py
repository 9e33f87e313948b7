"""What a gate saw that cannot be, each with somebody whose task it is."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.gates.models import Contradiction, ContradictionKind, Parcel, Referral
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.language import in_street_words
from fangxian.shared.writer import write_lock

_K = ContradictionKind


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done about a kind of contradiction, by whom (None: whoever runs the place) and within how long."""

    title: Promise
    hours: int
    role: Role | None = None


TASKS: Final[dict[ContradictionKind, Task]] = {
    _K.DOUBLE_USE: Task(gettext_lazy("One pass was used at two gates: find out who used it, and issue it anew"), 4),
    _K.NOT_IN_FORCE: Task(
        gettext_lazy("Somebody was let in on a pass that is not in force: find the person and settle it"), 4
    ),
    _K.HELD: Task(
        gettext_lazy("Somebody under observation was let out: bring the person home and report"), 1,
        Role.COMMITTEE_SECRETARY,
    ),
    _K.OVER_QUOTA: Task(gettext_lazy("A household went out more often than allowed: talk with it"), 24),
    _K.OVER_CAP: Task(gettext_lazy("More people entered than this gate may admit: check how many are inside"), 4),
    _K.FORGED: Task(
        gettext_lazy("A forged pass was shown here: find out where it came from"), 24, Role.COMMUNITY_POLICE
    ),
    _K.UNCHECKED: Task(gettext_lazy("The turnstile opened without a check: find out who went through"), 2),
    _K.UNKNOWN_VEHICLE: Task(
        gettext_lazy("A vehicle that is not in the register came to this gate: register it"), 24, Role.COMMITTEE_WORKER
    ),
    _K.OTHER: Task(gettext_lazy("Somebody was let in without a network against the rules: look into it"), 24),
}  # fmt: skip
REFERRED: Final = gettext_lazy("Sent here from a gate with a fever: receive, and open the case")
REFERRED_HOURS: Final = 2
UNPLANNED: Final = gettext_lazy("This gate is open and nobody is planned to stand at it today: plan its guards")
UNPLANNED_HOURS: Final = 2
OVERDUE: Final = gettext_lazy(
    "A parcel has lain too long at the hand-over point: hand it over, or give it back to the courier"
)


def _role(task: Task, gate: Place) -> Role:
    return task.role or _keeper(gate)


def _keeper(gate: Place) -> Role:
    """Who runs the place that the gate belongs to."""
    within = gate.parent
    in_building = within is not None and within.kind == PlaceKind.BUILDING
    return Role.PROPERTY_MANAGER if in_building else Role.COMMITTEE_WORKER


def _give(title: Promise, gate: Place, role: Role, hours: int, source: str, by: str, now: datetime) -> UUID:
    until = now + timedelta(hours=hours)
    return duties.give(
        title=in_street_words(title), place=gate, role=role, until=until, source=source, by=by, now=now
    ).id


@write_lock()
def raise_for(
    *, check_id: UUID, kind: ContradictionKind, gate: Place, at_us: int, by: str, now: datetime
) -> Contradiction | None:
    """Store a contradiction with its duty; None when it is stored already. `check_id` may be that of an opening."""
    if Contradiction.objects.filter(check_id=check_id, kind=kind).exists():
        return None
    task = TASKS[kind]
    duty = _give(task.title, gate, _role(task, gate), task.hours, f"gate-check:{check_id.hex}", by, now)
    return Contradiction.objects.create(id=new_id(), check_id=check_id, kind=kind, gate=gate, at_us=at_us, duty_id=duty)


@write_lock()
def hand_over(*, referral: Referral, by: str, now: datetime) -> None:
    """The health centre is told of somebody on the way: a duty that names the referral's number, and nobody."""
    if referral.duty_id is not None:
        return
    source = f"referral:{referral.number}"
    at = clock.from_us(referral.at_us)
    duty = _give(REFERRED, referral.gate, Role.HEALTH_STAFF, REFERRED_HOURS, source, by, max(at, now))
    Referral.objects.filter(id=referral.id).update(duty_id=duty)


def unplanned_source(gate_id: UUID, day: date) -> str:
    return f"gate-unplanned:{gate_id.hex}:{day.isoformat()}"


def ask_for_guards(*, gate: Place, day: date, by: str, now: datetime) -> None:
    """An open gate without a slot is a corner that nobody watches: whoever runs the place is to plan its guards."""
    _give(UNPLANNED, gate, _keeper(gate), UNPLANNED_HOURS, unplanned_source(gate.id, day), by, now)


def ask_for_parcel(*, parcel: Parcel, role: str, hours: int, by: str, now: datetime) -> UUID:
    """Somebody settles a parcel that lay too long: the plan's role, or whoever runs the place. Returns the duty."""
    owner = Role(role) if role else _keeper(parcel.gate)
    return _give(OVERDUE, parcel.gate, owner, hours, f"parcel:{parcel.id.hex}", by, now)
