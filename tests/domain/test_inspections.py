"""What becomes of a walk that a device sends: kept once, judged by its list, its duty fulfilled, its findings made."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from PIL import Image

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.actions import apply_playbook
from fangxian.duties.models import Duty, Fulfilment
from fangxian.duties.plan_check import check_files
from fangxian.files.actions import FileGoneError, FileRefusedError
from fangxian.files.models import StoredFile
from fangxian.inspections import folds
from fangxian.inspections.actions import assign, findings
from fangxian.inspections.actions.photos import keep_photo, open_photo
from fangxian.inspections.actions.record import Sent, SentAnswer, Status
from fangxian.inspections.models import Answer, Finding, FindingAct, Inspection, Occasion
from fangxian.inspections.plan import fingerprint, version_at
from fangxian.inspections.rules import Actor
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support import playbooks
from tests.support.pictures import portrait
from tests.support.walks import find, send, walk
from tests.support.works import MORNING, Works, make_staff, make_works

pytestmark = pytest.mark.django_db
NINE = MORNING + timedelta(hours=2)


@pytest.fixture
def works() -> Works:
    return make_works()


@pytest.fixture(autouse=True)
def english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path)
    with translation.override("en"):
        yield


def test_a_whole_walk_is_kept_with_its_score_and_fulfils_the_duty(works: Works) -> None:
    folds.enrol_places(now=MORNING)
    building, inspector = works.towers[0].building, works.head
    sent = walk(building, NINE, {"D1": {"note": "no sign"}, "E3": {}})
    told = send(sent, inspector, NINE)
    assert (told.status, told.in_order, told.applicable, len(told.made)) == (Status.STORED, 20, 22, 2)
    row = Inspection.objects.get(id=told.inspection_id)
    assert (row.day, row.occasion, row.signed_name, row.marks) == (clock.local_day(NINE), "daily", "物业经理", "")
    assert row.answers.count() == 22
    done = Fulfilment.objects.get(duty__rule__key="building-inspected")
    assert (done.duty.subject_id, done.outcome, done.ref) == (building.id, "met", f"inspection:{row.id.hex}")
    assert Entry.objects.filter(act="inspections.recorded", target=f"inspection:{row.id}").count() == 1


def test_sent_again_it_is_known_and_changes_nothing(works: Works) -> None:
    sent = walk(works.towers[0].building, NINE, {"A2": {}})
    first, second = send(sent, works.head, NINE), send(sent, works.head, NINE + timedelta(hours=3))
    assert second.status is Status.KNOWN
    assert (second.inspection_id, second.made, second.in_order) == (first.inspection_id, first.made, 21)
    assert (Inspection.objects.count(), Finding.objects.get().times) == (1, 1)


def test_the_same_walk_from_two_devices_is_kept_twice_and_found_once(works: Works) -> None:
    """Two ids for one assignment: the second is marked, and says nothing new about what was found."""
    building = works.towers[0].building
    row = assign.assign(
        place=building, day=clock.local_day(NINE), inspector=works.head.id, occasion=Occasion.DAILY, by="test",
        now=MORNING,
    )  # fmt: skip
    for number in (0, 1):
        sent = walk(building, NINE, {"A2": {"spot": "车库"}}, assignment=row.id.hex)
        told = send(sent, works.head, NINE + timedelta(minutes=number))
        assert told.marks == (("second",) if number else ())
    assert Inspection.objects.count() == 2
    assert Finding.objects.get().times == 1


def test_another_inspector_who_finds_the_same_counts_as_found_again(works: Works) -> None:
    other = make_staff("head2", "另一位科长", Role.SECTION_HEAD, works.street)
    for number, inspector in enumerate((works.head, other)):
        at = NINE + timedelta(hours=number)
        told = send(walk(works.towers[0].building, at, {"A2": {"spot": " 车库  口"}}), inspector, at)
    assert (told.marks, len(told.again)) == (("second",), 1)
    row = Finding.objects.get()
    assert (row.times, row.spot) == (2, "车库 口")


def test_the_same_item_at_another_spot_is_another_finding(works: Works) -> None:
    for hour, spot in enumerate(("车库", "正门")):
        find(works.towers[0].building, works.head, NINE + timedelta(hours=hour), spot=spot)
    assert Finding.objects.count() == 2


def test_an_item_without_an_answer_refuses_the_walk_by_name(works: Works) -> None:
    sent = walk(works.towers[0].building, NINE)
    told = send(msgspec.structs.replace(sent, answers=sent.answers[2:]), works.head, NINE)
    assert (told.status, told.missing) == (Status.REFUSED, ("A1", "A2"))
    assert "A1, A2" in told.text
    assert not Inspection.objects.exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"signed_name": " "}, "signs"),
        ({"occasion": "party"}, "kind of inspection"),
        ({"place": new_id()}, "no such building"),
        ({"answers": ()}, "Not every item"),
        ({"answers": (), "occasion": "leader"}, "Nothing was answered"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(works: Works, changes: dict[str, object], says: str) -> None:
    told = send(walk(works.towers[0].building, NINE, **changes), works.head, NINE)
    assert told.status is Status.REFUSED
    assert says in told.text
    assert not Inspection.objects.exists()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"item": "A1", "result": "ok"}, "twice"),
        ({"item": "Q1", "result": "fine"}, "not one of those"),
        ({"item": "Q1", "result": "fault", "photos": ("0" * 64,)}, "photo has not arrived"),
        ({"item": "Q1", "result": "fault", "photos": tuple("0" * 64 for _ in range(7))}, "At most 6"),
        ({"item": "Q1", "result": "fault", "zone": "X"}, "no such zone"),
    ],
)
def test_an_answer_that_cannot_be_refuses_the_walk(works: Works, answer: dict[str, object], says: str) -> None:
    sent = walk(works.towers[0].building, NINE)
    odd = msgspec.convert(answer, SentAnswer)
    told = send(msgspec.structs.replace(sent, answers=(*sent.answers, odd)), works.head, NINE)
    assert told.status is Status.REFUSED
    assert says in told.text
    assert not Inspection.objects.exists()


def test_nobody_inspects_their_own_place(works: Works) -> None:
    told = send(walk(works.towers[0].building, NINE), works.towers[0].worker, NINE)
    assert (told.status, "own place" in told.text) == (Status.REFUSED, True)
    at_grid = make_staff("gridded", "楼宇党群三", Role.BUILDING_PARTY_WORKER, works.towers[0].grid)
    assert send(walk(works.towers[0].building, NINE), at_grid, NINE).status is Status.REFUSED
    assert send(walk(works.towers[1].building, NINE), works.towers[0].worker, NINE).status is Status.STORED


def test_a_list_that_was_edited_meanwhile_judges_what_was_asked_in_it(works: Works) -> None:
    """A2 was red, and the new plan asks it no more and calls D1 red; the walk was begun with the old list."""
    sent = walk(works.towers[0].building, NINE, {"A2": {}, "D1": {}})
    text = playbooks.files()["checklist.toml"].decode()
    start, end = text.index('[[items]]\nkey = "A2"'), text.index('[[items]]\nkey = "A3"')
    d1 = text.index('[[items]]\nkey = "D1"')
    text = text[:start] + text[end:d1] + text[d1:].replace('severity = "amber"', 'severity = "red"', 1)
    checked = check_files(playbooks.files() | {"checklist.toml": text.encode()})
    assert checked.plan is not None, checked.faults
    apply_playbook(plan=checked.plan, effective_at=NINE, by="test", now=NINE)
    told = send(sent, works.head, NINE + timedelta(minutes=5))
    assert (told.status, told.marks, told.applicable) == (Status.STORED, ("old-list",), 22)
    assert dict(Finding.objects.values_list("item", "severity")) == {"A2": "red", "D1": "amber"}
    old = Inspection.objects.get().playbook_id
    assert old is not None
    assert old != version_at("building", NINE).playbook_id
    assert set(Finding.objects.values_list("playbook_id", flat=True)) == {old}
    assert len(version_at("building", NINE).items) == 21


def test_a_list_that_no_plan_has_is_kept_and_marked(works: Works) -> None:
    sent = walk(works.towers[0].building, NINE, {"A2": {}}, checklist="f" * 64)
    sent = msgspec.structs.replace(sent, answers=(*sent.answers[1:], SentAnswer(item="Z9", result="fault")))
    told = send(sent, works.head, NINE)
    assert (told.status, told.marks, len(told.made)) == (Status.STORED, ("unknown-list",), 1)
    assert Answer.objects.filter(item="Z9").exists()
    assert not Fulfilment.objects.exists()


def test_the_fingerprint_is_that_of_the_list_for_this_kind_of_place(works: Works) -> None:
    building, compound = version_at("building", NINE), version_at("compound", NINE)
    assert (len(building.items), len(compound.items)) == (22, 12)
    assert building.sha256 == fingerprint(building.items) != compound.sha256


def test_without_a_signature_the_time_runs_from_when_it_came_in(works: Works) -> None:
    """Sent three hours later: who signed knew at once, who did not sign is told when it arrives."""
    later = NINE + timedelta(hours=3)
    for tower, changes in zip(
        works.towers, ({}, {"signed_name": "", "unsigned_reason": "经理不在场"}), strict=True
    ):  # fmt: skip
        told = send(walk(tower.building, NINE, {"A2": {}}, offline=True, **changes), works.head, later)
        assert told.marks == (("unsigned",) if changes else ())
    due = dict(Finding.objects.values_list("place_id", "due_us"))
    assert due[works.towers[0].id] == clock.to_us(NINE + timedelta(hours=1))
    assert due[works.towers[1].id] == clock.to_us(later + timedelta(hours=1))


def test_a_clock_that_runs_ahead_is_marked_and_makes_no_record_of_tomorrow(works: Works) -> None:
    sent = walk(works.towers[0].building, NINE + timedelta(days=1))
    told = send(sent, works.head, NINE)
    assert told.marks == ("clock",)
    row = Inspection.objects.get()
    assert (row.day, row.observed_us) == (clock.local_day(NINE), clock.to_us(NINE))


def test_a_leader_may_look_at_a_few_items_and_the_duty_stays(works: Works) -> None:
    folds.enrol_places(now=MORNING)
    sent = walk(works.towers[0].building, NINE, {"A1": {}}, occasion="leader")
    told = send(msgspec.structs.replace(sent, answers=sent.answers[:3]), works.leader, NINE)
    assert (told.status, told.in_order, told.applicable) == (Status.STORED, 2, 3)
    assert not Fulfilment.objects.exists()
    assert Duty.objects.filter(rule__key="building-inspected", deadline_us__isnull=False).count() == 2


def test_a_walk_for_somebody_elses_assignment_is_marked(works: Works) -> None:
    day = clock.local_day(NINE)
    row = assign.assign(
        place=works.towers[0].building, day=day, inspector=works.towers[1].worker.id, occasion=Occasion.DAILY,
        by="test", now=MORNING,
    )  # fmt: skip
    told = send(walk(works.towers[0].building, NINE, assignment=row.id.hex), works.head, NINE)
    assert told.marks == ("other-inspector",)
    assert Inspection.objects.get().assignment_id == row.id
    elsewhere = send(walk(works.towers[1].building, NINE, assignment=row.id.hex), works.head, NINE)
    assert Inspection.objects.get(id=elsewhere.inspection_id).assignment is None


def test_it_arrives_after_the_same_was_found_put_right_and_closed(works: Works) -> None:
    """Seen at nine on a phone without network; found, put right and closed by others before it came in."""
    other = make_staff("head2", "另一位科长", Role.SECTION_HEAD, works.street)
    row = find(works.towers[0].building, works.head, NINE + timedelta(minutes=5), item="D1")
    for minute, what, by in ((20, FindingAct.MEND, works.towers[0].manager), (40, FindingAct.PASS, works.head)):
        findings.act(
            finding=row, act=what, actors=set(Actor), by=by.actor, now=NINE + timedelta(minutes=minute)
        )  # fmt: skip
    told = send(walk(works.towers[0].building, NINE, {"D1": {}}, offline=True), other, NINE + timedelta(hours=5))
    assert (told.made, told.again) == ((), (row.id,))
    row.refresh_from_db()
    assert (row.status, row.steps.count()) == ("closed", 4)
    # seen after it was closed, it is a new one
    later = find(works.towers[0].building, other, NINE + timedelta(hours=6), item="D1")
    assert later.id != row.id


def test_a_photo_of_forty_megabytes_is_refused_with_its_own_words(works: Works) -> None:
    with pytest.raises(FileRefusedError, match="15 MB"):
        keep_photo(content=b"\xff\xd8\xff" + b"\0" * (40 << 20), name="a.jpg", by="test", now=NINE)
    assert not StoredFile.objects.exists()


def test_a_photo_loses_where_it_was_taken_and_is_opened_with_an_entry(works: Works) -> None:
    exif = Image.Exif()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (31.0, 12.0, 0.0), "E", (121.0, 24.0, 0.0)
    with Image.open(BytesIO(portrait())) as drawn:
        out = BytesIO()
        drawn.save(out, "JPEG", exif=exif)
    with Image.open(BytesIO(out.getvalue())) as before:
        assert before.getexif().get_ifd(0x8825)[4] == (121.0, 24.0, 0.0)
    digest = keep_photo(content=out.getvalue(), name="车库.jpg", by="test", now=NINE)
    kept = StoredFile.objects.get(digest=digest)
    assert (kept.retention, kept.delete_after) == ("photos", NINE + timedelta(days=90))
    finding = find(works.towers[0].building, works.head, NINE, photos=(digest,))
    answer, step = Answer.objects.get(item="A2"), finding.steps.get()
    for of, target in ((answer, f"inspection:{answer.inspection_id}"), (step, f"finding:{finding.id}")):
        kind, content = open_photo(of=of, digest=digest, by=works.head.actor, now=NINE)
        with Image.open(BytesIO(content)) as shown:
            assert (kind, shown.format, dict(shown.getexif())) == ("image/jpeg", "JPEG", {})
        assert Entry.objects.filter(act="inspections.photo.opened", target=target, actor=works.head.actor).count() == 1


def test_a_photo_is_opened_through_the_record_that_has_it_only(works: Works) -> None:
    digest = keep_photo(content=portrait(), name="a.jpg", by="test", now=NINE)
    find(works.towers[0].building, works.head, NINE)
    with pytest.raises(FileGoneError):
        open_photo(of=Answer.objects.get(item="A2"), digest=digest, by="test", now=NINE)
    assert not Entry.objects.filter(act="inspections.photo.opened").exists()


def test_the_database_keeps_a_score_within_its_bounds_and_one_open_finding_of_an_item(works: Works) -> None:
    finding = find(works.towers[0].building, works.head, NINE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Inspection.objects.update(in_order=23)
    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.create(
            subject=works.firms[0].enterprise.subject, place=finding.place, item="A2", spot=finding.spot, title="x",
            severity="red", opened_us=1, due_us=2, by="test",
        )  # fmt: skip


def test_what_a_device_sends_is_read_strictly() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"id":"x"}', type=Sent)
    body = msgspec.json.encode(
        {
            "id": UUID(int=1), "place": UUID(int=2), "occasion": "daily", "checklist": "", "begun_us": 1,
            "finished_us": 2, "answers": [{"item": "A1", "result": "ok"}],
        }
    )  # fmt: skip
    assert msgspec.json.decode(body, type=Sent).answers[0].spot == ""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body.replace(b'"item"', b'"itme"'), type=Sent)


@pytest.mark.parametrize("claimed", ["leader", "recheck", "unannounced"])
def test_what_nobody_assigned_is_a_daily_inspection_whatever_the_device_calls_it(works: Works, claimed: str) -> None:
    """One answer does not do for it, and nothing of it is hidden from the day's count."""
    folds.enrol_places(now=MORNING)
    sent = walk(works.towers[0].building, NINE, occasion=claimed)
    short = send(msgspec.structs.replace(sent, answers=sent.answers[:1]), works.towers[1].worker, NINE)
    assert (short.status, len(short.missing)) == (Status.REFUSED, 21)
    told = send(sent, works.towers[1].worker, NINE)
    assert (told.status, told.marks) == (Status.STORED, ("as-daily",))
    assert Inspection.objects.get().occasion == "daily"
    assert Fulfilment.objects.filter(duty__rule__key="building-inspected").count() == 1


def test_the_occasion_is_that_of_the_assignment(works: Works) -> None:
    day = clock.local_day(NINE)
    for occasion, staff in ((Occasion.UNANNOUNCED, works.towers[1].worker), (Occasion.DAILY, works.leader)):
        row = assign.assign(
            place=works.towers[0].building, day=day, inspector=staff.id, occasion=occasion, by="test", now=MORNING
        )
        told = send(walk(works.towers[0].building, NINE, occasion="leader", assignment=row.id.hex), staff, NINE)
        assert (told.status, told.marks) == (Status.STORED, ())
        assert Inspection.objects.get(id=told.inspection_id).occasion == occasion
