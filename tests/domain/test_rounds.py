"""Rounds: who is enrolled, what a visit does, and what follows from it."""

from datetime import UTC, datetime, timedelta

import pytest

from fangxian.accounts.roles import Role
from fangxian.duties.actions import sweep
from fangxian.duties.models import Duty, Fulfilment, Gap, GapStatus, Member, OneOff
from fangxian.duties.queries import recount
from fangxian.places.actions import close as close_place
from fangxian.registry.actions import attach, detach
from fangxian.registry.models import Attachment, Change, ChangeKind, Relation, Subject
from fangxian.screening import queries
from fangxian.screening.actions import (
    PersonAnswer,
    Sighting,
    Status,
    Visit,
    close_round,
    open_round,
    record_sighting,
    record_visit,
    record_visits,
)
from fangxian.screening.folds import fold_places, fold_register
from fangxian.screening.models import (
    DoorVisit,
    FindingStatus,
    Mark,
    Round,
    RoundKind,
    UnregisteredFinding,
    VehicleSighting,
    VisitPerson,
)
from fangxian.screening.queries import DoorState
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support import ground as g

pytestmark = pytest.mark.django_db
NOW = datetime(2020, 2, 18, 1, 0, tzinfo=UTC)
DUE = NOW + timedelta(hours=10)
BY = "a" * 32


@pytest.fixture
def here() -> g.Ground:
    return g.street_like(NOW)


def opened(here: g.Ground, kinds: tuple[str, ...] = tuple(RoundKind.values)) -> Round:
    return open_round(
        title="第一轮", place=here.neighbourhood, kinds=kinds, opens_at=NOW, due_at=DUE, by=BY, now=NOW, polite=False
    )


def visit(round: Round, door: object, disposition: str, at: datetime = NOW, **more: object) -> Visit:
    return Visit(new_id(), round.id, door.id, disposition, at, **more)  # type: ignore[attr-defined, arg-type]  # a short hand


def owed(round: Round, cohort: str) -> set[object]:
    rows = Duty.objects.filter(cohort__key=cohort, cohort__instance=round.instance, deadline_us__isnull=False)
    return set(rows.values_list("subject_id", flat=True))


def given(round: Round) -> list[tuple[str, str]]:
    """One-off duties by what gave rise to them and whose they are."""
    return sorted((source.split(":")[0], role) for source, role in OneOff.objects.values_list("source", "role"))


def test_opening_enrols_every_door_person_and_vehicle_once(here: g.Ground) -> None:
    g.person("王敏", here.door(1, "101"), NOW)
    twice = g.person("李强", here.door(1, "102"), NOW)
    Attachment.objects.create(subject=twice, relation=Relation.LIVES, place=here.door(2, "202"), since=NOW.date())
    g.vehicle("沪A12345", here.compound, NOW)
    round = opened(here)
    assert Member.objects.filter(cohort__key="round-doors").count() == 8
    assert Member.objects.filter(cohort__key="round-people").count() == 2
    assert Member.objects.filter(cohort__key="round-vehicles").count() == 1
    total = queries.progress(round).total
    assert {kind: tally.expected for kind, tally in total.items()} == {"doors": 8, "people": 2, "vehicles": 1}
    assert recount(here.street) == []


def test_meeting_people_covers_the_door_and_those_named(here: g.Ground) -> None:
    met = g.person("王敏", here.door(1, "101"), NOW)
    unseen = g.person("王小明", here.door(1, "101"), NOW)
    round = opened(here)
    answer = record_visit(
        item=visit(round, here.door(1, "101"), "met", people=(PersonAnswer("present", met.id),)), by=BY, now=NOW
    )
    assert answer.status == Status.STORED
    assert here.door(1, "101").id not in owed(round, "round-doors")
    assert owed(round, "round-people") == {unseen.id}
    assert recount(here.street) == []


def test_the_same_record_again_changes_nothing(here: g.Ground) -> None:
    round = opened(here)
    item = visit(round, here.door(1, "101"), "met", people=(PersonAnswer("present", name="佐藤健"),))
    first = record_visit(item=item, by=BY, now=NOW)
    again = record_visits(items=[item, item], by=BY, now=NOW + timedelta(hours=1))
    assert first.status == Status.STORED
    assert [answer.status for answer in again] == [Status.KNOWN, Status.KNOWN]
    assert (DoorVisit.objects.count(), VisitPerson.objects.count(), Fulfilment.objects.count()) == (1, 1, 1)
    assert UnregisteredFinding.objects.count() == 1


def test_nobody_home_leaves_the_door_owed_with_a_next_try(here: g.Ground) -> None:
    round = opened(here)
    record_visit(item=visit(round, here.door(1, "101"), "nobody_home"), by=BY, now=NOW)
    row = DoorVisit.objects.get()
    assert row.next_try_us == clock.to_us(NOW + timedelta(hours=4))
    assert here.door(1, "101").id in owed(round, "round-doors")
    door = next(d for d in queries.doors(round, here.grids[0]) if d.id == here.door(1, "101").id)
    assert door.state == DoorState.AGAIN
    assert queries.next_tries([door], NOW) == [door]


def test_the_last_try_in_vain_raises_the_escalation(here: g.Ground) -> None:
    round = opened(here)
    for hours in range(3):
        at = NOW + timedelta(hours=hours)
        record_visit(item=visit(round, here.door(1, "101"), "nobody_home", at), by=BY, now=at)
        step = Duty.objects.get(subject_id=here.door(1, "101").id).step
        assert step == (1 if hours == 2 else 0)


def test_a_refusal_goes_up_and_to_police_and_secretary_once(here: g.Ground) -> None:
    round = opened(here)
    for _again in range(2):
        record_visit(item=visit(round, here.door(1, "101"), "refused"), by=BY, now=NOW)
    assert given(round) == [("refused", "committee_secretary"), ("refused", "community_police")]
    assert Duty.objects.get(subject_id=here.door(1, "101").id).step >= 1


def test_vacant_while_people_are_registered_is_marked_and_followed_up(here: g.Ground) -> None:
    g.person("王敏", here.door(1, "101"), NOW)
    round = opened(here)
    answer = record_visit(item=visit(round, here.door(1, "101"), "vacant"), by=BY, now=NOW)
    assert answer.marks == (Mark.REGISTERED_THERE,)
    assert given(round) == [("vacant", "committee_worker")]
    assert len(owed(round, "round-people")) == 1


def test_somebody_unknown_becomes_a_finding_and_is_covered_once_registered(here: g.Ground) -> None:
    round = opened(here)
    door = here.door(1, "201")
    record_visit(item=visit(round, door, "met", people=(PersonAnswer("present", name="Kim Min-jun"),)), by=BY, now=NOW)
    assert given(round) == [("finding", "committee_worker")]
    known = g.person("KIM Min Jun", door, NOW)
    while fold_register(now=NOW + timedelta(hours=1)):
        pass
    found = UnregisteredFinding.objects.get()
    assert (found.status, found.subject_id) == (FindingStatus.REGISTERED, known.id)
    assert owed(round, "round-people") == set()
    assert Fulfilment.objects.filter(duty__subject=known, outcome="met").exists()
    assert not Duty.objects.filter(one_off__isnull=False, deadline_us__isnull=False).exists()
    assert recount(here.street) == []


def test_a_typed_name_of_somebody_registered_behind_the_door_is_that_person(here: g.Ground) -> None:
    known = g.person("陳大文", here.door(1, "101"), NOW)
    round = opened(here)
    record_visit(
        item=visit(round, here.door(1, "101"), "met", people=(PersonAnswer("present", name="陈大文"),)), by=BY, now=NOW
    )
    assert VisitPerson.objects.get().subject_id == known.id
    assert not UnregisteredFinding.objects.exists()


def test_travel_to_a_key_region_goes_to_health_staff_and_secretary(here: g.Ground) -> None:
    met = g.person("王敏", here.door(1, "101"), NOW)
    round = opened(here)
    people = (PersonAnswer("present", met.id, travel="key_region", regions=("hubei",)),)
    record_visit(item=visit(round, here.door(1, "101"), "met", people=people), by=BY, now=NOW)
    assert given(round) == [("travel", "committee_secretary"), ("travel", "health_staff")]


def test_a_late_record_of_a_door_that_was_seen_in_time_blames_nobody(here: g.Ground) -> None:
    round = opened(here)
    after = DUE + timedelta(hours=3)
    sweep(now=after)
    assert Gap.objects.filter(status=GapStatus.OPEN).count() == 8
    item = visit(round, here.door(1, "101"), "met", DUE - timedelta(hours=1), offline=True, known_since=NOW)
    record_visit(item=item, by=BY, now=after)
    gap = Gap.objects.get(duty__subject_id=here.door(1, "101").id)
    assert (gap.status, gap.outcome) == (GapStatus.CLOSED, "met")
    assert recount(here.street) == []


def test_what_somebody_else_recorded_meanwhile_is_kept_and_marked(here: g.Ground) -> None:
    round = opened(here)
    door = here.door(1, "101")
    record_visit(
        item=visit(round, door, "nobody_home", NOW + timedelta(hours=1)), by="b" * 32, now=NOW + timedelta(hours=1)
    )
    mine = visit(round, door, "met", NOW + timedelta(minutes=30), offline=True, known_since=NOW)
    answer = record_visit(item=mine, by=BY, now=NOW + timedelta(hours=2))
    assert (answer.status, answer.marks) == (Status.STORED, (Mark.VISITED_MEANWHILE,))
    assert DoorVisit.objects.count() == 2


def test_a_record_after_closing_is_kept_and_marked(here: g.Ground) -> None:
    round = opened(here)
    close_round(round=round, by=BY, now=NOW + timedelta(hours=1))
    late = visit(round, here.door(1, "101"), "met", NOW + timedelta(hours=2))
    answer = record_visit(item=late, by=BY, now=NOW + timedelta(hours=2))
    assert (answer.status, answer.marks) == (Status.STORED, (Mark.ROUND_CLOSED,))


def test_what_names_nothing_is_refused_with_the_reason(here: g.Ground) -> None:
    round = opened(here)
    unknown = Visit(new_id(), round.id, here.compound.id, "met", NOW)
    answer = record_visit(item=unknown, by=BY, now=NOW)
    assert answer.status == Status.REFUSED
    assert answer.reason
    assert not DoorVisit.objects.exists()


def test_a_known_vehicle_is_covered_and_an_unknown_one_becomes_a_finding(here: g.Ground) -> None:
    known = g.vehicle("沪A12345", here.compound, NOW)
    round = opened(here)
    seen = Sighting(new_id(), round.id, "沪A·12345", here.compound.id, "resident", NOW)
    strange = Sighting(new_id(), round.id, "鄂A 12345", here.compound.id, "unknown", NOW)
    for item in (seen, strange, seen):
        record_sighting(item=item, by=BY, now=NOW)
    assert VehicleSighting.objects.count() == 2
    assert known.id not in owed(round, "round-vehicles")
    assert given(round) == [("finding", "special_guard")]
    assert not Subject.objects.filter(label="鄂A12345").exists()
    registered = g.vehicle("鄂A12345", None, NOW)
    while fold_register(now=NOW + timedelta(hours=1)):
        pass
    assert UnregisteredFinding.objects.get().status == FindingStatus.REGISTERED
    assert Member.objects.filter(cohort__key="round-vehicles", subject=registered).exists()
    assert owed(round, "round-vehicles") == set()
    assert recount(here.street) == []


def test_whoever_moves_in_is_enrolled_and_whoever_leaves_is_withdrawn(here: g.Ground) -> None:
    leaver = g.person("王敏", here.door(1, "101"), NOW)
    round = opened(here)
    comer = g.person("赵新", here.door(1, "102"), NOW)
    later = NOW + timedelta(hours=1)
    detach(attachment=leaver.attachments.get(), by=BY, now=later)
    while fold_register(now=later):
        pass
    assert owed(round, "round-people") == {comer.id}
    attach(subject=comer, relation=Relation.LIVES, place=here.door(2, "101"), by=BY, now=later)
    detach(attachment=comer.attachments.get(place=here.door(1, "102")), by=BY, now=later)
    while fold_register(now=later):
        pass
    assert Member.objects.get(subject=comer, until_us__isnull=True).node_id == here.grids[1].id
    assert recount(here.street) == []


def test_a_closed_door_is_let_go(here: g.Ground) -> None:
    round = opened(here)
    close_place(place=here.door(1, "101"), on=NOW.date(), by=BY, now=NOW)
    fold_places(now=NOW + timedelta(minutes=5))
    assert here.door(1, "101").id not in owed(round, "round-doors")
    assert recount(here.street) == []


def test_changes_are_folded_once(here: g.Ground) -> None:
    opened(here)
    g.person("赵新", here.door(1, "102"), NOW)
    assert fold_register(now=NOW) > 0
    while fold_register(now=NOW):
        pass
    assert fold_register(now=NOW) == 0
    assert Change.objects.filter(kind=ChangeKind.ADDED).exists()


def test_somebody_who_left_is_accounted_for_and_the_register_is_to_be_corrected(here: g.Ground) -> None:
    gone = g.person("王敏", here.door(1, "101"), NOW)
    round = opened(here)
    record_visit(item=visit(round, here.door(1, "101"), "met", people=(PersonAnswer("gone", gone.id),)), by=BY, now=NOW)
    assert owed(round, "round-people") == set()
    assert given(round) == [("gone", Role.COMMITTEE_WORKER.value)]
