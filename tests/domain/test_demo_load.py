"""The demonstration street in the database: small here, whole in `script/server`."""

from datetime import date, time, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import Sum

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.demo import morning
from fangxian.demo.cast import PASSWORD
from fangxian.duties.models import Cause, Gap, GapStatus, Tally
from fangxian.gates.models import Check, Device, GateSetup, Outcome, Pass, PassKind
from fangxian.gates.queries import hot
from fangxian.hygiene.models import DisinfectionLog
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Enterprise, ImportBatch, Person, Relation, Vehicle
from fangxian.screening.models import DoorVisit, Round, RoundStatus, VehicleSighting
from fangxian.shared import clock

TODAY = date(2020, 2, 17)
HALF_PAST_TEN = clock.at(TODAY, time(10, 30))


def load(**options: object) -> str:
    # the clock stands still between tests, so what the hot path keeps for seconds would never be over
    hot.forget()
    out = StringIO()
    call_command("load_demo", stdout=out, households=60, **options)
    return out.getvalue()


@pytest.mark.django_db
def test_it_loads_a_street_in_the_middle_of_its_work() -> None:
    with time_machine.travel(HALF_PAST_TEN, tick=True):
        said = load()
    assert PASSWORD in said
    assert Place.objects.filter(kind=PlaceKind.NEIGHBOURHOOD).count() == 20
    assert Place.objects.filter(kind=PlaceKind.DWELLING).count() == 60
    # positions are given only where they are known, as GeoJSON: longitude before latitude
    plaza = Place.objects.get(kind=PlaceKind.BUILDING, name="古北财富中心二期")
    assert plaza.geometry == {"type": "Point", "coordinates": [121.403, 31.198]}
    assert Person.objects.count() > 150
    assert Person.objects.exclude(nationality="CN").exists()
    assert Vehicle.objects.count() > 20
    assert Enterprise.objects.count() == 5
    # every list came in whole, but for the rows that are wrong on purpose: one in each building's list of employees
    assert {(batch.kind, batch.refused) for batch in ImportBatch.objects.filter(refused__gt=0)} == {("persons", 1)}
    for batch in ImportBatch.objects.all():
        assert batch.rows == batch.created + batch.updated + batch.unchanged + batch.refused
    assert Round.objects.filter(status=RoundStatus.OPEN).count() > 1
    assert DoorVisit.objects.exists()
    assert VehicleSighting.objects.exists()
    assert DisinfectionLog.objects.exists()
    assert GateSetup.objects.count() == Place.objects.filter(kind=PlaceKind.GATE).count() > 0
    assert Device.objects.exists()
    assert set(Pass.objects.values_list("kind", flat=True)) >= {PassKind.EMPLOYEE}
    assert Check.objects.filter(outcome=Outcome.ADMIT).exists()

    tallies = Tally.objects.values("kind").annotate(enrolled=Sum("enrolled"), uncovered=Sum("uncovered"))
    numbers = {row["kind"]: (row["enrolled"], row["uncovered"]) for row in tallies}
    lives = Attachment.objects.filter(relation=Relation.LIVES, until__isnull=True)
    assert numbers["person"][0] == lives.values("subject").distinct().count() > 100
    assert numbers["vehicle"][0] == Vehicle.objects.count()
    assert 0 < numbers["person"][1] < numbers["person"][0] // 2
    ages = {
        clock.local_day(clock.from_us(lapsed))
        for lapsed in Gap.objects.filter(status=GapStatus.OPEN).values_list("lapsed_us", flat=True)
    }
    assert TODAY - timedelta(days=1) in ages
    assert not Gap.objects.filter(lapsed_us__gt=clock.to_us(HALF_PAST_TEN) + clock.MINUTE_US * 5).exists()

    for role in Role.values:
        staff = Staff.objects.filter(grants__role=role).order_by("created_at", "username")
        assert any(one.has_usable_password() and one.check_password(PASSWORD) for one in staff), role

    with pytest.raises(CommandError, match="fresh-street"):
        load()


@pytest.mark.django_db
def test_it_refuses_a_weak_password_and_a_street_too_small() -> None:
    with pytest.raises(CommandError):
        load(password="12345")
    with pytest.raises(CommandError):
        call_command("load_demo", stdout=StringIO(), households=3)
    assert not Place.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_erases_only_when_it_is_told_to() -> None:
    with time_machine.travel(HALF_PAST_TEN, tick=True):
        Staff.objects.create(username="somebody", name="某人", created_at=HALF_PAST_TEN)
        with pytest.raises(CommandError, match="fresh-street"):
            load()
        assert Staff.objects.filter(username="somebody").exists()
        load(fresh_street=True)
    assert not Staff.objects.filter(username="somebody").exists()
    assert Staff.objects.filter(username="leader").exists()
    assert Gap.objects.filter(cause=Cause.MISSED).exists()


@pytest.mark.parametrize(
    ("day", "hour", "yesterday", "today"),
    [(17, time(10, 30), 16, 17), (17, time(23, 50), 16, 17), (18, time(3, 0), 16, 17), (18, time(7, 0), 17, 18)],
)
def test_today_begins_at_seven(day: int, hour: time, yesterday: int, today: int) -> None:
    when = morning.timeline(clock.at(date(2020, 2, day), hour))
    assert (when.yesterday.day, when.today.day) == (yesterday, today)
    assert when.steps()[-1] == when.end
    assert all(when.begin < step <= when.end for step in when.steps())
