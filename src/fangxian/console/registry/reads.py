"""One subject of the register as its page shows it: masked, with what it belongs to and what it owes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from fangxian.accounts.access import Reach, get
from fangxian.duties.models import Duty, Gap, GapStatus
from fangxian.places import queries as places
from fangxian.places.models import Place
from fangxian.registry.models import (
    Attachment,
    Document,
    Enterprise,
    Household,
    Merge,
    Person,
    Phone,
    Relation,
    Subject,
    SubjectKind,
    Vehicle,
)
from fangxian.shared import clock

MEMBER_ROWS = 200
HOSTS = (SubjectKind.HOUSEHOLD, SubjectKind.ENTERPRISE, SubjectKind.PERSON)


@dataclass(frozen=True)
class Link:
    """An attachment seen from either end."""

    relation: str
    name: str
    url: str
    role: str
    since: date
    until: date | None


@dataclass(frozen=True)
class Masked:
    kind: str
    country: str
    mask: str
    verified: bool


@dataclass(frozen=True)
class Owed:
    """An open gap of a subject, or what it owes next."""

    gap_id: UUID | None
    title: Mapping[str, str]
    due_at: datetime
    age_us: int
    cause: str


@dataclass(frozen=True)
class SubjectPage:
    subject: Subject
    person: Person | None
    vehicle: Vehicle | None
    enterprise: Enterprise | None
    home: Place | None
    documents: Sequence[Masked]
    phones: Sequence[str]
    links: Sequence[Link]
    attached: Sequence[Link]
    owed: Sequence[Owed]
    merged: Sequence[Merge]


def within(held: Reach) -> Q:
    """Subjects that are in reach: attached there now, living there as a household, or belonging to what is."""
    now_there = Attachment.objects.filter(subject=OuterRef("pk"), until__isnull=True)
    direct = now_there.filter(held.places("place__path", "place__grid_id"))
    house = Household.objects.filter(held.places("dwelling__path", "dwelling__grid_id"), subject=OuterRef("pk"))
    of_house = now_there.filter(held.places("other__household__dwelling__path", "other__household__dwelling__grid_id"))
    of_other = now_there.filter(
        held.places("other__attachments__place__path", "other__attachments__place__grid_id"),
        other__attachments__until__isnull=True,
    )
    own = Q(id__in=sorted(held.subjects)) if held.subjects else Q(pk__in=[])
    place = Place.objects.filter(held.places(), id=OuterRef("pk"))
    rows = (direct, house, of_house, of_other, place)
    return reduce(or_, (Q(Exists(found)) for found in rows), own)


def subject(held: Reach, subject_id: UUID) -> Subject:
    """The subject, or the one it was merged into. Raises NotFoundError outside reach."""
    rows = Subject.objects.select_related("person", "vehicle", "enterprise", "household__dwelling", "merged_into")
    return get(rows, within(held), id=subject_id)


def _names(attachments: Iterable[Attachment]) -> dict[UUID, str]:
    return places.full_names([row.place for row in attachments if row.place is not None])


def _links(found: Subject) -> list[Link]:
    """What this subject belongs to, present first."""
    rows = list(
        Attachment.objects.filter(subject=found)
        .select_related("place", "other")
        .order_by("-until", "since")[:MEMBER_ROWS]
    )
    names = _names(rows)
    links = []
    for row in rows:
        relation = str(Relation(row.relation).label)
        if row.place is not None:
            url = reverse("places:place", args=[row.place.id])
            links.append(Link(relation, names[row.place.id], url, row.role, row.since, row.until))
        elif row.other is not None:
            url = reverse("registry:subject", args=[row.other.id])
            links.append(Link(relation, row.other.label, url, row.role, row.since, row.until))
    return sorted(links, key=lambda link: link.until is not None)


def _attached(found: Subject) -> list[Link]:
    """Who belongs to this subject now: members of a household, employees, guests."""
    rows = (
        Attachment.objects.filter(other=found, until__isnull=True)
        .select_related("subject")
        .order_by("relation", "since")[:MEMBER_ROWS]
    )
    return [
        Link(
            str(Relation(row.relation).label), row.subject.label, reverse("registry:subject", args=[row.subject_id]),
            row.role, row.since, row.until,
        )
        for row in rows
    ]  # fmt: skip


def owed(subject_id: UUID, now: datetime) -> list[Owed]:
    """Open gaps of a subject, oldest first, then what it owes next."""
    now_us = clock.to_us(now)
    gaps = Gap.objects.filter(duty__subject=subject_id, status=GapStatus.OPEN).select_related("rule")
    duties = Duty.objects.filter(subject=subject_id, deadline_us__gt=now_us).select_related("rule")
    return [
        Owed(gap.id, gap.rule.spec["title"], clock.from_us(gap.due_us), now_us - gap.lapsed_us, gap.cause)
        for gap in gaps.order_by("lapsed_us")
    ] + [Owed(None, duty.rule.spec["title"], clock.from_us(duty.due_us), 0, "") for duty in duties.order_by("due_us")]


def _one(found: Subject, name: str) -> object | None:
    return getattr(found, name, None)


def page(found: Subject, now: datetime) -> SubjectPage:
    """What the page of a subject shows; the caller has found it within reach."""
    person, vehicle = _one(found, "person"), _one(found, "vehicle")
    enterprise, household = _one(found, "enterprise"), _one(found, "household")
    kind = SubjectKind(found.kind)
    documents = Document.objects.filter(subject=found).order_by("id") if kind == SubjectKind.PERSON else ()
    phones = Phone.objects.filter(subject=found).order_by("id").values_list("mask", flat=True)
    return SubjectPage(
        subject=found,
        person=person if isinstance(person, Person) else None,
        vehicle=vehicle if isinstance(vehicle, Vehicle) else None,
        enterprise=enterprise if isinstance(enterprise, Enterprise) else None,
        home=household.dwelling if isinstance(household, Household) else None,
        documents=[Masked(str(d.get_kind_display()), d.country, d.mask, d.verified) for d in documents],
        phones=list(phones),
        links=_links(found),
        attached=_attached(found) if kind in HOSTS else (),
        owed=owed(found.id, now),
        merged=list(Merge.objects.filter(survivor=found, undone_at__isnull=True).select_related("absorbed")),
    )
