"""One new member of staff, typed in: found in the register by the document, or made."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.registry import actions as registry
from fangxian.registry import identifiers, search
from fangxian.registry.identity import document_lookups, new_document, new_phone, phone_lookups
from fangxian.registry.models import Attachment, ChangeKind, Document, Person, Phone, Relation, Subject, SubjectKind
from fangxian.shared import clock, text
from fangxian.shared.writer import write_lock
from fangxian.workplaces.actions.errors import WorkplaceError

NAME_LENGTH: Final = 80


@write_lock()
def register(
    *, enterprise: Subject, name: str, document: identifiers.Document | None, phone: identifiers.Phone | None, by: str,
    now: datetime,
) -> Person:  # fmt: skip
    """The person of this document, or a new one; employed by the enterprise either way.

    What the register knows is filled up and never changed. Without a document, a person of this name who is employed
    there already is meant. Raises WorkplaceError where the number stands under another name.
    """
    key = text.name_key(name)
    found = _by_document(document) if document else _by_name(key, enterprise)
    if found is not None and found.name_key != key:
        raise WorkplaceError(
            _("This number is registered under another name. Nothing was saved; compare it with the document itself.")
        )
    person = found or _made(name.strip()[:NAME_LENGTH], key, document, now)
    if (
        document
        and not Document.objects.filter(subject_id=person.pk, number_index__in=document_lookups(document)).exists()
    ):
        new_document(person.pk, document, document_lookups(document)[0]).save()
    if phone and not Phone.objects.filter(subject_id=person.pk, index__in=phone_lookups(phone.value)).exists():
        new_phone(person.pk, phone.value, phone_lookups(phone.value)[0]).save()
    registry.attach(
        subject=person.subject, relation=Relation.EMPLOYED, other=enterprise, source="ledger", by=by, now=now
    )
    search.index([person.pk])
    audit.record(
        by=by, act="workplaces.staff.registered", now=now, target=f"person:{person.pk}", detail={"new": found is None}
    )
    return person


def _by_document(document: identifiers.Document) -> Person | None:
    row = (
        Document.objects.filter(number_index__in=document_lookups(document), subject__kind=SubjectKind.PERSON)
        .select_related("subject")
        .first()
    )
    if row is None:
        return None
    return Person.objects.select_related("subject").filter(
        subject_id=row.subject.merged_into_id or row.subject_id
    ).first()  # fmt: skip


def _by_name(key: str, enterprise: Subject) -> Person | None:
    staff = Attachment.objects.filter(relation=Relation.EMPLOYED, other=enterprise, until__isnull=True)
    rows = Person.objects.select_related("subject").filter(name_key=key, subject_id__in=staff.values("subject_id"))
    found = list(rows[:2])
    return found[0] if len(found) == 1 else None


def _made(name: str, key: str, document: identifiers.Document | None, now: datetime) -> Person:
    subject = Subject.objects.create(kind=SubjectKind.PERSON, label=name, created_us=clock.to_us(now))
    person = Person.objects.create(
        subject=subject, name=name, name_key=key, sex=document.sex if document else "",
        birth_date=document.birth_date if document else None,
        nationality=(document.country if document else "") or "CN",
    )  # fmt: skip
    registry.record_changes(subject_ids=[subject.id], kind=ChangeKind.ADDED, now=now)
    return person
