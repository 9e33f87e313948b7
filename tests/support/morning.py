"""A morning at the two towers of `works`: enterprises that are accepted back, and a crowd on their ledgers."""

from datetime import date, datetime, timedelta
from uuid import UUID

from fangxian.places.models import Place
from fangxian.registry.models import Subject, SubjectKind
from fangxian.shared import clock
from fangxian.workplaces.actions import waves
from fangxian.workplaces.models import Filing, FilingStatus, Returning, Verdict, WavePlan
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.wave.whatif import Change


def crowd(enterprise_id: UUID, place: Place, count: int, now: datetime, *, home: int = 0) -> None:
    """So many people who may work, the first `home` of them from home."""
    now_us, playbook_id = clock.to_us(now), plan_at(now).playbook_id
    people = Subject.objects.bulk_create(
        [Subject(kind=SubjectKind.PERSON, label=f"员工{n}", created_us=now_us) for n in range(count)]
    )
    Returning.objects.bulk_create(
        [
            Returning(
                enterprise_id=enterprise_id, place=place, person=person, left_shanghai=False, verdict=Verdict.NOW,
                home_office=number < home, since_us=now_us, by="test", playbook_id=playbook_id, decided_us=now_us,
            )
            for number, person in enumerate(people)
        ]
    )  # fmt: skip


def accepted(
    enterprise_id: UUID, place: Place, now: datetime, *, ask: tuple[int, int] | None = (510, 540), home: int = 0,
    start_on: date | None = None, status: str = FilingStatus.ACCEPTED,
) -> Filing:  # fmt: skip
    now_us = clock.to_us(now)
    return Filing.objects.create(
        enterprise_id=enterprise_id, place=place, status=status, version=1, in_charge="张经理", start_on=start_on,
        ask_from=ask and ask[0], ask_until=ask and ask[1], ask_home=home, created_us=now_us, changed_us=now_us,
        by="test",
    )  # fmt: skip


def tenants(place: Place, sizes: dict[str, int], now: datetime) -> dict[str, UUID]:
    """Further enterprises, accepted and asking for half past eight, each with so many people."""
    made: dict[str, UUID] = {}
    for name, people in sizes.items():
        made[name] = Subject.objects.create(kind=SubjectKind.ENTERPRISE, label=name, created_us=clock.to_us(now)).id
        accepted(made[name], place, now)
        crowd(made[name], place, people, now)
    return made


def worked_out(place: Place, now: datetime, day: date | None = None, what_if: tuple[Change, ...] = ()) -> WavePlan:
    """A plan asked for, for tomorrow unless a day is named, and worked out."""
    plan = waves.ask(
        place=place, day=day or clock.local_day(now) + timedelta(days=1), what_if=what_if, by="test", now=now
    )
    assert waves.work_next(now=now) == 1
    plan.refresh_from_db()
    return plan
