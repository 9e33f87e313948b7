"""One-off duties, given by a person or by what happened."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.duties.actions.errors import DutyError
from fangxian.duties.actions.plan import ONE_OFF, system_cohort, system_rule
from fangxian.duties.ledger import Ledger
from fangxian.duties.models import Duty, OneOff
from fangxian.places.models import Place
from fangxian.places.queries import counting_nodes
from fangxian.registry.models import Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.writer import write_lock


@write_lock()
def give(
    *, title: str, place: Place, until: datetime, by: str, now: datetime, role: str = "", staff: UUID | None = None,
    about: UUID | None = None, note: str = "", source: str = "", system: str = ONE_OFF,
) -> Duty:  # fmt: skip
    """Give a one-off duty: what, to whom (a role near the place, or one person), until when."""
    if not title.strip():
        raise DutyError(_("Say what is to be done."))
    if not role and staff is None:
        raise DutyError(_("Say who is to do it: a role or a person."))
    if until <= now and system == ONE_OFF:
        raise DutyError(_("The time by which it is to be done lies in the past. Choose a later one."))
    now_us, due_us = clock.to_us(now), clock.to_us(until)
    rule, cohort = system_rule(system), system_cohort(system)
    subject = Subject.objects.create(kind=SubjectKind.WORK, label=title.strip()[:120], created_us=now_us)
    node_id = counting_nodes([place])[place.id]
    opens_us = min(clock.day_start_us(clock.local_day(now)), due_us)
    duty = Duty.objects.create(
        rule=rule, cohort=cohort, subject=subject, place=place, node_id=node_id, node_next_id=node_id,
        window_us=opens_us, due_us=due_us, deadline_us=due_us,
    )  # fmt: skip
    OneOff.objects.create(
        duty=duty, title=title.strip()[:120], note=note[:400], role=role, staff=staff, about_id=about, source=source,
        given_us=now_us, given_by=by,
    )  # fmt: skip
    ledger = Ledger()
    ledger.count((rule.id, cohort.id, duty.window_us, node_id), "expected")
    ledger.post()
    audit.record(by=by, act="duties.given", now=now, target=f"duty:{duty.id}", place=place.id)
    return duty
