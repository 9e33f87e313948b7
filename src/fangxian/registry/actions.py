"""Writes to the register that are not imports."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.places.models import Place
from fangxian.places.queries import full_names
from fangxian.registry import search
from fangxian.registry.models import (
    Attachment,
    Change,
    ChangeFolded,
    ChangeKind,
    Document,
    Merge,
    Phone,
    Relation,
    Subject,
    SubjectKind,
)
from fangxian.shared import clock
from fangxian.shared.crypto import unseal

BATCH = 1_000


class RegistryError(Exception):
    """The register was not changed; the message says why and what to do."""


@transaction.atomic
def ensure_place_subjects(*, places: Sequence[Place], now: datetime) -> list[UUID]:
    """Make places subjects of duties, each under its own id. Those that are already are left alone."""
    names = full_names(places)
    rows = [
        Subject(id=place.id, kind=SubjectKind.PLACE, label=names[place.id][:120], created_us=clock.to_us(now))
        for place in places
    ]
    have = set(Subject.objects.filter(id__in=[row.id for row in rows]).values_list("id", flat=True))
    # In one order and past conflicts: two workers may make the same places subjects at once.
    fresh = sorted((row for row in rows if row.id not in have), key=lambda row: row.id)
    Subject.objects.bulk_create(fresh, batch_size=BATCH, ignore_conflicts=True)
    record_changes(subject_ids=[row.id for row in fresh], kind=ChangeKind.ADDED, now=now)
    search.index_places(fresh)
    return [place.id for place in places]


def record_changes(*, subject_ids: Iterable[UUID], kind: ChangeKind, now: datetime) -> None:
    """Tell the packages above that these subjects changed. In the transaction that changes them."""
    at_us = clock.to_us(now)
    Change.objects.bulk_create(
        [Change(subject_id=subject_id, kind=kind, at_us=at_us) for subject_id in subject_ids], batch_size=BATCH
    )


def mark_folded(*, consumer: str, change_ids: Sequence[int]) -> None:
    """`consumer` has taken these changes in. In the transaction that does so."""
    ChangeFolded.objects.bulk_create(
        [ChangeFolded(consumer=consumer, change_id=pk) for pk in change_ids], batch_size=BATCH, ignore_conflicts=True
    )


@transaction.atomic
def attach(
    *, subject: Subject, relation: Relation, by: str, now: datetime, place: Place | None = None,
    other: Subject | None = None, since: date | None = None, role: str = "", source: str = "",
) -> Attachment:  # fmt: skip
    """Attach a subject to a place or to another subject. The same attachment twice is one."""
    where = {"subject": subject, "relation": relation, "place": place, "other": other, "until": None}
    held = Attachment.objects.filter(
        subject=subject, relation=relation, place=place, other=other, until__isnull=True
    ).first()
    if held is not None:
        return held
    row = Attachment.objects.create(**where, since=since or clock.local_day(now), role=role, source=source)
    record_changes(subject_ids=[subject.id], kind=ChangeKind.MOVED, now=now)
    search.index([subject.id])
    audit.record(by=by, act="registry.attached", now=now, target=f"{subject.kind}:{subject.id}")
    return row


@transaction.atomic
def detach(*, attachment: Attachment, by: str, now: datetime, until: date | None = None) -> None:
    """End an attachment; it stays readable."""
    end = max(until or clock.local_day(now), attachment.since)
    if Attachment.objects.filter(id=attachment.id, until__isnull=True).update(until=end):
        record_changes(subject_ids=[attachment.subject_id], kind=ChangeKind.LEFT, now=now)
        search.index([attachment.subject_id])
        audit.record(by=by, act="registry.detached", now=now, target=f"attachment:{attachment.id}")


@transaction.atomic
def merge(
    *, absorbed: Subject, survivor: Subject, reason: str, by: str, now: datetime, score: int | None = None
) -> Merge:
    """Say that two subjects are one. Only a pointer is set, so that undoing it brings everything back."""
    if absorbed.kind != survivor.kind or absorbed.id == survivor.id:
        raise RegistryError(_("Only two records of the same kind can be made one."))
    top = survivor
    while top.merged_into is not None:
        top = top.merged_into
    if top.id == absorbed.id:
        raise RegistryError(_("These two records are one already."))
    try:
        with transaction.atomic():
            row = Merge.objects.create(absorbed=absorbed, survivor=top, score=score, reason=reason[:200], at=now, by=by)
    except IntegrityError as error:
        raise RegistryError(_("This record was made part of another one already. Undo that first.")) from error
    Subject.objects.filter(id=absorbed.id).update(merged_into=top)
    record_changes(subject_ids=[absorbed.id, top.id], kind=ChangeKind.MERGED, now=now)
    audit.record(
        by=by, act="registry.merged", now=now, target=f"{top.kind}:{top.id}", detail={"absorbed": str(absorbed.id)}
    )
    return row


@transaction.atomic
def unmerge(*, merge: Merge, by: str, now: datetime) -> None:
    """Undo a merge: both records stand apart again, as they were."""
    done = Merge.objects.filter(id=merge.id, undone_at__isnull=True).update(undone_at=now, undone_by=by)
    if not done:
        raise RegistryError(_("This was undone already. Nothing was changed."))
    Subject.objects.filter(id=merge.absorbed_id).update(merged_into=None)
    record_changes(subject_ids=[merge.absorbed_id, merge.survivor_id], kind=ChangeKind.UNMERGED, now=now)
    audit.record(
        by=by, act="registry.unmerged", now=now, target=f"subject:{merge.survivor_id}",
        detail={"absorbed": str(merge.absorbed_id)},
    )  # fmt: skip


@transaction.atomic
def reveal(*, subject: Subject, reason: str, by: str, now: datetime) -> dict[str, list[str]]:
    """The document and phone numbers of a subject in clear, against a reason. Reading them is recorded."""
    if len(reason.strip()) < 4:
        raise RegistryError(_("Say why you need to see it. The reason is kept, with your name."))
    documents = [unseal(row.number_sealed, Document.aad(row.id)) for row in subject.documents.order_by("id")]
    phones = [unseal(row.sealed, Phone.aad(row.id)) for row in subject.phones.order_by("id")]
    audit.record(
        by=by, act="registry.revealed", now=now, target=f"{subject.kind}:{subject.id}",
        detail={"documents": len(documents), "phones": len(phones), "reason": reason.strip()[:200]},
    )  # fmt: skip
    return {"documents": documents, "phones": phones}
