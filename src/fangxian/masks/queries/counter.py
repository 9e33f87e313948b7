"""What a counter looks up: the call behind a number, and what it handed out."""

from hmac import compare_digest
from uuid import UUID

from fangxian.masks import rules
from fangxian.masks.counter import Code
from fangxian.masks.models import Call, CallStatus, Collection, Registration, Round
from fangxian.masks.queries.registrations import by_voucher
from fangxian.places.models import Place, PlaceKind, parent_paths

WITH_CALL = ("registration__round", "variant", "pharmacy", "round__street")
_ORDER = {CallStatus.CALLED: 0, CallStatus.COLLECTED: 1, CallStatus.LAPSED: 2, CallStatus.VOID: 3, CallStatus.MOVED: 4}


def resolve(pharmacy: Place, written: str, variant: str = "") -> tuple[Call | None, Code]:
    """The call that holds for an id or a voucher: a call that was moved or made anew stands for the one before it.

    Of a slip's code the secret must be the number's own. A number that was typed has none; there the document is
    compared. Without a call, the code says why: the number is not known, not called, or called for more than one kind.
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
    if not _is_its_own(registration, written):
        return None, Code.WRONG_CODE
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
    """The registration of a voucher, in the street that `place` lies in.

    A scanner that types cannot write Chinese: where the number did not survive it, the secret of the code finds it.
    """
    street = Place.objects.filter(path__in=parent_paths(place.path), kind=PlaceKind.STREET).first()
    if street is None:
        return None
    secret = secret_of(written)
    if secret and rules.read_voucher(written) is None:
        return Registration.objects.filter(round__street=street, secret=secret).select_related("round").first()
    return by_voucher(street, written)


def secret_of(written: str) -> str:
    """What stands behind the # of a slip's code; empty where a number was typed."""
    return written.partition("#")[2].strip()


def _is_its_own(registration: Registration, written: str) -> bool:
    secret = secret_of(written)
    return not secret or compare_digest(secret.encode(), registration.secret.encode())


def collections_of(round: Round, pharmacy: Place, limit: int = 50) -> list[Collection]:
    """The last hand-overs, newest first: where a mistake is found and taken back."""
    rows = Collection.objects.filter(call__round=round, pharmacy=pharmacy)
    return list(
        rows.select_related("call__registration__round", "call__variant").order_by("-observed_us", "-id")[:limit]
    )
