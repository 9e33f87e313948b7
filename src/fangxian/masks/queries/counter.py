"""What a counter looks up: the call behind a number."""

from uuid import UUID

from fangxian.masks.counter import Code
from fangxian.masks.models import ACTIVE_CALLS, Call, CallStatus, Registration
from fangxian.masks.queries import numbers
from fangxian.places.models import Place, PlaceKind, parent_paths

WITH_CALL = ("registration__round", "variant", "pharmacy", "round__street")
_ORDER = {CallStatus.CALLED: 0, CallStatus.COLLECTED: 1, CallStatus.LAPSED: 2, CallStatus.VOID: 3, CallStatus.MOVED: 4}


def resolve(pharmacy: Place, written: str, variant: str = "") -> tuple[Call | None, Code]:
    """The call that holds for an id or a voucher: a call that was moved or made anew stands for the one before it.

    Without one, the code says why: the number is not known, not called, or is called for more than one kind.
    """
    call_id = _call_id(written)
    if call_id is not None:
        named = Call.objects.filter(id=call_id).first()
        if named is None:
            return None, Code.UNKNOWN
        rows = _calls(named.registration_id, named.variant_id)
        return min(rows, key=_rank), Code.OK
    registration = registration_of(pharmacy, written)
    if registration is None:
        return None, Code.UNKNOWN
    rows = [row for row in _calls(registration.id) if not variant or row.variant.key == variant]
    if not rows:
        return None, Code.NOT_CALLED
    open_ = {row.variant_id for row in rows if row.status == CallStatus.CALLED}
    if len(open_ or {row.variant_id for row in rows}) > 1:
        return None, Code.WHICH
    return min(rows, key=_rank), Code.OK


def _call_id(written: str) -> UUID | None:
    try:
        return UUID(written.strip())
    except ValueError:
        return None


def _rank(call: Call) -> tuple[int, int]:
    """Called before collected before the rest; of several the latest."""
    return _ORDER[CallStatus(call.status)], -call.changed_us


def _calls(registration_id: UUID, variant_id: int | None = None) -> list[Call]:
    rows = Call.objects.filter(registration_id=registration_id).select_related(*WITH_CALL)
    return list(rows.filter(variant_id=variant_id) if variant_id is not None else rows)


def registration_of(place: Place, written: str) -> Registration | None:
    """The registration of a voucher, in the street that `place` lies in."""
    street = Place.objects.filter(path__in=parent_paths(place.path), kind=PlaceKind.STREET).first()
    return numbers.find(street.id, written) if street is not None else None


def active_calls(registration: Registration) -> list[Call]:
    """What is called for a registration and collected or still to be."""
    rows = Call.objects.filter(registration=registration, status__in=ACTIVE_CALLS).select_related(*WITH_CALL)
    return list(rows.order_by("variant_id"))
