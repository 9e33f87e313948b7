"""Passes for pages and devices: of a place, of a subject, by number, one with its history, and what is not in force."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import BooleanField, Case, Count, F, Q, QuerySet, When
from django.utils.translation import gettext_lazy as _

from fangxian.accounts.access import Reach
from fangxian.accounts.models import Staff
from fangxian.audit.models import Entry
from fangxian.gates.actions.passes import read_number
from fangxian.gates.models import Pass, PassKind, PassStatus, SigningKey
from fangxian.places.models import Place, parent_paths, subtree
from fangxian.shared import clock
from fangxian.shared.clock import SECOND_US

PAGE: Final = 50
HISTORY: Final = 200
OVERLAP_US: Final = 60 * SECOND_US
LOOKED_AT: Final = "gates.photo.opened"
ACTS: Final = {
    "gates.pass.issued": _("issued"),
    "gates.pass.suspended": _("suspended"),
    "gates.pass.live": _("restored"),
    "gates.pass.revoked": _("revoked"),
    "gates.photo.set": _("photo put on the pass"),
    "gates.photo.removed": _("photo removed"),
}


@dataclass(frozen=True)
class PassLine:
    """One line of a list. `over`: the period has ended, whatever the status says."""

    id: UUID
    number: str
    kind: PassKind
    holder: str
    company: str
    zone: str
    status: PassStatus
    reason: str
    place: str
    place_id: UUID
    gate: str
    from_us: int
    until_us: int
    over: bool
    early: bool
    distrusted: bool


@dataclass(frozen=True)
class PassPage:
    lines: tuple[PassLine, ...]
    total: int
    start: int

    @property
    def before(self) -> int | None:
        """Where the page before this one starts."""
        return max(self.start - PAGE, 0) if self.start > 0 else None

    @property
    def after(self) -> int | None:
        return self.start + PAGE if self.start + PAGE < self.total else None


@dataclass(frozen=True)
class PassFilter:
    """What a list is narrowed to. `words` is part of a holder's or company's name, or a whole number."""

    kind: str = ""
    status: str = ""
    words: str = ""
    enterprise_id: UUID | None = None
    current: bool = False
    """Only what is not over."""


_ACTOR: Final = re.compile("[0-9a-f]{32}")
EVERYTHING: Final = PassFilter()


@dataclass(frozen=True)
class PassAct:
    """One thing that was done to a pass. `who` is a name, or the name of a process."""

    at: datetime
    act: str
    who: str


@dataclass(frozen=True)
class PassStory:
    permit: Pass
    line: PassLine
    acts: tuple[PassAct, ...]
    replaced_by: Pass | None


@dataclass(frozen=True)
class NotInForce:
    """Passes whose status has changed since the caller last asked. `until_us` goes into the next question."""

    suspended: tuple[UUID, ...]
    revoked: tuple[UUID, ...]
    restored: tuple[UUID, ...]
    distrusted_kids: tuple[int, ...]
    until_us: int


def within(held: Reach) -> Q:
    """Condition on passes for the places within reach, and on those of an employer within reach."""
    return held.places("place__path", "place__grid_id") | Q(enterprise_id__in=sorted(held.subjects))


def passes_of(place: Place, scope: Q, *, now: datetime, narrow: PassFilter = EVERYTHING, start: int = 0) -> PassPage:
    """Passes within `scope` for `place` and for what lies in it, newest first."""
    rows = matching(place, scope, now=now, narrow=narrow)
    return PassPage(_lines(rows.order_by("-issued_us", "-id")[start : start + PAGE], now), rows.count(), start)


def ids_of(place: Place, scope: Q, *, now: datetime, narrow: PassFilter, limit: int) -> list[UUID]:
    """The ids of a list as `passes_of` shows it, as many as may be printed at once."""
    rows = matching(place, scope, now=now, narrow=narrow)
    return list(rows.order_by("-issued_us", "-id").values_list("id", flat=True)[:limit])


def matching(place: Place, scope: Q, *, now: datetime, narrow: PassFilter) -> QuerySet[Pass]:
    """All the passes of a list, whatever page of it is shown."""
    return _narrowed(Pass.objects.filter(scope & subtree("place__path", place.path)), narrow, now)


@dataclass(frozen=True)
class StateCount:
    """How many of some passes are in one state. `over`: the period has ended, whatever the status says."""

    status: PassStatus
    over: bool
    count: int


def count_states(rows: QuerySet[Pass], now: datetime) -> list[StateCount]:
    ended = Case(When(until_us__lte=clock.to_us(now), then=True), default=False, output_field=BooleanField())
    found = (
        rows.annotate(ended=ended).values_list("status", "ended").annotate(n=Count("id")).order_by("status", "ended")
    )
    return [StateCount(PassStatus(status), over, count) for status, over, count in found]


def lines_of(ids: Collection[UUID], scope: Q, *, now: datetime) -> tuple[PassLine, ...]:
    """These passes as a list shows them, by holder."""
    return _lines(Pass.objects.filter(scope, id__in=ids).order_by("holder", "id"), now)


def count_by_kind(place: Place, *, now: datetime) -> Mapping[str, int]:
    """How many passes of each kind are in force and not over at a place and in what lies in it."""
    rows = Pass.objects.filter(
        subtree("place__path", place.path), status=PassStatus.LIVE, until_us__gt=clock.to_us(now)
    )
    return dict(rows.values_list("kind").annotate(n=Count("id")).order_by("kind"))


def find(words: str, scope: Q, *, now: datetime, limit: int = PAGE) -> tuple[PassLine, ...]:
    """Passes within `scope` by number (however it was typed) or by a part of the holder's name."""
    if not words.strip():
        return ()
    rows = _narrowed(Pass.objects.filter(scope), PassFilter(words=words), now)
    return _lines(rows.order_by("-issued_us", "-id")[:limit], now)


def story(permit: Pass, *, now: datetime) -> PassStory:
    """One pass and what has been done to it, newest first. That somebody looked at its photo is in the audit alone."""
    rows = Entry.objects.filter(target=f"pass:{permit.id}").exclude(act=LOOKED_AT)
    entries = list(rows.order_by("-at_us", "-id")[:HISTORY])
    actors = {UUID(entry.actor) for entry in entries if _ACTOR.fullmatch(entry.actor)}
    names = {staff.actor: staff.name for staff in Staff.objects.filter(id__in=actors)}
    acts = tuple(
        PassAct(clock.from_us(row.at_us), str(ACTS.get(row.act, row.act)), names.get(row.actor, row.actor))
        for row in entries
    )
    (line,) = _lines(Pass.objects.filter(id=permit.id), now)
    return PassStory(permit, line, acts, permit.replaced_by.order_by("-issued_us").first())


def by_wallet(secret: str) -> Pass | None:
    """The pass whose holder's page has this address."""
    return Pass.objects.select_related("place", "gate").filter(wallet=secret).first() if secret else None


def to_print(ids: Collection[UUID], scope: Q, *, now: datetime) -> list[Pass]:
    """Those of `ids` that may be handed out: in force and not over, by employer and name."""
    rows = Pass.objects.filter(scope, id__in=ids, status=PassStatus.LIVE, until_us__gt=clock.to_us(now))
    return list(rows.select_related("place", "gate").order_by("company", "holder", "id"))


def not_in_force(place: Place, *, since_us: int, now: datetime) -> NotInForce:
    """What has changed since `since_us` for devices at `place`: asked with 0, everything that is not in force.

    Passes that are over are left out: a device sees that on the pass. An answer overlaps the one before, since a
    change that was being committed then carries an earlier instant.
    """
    rows = Pass.objects.filter(place__path__in=parent_paths(place.path), until_us__gt=clock.to_us(now))
    rows = rows.filter(changed_us__gte=since_us - OVERLAP_US)
    found: dict[str, list[UUID]] = {status: [] for status in PassStatus.values}
    rows = (
        rows.exclude(status=PassStatus.LIVE)
        if since_us <= 0
        else rows.exclude(status=PassStatus.LIVE, changed_us=F("issued_us"))
    )
    for key, status in rows.order_by("id").values_list("id", "status"):
        found[status].append(key)
    kids = SigningKey.objects.filter(distrusted_us__isnull=False).order_by("kid").values_list("kid", flat=True)
    return NotInForce(
        suspended=tuple(found[PassStatus.SUSPENDED]),
        revoked=tuple(found[PassStatus.REVOKED]),
        restored=tuple(found[PassStatus.LIVE]),
        distrusted_kids=tuple(kids),
        until_us=clock.to_us(now),
    )


def _narrowed(rows: QuerySet[Pass], narrow: PassFilter, now: datetime) -> QuerySet[Pass]:
    if narrow.kind:
        rows = rows.filter(kind=narrow.kind)
    if narrow.status:
        rows = rows.filter(status=narrow.status)
    if narrow.enterprise_id:
        rows = rows.filter(enterprise_id=narrow.enterprise_id)
    if narrow.current:
        rows = rows.filter(until_us__gt=clock.to_us(now))
    words = narrow.words.strip()
    if words:
        number = read_number(words)
        named = Q(holder__icontains=words) | Q(company__icontains=words)
        rows = rows.filter(named | Q(number=number) if number else named)
    return rows


def _lines(rows: QuerySet[Pass], now: datetime) -> tuple[PassLine, ...]:
    now_us = clock.to_us(now)
    return tuple(
        PassLine(
            id=row.id, number=row.number, kind=PassKind(row.kind), holder=row.holder, company=row.company,
            zone=row.zone, status=PassStatus(row.status), reason=row.reason, place=row.place.name,
            place_id=row.place_id, gate=row.gate.name if row.gate else "", from_us=row.from_us,
            until_us=row.until_us, over=row.until_us <= now_us, early=now_us < row.from_us,
            distrusted=row.key.distrusted_us is not None,
        )
        for row in rows.select_related("place", "gate", "key").defer("key__private_sealed", "token")
    )  # fmt: skip
