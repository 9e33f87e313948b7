"""Of which passes a subject has one at a time: the same rule for Python and for the database.

An employee has one for each employer in each building, a household one permit, a vehicle one for each place. Visitors
and couriers have one for each visit. A suspended pass counts: another one beside it would lift the suspension. A
revoked one does not, nor one that is over and was followed by another.
"""

from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import Q, UniqueConstraint

from fangxian.gates.kinds import PassKind, PassStatus


class Key(NamedTuple):
    """What no two passes have in common while both count."""

    kind: PassKind
    subject_id: UUID
    place_id: UUID | None = None
    enterprise_id: UUID | None = None


def key_of(kind: str, subject_id: UUID | None, place_id: UUID, enterprise_id: UUID | None = None) -> Key | None:
    """None where a subject may have several, or the pass belongs to nobody of the register."""
    if subject_id is None:
        return None
    if kind == PassKind.RESIDENT:
        return Key(PassKind.RESIDENT, subject_id)
    if kind == PassKind.VEHICLE:
        return Key(PassKind.VEHICLE, subject_id, place_id)
    if kind == PassKind.EMPLOYEE:
        return Key(PassKind.EMPLOYEE, subject_id, place_id, enterprise_id)
    return None


_COUNTS: Final = Q(followed=False) & ~Q(status=PassStatus.REVOKED)
CONSTRAINTS: Final = (
    UniqueConstraint(fields=["subject"], condition=_COUNTS & Q(kind=PassKind.RESIDENT), name="pass_one_a_household"),
    UniqueConstraint(
        fields=["subject", "place", "enterprise"],
        condition=_COUNTS & Q(kind=PassKind.EMPLOYEE),
        name="pass_one_an_employer",
    ),
    # nulls differ, so that the one above does not hold where no employer is known
    UniqueConstraint(
        fields=["subject", "place", "kind"],
        condition=_COUNTS & (Q(kind=PassKind.VEHICLE) | Q(kind=PassKind.EMPLOYEE, enterprise__isnull=True)),
        name="pass_one_a_place",
    ),
)
