"""Around the queue: places yielded, addresses that two claim, homes that one telephone call brings somebody to."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.models import Duty, OneOff
from fangxian.masks.actions import desk, register
from fangxian.masks.actions.desk import HomeVisit
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.following import owe
from fangxian.masks.models import (
    Attempt,
    Call,
    CallStatus,
    Collection,
    Dispute,
    DisputeStatus,
    Registration,
    Special,
    SpecialUnit,
    Yield,
)
from fangxian.masks.playbook import CALLED, DELIVER
from fangxian.masks.queries.training import is_trained, untrained
from fangxian.notices.models import Channel
from fangxian.places.models import Place
from fangxian.rota.models import Training
from fangxian.shared import clock, crypto
from fangxian.shared.ids import new_id
from tests.support.factories import MORNING, make_staff
from tests.support.mask_goods import TUESDAY, Goods, call, doors, prove, selling
from tests.support.mask_goods import register as registered
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db

OPEN = MORNING + timedelta(hours=2)  # registration began at nine


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def waiting(goods: Goods, door: int = 5, **fields: object) -> Registration:
    return registered(goods.ground, doors(goods, 0)[door], goods.ground.committees[0], **fields)


# ---------------------------------------------------------------------------------------------------------- yielding


def test_a_place_is_yielded_once_and_audited() -> None:
    goods = selling()
    row = waiting(goods)
    desk.yield_place(registration=row, by="", now=OPEN)
    with pytest.raises(MaskError, match="yielded already"):
        desk.yield_place(registration=row, by="", now=OPEN)
    assert Yield.objects.count() == 1
    entry = Entry.objects.get(act="masks.place.yielded")
    assert (entry.actor, entry.target) == ("resident", f"registration:{row.id}")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"urgent": True}, "urgent need itself"),
        ({"withdrawn_us": 1}, "withdrawn"),
        ({"called": True}, "called already"),
    ],
)
def test_there_is_no_place_to_yield(fields: dict[str, object], said: str) -> None:
    goods = selling(called=1)
    row = goods.calls[0].registration if fields.pop("called", False) else waiting(goods, **fields)
    with pytest.raises(MaskError, match=said):
        desk.yield_place(registration=row, by="", now=OPEN)
    assert not Yield.objects.exists()


# ---------------------------------------------------------------------------------------------------------- disputes


def claim(row: Registration, phone: str = "13812345678") -> Dispute:
    return desk.dispute(
        registration=row, claimant="李梅", phone=phone, statement="房子是我的", by="", now=OPEN
    )  # fmt: skip


def test_a_dispute_has_an_owner_and_a_deadline_and_names_nobody() -> None:
    row = waiting(selling())
    made = claim(row)
    duty = Duty.objects.get(id=made.duty_id)
    assert duty.due_us == clock.to_us(OPEN) + 24 * clock.HOUR_US
    assert (duty.one_off.role, duty.place_id) == (Role.COMMITTEE_SECRETARY, row.committee_id)
    assert "R2-何家角-0004" in duty.one_off.title
    assert made.phone_mask == "138****5678"
    said = " ".join([duty.one_off.title, duty.one_off.note, *[str(e.detail) for e in Entry.objects.all()]])
    for name in ("李梅", "王海", "13812345678"):
        assert name not in said
    with pytest.raises(MaskError, match="open already"):
        claim(row)
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.create(registration=row, claimant="赵", made_us=1)


def test_upheld_the_number_is_the_claimants_at_the_same_place() -> None:
    row = waiting(selling(), phone_mask="139****0000", verified=True, document_mask="3101", digit=3, birth_year=1950)
    made = claim(row)
    desk.decide_dispute(
        dispute=made, uphold=True, reason="产证核对", by="desk", now=OPEN, document="11010519491231002X",
        document_kind="",
    )  # fmt: skip
    new = Registration.objects.get(id=row.id)
    assert (new.applicant, new.seq, new.unit, new.wants) == ("李梅", row.seq, row.unit, row.wants)
    assert new.secret != row.secret
    assert (new.phone_mask, new.birth_year, new.verified) == ("138****5678", 1949, True)
    assert new.document_mask.startswith("110105")
    assert crypto.unseal(new.phone_sealed, register.phone_aad(new.id)) == "+8613812345678"  # type: ignore[arg-type]  # it is set
    assert Dispute.objects.get().status == DisputeStatus.UPHELD
    assert Duty.objects.get(id=made.duty_id).last_us is not None
    entry = Entry.objects.get(act="masks.dispute.upheld")
    assert "李梅" not in str(entry.detail)
    with pytest.raises(MaskError, match="decided already"):
        desk.decide_dispute(dispute=made, uphold=False, reason="x", by="desk", now=OPEN)


def test_dismissed_the_number_stays_and_another_dispute_may_be_raised() -> None:
    row = waiting(selling())
    desk.decide_dispute(dispute=claim(row), uphold=False, reason="租客已搬", by="desk", now=OPEN)
    assert Registration.objects.get(id=row.id).applicant == "王海"
    assert claim(row).status == DisputeStatus.OPEN


def test_what_was_collected_cannot_be_given_to_another() -> None:
    goods = selling(called=1)
    made = claim(goods.calls[0].registration)
    Call.objects.update(status=CallStatus.COLLECTED)
    with pytest.raises(MaskError, match="collected already"):
        desk.decide_dispute(dispute=made, uphold=True, reason="产证核对", by="desk", now=OPEN)
    assert Dispute.objects.get().status == DisputeStatus.OPEN


@pytest.mark.parametrize(
    ("claimant", "phone", "withdrawn"), [(" ", "", None), ("李梅", "12", None), ("李梅", "", 1)]
)  # fmt: skip
def test_a_dispute_that_cannot_be(claimant: str, phone: str, withdrawn: int | None) -> None:
    row = waiting(selling(), withdrawn_us=withdrawn)
    with pytest.raises(MaskError):
        desk.dispute(registration=row, claimant=claimant, phone=phone, statement="", by="", now=OPEN)
    assert not Dispute.objects.exists()


# ---------------------------------------------------------------------------------------------------- special groups


def test_who_waits_becomes_special_with_the_home() -> None:
    goods = selling(called=1)
    row, called = waiting(goods), goods.calls[0].registration
    for unit in (row.unit, called.unit):
        desk.mark_special(
            unit=Place.objects.get(id=unit), group=Special.ELDERLY, deliver=True, by="desk", now=OPEN
        )  # fmt: skip
    row.refresh_from_db()
    called.refresh_from_db()
    assert (row.special, row.deliver) == (Special.ELDERLY, True)
    assert (called.special, called.deliver) == ("", False)  # its place was given out already
    assert desk.mark_special(
        unit=Place.objects.get(id=row.unit), group=Special.NONE, deliver=False, by="desk", now=OPEN
    ) is None  # fmt: skip
    row.refresh_from_db()
    assert row.special == ""
    assert SpecialUnit.objects.count() == 1


# -------------------------------------------------------------------------------------------------------- home visits


def ask(goods: Goods, door: int = 5, **fields: object) -> HomeVisit:
    return desk.ask_home(
        round=goods.ground.round, unit=doors(goods, 0)[door], applicant="周奶奶", phone="62751234", by="desk", now=OPEN,
        **fields,
    )  # type: ignore[arg-type]  # a table of its keywords  # fmt: skip


def test_one_call_registers_and_gives_the_visit_to_somebody_by_name() -> None:
    goods = selling()
    worker = make_staff(Role.COMMITTEE_WORKER, goods.ground.committees[0], "小陈")
    visit = ask(goods, staff=worker.id, group=Special.ELDERLY)
    row = Registration.objects.get(id=visit.registration_id)
    assert (row.channel, row.deliver, row.special, row.wants) == ("phone", True, Special.ELDERLY, "adult=5")
    assert visit.voucher == "R2-何家角-0004"
    task = OneOff.objects.get(duty=visit.duty_id)
    assert (task.staff, task.about_id, task.duty.place_id) == (worker.id, row.unit, row.unit)
    assert "周奶奶" not in task.title + task.note
    assert SpecialUnit.objects.get().deliver


def test_the_same_call_again_changes_nothing() -> None:
    goods = selling()
    ident = new_id()
    first, second = ask(goods, id=ident), ask(goods, id=ident)
    assert first == second
    assert ask(goods).duty_id == first.duty_id  # a second call about the same home
    assert OneOff.objects.count() == 1


def test_a_home_that_is_registered_keeps_its_number_and_is_brought_its_goods() -> None:
    goods = selling(called=1)
    made = call(goods, waiting(goods), slot=1)
    visit = ask(goods)
    assert visit.registration_id == made.registration_id
    assert Registration.objects.get(id=visit.registration_id).deliver
    assert Duty.objects.filter(cohort__key=DELIVER, subject_id=made.registration.unit).count() == 1
    assert Attempt.objects.count() == 1


def test_a_round_that_is_closed_says_so_and_keeps_nothing() -> None:
    goods = selling()
    with pytest.raises(MaskError, match="closed"):
        desk.ask_home(
            round=goods.ground.round, unit=doors(goods, 0)[5], applicant="周奶奶", phone="", by="desk",
            now=OPEN + timedelta(days=20),
        )  # fmt: skip
    assert not OneOff.objects.exists()
    assert not SpecialUnit.objects.exists()


def test_the_visit_stays_until_number_and_goods_are_at_the_door() -> None:
    goods = selling()
    visit = ask(goods)
    row = Registration.objects.get(id=visit.registration_id)
    with pytest.raises(MaskError, match="not called yet"):
        desk.delivered(registration=row, by="desk", now=TUESDAY)
    made = call(goods, row, slot=2)
    owe(calls=[made], by="test", now=TUESDAY)
    assert Duty.objects.get(id=visit.duty_id).last_us is None
    [taken] = desk.delivered(registration=row, by="desk", now=TUESDAY + timedelta(hours=3))
    assert (taken.status, taken.voucher, taken.money_fen) == ("stored", visit.voucher, 1250)
    for cohort in (DELIVER, CALLED):
        assert Duty.objects.get(cohort__key=cohort, subject_id=row.unit).last_us is not None
    assert Duty.objects.get(id=visit.duty_id).last_us is not None
    assert Collection.objects.get().standing
    prove(goods)
    assert desk.delivered(registration=row, by="desk", now=TUESDAY + timedelta(hours=4)) == []
    assert Collection.objects.count() == 1


def test_what_may_not_be_handed_out_is_not_delivered() -> None:
    goods = selling()
    visit = ask(goods)
    row = Registration.objects.get(id=visit.registration_id)
    call(goods, row)
    with pytest.raises(MaskError, match="time to collect"):
        desk.delivered(registration=row, by="desk", now=TUESDAY + timedelta(days=3))
    assert not Collection.objects.exists()
    assert Duty.objects.get(id=visit.duty_id).last_us is None
    prove(goods)


# ------------------------------------------------------------------------------------------------------------ telling


def test_the_called_are_told_once() -> None:
    goods = selling(called=3)
    owe(calls=goods.calls, by="test", now=TUESDAY)
    assert desk.told(calls=goods.calls[:2], channel=Channel.PHONE, by="desk", now=TUESDAY) == 2
    assert desk.told(calls=goods.calls, channel=Channel.SMS, by="desk", now=TUESDAY) == 1
    channels = list(Call.objects.order_by("slot_from_us").values_list("told_channel", flat=True))
    assert channels == [Channel.PHONE, Channel.PHONE, Channel.SMS]
    assert Duty.objects.filter(cohort__key=CALLED, last_us__isnull=False).count() == 3
    assert desk.told(calls=[], channel=Channel.SMS, by="desk", now=TUESDAY) == 0


def test_nobody_is_told_of_a_call_that_does_not_hold() -> None:
    goods = selling(called=1)
    Call.objects.update(status=CallStatus.VOID)
    assert desk.told(calls=goods.calls, channel=Channel.PHONE, by="desk", now=TUESDAY) == 0


@pytest.mark.django_db(transaction=True)
def test_two_desks_yield_and_tell_at_once() -> None:
    goods = selling(called=3)
    row = waiting(goods)
    refused: list[str] = []

    def give_place() -> None:
        try:
            desk.yield_place(registration=row, by="desk", now=OPEN)
        except MaskError as error:
            refused.append(str(error))

    told: list[int] = []
    at_once(
        give_place, give_place,
        *[lambda: told.append(desk.told(calls=goods.calls, channel=Channel.SMS, by="desk", now=TUESDAY))] * 2,
    )  # fmt: skip
    assert Yield.objects.count() == 1
    assert len(refused) == 1
    assert sum(told) == 3


# ----------------------------------------------------------------------------------------------------------- training


def test_who_has_not_signed_is_known_before_the_round() -> None:
    goods = selling()
    ground = goods.ground
    pharmacist = make_staff(Role.PHARMACY, goods.pharmacy, "陈药师")
    secretary = make_staff(Role.COMMITTEE_SECRETARY, ground.committees[1], "林书记")
    make_staff(Role.GRID_WORKER, ground.committees[1], "网格员")
    names = {(line.name, line.place_name) for line in untrained(ground.round, TUESDAY)}
    assert names == {("陈药师", "第1药房"), ("林书记", "虹储居委会")}
    Training.objects.create(staff=secretary, topic="mask-round", signed_us=1, by="test")
    assert [line.staff_id for line in untrained(ground.round, TUESDAY)] == [pharmacist.id]
    assert [is_trained(by, TUESDAY) for by in (pharmacist.actor, secretary.actor, "worker", "")] == [
        False, True, True, True,
    ]  # fmt: skip
