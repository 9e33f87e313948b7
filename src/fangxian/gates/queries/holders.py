"""Whom of the register a pass for one place can be for: found by name, address or plate, with what tells two apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from fangxian.accounts.access import Reach
from fangxian.gates.actions.roster import CURRENT, household_names
from fangxian.gates.kinds import PassKind
from fangxian.places.models import Place, subtree
from fangxian.places.queries import full_names
from fangxian.registry import search
from fangxian.registry.models import Attachment, Household, Person, Phone, Relation, SubjectKind, Vehicle
from fangxian.shared.text import address_key

MOST: Final = 30
_SEPARATORS: Final = str.maketrans("", "", " ·•-.　")


@dataclass(frozen=True)
class Holder:
    """Somebody whom the register knows at the place. For an employee there is one for each employer there."""

    subject_id: UUID
    name: str
    where: str = ""
    enterprise_id: UUID | None = None
    company: str = ""
    born: int | None = None
    phone: str = ""
    photo: str = ""

    @property
    def key(self) -> str:
        return f"{self.subject_id}:{self.enterprise_id or ''}"


def holders(kind: PassKind, place: Place, words: str) -> list[Holder]:
    """At most `MOST`, in the order of their names or doors. Visitors and couriers are not of the register."""
    text = words.strip()
    if not text:
        return []
    if kind == PassKind.EMPLOYEE:
        return _employees(place, text)
    if kind == PassKind.RESIDENT:
        return _households(place, text)
    if kind == PassKind.VEHICLE:
        return _vehicles(place, text)
    return []


def _called(text: str, place: Place) -> Q:
    """Subjects by a part of their name, or, where the search knows them at this place, by pinyin and initials."""
    found = search.by_name(text, Reach(paths=(place.path,)), kinds=(SubjectKind.PERSON,))
    return Q(subject__label__icontains=text) | Q(subject_id__in=[one.subject_id for one in found])


def _employees(place: Place, text: str) -> list[Holder]:
    rooms = Attachment.objects.filter(subtree("place__path", place.path), relation=Relation.TENANT, until__isnull=True)
    here = Q(relation=Relation.EMPLOYED, other_id__in=rooms.values("subject_id")) | (
        Q(relation=Relation.WORKS) & subtree("place__path", place.path)
    )
    people = Attachment.objects.filter(CURRENT, here, _called(text, place), subject__kind=SubjectKind.PERSON)
    rows = people.order_by("subject__label", "subject_id").values_list(
        "subject_id", "other_id", "other__label", "other__enterprise__name"
    )
    jobs: dict[UUID, dict[UUID, str]] = {}
    for subject, employer, label, name in rows[: MOST * 3]:
        known = jobs.setdefault(subject, {})
        if employer is not None:
            known[employer] = name or label
    told = _people(jobs)
    found = []
    for subject, known in jobs.items():
        person = told.get(subject)
        if person is not None:
            found += [
                Holder(
                    subject, person.name, person.where, employer, company, person.born, person.phone, person.photo
                )
                for employer, company in (known.items() if known else [(None, "")])
            ]  # fmt: skip
    return found[:MOST]


def _people(ids: Iterable[UUID]) -> dict[UUID, Holder]:
    people = Person.objects.filter(subject_id__in=list(ids))
    phones = dict(Phone.objects.filter(subject_id__in=list(ids)).values_list("subject_id", "mask"))
    return {
        row.subject_id: Holder(
            row.subject_id, row.name, born=row.birth_date.year if row.birth_date else None,
            phone=phones.get(row.subject_id, ""), photo=row.photo,
        )
        for row in people
    }  # fmt: skip


def _households(place: Place, text: str) -> list[Holder]:
    living = Attachment.objects.filter(
        CURRENT, _called(text, place), subtree("place__path", place.path), relation=Relation.LIVES
    )
    members = Attachment.objects.filter(CURRENT, _called(text, place), relation=Relation.MEMBER)
    door = Q(dwelling__name__icontains=text) | Q(subject__label__icontains=text)
    if key := address_key(text):
        door |= Q(dwelling__address_key__contains=key)
    by_name = Q(dwelling_id__in=living.values("place_id")) | Q(subject_id__in=members.values("other_id"))
    homes = _homes(place).filter(door | by_name).order_by("dwelling__path")[:MOST]
    return _described(homes)


def _homes(place: Place) -> QuerySet[Household]:
    return Household.objects.filter(
        subtree("dwelling__path", place.path), ended_on=None, subject__merged_into=None
    ).select_related("dwelling")


def _described(homes: Sequence[Household] | QuerySet[Household]) -> list[Holder]:
    rows = list(homes)
    names = household_names({row.subject_id: row.dwelling_id for row in rows})
    doors = full_names([row.dwelling for row in rows])
    return [Holder(row.subject_id, names.get(row.subject_id, ""), doors[row.dwelling_id]) for row in rows]


def _vehicles(place: Place, text: str) -> list[Holder]:
    """What is parked at the place by a part of its plate, and any vehicle of the register by its whole plate."""
    plate = text.translate(_SEPARATORS).upper()
    parked = Attachment.objects.filter(CURRENT, subtree("place__path", place.path), relation=Relation.PARKS)
    known = Q(plate=plate) | Q(plate__contains=plate, subject_id__in=parked.values("subject_id"))
    rows = Vehicle.objects.filter(known, subject__merged_into=None).order_by("plate")
    return [Holder(row.subject_id, row.plate) for row in rows[:MOST]]
