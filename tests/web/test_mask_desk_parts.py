"""The committee's pages beside the registration form: numbers, telling, visits, addresses, doors, special homes."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.models import OneOff
from fangxian.masks import letters
from fangxian.masks.actions import desk as acts
from fangxian.masks.actions import rounds
from fangxian.masks.actions.register import phone_aad
from fangxian.masks.actions.rounds import NewRound
from fangxian.masks.doors import read_door
from fangxian.masks.models import (
    Application,
    ApplicationStatus,
    Attempt,
    Call,
    Collection,
    Dispute,
    DisputeStatus,
    Registration,
    SpecialUnit,
    Yield,
)
from fangxian.masks.queries import committee as reads
from fangxian.masks.queries.registrations import waiting_applications
from fangxian.notices.models import Told
from fangxian.registry.models import Person
from fangxian.shared import clock, crypto
from fangxian.shared.ids import new_id
from tests.support.desk import NOW, at_desk
from tests.support.factories import make_person, make_staff
from tests.support.mask_goods import Goods, call, doors, selling
from tests.support.mask_goods import register as registered

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def goods() -> Iterator[Goods]:
    """Doors 0 to 2 of the committee are called for tomorrow; nobody knows it yet."""
    with time_machine.travel(NOW, tick=False):
        yield selling()


@pytest.fixture
def desk(goods: Goods) -> Client:
    return at_desk(make_staff(Role.COMMITTEE_SECRETARY, goods.ground.committees[0]))


def page(goods: Goods, name: str, *more: object) -> str:
    return reverse(f"mask-desk:{name}", args=[goods.ground.committees[0].id, *more])


def text(answer: HttpResponse) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def post(client: Client, to: str, **data: object) -> str:
    """What the page says that follows."""
    return text(client.post(to, data, follow=True))


def with_phone(row: Registration, phone: str = "+8613812345678") -> Registration:
    row.phone_sealed, row.phone_mask = crypto.seal(phone, phone_aad(row.id)), "138****5678"
    row.save()
    return row


# ------------------------------------------------------------------------------------------------------------ numbers


def test_a_number_is_found_by_name_by_the_last_digits_and_by_its_voucher(desk: Client, goods: Goods) -> None:
    row = with_phone(registered(goods.ground, doors(goods, 0)[4], goods.ground.committees[0], name="赵玉兰"))
    for written in ("玉兰", "5678", "r2－何家角－0004"):
        said = text(desk.post(page(goods, "numbers"), {"text": written, "show": "all"}))
        assert "赵玉兰" in said, written
        assert "R2-何家角-0001" not in said, written
    assert "Nobody found" in text(desk.post(page(goods, "numbers"), {"text": "不存在"}))
    assert row.phone_mask in text(desk.get(page(goods, "numbers")))


def test_a_list_shows_one_group_and_goes_on_page_by_page(
    desk: Client, goods: Goods, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(goods.ground, doors(goods, 0)[4], goods.ground.committees[0], name="急需人", urgent=True)
    said = text(desk.get(page(goods, "numbers"), {"show": "urgent"}))
    assert "急需人" in said
    assert "R2-何家角-0001" not in said
    monkeypatch.setattr(reads, "PAGE", 2)
    first = text(desk.get(page(goods, "numbers")))
    assert "after=2" in first
    assert "0003" not in first
    assert "R2-何家角-0003" in text(desk.get(page(goods, "numbers"), {"after": "2"}))


def test_a_number_is_withdrawn_with_a_reason_and_a_called_one_is_not(desk: Client, goods: Goods) -> None:
    row = registered(goods.ground, doors(goods, 0)[4], goods.ground.committees[0])
    assert "Say why" in post(desk, page(goods, "withdraw"), registration=row.id, reason=" ")
    assert "Withdrawn." in post(desk, page(goods, "withdraw"), registration=row.id, reason="搬走")
    row.refresh_from_db()
    assert (row.withdrawn_us, row.withdrawn_reason) == (clock.to_us(NOW), "搬走")
    called = goods.calls[0].registration
    assert "has been called" in post(desk, page(goods, "withdraw"), registration=called.id, reason="x")
    assert Registration.objects.get(id=called.id).withdrawn_us is None


def test_a_place_is_yielded_on_behalf(desk: Client, goods: Goods) -> None:
    row = registered(goods.ground, doors(goods, 0)[4], goods.ground.committees[0])
    assert "first urgent household" in post(desk, page(goods, "yield"), registration=row.id)
    assert Yield.objects.get().registration_id == row.id
    assert "yielded already" in post(desk, page(goods, "yield"), registration=row.id)


def test_slips_are_printed_of_called_numbers_alone(desk: Client, goods: Goods) -> None:
    answer = desk.post(page(goods, "slips"), {"pick": [str(one.registration_id) for one in goods.calls]})
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    waiting = registered(goods.ground, doors(goods, 0)[4], goods.ground.committees[0])
    assert "no slip to print" in post(desk, page(goods, "slips"), pick=str(waiting.id))


def test_a_household_that_withdrew_itself_is_named_in_words(desk: Client, goods: Goods) -> None:
    waiting = registered(goods.ground, doors(goods, 0)[4], goods.ground.committees[0])
    Registration.objects.filter(id=waiting.id).update(withdrawn_us=clock.to_us(NOW), withdrawn_reason="resident")
    assert '<span class="soft">the household itself</span>' in text(desk.get(page(goods, "numbers")))


def test_numbers_of_another_committee_cannot_be_touched(desk: Client, goods: Goods) -> None:
    there = with_phone(registered(goods.ground, doors(goods, 1)[0], goods.ground.committees[1]))
    for name in ("withdraw", "yield", "phone", "delivered"):
        assert desk.post(page(goods, name), {"registration": there.id, "reason": "x"}).status_code == 404, name
    there.refresh_from_db()
    assert there.withdrawn_us is None
    assert "no slip to print" in post(desk, page(goods, "slips"), pick=str(there.id))


# ------------------------------------------------------------------------------------------------------------ telling


def test_the_untold_come_first_and_many_are_told_at_once(desk: Client, goods: Goods) -> None:
    last = goods.calls[2].registration
    said = text(desk.get(page(goods, "calls")))
    assert "3 called households do not know it yet" in said
    picked = [str(one.registration_id) for one in goods.calls[:2]]
    assert "2 households are marked as told" in post(desk, page(goods, "told"), pick=picked, way="sms")
    told = Call.objects.filter(told_us=clock.to_us(NOW), told_channel="sms")
    assert set(told.values_list("registration_id", flat=True)) == {UUID(one) for one in picked}
    said = text(desk.get(page(goods, "calls")))
    assert "1 called household does not know it yet" in said
    assert said.index(f"0{last.seq}</th>") < said.index("R2-何家角-0001")
    assert "Tick at least one" in post(desk, page(goods, "told"), pick=picked, way="drum")


def test_one_telephone_number_is_shown_and_that_is_recorded(desk: Client, goods: Goods) -> None:
    row = with_phone(goods.calls[0].registration)
    other = with_phone(goods.calls[1].registration, "+8613900001111")
    assert "13812345678" not in text(desk.get(page(goods, "calls")))
    said = text(desk.post(page(goods, "phone"), {"registration": row.id}))
    assert "+8613812345678" in said
    assert "13900001111" not in said
    entry = Entry.objects.get(act="masks.phone.revealed")
    assert entry.target == f"registration:{row.id}"
    assert "+8613812345678" not in text(desk.get(page(goods, "calls")))
    assert "No telephone number" in post(desk, page(goods, "phone"), registration=goods.calls[2].registration_id)
    assert other.phone_mask


def test_the_text_is_in_the_language_of_the_home_and_opens_its_page(desk: Client, goods: Goods) -> None:
    row = goods.calls[0].registration
    person = make_person("김민수", doors(goods, 0)[0])
    Person.objects.filter(pk=person.pk).update(language="ko")
    said = text(desk.get(page(goods, "calls")))
    assert "차례입니다" in said
    assert f"http://testserver/m/{row.secret}/" in said
    assert "已叫号" in said


# ------------------------------------------------------------------------------------------------------------- visits


def home(goods: Goods, **changes: object) -> dict[str, object]:
    return {
        "id": str(new_id()), "address": "虹桥路1000弄2号201", "applicant": "陈阿婆", "phone": "13812345678",
        "group": "elderly", "staff": "", **changes,
    }  # fmt: skip


def test_one_call_registers_the_home_and_gives_the_visit_a_name(desk: Client, goods: Goods) -> None:
    goes = make_staff(Role.COMMITTEE_WORKER, goods.ground.committees[0], "周敏")
    elsewhere = make_staff(Role.COMMITTEE_WORKER, goods.ground.committees[1], "别处")
    assert desk.post(page(goods, "visits"), home(goods, staff=str(elsewhere.id))).status_code == 400
    said = post(desk, page(goods, "visits"), **home(goods, staff=str(goes.id)))
    assert "Number R2-何家角-0004" in said
    row = Registration.objects.get(applicant="陈阿婆")
    assert (row.deliver, row.special, row.channel) == (True, "elderly", "phone")
    assert OneOff.objects.get(source=f"mask-home:{row.id.hex}").staff == goes.id
    assert "周敏" in said
    assert "The number now; the goods once it is called." in said


def test_an_address_of_a_call_is_never_guessed(desk: Client, goods: Goods) -> None:
    answer = desk.post(page(goods, "visits"), home(goods, address="虹桥路1000弄9号909"))
    assert answer.status_code == 404
    assert "No dwelling of this committee has that address" in text(answer)
    assert not Registration.objects.filter(applicant="陈阿婆").exists()


def test_what_is_called_is_delivered_and_leaves_the_list(desk: Client, goods: Goods) -> None:
    made = acts.ask_home(
        round=goods.ground.round, unit=doors(goods, 0)[4], applicant="陈阿婆", phone="", by="test", now=NOW
    )
    row = Registration.objects.get(id=made.registration_id)
    assert "not called yet" in post(desk, page(goods, "delivered"), registration=row.id)
    call(goods, row)
    # the goods are sold from tomorrow morning on
    with time_machine.travel(clock.from_us(goods.calls[-1].slot_from_us), tick=False):
        late = at_desk(make_staff(Role.COMMITTEE_SECRETARY, goods.ground.committees[0]), now=clock.now())
        assert "not told yet" in text(late.get(page(goods, "visits")))
        assert "Nothing is to be brought" in post(late, page(goods, "delivered"), registration=row.id)
    assert Collection.objects.get().call.registration_id == row.id
    assert reads.counts(goods.ground.round, goods.ground.committees[0]).visits == 0


# --------------------------------------------------------------------------------------------- addresses and disputes


def unplaced(desk: Client, goods: Goods) -> Application:
    data = {
        "id": str(new_id()), "address": "何家角小区九号九楼", "applicant": "吴先生", "channel": "desk", "keep": "1",
        "want_adult": "5",
    }  # fmt: skip
    desk.post(page(goods, "register"), data)
    [row] = waiting_applications(goods.ground.round, goods.ground.committees[0])
    return row


def test_an_address_is_read_found_and_registered(desk: Client, goods: Goods) -> None:
    row = unplaced(desk, goods)
    assert "吴先生" not in text(desk.get(page(goods, "addresses")))
    said = text(desk.get(page(goods, "application", row.id)))
    assert "吴先生" in said
    assert "No dwelling of this committee matches" in said
    assert Entry.objects.filter(act="masks.application.read").count() == 1
    unit = doors(goods, 0)[4]
    assert unit.id.hex in text(desk.post(page(goods, "application", row.id), {"address": "虹桥路1000弄2号201"}))
    assert "Registered as R2-何家角-0004" in post(desk, page(goods, "place", row.id), unit=unit.id.hex)
    assert Registration.objects.get(applicant="吴先生").unit == unit.id
    assert desk.get(page(goods, "application", row.id)).status_code == 404


def test_a_dwelling_elsewhere_or_taken_is_not_given(desk: Client, goods: Goods) -> None:
    row = unplaced(desk, goods)
    there = doors(goods, 1)[0]
    assert "Choose the dwelling" in post(desk, page(goods, "place", row.id), unit=there.id.hex)
    taken = goods.calls[0].registration.unit
    assert "R2-何家角-0001" in post(desk, page(goods, "place", row.id), unit=taken.hex)
    row.refresh_from_db()
    assert row.status == ApplicationStatus.WAITING


def test_an_address_is_refused_with_a_reason_only(desk: Client, goods: Goods) -> None:
    row = unplaced(desk, goods)
    assert "Say why" in post(desk, page(goods, "refuse", row.id), reason="")
    assert "Refused." in post(desk, page(goods, "refuse", row.id), reason="不在本街道")
    row.refresh_from_db()
    assert (row.status, row.reason) == (ApplicationStatus.REFUSED, "不在本街道")


def test_an_address_is_passed_on_and_one_of_nobody_is_only_the_streets_to_refuse(desk: Client, goods: Goods) -> None:
    row, there = unplaced(desk, goods), goods.ground.committees[1]
    said = post(desk, page(goods, "pass-on", row.id), committee=str(there.id))
    assert f"Passed on to {there.name}" in said
    assert desk.get(page(goods, "application", row.id)).status_code == 404
    Application.objects.filter(id=row.id).update(committee=None)
    shown = text(desk.get(page(goods, "application", row.id)))
    assert "It was given to no committee" in shown
    assert "Reason, which the applicant reads" not in shown
    assert "only the street refuses it" in post(desk, page(goods, "refuse", row.id), reason="不是我们的")
    row.refresh_from_db()
    assert row.status == ApplicationStatus.WAITING


def disputed(goods: Goods) -> Dispute:
    row = registered(goods.ground, doors(goods, 0)[4], goods.ground.committees[0], name="原住户")
    return acts.dispute(registration=row, claimant="李梅", phone="", statement="我住这里", by="", now=NOW)


def test_a_dispute_is_upheld_with_a_document_and_dismissed_with_a_reason(desk: Client, goods: Goods) -> None:
    row = disputed(goods)
    said = text(desk.get(page(goods, "addresses")))
    for one in ("原住户", "李梅", "我住这里", "R2-何家角-0004", "何家角小区 2号 201室"):
        assert one in said
    address = page(goods, "decide", row.id)
    assert "Enter the document number" in post(desk, address, decision="uphold", reason="产证核对")
    assert "Say why" in post(desk, address, decision="dismiss", reason="")
    assert Dispute.objects.get().status == DisputeStatus.OPEN
    said = post(desk, address, decision="uphold", reason="产证核对", document="310105193501010017")
    assert "goes to the other household" in said
    assert Dispute.objects.get().status == DisputeStatus.UPHELD
    held = Registration.objects.get(id=row.registration_id)
    assert (held.applicant, held.seq) == ("李梅", 4)
    assert "310105193501010017" not in said


def test_somebody_at_the_desk_disputes_a_number_of_this_desk_alone(desk: Client, goods: Goods) -> None:
    there = registered(goods.ground, doors(goods, 1)[0], goods.ground.committees[1])
    address, form = page(goods, "dispute"), {"claimant": "李梅", "phone": "", "statement": "我住这里"}
    for number in ("R2-何家角-0099", "乱写", f"R2-虹储-{there.seq:04d}"):
        assert "no such number at this desk" in post(desk, address, voucher=number, **form)
    assert not Dispute.objects.exists()
    assert "until the committee has decided" in post(desk, address, voucher="r2 何家角 0001", **form)
    row = Dispute.objects.get()
    assert (row.registration_id, row.claimant) == (goods.calls[0].registration_id, "李梅")
    assert row.duty_id is not None
    assert "open already" in post(desk, address, voucher="R2-何家角-0001", **form)


def test_a_dispute_of_another_committee_is_not_found(desk: Client, goods: Goods) -> None:
    there = registered(goods.ground, doors(goods, 1)[0], goods.ground.committees[1])
    row = acts.dispute(registration=there, claimant="李梅", phone="", statement="", by="", now=NOW)
    assert desk.post(page(goods, "decide", row.id), {"decision": "dismiss", "reason": "x"}).status_code == 404


def test_second_comers_of_today_are_listed_with_the_number_that_stands(desk: Client, goods: Goods) -> None:
    desk.post(
        page(goods, "register"),
        {"id": str(new_id()), "address": "1000弄1-101", "applicant": "后来者", "channel": "desk", "want_adult": "5"},
    )
    assert Attempt.objects.get().code == "taken"
    said = text(desk.get(page(goods, "addresses")))
    assert "This address is registered already: R2-何家角-0001" in said
    assert "何家角小区 1号 101室" in said


# -------------------------------------------------------------------------------------------------------------- doors


def test_a_whole_block_or_single_doors_are_told(desk: Client, goods: Goods) -> None:
    here = doors(goods, 0)
    said = text(desk.get(page(goods, "doors")))
    # the three that registered in the first block are told by that
    assert "3 of 6 doors have not been told" in said
    assert f'value="{here[3].parent_id}"' in said
    assert "何家角小区 2号</th>" in said
    said = text(desk.get(page(goods, "doors"), {"block": str(here[3].parent_id)}))
    assert str(here[3].id) in said
    assert "1 door is marked as told" in post(desk, page(goods, "doors-told"), door=str(here[3].id), way="door")
    assert "2 doors are marked as told" in post(
        desk, page(goods, "doors-told"), block=[str(here[3].parent_id)], way="letter"
    )
    assert set(Told.objects.values_list("subject_id", "channel")) == {
        (here[3].id, "door"), (here[4].id, "letter"), (here[5].id, "letter"),
    }  # fmt: skip
    assert "0 of 6 doors" in text(desk.get(page(goods, "doors")))
    assert "Tick blocks or doors" in post(desk, page(goods, "doors-told"), door=str(here[3].id), way="door")


def test_doors_of_another_committee_are_not_told(desk: Client, goods: Goods) -> None:
    there = doors(goods, 1)[0]
    assert "Tick blocks or doors" in post(desk, page(goods, "doors-told"), door=str(there.id), way="door")
    assert not Told.objects.exists()


def test_letters_carry_the_code_of_their_own_door(desk: Client, goods: Goods, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    make = letters.segno.make

    def noting(link: str, **options: object) -> object:
        drawn.append(link)
        return make(link, **options)

    monkeypatch.setattr(letters.segno, "make", noting)
    block = str(doors(goods, 0)[3].parent_id)
    answer = desk.post(page(goods, "letters"), {"block": block})
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    tokens = [link.removeprefix("http://testserver/m/2/").rstrip("/") for link in drawn]
    assert [read_door(goods.ground.round.id, token) for token in tokens] == [one.id for one in doors(goods, 0)[3:]]
    assert not Told.objects.exists(), "a printed letter is not yet in its box"
    first = str(doors(goods, 0)[0].parent_id)
    assert "told of the round already" in post(desk, page(goods, "letters"), block=first)
    assert desk.post(page(goods, "letters"), {"block": first, "told_too": "1"}).content.startswith(b"%PDF")


# ------------------------------------------------------------------------------------------------------ special homes


def test_homes_where_everybody_is_old_are_suggested_and_marked(desk: Client, goods: Goods) -> None:
    here = doors(goods, 0)
    make_person("老先生", here[4], birth=date(1935, 1, 1))
    make_person("老太太", here[4], birth=date(1940, 2, 17))
    make_person("老人", here[5], birth=date(1935, 1, 1))
    make_person("孙女", here[5], birth=date(2001, 1, 1))
    make_person("无生日", here[3])
    said = text(desk.get(page(goods, "special")))
    assert here[4].id.hex in said.replace("-", "")
    assert here[5].id.hex not in said.replace("-", "")
    assert here[3].id.hex not in said.replace("-", "")
    said = post(desk, page(goods, "mark"), unit=str(here[4].id), deliver="1")
    row = SpecialUnit.objects.get()
    assert (row.unit_id, row.group, row.deliver) == (here[4].id, "elderly", True)
    assert "1 homes of special groups: 1 not registered, 1 without their goods" in said
    assert "not registered" in said
    post(desk, page(goods, "mark"), unit=str(here[4].id), act="unmark")
    assert not SpecialUnit.objects.exists()


def test_a_home_is_marked_by_its_address_here_and_nowhere_else(desk: Client, goods: Goods) -> None:
    form = {"address": "虹桥路1000弄1号101", "group": "pregnant"}
    assert "Marked: the reserve" in post(desk, page(goods, "special"), **form)
    row = SpecialUnit.objects.get()
    assert (row.unit_id, row.group) == (doors(goods, 0)[0].id, "pregnant")
    assert "called" in text(desk.get(page(goods, "special")))
    assert desk.post(page(goods, "special"), {**form, "address": "虹桥路2000弄1号101"}).status_code == 404
    assert desk.post(page(goods, "mark"), {"unit": str(doors(goods, 1)[0].id)}).status_code == 404


# ----------------------------------------------------------------------------------------------------------- together


def test_the_desk_counts_what_waits(desk: Client, goods: Goods) -> None:
    unplaced(desk, goods)
    disputed(goods)
    acts.mark_special(unit=doors(goods, 0)[5], group=acts.Special.PREGNANT, deliver=False, by="test", now=NOW)
    counts = reads.counts(goods.ground.round, goods.ground.committees[0])
    assert counts == reads.Counts(
        last=4, standing=4, to_tell=3, visits=0, applications=1, disputes=1, doors=2, special=1
    )
    said = text(desk.get(page(goods, "desk")))
    assert re.search(r"Called: to tell <strong>3<", said)


@pytest.mark.parametrize("name", ["desk", "numbers", "calls", "visits", "addresses", "doors", "special"])
def test_each_page_needs_few_queries(
    name: str, desk: Client, goods: Goods, django_assert_max_num_queries: object
) -> None:
    unplaced(desk, goods)
    disputed(goods)
    with_phone(goods.calls[0].registration)
    for door in (3, 5):
        make_person("老人", doors(goods, 0)[door], birth=date(1930, 1, 1))
    made = acts.ask_home(
        round=goods.ground.round, unit=doors(goods, 0)[3], applicant="陈阿婆", phone="", by="test", now=NOW,
        staff=make_staff(Role.COMMITTEE_WORKER, goods.ground.committees[0], "周敏").id,
    )  # fmt: skip
    call(goods, Registration.objects.get(id=made.registration_id))
    desk.post(
        page(goods, "register"),
        {"id": str(new_id()), "address": "1000弄1-101", "applicant": "后来者", "channel": "desk", "want_adult": "5"},
    )
    desk.get(page(goods, name))
    with django_assert_max_num_queries(12):  # type: ignore[operator]  # pytest-django's fixture is not typed here
        assert desk.get(page(goods, name)).status_code == 200


# ------------------------------------------------------------------------------------------------------ several rounds


def test_a_desk_goes_on_with_a_round_that_sells_while_the_next_one_is_announced(desk: Client, goods: Goods) -> None:
    first = goods.ground.round
    assert "desk-round" not in desk.session
    assert 'href="?round=' not in text(desk.get(page(goods, "numbers")))
    new = NewRound(goods="masks", register_from=clock.local_day(NOW) + timedelta(days=1), number=first.number + 1)
    later = rounds.make_round(street=goods.ground.street.street, new=new, by="test", now=NOW)
    pharmacy = goods.ground.pharmacies[0]
    rounds.add_outlet(round=later, pharmacy=pharmacy, by="test", now=NOW)
    for committee in goods.ground.committees:
        rounds.serve(round=later, committee=committee, pharmacy=pharmacy, by="test", now=NOW)
    rounds.announce(round=later, by="test", now=NOW)
    assert desk.get(page(goods, "numbers")).context["round"] == later
    chosen = desk.get(page(goods, "numbers"), {"round": first.id.hex})
    assert chosen.context["round"] == first
    assert text(chosen).count('href="?round=') == 2
    assert desk.get(page(goods, "calls")).context["round"] == first  # the choice stays
    assert desk.get(page(goods, "calls"), {"round": "x"}).context["round"] == later
