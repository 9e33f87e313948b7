"""Finding a person, a vehicle, a household, an enterprise or a place by whatever one has of it. Results are masked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from fangxian.accounts.access import Reach
from fangxian.console.registry.reads import within
from fangxian.places import queries as places
from fangxian.places.models import Place
from fangxian.registry import search
from fangxian.registry.identifiers import Phone as PhoneNumber
from fangxian.registry.identifiers import Plate, read_phone, read_plate
from fangxian.registry.models import Attachment, Household, Person, Phone, Subject, SubjectKind

_DIGITS = re.compile(r"[\d\s+()-]{4,20}")


@dataclass(frozen=True)
class Hit:
    id: UUID
    kind: str
    kind_word: str
    label: str
    url: str
    where: str
    born: int | None
    phone: str


def find(words: str, kind: str, held: Reach) -> list[Hit]:
    """At most search.LIMIT hits. A number is looked up as a phone (or its last four digits), a plate as a plate."""
    text = words.strip()
    found: list[search.Found] = []
    if _DIGITS.fullmatch(text):
        found = _by_number(text, held)
    plate = None if found else read_plate(text)
    if isinstance(plate, Plate):
        found = _by_plate(plate.value, held)
    if not found:
        found = search.by_name(text, held, kinds=(kind,) if kind else ())
    if kind:
        found = [one for one in found if one.kind == kind]
    return _described(found)


def _by_number(text: str, held: Reach) -> list[search.Found]:
    digits = re.sub(r"\D", "", text)
    if len(digits) == 4:
        return search.by_phone(digits, within(held))
    phone = read_phone(text)
    return search.by_phone(phone.value, within(held)) if isinstance(phone, PhoneNumber) else []


def _by_plate(plate: str, held: Reach) -> list[search.Found]:
    rows = Subject.objects.filter(within(held), vehicle__plate=plate, merged_into__isnull=True)
    return [search.Found(row.id, row.kind, row.label) for row in rows]


def _described(found: Sequence[search.Found]) -> list[Hit]:
    """What tells two hits of the same name apart: where they belong, the year of birth, the masked phone."""
    ids = [one.subject_id for one in found]
    where = _where(ids)
    people = Person.objects.filter(subject__in=ids, birth_date__isnull=False)
    born = dict(people.values_list("subject", "birth_date__year"))
    phones = dict(Phone.objects.filter(subject__in=ids).values_list("subject", "mask"))
    hits = []
    for one in found:
        url = reverse("places:place" if one.kind == SubjectKind.PLACE else "registry:subject", args=[one.subject_id])
        hits.append(
            Hit(
                one.subject_id, one.kind, str(SubjectKind(one.kind).label), one.label, url,
                where.get(one.subject_id, ""), born.get(one.subject_id), phones.get(one.subject_id, ""),
            )
        )  # fmt: skip
    return hits


def _where(ids: Sequence[UUID]) -> dict[UUID, str]:
    """For each subject the place it is attached to now, as one says it at the door; places tell their own line."""
    at: dict[UUID, Place] = {}
    rows = Attachment.objects.filter(subject__in=ids, until__isnull=True, place__isnull=False)
    for row in rows.select_related("place").order_by("since"):
        if row.place is not None:
            at[row.subject_id] = row.place
    for household in Household.objects.filter(subject__in=ids).select_related("dwelling"):
        at[household.subject_id] = household.dwelling
    for place in Place.objects.filter(id__in=ids):
        at[place.id] = place
    names = places.full_names(at.values())
    return {subject: names[place.id] for subject, place in at.items()}
