"""Registering for a round: once for each address, in an order without gaps, by the server's clock."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.masks.actions import rounds
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.register import phone_aad, register, register_within, withdraw, writer
from fangxian.masks.doors import door_token
from fangxian.masks.models import Attempt, Counter, Registration, SpecialUnit
from fangxian.masks.queries import registrations as queries
from fangxian.masks.rules import Code
from fangxian.registry import identifiers
from fangxian.registry.identity import document_lookups, new_document
from fangxian.shared import clock, crypto
from fangxian.shared.ids import new_id
from tests.support.asks import ask
from tests.support.factories import MORNING, make_person, make_staff
from tests.support.masks import MaskGround, make_round
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

OPEN = MORNING + timedelta(hours=1)
"""09:00, the instant at which the round opens."""
IDENTITY = "310105194802121233"


@pytest.fixture
def ground() -> Iterator[MaskGround]:
    with translation.override("en"):
        yield make_round()
    writer().stop()


def test_numbers_of_a_committee_follow_each_other(ground: MaskGround) -> None:
    doors = ground.street.dwellings
    answers = register([ask(ground.round, door) for door in doors], OPEN)
    assert [one.status for one in answers] == ["stored"] * 12
    assert [one.voucher for one in answers[:3]] == ["R2-何家角-0001", "R2-何家角-0002", "R2-何家角-0003"]
    assert [one.seq for one in answers[6:]] == [1, 2, 3, 4, 5, 6]
    assert {row.last for row in Counter.objects.all()} == {6}
    row = Registration.objects.get(id=answers[0].id)
    assert (row.unit, row.wants, row.channel, row.received_us) == (
        doors[0].id, "adult=5", "page", clock.to_us(OPEN),
    )  # fmt: skip


def test_the_id_of_a_registration_opens_nothing_to_who_only_knows_the_address(ground: MaskGround) -> None:
    door = ground.street.dwellings[0]
    mine = ask(ground.round, door, document=IDENTITY)
    first = register([mine], OPEN)[0]
    address = {"address": "1号101", "id": mine.id}
    other = register([ask(ground.round, door, document="310105197503046543", **address)], OPEN)[0]
    assert (other.status, other.code, other.secret, other.voucher) == ("refused", Code.TAKEN, "", "")
    assert register([ask(ground.round, door, **address)], OPEN)[0].secret == ""
    for again in (mine, ask(ground.round, door, document=IDENTITY, **address), ask(ground.round, door, id=mine.id)):
        assert register([again], OPEN)[0].secret == first.secret


def test_the_round_opens_and_closes_to_the_microsecond(ground: MaskGround) -> None:
    door, other = ground.street.dwellings[:2]
    closing = clock.from_us(ground.round.register_until_us)
    early, late = OPEN - timedelta(microseconds=1), closing - timedelta(microseconds=1)
    assert register([ask(ground.round, door)], early)[0].code == Code.NOT_YET
    assert register([ask(ground.round, door)], OPEN)[0].code == Code.OK
    assert register([ask(ground.round, other)], closing + timedelta(seconds=1))[0].code == Code.CLOSED
    assert register([ask(ground.round, other, at=clock.to_us(late))], closing)[0].code == Code.CLOSED
    assert register([ask(ground.round, other)], late)[0].code == Code.OK
    assert sorted(Attempt.objects.values_list("code", flat=True)) == ["closed", "closed", "not_yet"]


def test_sending_again_answers_the_same_number(ground: MaskGround) -> None:
    one = ask(ground.round, ground.street.dwellings[0])
    first = register([one], OPEN)[0]
    again, twice = register([one, one], OPEN + timedelta(days=30))
    assert (again.status, twice.status) == ("known", "known")
    assert (again.voucher, again.secret) == (first.voucher, first.secret)
    assert Registration.objects.count() == 1
    elsewhere = ask(ground.round, ground.street.dwellings[1], id=one.id)
    refused = register([elsewhere], OPEN)[0]
    assert (refused.status, refused.secret, refused.voucher) == ("refused", "", "")


def test_the_second_comer_learns_the_number_and_no_name(ground: MaskGround) -> None:
    door = ground.street.dwellings[0]
    first, second = register([ask(ground.round, door), ask(ground.round, door, applicant="王芳")], OPEN)
    assert (second.status, second.code, second.standing) == ("refused", Code.TAKEN, first.voucher)
    assert "陈" not in repr(second)
    assert "dispute" in second.said
    attempt = Attempt.objects.get()
    assert (attempt.standing_id, attempt.unit) == (Registration.objects.get().id, door.id)
    register([ask(ground.round, door, id=attempt.id)], OPEN)
    assert Attempt.objects.count() == 1  # sent again is no second attempt


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"wants": {"adult": 6}}, Code.TOO_MANY),
        ({"wants": {"n95": 1}}, Code.TOO_MANY),
        ({"wants": {"adult": 0}}, Code.NOTHING),
        ({"wants": {}}, Code.NOTHING),
        ({"door": "A" * 43}, Code.UNKNOWN_DOOR),
        ({"door": ""}, Code.UNKNOWN_DOOR),
        ({"document": "310105194802121234"}, Code.BAD_DOCUMENT),
        ({"phone": "12345"}, Code.BAD_PHONE),
    ],
)
def test_what_is_wrong_is_refused_and_takes_no_number(
    ground: MaskGround, changes: dict[str, object], code: Code
) -> None:
    answer = register([ask(ground.round, ground.street.dwellings[0], **changes)], OPEN)[0]
    assert (answer.status, answer.code) == ("refused", code)
    assert answer.said
    assert Attempt.objects.get().code == code
    assert not Registration.objects.exists()
    assert register([ask(ground.round, ground.street.dwellings[0])], OPEN)[0].seq == 1


def test_a_code_of_another_round_or_a_unit_from_outside_opens_no_door(ground: MaskGround) -> None:
    door = ground.street.dwellings[0]
    other = door_token(new_id(), door.id)
    assert register([ask(ground.round, door=other)], OPEN)[0].code == Code.UNKNOWN_DOOR
    assert register([ask(ground.round, unit=door.id.hex)], OPEN)[0].code == Code.UNKNOWN_DOOR
    assert register([ask(ground.round, unit=door.id.hex)], OPEN, by="staff", trusted=True)[0].code == Code.OK
    block = ground.street.blocks[0]
    assert register([ask(ground.round, block)], OPEN)[0].code == Code.UNKNOWN_DOOR


def test_a_round_that_does_not_exist_or_is_cancelled_takes_nothing(ground: MaskGround) -> None:
    door = ground.street.dwellings[0]
    assert register([ask(ground.round, door, round="0" * 32)], OPEN)[0].code == Code.UNKNOWN_DOOR
    rounds.cancel(round=ground.round, reason="货源取消", by="test", now=OPEN)
    assert register([ask(ground.round, door)], OPEN)[0].code == Code.CANCELLED


def test_those_who_run_the_round_register_after_the_residents(ground: MaskGround) -> None:
    door, other = ground.street.dwellings[:2]
    secretary = make_staff(Role.COMMITTEE_SECRETARY, ground.committees[0], "李建国")
    secretary.phone = "13800138000"
    secretary.save()
    own = {"applicant": "李建国", "phone": "138 0013 8000"}
    assert register([ask(ground.round, door, **own)], OPEN)[0].code == Code.STAFF_LATER
    assert register([ask(ground.round, door)], OPEN, staff=True, trusted=True)[0].code == Code.STAFF_LATER
    # a namesake, and somebody for whom the secretary left the committee's telephone
    assert register([ask(ground.round, door, **own | {"phone": "13900139000"})], OPEN)[0].code == Code.OK
    assert register([ask(ground.round, other, phone="13800138000")], OPEN)[0].code == Code.OK
    after = clock.from_us(ground.round.staff_from_us)
    mine = register([ask(ground.round, ground.street.dwellings[2], **own)], after)[0]
    assert Registration.objects.get(id=mine.id).staff


def test_a_document_that_agrees_with_the_register_is_verified(ground: MaskGround) -> None:
    doors = ground.street.dwellings
    person = make_person("陈小明", doors[0])
    read = identifiers.read_document(IDENTITY)
    assert isinstance(read, identifiers.Document)
    new_document(person.subject_id, read, document_lookups(read)[0]).save()
    changes = {"document": "３１０１０５１９４８０２１２１２３３", "phone": "13800138000"}
    answers = register(
        [ask(ground.round, doors[0], **changes), ask(ground.round, doors[1], applicant="王芳", **changes)], OPEN
    )
    own, other = (Registration.objects.get(id=one.id) for one in answers)
    assert (own.verified, own.subject_id, own.digit, own.birth_year) == (True, person.subject_id, 3, 1948)
    assert (other.verified, other.subject_id) == (False, None)
    assert own.document_mask == "310105********1233"
    assert own.phone_mask == "138****8000"
    assert crypto.unseal(own.phone_sealed or b"", phone_aad(own.id)) == "+8613800138000"
    [twice] = queries.same_document(ground.round)
    assert [line.seq for line in twice] == [1, 2]


def test_a_passport_is_taken_and_counts_as_seen_at_the_desk_only(ground: MaskGround) -> None:
    doors = ground.street.dwellings
    passport = {"document": "TR1234567", "document_kind": "护照", "country": "JP", "applicant": "TANAKA Hiroshi"}
    desk, page = (
        register([ask(ground.round, doors[0], channel="desk", **passport)], OPEN, by="s", trusted=True)[0],
        register([ask(ground.round, doors[1], channel="desk", **passport)], OPEN)[0],
    )
    shown, sent = (Registration.objects.get(id=one.id) for one in (desk, page))
    assert (shown.verified, shown.document_kind, shown.channel, shown.by) == (True, "passport", "desk", "s")
    assert (sent.verified, sent.channel, sent.by) == (False, "page", "")


def test_the_reserve_is_for_homes_that_the_committee_knows(ground: MaskGround) -> None:
    doors = ground.street.dwellings
    SpecialUnit.objects.create(unit=doors[0], group="elderly", deliver=True, since_us=0, by="test")
    claims = {"special": "pregnant", "urgent": True}
    own, claimed = register([ask(ground.round, doors[0]), ask(ground.round, doors[1], **claims)], OPEN)
    entered = register([ask(ground.round, doors[2], **claims)], OPEN, by="s", trusted=True)[0]
    rows = [Registration.objects.get(id=one.id) for one in (own, claimed, entered)]
    assert [(row.special, row.urgent, row.deliver) for row in rows] == [
        ("elderly", False, True), ("", False, False), ("pregnant", True, False),
    ]  # fmt: skip


def test_a_withdrawn_number_stays_and_frees_the_address(ground: MaskGround) -> None:
    door, other = ground.street.dwellings[:2]
    first = register([ask(ground.round, door)], OPEN)[0]
    row = Registration.objects.get(id=first.id)
    withdraw(registration=row, reason="不需要了", by="", now=OPEN)
    with pytest.raises(MaskError, match="withdrawn already"):
        withdraw(registration=row, reason="", by="", now=OPEN)
    again, behind = register([ask(ground.round, door), ask(ground.round, other)], OPEN)
    assert (again.seq, behind.seq) == (2, 3)
    assert Entry.objects.filter(act="masks.registration.withdrawn").count() == 1
    mine = queries.by_secret(behind.secret)
    assert mine is not None
    assert (mine.before, mine.voucher, mine.address) == (1, "R2-何家角-0003", "何家角小区1号201室")


def test_the_table_itself_takes_one_for_each_address(ground: MaskGround) -> None:
    register([ask(ground.round, ground.street.dwellings[0])], OPEN)
    row = Registration.objects.get()
    row.id, row.seq, row.secret = new_id(), 2, "another"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
    row.unit, row.seq = ground.street.dwellings[1].id, 1
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_many_who_race_for_the_same_doors_get_one_number_each(ground: MaskGround) -> None:
    doors = ground.street.dwellings
    answers: list[str] = []

    def rush() -> None:
        for door in doors:
            one = ask(ground.round, door)
            found = register([one], OPEN)[0]
            again = register([one], OPEN)[0]
            assert (again.status == "known") == (found.status == "stored")
            answers.append(found.status)

    at_once(*[rush] * 8)
    assert answers.count("stored") == len(doors)
    assert Registration.objects.count() == len(doors)
    for committee in ground.committees:
        numbers = Registration.objects.filter(committee=committee).order_by("seq").values_list("seq", flat=True)
        assert list(numbers) == list(range(1, 7))
        assert Counter.objects.get(committee=committee).last == 6
    assert Attempt.objects.filter(code="taken").count() >= 7 * len(doors)


def test_two_processes_with_writers_of_their_own_never_share_a_number(ground: MaskGround) -> None:
    """`register_within` decides in the caller's transaction, as another process would beside this one's writer."""
    doors = ground.street.dwellings

    def through_the_writer() -> None:
        for door in doors:
            register([ask(ground.round, door)], OPEN)

    def beside_it() -> None:
        for door in reversed(doors):
            register_within([ask(ground.round, door)], OPEN)

    at_once(through_the_writer, beside_it, through_the_writer, beside_it)
    for committee in ground.committees:
        numbers = Registration.objects.filter(committee=committee).order_by("seq").values_list("seq", flat=True)
        assert list(numbers) == list(range(1, 7))


def test_a_number_is_found_however_it_is_typed(ground: MaskGround) -> None:
    doors = ground.street.dwellings
    register([ask(ground.round, door, phone="13800138000") for door in doors], OPEN)
    found = queries.by_voucher(ground.street.street, "ｒ２－虹储－０００３")
    assert found is not None
    assert (found.seq, found.committee_id) == (3, ground.committees[1].id)
    assert queries.by_voucher(ground.street.street, "R9-虹储-0003") is None
    lines = queries.registrations_of(ground.round, ground.committees[0])
    assert [line.seq for line in lines] == [1, 2, 3, 4, 5, 6]
    assert [
        line.seq for line in queries.registrations_of(ground.round, ground.committees[0], text="R2-何家角-0004")
    ] == [4]
    assert len(queries.registrations_of(ground.round, text="8000")) == 12


def test_the_address_of_a_second_round_is_free(ground: MaskGround) -> None:
    door = ground.street.dwellings[0]
    register([ask(ground.round, door)], OPEN)
    new = rounds.NewRound(goods="masks", register_from=date(2020, 2, 17), number=3)
    third = rounds.make_round(street=ground.street.street, new=new, by="test", now=MORNING)
    for committee, pharmacy in zip(ground.committees, ground.pharmacies, strict=True):
        rounds.add_outlet(round=third, pharmacy=pharmacy, by="test", now=MORNING)
        rounds.serve(round=third, committee=committee, pharmacy=pharmacy, by="test", now=MORNING)
    rounds.announce(round=third, by="test", now=MORNING)
    both = register([ask(ground.round, ground.street.dwellings[1]), ask(third, door)], OPEN)
    assert [one.voucher for one in both] == ["R2-何家角-0002", "R3-何家角-0001"]
