"""Asking who was where with whom: an act, with its purpose, before it is an answer."""

from datetime import datetime
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.access import Reach
from fangxian.audit import actions as audit
from fangxian.gates.queries.trace import Traced, trace
from fangxian.shared import clock
from fangxian.shared.writer import write_lock


class Purpose(models.TextChoices):
    CONTACTS = "contacts", gettext_lazy("contacts of a case")
    INVESTIGATION = "investigation", gettext_lazy("case investigation")
    INCIDENT = "incident", gettext_lazy("an incident at a gate")


class TraceError(Exception):
    """Nothing was looked up; the message says why."""


def ask(
    *, subject_id: UUID, since: datetime, until: datetime, purpose: Purpose, held: Reach, by: str, now: datetime
) -> Traced:
    """Who was at the same gates and in the same places. The question is in the audit before the answer is read."""
    if until <= since:
        raise TraceError(_("The end lies before the beginning. Nothing was looked up; change the times."))
    with write_lock():
        audit.record(
            by=by, act="gates.traced", now=now, target=f"subject:{subject_id}",
            detail={"purpose": purpose.value, "since": clock.to_us(since), "until": clock.to_us(until)},
        )  # fmt: skip
    return trace(subject_id=subject_id, since_us=clock.to_us(since), until_us=clock.to_us(until), held=held)
