"""Passes: issued singly and by roster, issued again, suspended, restored, revoked, and the keys that sign them."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from fangxian.accounts.access import Reach
from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.plan_schema import Text
from fangxian.gates import tokens
from fangxian.gates.actions import keys, passes, roster
from fangxian.gates.actions.passes import NewPass, PassError
from fangxian.gates.models import Pass, PassKind, PassStatus, SigningKey
from fangxian.gates.plan import InForce
from fangxian.gates.playbook import GatesSection, ZoneRule
from fangxian.gates.queries import passes as queries
from fangxian.gates.queries.passes import PassFilter
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Enterprise, Household, Relation, Subject, SubjectKind
from fangxian.shared import clock
from tests.support.factories import MORNING, Street, make_person, make_staff, make_street, make_vehicle
from tests.support.gates import Office, employee_pass, make_enterprise, make_office

pytestmark = pytest.mark.django_db
LATER = MORNING + timedelta(hours=2)


def live_keys() -> dict[int, tokens.PublicKey]:
    rows = SigningKey.objects.filter(distrusted_us__isnull=True)
    return {row.kid: tokens.public_key(bytes(row.public_x), bytes(row.public_y)) for row in rows}


def acts_of(permit: Pass) -> list[str]:
    return list(Entry.objects.filter(target=f"pass:{permit.id}").order_by("id").values_list("act", flat=True))


def new(office: Office, **changes: object) -> NewPass:
    one = NewPass(
        kind=PassKind.VISITOR, place_id=office.building.id, holder="金秀贤 김수현", from_us=clock.to_us(MORNING),
        until_us=clock.to_us(MORNING + timedelta(hours=12)),
    )  # fmt: skip
    return replace(one, **changes)


def firm_of(office: Office, names: list[str], street: Street, floor: Place | None = None) -> Subject:
    subject = make_enterprise()
    Enterprise.objects.create(subject=subject, name=subject.label, name_key=subject.label)
    if floor is not None:
        Attachment.objects.create(subject=subject, relation=Relation.TENANT, place=floor, since=MORNING.date())
    for name in names:
        person = make_person(name, street.dwellings[0])
        Attachment.objects.create(subject_id=person.pk, relation=Relation.EMPLOYED, other=subject, since=MORNING.date())
    return subject


class TestIssue:
    def test_the_token_says_what_the_row_says(self, street: Street, office: Office) -> None:
        permit = employee_pass(office.building, street.dwellings[0], zone="Y", slot_from=480, slot_until=510)
        stored = Pass.objects.get(id=permit.id)
        claims = tokens.verify(stored.token, live_keys())
        assert (claims.pass_id, claims.place_id, claims.kind) == (stored.id, stored.place_id, stored.kind)
        assert (claims.name, claims.company, claims.zone) == (stored.holder, stored.company, stored.zone)
        assert (claims.from_us, claims.until_us) == (stored.from_us, stored.until_us)
        assert (claims.slot_from, claims.slot_until) == (480, 510)
        assert bytes(stored.digest) == hashlib.sha256(stored.token.encode()).digest()
        assert acts_of(stored) == ["gates.pass.issued"]

    def test_many_are_issued_with_numbers_that_can_be_typed(self, office: Office) -> None:
        made = passes.issue(passes=[new(office, holder=f"访客{n}") for n in range(150)], by="test", now=MORNING)
        stored = list(Pass.objects.all())
        assert {row.id for row in stored} == {row.id for row in made}
        assert len({row.number for row in stored}) == len({row.wallet for row in stored}) == 150
        for row in stored:
            assert passes.read_number(f" {row.number[:5].lower()}-{row.number[5:]} ") == row.number

    @pytest.mark.parametrize(
        "fault",
        [
            {"until_us": 0},
            {"holder": "  "},
            {"slot_from": 480},
            {"slot_until": 480},
            {"slot_from": 480, "slot_until": 480},
            {"slot_from": -1, "slot_until": 480},
            {"slot_from": 480, "slot_until": 1_441},
        ],
    )
    def test_nothing_is_issued_when_one_cannot_be(self, office: Office, fault: dict[str, Any]) -> None:
        with pytest.raises(PassError):
            passes.issue(passes=[new(office), new(office, **fault)], by="test", now=MORNING)
        assert not Pass.objects.exists()

    def test_a_wrong_character_in_a_number_is_noticed(self, office: Office) -> None:
        (permit,) = passes.issue(passes=[new(office)], by="test", now=MORNING)
        for at, char in enumerate(permit.number):
            for other in set(passes.ALPHABET) - {char}:
                assert passes.read_number(permit.number[:at] + other + permit.number[at + 1 :]) is None

    def test_no_audit_entry_holds_a_name(self, street: Street, office: Office) -> None:
        permit = employee_pass(office.building, street.dwellings[0], "李雷")
        passes.revoke(passes=[permit], reason="李雷离职", by="test", now=LATER)
        for entry in Entry.objects.filter(act__startswith="gates."):
            assert "李雷" not in f"{entry.target} {entry.place} {entry.detail}"


class TestStatus:
    def test_it_is_suspended_restored_and_revoked(self, street: Street, office: Office) -> None:
        permit = employee_pass(office.building, street.dwellings[0])
        assert passes.suspend(passes=[permit], reason="待核实", by="test", now=LATER) == 1
        stored = Pass.objects.get(id=permit.id)
        assert (stored.status, stored.reason, stored.changed_us) == ("suspended", "待核实", clock.to_us(LATER))
        assert passes.restore(passes=[permit], reason="已核实", by="test", now=LATER) == 1
        stored.refresh_from_db()
        assert (stored.status, stored.reason) == ("live", "")
        assert passes.revoke(passes=[permit], reason="离职", by="test", now=LATER) == 1
        assert acts_of(permit) == [
            "gates.pass.issued", "gates.pass.suspended", "gates.pass.live", "gates.pass.revoked",
        ]  # fmt: skip

    def test_a_revoked_pass_stays_revoked(self, street: Street, office: Office) -> None:
        permit = employee_pass(office.building, street.dwellings[0])
        passes.revoke(passes=[permit], reason="离职", by="test", now=LATER)
        for change in (passes.restore, passes.suspend, passes.revoke):
            assert change(passes=[permit], reason="再试", by="test", now=LATER) == 0
        assert Pass.objects.get(id=permit.id).reason == "离职"
        assert len(acts_of(permit)) == 2

    @pytest.mark.parametrize("change", [passes.suspend, passes.revoke, passes.restore])
    def test_it_asks_why(self, street: Street, office: Office, change: Callable[..., int]) -> None:
        permit = employee_pass(office.building, street.dwellings[0])
        with pytest.raises(PassError):
            change(passes=[permit], reason=" ", by="test", now=LATER)
        assert Pass.objects.get(id=permit.id).status == PassStatus.LIVE

    def test_a_new_one_comes_in_place_of_a_lost_one(self, street: Street, office: Office) -> None:
        permit = employee_pass(office.building, street.dwellings[0], zone="B", slot_from=1, slot_until=2)
        again = passes.reissue(permit=permit, reason="遗失", by="test", now=LATER)
        old = Pass.objects.get(id=permit.id)
        assert (old.status, old.reason) == (PassStatus.REVOKED, "遗失")
        assert (again.status, again.replaces_id) == (PassStatus.LIVE, permit.id)
        same = ("kind", "subject_id", "place_id", "holder", "company", "zone", "from_us", "until_us", "slot_from")
        assert all(getattr(again, name) == getattr(permit, name) for name in same)
        assert again.token != permit.token
        assert again.number != permit.number

    def test_nobody_gets_two_for_one(self, street: Street, office: Office) -> None:
        permit = employee_pass(office.building, street.dwellings[0])
        stale = Pass.objects.get(id=permit.id)
        passes.reissue(permit=permit, reason="遗失", by="test", now=LATER)
        with pytest.raises(PassError):
            passes.reissue(permit=stale, reason="遗失", by="test", now=LATER)
        assert Pass.objects.filter(status=PassStatus.LIVE).count() == 1

    def test_a_suspension_is_not_lifted_by_issuing_again(self, street: Street, office: Office) -> None:
        permit = employee_pass(office.building, street.dwellings[0])
        passes.suspend(passes=[permit], reason="待核实", by="test", now=LATER)
        with pytest.raises(PassError):
            passes.reissue(permit=permit, reason="遗失", by="test", now=LATER)
        assert [row.status for row in Pass.objects.all()] == [PassStatus.SUSPENDED]

    def test_what_is_over_is_not_issued_again(self, street: Street, office: Office) -> None:
        permit = employee_pass(office.building, street.dwellings[0])
        with pytest.raises(PassError):
            passes.reissue(permit=permit, reason="遗失", by="test", now=MORNING + timedelta(days=31))
        assert Pass.objects.get().status == PassStatus.LIVE

    def test_many_change_at_once_and_each_has_its_entry(self, office: Office) -> None:
        made = passes.issue(passes=[new(office, holder=f"访客{n}") for n in range(250)], by="test", now=MORNING)
        passes.revoke(passes=made[:10], reason="离开", by="test", now=LATER)
        ids = [row.id for row in made]
        changed = passes.change_many(ids=ids, what=passes.Change.SUSPEND, reason="核查", by="desk", now=LATER)
        assert changed == set(ids[10:])
        assert Pass.objects.filter(status="suspended", reason="核查", changed_us=clock.to_us(LATER)).count() == 240
        assert Entry.objects.filter(act="gates.pass.suspended", actor="desk").count() == 240
        assert not passes.change_many(ids=ids, what=passes.Change.SUSPEND, reason="再", by="desk", now=LATER)
        over = MORNING + timedelta(days=1)
        assert not passes.change_many(ids=ids, what=passes.Change.REVOKE, reason="再", by="desk", now=over)
        with pytest.raises(PassError):
            passes.change_many(ids=ids, what=passes.Change.REVOKE, reason=" ", by="desk", now=LATER)


class TestRoster:
    def test_everybody_employed_there_gets_one_and_nobody_two(self, street: Street, office: Office) -> None:
        firm = firm_of(office, ["李雷", "韩梅梅", "山田太郎"], street)
        other = firm_of(office, ["张三"], street)
        made = roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="test", now=MORNING)
        assert {row.holder for row in made} == {"李雷", "韩梅梅", "山田太郎"}
        assert {(row.kind, row.company, row.enterprise_id) for row in made} == {("employee", firm.label, firm.id)}
        assert not roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="test", now=LATER)
        roster.issue_roster(enterprise_id=other.id, place_id=office.building.id, by="test", now=LATER)
        assert Pass.objects.count() == 4

    def test_a_suspended_person_gets_no_second_pass_and_a_revoked_one_may(self, street: Street, office: Office) -> None:
        firm = firm_of(office, ["李雷", "韩梅梅"], street)
        first, second = roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="test", now=MORNING)
        passes.suspend(passes=[first], reason="待核实", by="test", now=LATER)
        passes.revoke(passes=[second], reason="遗失", by="test", now=LATER)
        made = roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="test", now=LATER)
        assert [row.subject_id for row in made] == [second.subject_id]

    def test_whoever_has_left_gets_none(self, street: Street, office: Office) -> None:
        firm = firm_of(office, ["李雷", "韩梅梅"], street)
        gone = Attachment.objects.filter(other=firm).first()
        assert gone is not None
        gone.until = MORNING.date()
        gone.save()
        made = roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="test", now=MORNING)
        assert gone.subject_id not in {row.subject_id for row in made}
        assert len(made) == 1

    def test_when_it_is_over_the_roster_issues_the_next(self, street: Street, office: Office) -> None:
        firm = firm_of(office, ["李雷"], street)
        (first,) = roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="test", now=MORNING)
        after = clock.from_us(first.until_us)
        assert after.astimezone(clock.ZONE).time().isoformat() == "00:00:00"
        (second,) = roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="test", now=after)
        assert second.from_us == first.until_us

    def test_a_pass_issued_meanwhile_is_not_issued_again(
        self, street: Street, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody else issues the same roster while ours is being signed."""
        firm = firm_of(office, ["李雷"], street)
        sign = passes.signed
        calls: list[int] = []

        def signed(**values: object) -> list[Pass]:
            rows = sign(**values)
            if not calls:
                calls.append(1)
                roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="other", now=MORNING)
            return rows

        monkeypatch.setattr(passes, "signed", signed)
        assert not roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="test", now=MORNING)
        assert Pass.objects.get().issued_by == "other"

    def test_the_zone_is_that_of_the_floor(
        self, street: Street, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        floors = [NewPlace(PlaceKind.FLOOR, f"{number}层", office.building.id) for number in (3, 12)]
        unit = NewPlace(PlaceKind.UNIT, "1203室", floors[1].id)
        rows = {row.name: row for row in places.add(places=[*floors, unit], by="test", now=MORNING)}
        red = ZoneRule(letter="R", title=Text(zh="红", en="red"), floors=(1, 9), arrive_from=480, arrive_until=510)
        blue = ZoneRule(letter="B", title=Text(zh="蓝", en="blue"), floors=(10, 20))
        plan = InForce(None, GatesSection(zones=(red, blue)), None)
        monkeypatch.setattr(roster, "plan_at", lambda now: plan)
        upstairs = firm_of(office, ["李雷", "韩梅梅"], street, rows["1203室"])
        desk = Attachment.objects.filter(other=upstairs, subject__label="韩梅梅").get()
        Attachment.objects.create(
            subject_id=desk.subject_id, relation=Relation.WORKS, place=rows["3层"], since=MORNING.date()
        )
        nowhere = firm_of(office, ["张三"], street)
        for firm in (upstairs, nowhere):
            roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="test", now=MORNING)
        found = {row.holder: (row.zone, row.slot_from, row.slot_until) for row in Pass.objects.all()}
        assert found == {"李雷": ("B", None, None), "韩梅梅": ("R", 480, 510), "张三": ("", None, None)}
        # a single pass gets what the roster would have given
        subjects = dict(Pass.objects.values_list("holder", "subject_id"))
        for name, firm in (("李雷", upstairs), ("韩梅梅", upstairs), ("张三", nowhere)):
            single = roster.zone_of_person(
                person_id=subjects[name], enterprise_id=firm.id, place=office.building, now=MORNING
            )
            assert single == found[name]

    @pytest.mark.parametrize(
        ("kind", "name", "floor"),
        [
            ("floor", "12层", 12), ("floor", "3F", 3), ("floor", "B1层", -1), ("floor", "地下2层", -2),
            ("unit", "1203室", 12), ("unit", "A座 803", 8),
            ("unit", "前台", None), ("floor", "大堂", None), ("building", "12层", None),
        ],
    )  # fmt: skip
    def test_it_reads_the_number_of_a_floor(self, kind: str, name: str, floor: int | None) -> None:
        assert roster.floor_of(kind, name) == floor


class TestHouseholds:
    def test_a_permit_names_the_householder_and_no_address(self, street: Street) -> None:
        compound, doors = street.compounds[0], street.dwellings
        homes = {}
        for door in doors[:3]:
            label = f"虹桥路1000弄 {door.name}"
            subject = Subject.objects.create(kind=SubjectKind.HOUSEHOLD, label=label, created_us=0)
            Household.objects.create(subject=subject, dwelling=door)
            homes[door.id] = subject
        wife, head, lodger = (
            make_person(n, d) for n, d in (("王芳", doors[0]), ("李强", doors[0]), ("赵敏", doors[1]))
        )
        for person, role in ((wife, "配偶"), (head, "户主")):
            Attachment.objects.create(
                subject_id=person.pk, relation=Relation.MEMBER, other=homes[doors[0].id], role=role,
                since=MORNING.date(),
            )  # fmt: skip
        made = roster.issue_households(place_id=compound.id, by="test", now=MORNING)
        assert {(row.subject_id, row.holder, row.kind) for row in made} == {
            (homes[doors[0].id].id, "李强", "resident"),
            (homes[doors[1].id].id, "赵敏", "resident"),
        }
        assert lodger.name == "赵敏"
        assert not roster.issue_households(place_id=compound.id, by="test", now=LATER)
        assert not roster.issue_households(place_id=street.compounds[1].id, by="test", now=LATER)

    def test_a_vehicle_that_is_parked_there_gets_a_pass(self, street: Street) -> None:
        vehicle = make_vehicle("沪A12345", street.compounds[0])
        made = roster.issue_vehicles(place_id=street.compounds[0].id, by="test", now=MORNING)
        assert [(row.holder, row.subject_id, row.kind) for row in made] == [("沪A12345", vehicle.pk, "vehicle")]
        assert not roster.issue_vehicles(place_id=street.compounds[0].id, by="test", now=LATER)


class TestKeys:
    def test_the_private_part_is_sealed_for_its_row(self, office: Office) -> None:
        key = keys.ensure_key(by="test", now=MORNING)
        assert b"PRIVATE" not in bytes(key.private_sealed)
        halves = tokens.public_halves(keys.private_key(key))
        assert halves == (bytes(key.public_x), bytes(key.public_y))
        assert keys.ensure_key(by="test", now=LATER).kid == key.kid

    def test_two_keys_are_good_while_they_rotate(self, office: Office) -> None:
        (old,) = passes.issue(passes=[new(office)], by="test", now=MORNING)
        keys.rotate_key(by="test", now=LATER)
        (young,) = passes.issue(passes=[new(office)], by="test", now=LATER)
        assert old.key_id != young.key_id
        known = live_keys()
        assert len(known) == 2
        for permit in (old, young):
            assert tokens.verify(permit.token, known).pass_id == permit.id

    def test_what_a_distrusted_key_signed_is_refused(self, office: Office) -> None:
        (old,) = passes.issue(passes=[new(office)], by="test", now=MORNING)
        keys.distrust_key(key=old.key, reason="泄露", by="test", now=LATER)
        (young,) = passes.issue(passes=[new(office)], by="test", now=LATER)
        known = live_keys()
        with pytest.raises(tokens.TokenError):
            tokens.verify(old.token, known)
        assert tokens.verify(young.token, known).pass_id == young.id
        answer = queries.not_in_force(office.building, since_us=0, now=LATER)
        assert answer.distrusted_kids == (old.key_id,)


class TestConstraints:
    @pytest.mark.parametrize(
        "change",
        [
            {"until_us": 0},
            {"status": "revoked"},
            {"reason": "为何"},
            {"slot_from": 10, "slot_until": 10},
        ],
    )
    def test_the_database_refuses_what_cannot_be(self, office: Office, change: dict[str, Any]) -> None:
        (permit,) = passes.issue(passes=[new(office)], by="test", now=MORNING)
        with pytest.raises(IntegrityError), transaction.atomic():
            Pass.objects.filter(id=permit.id).update(**change)

    @pytest.mark.parametrize("field", ["number", "digest", "wallet"])
    def test_the_database_keeps_them_apart(self, office: Office, field: str) -> None:
        one, two = passes.issue(passes=[new(office), new(office)], by="test", now=MORNING)
        with pytest.raises(IntegrityError), transaction.atomic():
            Pass.objects.filter(id=two.id).update(**{field: getattr(one, field)})


class TestLists:
    def test_a_place_lists_its_passes_and_those_below_by_filter(self, street: Street, office: Office) -> None:
        worker = employee_pass(office.building, street.dwellings[0], "李雷")
        guest, courier = passes.issue(
            passes=[new(office), new(office, kind=PassKind.COURIER, holder="小哥")], by="test", now=LATER
        )
        passes.suspend(passes=[courier], reason="待核实", by="test", now=LATER)

        def listed(**narrow: str | bool) -> set[UUID]:
            page = queries.passes_of(street.street, Q(), now=LATER, narrow=PassFilter(**narrow))
            assert page.total == len(page.lines)
            return {line.id for line in page.lines}

        assert listed() == {worker.id, guest.id, courier.id}
        assert listed(kind="visitor") == {guest.id}
        assert listed(status="suspended") == {courier.id}
        assert listed(words="李") == listed(words=worker.number.lower()) == {worker.id}
        assert not queries.passes_of(street.neighbourhoods[1], Q(), now=LATER).lines
        assert queries.count_by_kind(office.building, now=LATER) == {"employee": 1, "visitor": 1}
        tomorrow = queries.passes_of(street.street, Q(), now=LATER + timedelta(days=1), narrow=PassFilter(current=True))
        assert {line.id for line in tomorrow.lines} == {worker.id}

    def test_long_lists_come_in_pages(self, office: Office) -> None:
        passes.issue(passes=[new(office) for _ in range(queries.PAGE + 5)], by="test", now=MORNING)
        first = queries.passes_of(office.building, Q(), now=MORNING)
        assert (len(first.lines), first.total, first.before, first.after) == (50, 55, None, 50)
        second = queries.passes_of(office.building, Q(), now=MORNING, start=50)
        assert (len(second.lines), second.before, second.after) == (5, 0, None)
        assert not {line.id for line in first.lines} & {line.id for line in second.lines}

    def test_nobody_finds_a_pass_out_of_reach(self, street: Street, office: Office) -> None:
        firm = firm_of(office, ["李雷"], street)
        (permit,) = roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="test", now=MORNING)
        here, there = (Reach(paths=(hood.path,)) for hood in street.neighbourhoods)
        own = Reach(subjects=frozenset({firm.id}))
        for words in ("李雷", permit.number):
            assert [line.id for line in queries.find(words, queries.within(here), now=MORNING)] == [permit.id]
            assert [line.id for line in queries.find(words, queries.within(own), now=MORNING)] == [permit.id]
            assert not queries.find(words, queries.within(there), now=MORNING)
            assert not queries.find(words, queries.within(Reach()), now=MORNING)
        assert queries.to_print([permit.id], queries.within(here), now=MORNING) == [permit]
        assert not queries.to_print([permit.id], queries.within(there), now=MORNING)

    def test_a_pass_tells_its_history_with_names(self, street: Street, office: Office) -> None:
        staff = make_staff(Role.PROPERTY_MANAGER, office.building, "王建国")
        permit = employee_pass(office.building, street.dwellings[0])
        again = passes.reissue(permit=permit, reason="遗失", by=staff.actor, now=LATER)
        story = queries.story(Pass.objects.get(id=permit.id), now=LATER)
        assert [(act.who, act.at) for act in story.acts] == [("王建国", LATER), ("test", MORNING)]
        assert story.replaced_by == again
        assert story.line.status == PassStatus.REVOKED
        assert queries.by_wallet(permit.wallet) == permit
        assert queries.by_wallet("") is None

    def test_devices_learn_what_changed_since(self, street: Street, office: Office) -> None:
        one, two, _three = (employee_pass(office.building, street.dwellings[0], now=MORNING) for _ in range(3))
        passes.revoke(passes=[one], reason="离职", by="test", now=LATER)
        passes.suspend(passes=[two], reason="待核实", by="test", now=LATER)
        first = queries.not_in_force(office.front, since_us=0, now=LATER)
        assert (first.revoked, first.suspended, first.restored) == ((one.id,), (two.id,), ())
        noon = LATER + timedelta(hours=2)
        passes.restore(passes=[two], reason="已核实", by="test", now=noon)
        second = queries.not_in_force(office.front, since_us=first.until_us + clock.HOUR_US, now=noon)
        assert (second.revoked, second.suspended, second.restored) == ((), (), (two.id,))
        assert not queries.not_in_force(street.compounds[0], since_us=0, now=noon).revoked


@pytest.mark.django_db(transaction=True)
class TestBesideEachOther:
    def test_a_roster_issued_four_times_at_once_issues_each_pass_once(self) -> None:
        street = make_street()
        office = make_office(street)
        firm = firm_of(office, [f"员工{n}" for n in range(40)], street)
        keys.ensure_key(by="test", now=MORNING)
        made: list[Pass] = []

        def issue() -> None:
            made.extend(roster.issue_roster(enterprise_id=firm.id, place_id=office.building.id, by="test", now=MORNING))
            connection.close()

        threads = [threading.Thread(target=issue) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == Pass.objects.count() == 40
        assert len({row.subject_id for row in made}) == 40

    def test_the_first_key_is_made_once(self) -> None:
        threads = [threading.Thread(target=_first_key) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert SigningKey.objects.count() == 1


def _first_key() -> None:
    keys.ensure_key(by="test", now=MORNING)
    connection.close()
