"""A filing for the return to work: every state by every act as everybody, and what a step brings with it."""

from datetime import date, datetime, timedelta

import pytest

from fangxian.accounts.access import Reach
from fangxian.accounts.actions import grant
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.actions.sweep import sweep
from fangxian.duties.models import Duty, Gap, GapStatus, Member
from fangxian.gates.models import Pass, PassStatus
from fangxian.inspections.actions import findings
from fangxian.inspections.models import FindingAct
from fangxian.inspections.rules import Actor as Inspecting
from fangxian.shared import clock
from fangxian.workplaces import rules
from fangxian.workplaces.actions import filings, firms
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.actions.filings import NotYetError, OvertakenError
from fangxian.workplaces.models import Filing, FilingAct, FilingStatus, FilingStep
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.playbook import HEALTH, VISIT
from fangxian.workplaces.queries import filings as reads
from fangxian.workplaces.rules import Actor, Lack
from tests.support.filed import PHONE, ready, stand
from tests.support.threads import at_once
from tests.support.walks import find
from tests.support.works import MORNING, Works, make_enterprise, make_works

ALL = frozenset(Actor)


@pytest.fixture
def works(db: None) -> Works:
    return make_works()


def act(filing: Filing, name: FilingAct, actor: Actor, now: datetime, by: str = "", **more: object) -> Filing:
    """One step as one actor; each actor is another person."""
    words: dict[str, object] = {"reasons": ["supplies"], "text": "口罩只够五天"} | more
    row = Filing.objects.get(id=filing.id)
    return filings.act(filing=row, act=name, actors={actor}, by=by or f"test-{actor}", now=now, **words)  # type: ignore[arg-type]  # reasons and text


def test_every_state_by_every_act_as_everybody(works: Works) -> None:
    filing = ready(works)
    wrong = []
    for status in FilingStatus:
        for name in FilingAct:
            for actor in Actor:
                stand(filing, status)
                FilingStep.objects.all().delete()
                expected = rules.TRANSITIONS.get((status, name))
                allowed = expected is not None and actor in expected[1]
                try:
                    after = act(filing, name, actor, MORNING).status
                except WorkplaceError:
                    after = None
                stands = Filing.objects.get(id=filing.id).status
                right = expected[0] if allowed and expected else None
                steps = list(FilingStep.objects.values_list("before", "act", "after"))
                if after != right or stands != (right or status) or steps != ([(status, name, right)] if right else []):
                    wrong.append((status, name, actor, after))
    assert wrong == []


def test_a_filing_goes_all_its_way_and_each_step_is_timed(works: Works) -> None:
    filing, firm = ready(works), works.firms[0]
    hour = timedelta(hours=1)
    steps = [
        (FilingAct.SUBMIT, Actor.FIRM), (FilingAct.RETURN, Actor.WORKER), (FilingAct.SUBMIT, Actor.FIRM),
        (FilingAct.ENDORSE, Actor.WORKER), (FilingAct.ACCEPT, Actor.STREET),
    ]  # fmt: skip
    for number, (name, actor) in enumerate(steps, start=1):
        act(filing, name, actor, MORNING + number * hour)
    filing.refresh_from_db()
    assert (filing.status, filing.version) == (FilingStatus.ACCEPTED, 2)
    story = reads.story(filing, plan_at(MORNING), "zh-hans")
    assert [one.row.took_us for one in story] == [clock.HOUR_US] * 5
    assert story[1].reasons == ("防疫物资不足14天",)
    assert story[1].row.text == "口罩只够五天"
    for cohort in (HEALTH, VISIT):
        assert Member.objects.filter(cohort__key=cohort, subject_id=firm.id, until_us__isnull=True).exists(), cohort
    passes = Pass.objects.filter(enterprise_id=firm.id, place=filing.place, status=PassStatus.LIVE)
    assert passes.count() == len(firm.people)


def test_passes_go_with_a_suspension_come_back_and_end_with_the_filing(works: Works) -> None:
    filing = stand(ready(works), FilingStatus.ENDORSED)
    act(filing, FilingAct.ACCEPT, Actor.STREET, MORNING)
    mine = Pass.objects.filter(enterprise_id=filing.enterprise_id)
    states: list[set[str]] = []
    for name in (FilingAct.SUSPEND, FilingAct.RESUME, FilingAct.END):
        act(filing, name, Actor.STREET, MORNING + timedelta(hours=len(states) + 1), text="两人发热")
        states.append(set(mine.values_list("status", flat=True)))
    assert states == [{PassStatus.SUSPENDED}, {PassStatus.LIVE}, {PassStatus.REVOKED}]
    assert not Member.objects.filter(subject_id=filing.enterprise_id, until_us__isnull=True).exists()


def test_an_open_finding_outlasts_a_resumed_filing_and_holds_new_passes(works: Works) -> None:
    filing = stand(ready(works), FilingStatus.ENDORSED)
    hour, found = timedelta(hours=1), []
    mine = Pass.objects.filter(enterprise_id=filing.enterprise_id)

    def see() -> None:
        found.append(set(mine.values_list("status", flat=True)))

    finding = find(filing.place, works.head, MORNING, item="A1")
    act(filing, FilingAct.ACCEPT, Actor.STREET, MORNING + hour)
    see()
    for name in (FilingAct.SUSPEND, FilingAct.RESUME):
        act(filing, name, Actor.STREET, MORNING + 2 * hour, text="两人发热")
        see()
    findings.act(
        finding=finding, act=FindingAct.ANNUL, actors=set(Inspecting), by=works.leader.actor, now=MORNING + 3 * hour,
        text="复查",
    )  # fmt: skip
    see()
    assert found == [{PassStatus.SUSPENDED}] * 3 + [{PassStatus.LIVE}]


def test_what_is_missing_is_named_and_nothing_typed_is_lost(works: Works) -> None:
    firm, place = works.firms[1], works.towers[0].building
    filing = filings.begin(enterprise=firm.enterprise, place=place, by="test", now=MORNING)
    filings.save(filing=filing, draft={"people": 4, "start_on": date(2020, 2, 3)}, by="test", now=MORNING)
    with pytest.raises(NotYetError) as refused:
        act(filing, FilingAct.SUBMIT, Actor.FIRM, MORNING)
    assert refused.value.lacks == (
        Lack.IN_CHARGE, Lack.PHONE, Lack.TOO_EARLY, Lack.PLAN, Lack.ISOLATION, Lack.ROSTER, Lack.SUPPLIES, Lack.POSTS,
        Lack.COMMITMENT,
    )  # fmt: skip
    filing.refresh_from_db()
    assert (filing.status, filing.people) == (FilingStatus.DRAFT, 4)
    assert not FilingStep.objects.exists()


@pytest.mark.parametrize(
    "draft",
    [
        {"people": 0}, {"people": 20_001}, {"phone": "12"}, {"ask_from": 600, "ask_until": 540}, {"ask_from": 600},
        {"ask_home": 101},
    ],
)  # fmt: skip
def test_what_cannot_be_is_not_kept(works: Works, draft: filings.Draft) -> None:
    filing = filings.begin(enterprise=works.firms[0].enterprise, place=works.towers[0].building, by="test", now=MORNING)
    with pytest.raises(WorkplaceError):
        filings.save(filing=filing, draft={"isolation": "前台旁", **draft}, by="test", now=MORNING)
    filing.refresh_from_db()
    assert (filing.isolation, filing.people, filing.ask_from) == ("", None, None)


def test_two_people_do_not_overwrite_each_other_unseen(works: Works) -> None:
    filing, later = ready(works), MORNING + timedelta(hours=1)
    filing.refresh_from_db()
    shown_us = filing.changed_us
    for people in (20, 21):
        filings.save(filing=filing, draft={"people": people}, by="one", now=later, shown_us=shown_us)
    with pytest.raises(filings.ChangedMeanwhileError) as refused:
        filings.save(filing=filing, draft={"people": 30}, by="two", now=later, shown_us=shown_us)
    assert (refused.value.fields, refused.value.filing.people) == ({"people"}, 21)
    filings.save(filing=filing, draft={"isolation": "前台旁"}, by="two", now=later, shown_us=shown_us)
    filing.refresh_from_db()
    assert (filing.people, filing.isolation) == (21, "前台旁")
    seen_us = filing.changed_us
    assert filings.save(filing=filing, draft={"people": 30}, by="two", now=later, shown_us=seen_us).people == 30


def test_the_telephone_lies_sealed_and_each_reading_is_recorded(works: Works) -> None:
    filing = ready(works)
    assert PHONE.encode() not in bytes(filing.phone_sealed)
    assert filing.phone_mask == "138****5678"
    filings.save(filing=filing, draft={"phone": ""}, by="test", now=MORNING)
    assert filings.open_phone(filing=filing, by="test", now=MORNING) == "+8613812345678"
    assert Entry.objects.filter(act="workplaces.filing.phone-read").count() == 1
    assert PHONE not in str(list(Entry.objects.values_list("detail", "target")))


def test_nothing_is_changed_behind_the_back_of_whoever_decides(works: Works) -> None:
    filing = ready(works)
    act(filing, FilingAct.SUBMIT, Actor.FIRM, MORNING)
    with pytest.raises(WorkplaceError):
        filings.save(filing=filing, draft={"people": 300}, by="test", now=MORNING)
    with pytest.raises(WorkplaceError):
        filings.sign(filing=filing, signer="林晓", post="总经理", language="zh", by="test", now=MORNING)
    act(filing, FilingAct.RETURN, Actor.WORKER, MORNING)
    filings.save(filing=filing, draft={"people": 30}, by="test", now=MORNING)


def test_the_signed_words_are_kept_and_new_words_are_signed_anew(works: Works) -> None:
    filing = ready(works)
    section = plan_at(MORNING).section
    assert filing.statement is not None
    assert section.commitment is not None
    assert filing.statement.text == section.commitment.zh
    assert reads.missing(filing, section, clock.local_day(MORNING)) == ()
    other = section.commitment.model_copy(update={"zh": "新的承诺", "en": "another"})
    anew = section.model_copy(update={"commitment": other})
    assert reads.missing(filing, anew, clock.local_day(MORNING)) == (Lack.COMMITMENT,)


def test_a_return_needs_a_reason_and_something_else_needs_words(works: Works) -> None:
    filing = stand(ready(works), FilingStatus.SUBMITTED)
    for reasons, text in (([], "看不懂"), (["no-such-reason"], ""), (["other"], " ")):
        with pytest.raises(WorkplaceError):
            act(filing, FilingAct.RETURN, Actor.WORKER, MORNING, reasons=reasons, text=text)
    act(filing, FilingAct.RETURN, Actor.WORKER, MORNING, reasons=["other", "plan"], text="测温点画出来")
    assert FilingStep.objects.get().reasons == ["plan", "other"]


@pytest.mark.parametrize("name", [FilingAct.SUSPEND, FilingAct.END])
def test_who_stops_an_enterprise_says_why(works: Works, name: FilingAct) -> None:
    filing = stand(ready(works), FilingStatus.ACCEPTED)
    with pytest.raises(WorkplaceError):
        act(filing, name, Actor.STREET, MORNING, text=" ")


def test_a_tenant_in_two_buildings_files_for_each(works: Works) -> None:
    firm = works.firms[0]
    both = [ready(works, 0, tower) for tower in (0, 1)]
    assert both[0].id != both[1].id
    for filing in both:
        stand(filing, FilingStatus.ENDORSED)
        act(filing, FilingAct.ACCEPT, Actor.STREET, MORNING)
    act(both[0], FilingAct.END, Actor.FIRM, MORNING, text="搬走了")
    held = Pass.objects.filter(enterprise_id=firm.id, status=PassStatus.LIVE)
    assert set(held.values_list("place_id", flat=True)) == {works.towers[1].id}
    assert Member.objects.filter(cohort__key=HEALTH, subject_id=firm.id, until_us__isnull=True).exists()
    again = filings.begin(enterprise=firm.enterprise, place=works.towers[0].building, by="test", now=MORNING)
    assert (again.id != both[0].id, again.status) == (True, FilingStatus.DRAFT)


def test_begun_twice_it_is_one_and_nobody_files_where_they_have_no_rooms(works: Works) -> None:
    firm = works.firms[1]
    pair = [
        filings.begin(enterprise=firm.enterprise, place=works.towers[0].building, by="test", now=MORNING)
        for _turn in range(2)
    ]
    assert pair[0].id == pair[1].id
    with pytest.raises(WorkplaceError):
        filings.begin(enterprise=firm.enterprise, place=works.towers[1].building, by="test", now=MORNING)


def test_a_record_that_was_merged_finds_the_filing_of_the_other(works: Works) -> None:
    known, place = works.firms[0].enterprise, works.towers[0].building
    twin = make_enterprise("银杏贸易（上海）有限公司", [works.towers[0].units[17]])
    first = filings.begin(enterprise=twin, place=place, by="test", now=MORNING)
    firms.same_as(absorbed=twin, survivor=known, by="test", now=MORNING)
    assert filings.begin(enterprise=known, place=place, by="test", now=MORNING).id == first.id
    hr = Reach(subjects=frozenset([known.subject_id]))
    assert reads.get(hr, first.id).id == first.id


def test_nobody_decides_about_their_own(works: Works) -> None:
    filing, street = ready(works), Reach(paths=(works.street.path,))
    head, hr = works.head, works.firms[0].hr
    grant(staff=head, role=Role.ENTERPRISE_HR, subject=filing.enterprise_id, by="test", now=MORNING)

    def as_whom(staff: Staff, **reach: Reach) -> frozenset[Actor]:
        nothing = Reach()
        held = {"firm": nothing, "endorse": nothing, "decide": nothing} | reach
        subjects = [one.subject for one in staff.grants.all() if one.subject]
        ids = [filing.enterprise_id]
        return reads.actors_on(filing, **held, ids=ids, sender="", subjects=subjects, by=staff.actor)

    own = Reach(paths=(works.street.path,), subjects=frozenset([filing.enterprise_id]))
    assert as_whom(head, firm=own, endorse=street, decide=street) == {Actor.FIRM}
    assert as_whom(hr, firm=Reach(subjects=frozenset([filing.enterprise_id]))) == {Actor.FIRM}
    assert as_whom(works.leader, decide=street) == {Actor.STREET}
    assert as_whom(hr, firm=Reach(subjects=frozenset([works.firms[1].id]))) == frozenset()
    stand(filing, FilingStatus.ENDORSED)
    with pytest.raises(WorkplaceError):
        filings.act(
            filing=Filing.objects.get(id=filing.id), act=FilingAct.ACCEPT, actors=ALL, by=head.actor, now=MORNING
        )


def test_who_sent_it_in_for_an_enterprise_does_not_endorse_it(works: Works) -> None:
    filing, worker = ready(works), works.towers[0].worker
    sent = filings.act(filing=filing, act=FilingAct.SUBMIT, actors={Actor.WORKER}, by=worker.actor, now=MORNING)
    here = Reach(paths=(works.towers[0].building.path,))
    assert reads.sent_by(sent) == worker.actor
    held = reads.actors_on(
        sent, ids=[sent.enterprise_id], sender=worker.actor, firm=here, endorse=here, decide=Reach(), subjects=[],
        by=worker.actor,
    )  # fmt: skip
    assert held == {Actor.FIRM}
    for name in (FilingAct.ENDORSE, FilingAct.RETURN):
        with pytest.raises(WorkplaceError):
            filings.act(
                filing=sent, act=name, actors={Actor.WORKER}, by=worker.actor, now=MORNING, reasons=["plan"]
            )  # fmt: skip
    assert FilingStep.objects.count() == 1
    act(sent, FilingAct.ENDORSE, Actor.STREET, MORNING, by=works.head.actor)


def test_a_filing_that_nobody_decides_about_is_a_gap_of_the_street(works: Works) -> None:
    filing = ready(works)
    act(filing, FilingAct.SUBMIT, Actor.FIRM, MORNING)
    duty = Duty.objects.get(one_off__source=f"filing:{filing.id.hex}:1")
    assert (duty.one_off.role, duty.one_off.about_id) == (Role.SECTION_HEAD, filing.enterprise_id)
    assert "林晓" not in duty.one_off.title
    check = Duty.objects.get(one_off__source=f"filing:{filing.id.hex}:1:check")
    assert (check.one_off.role, check.due_us - duty.due_us) == (Role.BUILDING_PARTY_WORKER, -12 * clock.HOUR_US)
    late = MORNING + timedelta(hours=25)
    [waiting] = reads.queue(Reach(paths=(works.street.path,)), now=late, statuses=reads.WAITING)
    assert (waiting.overdue, waiting.waits_us) == (True, 25 * clock.HOUR_US)
    sweep(now=late, polite=False)
    assert Gap.objects.filter(duty__in=[duty, check], status=GapStatus.OPEN).count() == 2
    act(filing, FilingAct.RETURN, Actor.WORKER, late)
    assert not Gap.objects.filter(duty__in=[duty, check], status=GapStatus.OPEN).exists()
    act(filing, FilingAct.SUBMIT, Actor.FIRM, late)
    assert Duty.objects.filter(one_off__source=f"filing:{filing.id.hex}:2", deadline_us__isnull=False).exists()


def test_once_the_worker_has_checked_only_the_decision_is_owed(works: Works) -> None:
    filing = ready(works)
    act(filing, FilingAct.SUBMIT, Actor.FIRM, MORNING)
    act(filing, FilingAct.ENDORSE, Actor.WORKER, MORNING)
    owed = Duty.objects.filter(one_off__about_id=filing.enterprise_id, deadline_us__isnull=False)
    assert [duty.one_off.role for duty in owed] == [Role.SECTION_HEAD]
    act(filing, FilingAct.ACCEPT, Actor.STREET, MORNING)
    assert not owed.all().exists()


def test_a_page_that_was_open_too_long_changes_nothing(works: Works) -> None:
    seen = stand(ready(works), FilingStatus.SUBMITTED)
    act(seen, FilingAct.RETURN, Actor.WORKER, MORNING)
    with pytest.raises(OvertakenError):
        filings.act(filing=seen, act=FilingAct.ENDORSE, actors={Actor.WORKER}, by="test-other", now=MORNING)
    assert FilingStep.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_sent_in_twice_at_once_it_is_sent_in_once() -> None:
    works = make_works()
    filing = ready(works)
    overtaken: list[Exception] = []

    def send() -> None:
        try:
            filings.act(filing=filing, act=FilingAct.SUBMIT, actors={Actor.FIRM}, by="test-hr", now=MORNING)
        except OvertakenError as error:
            overtaken.append(error)

    at_once(*[send] * 3)
    assert len(overtaken) == 2
    row = Filing.objects.get(id=filing.id)
    assert (row.status, row.version, FilingStep.objects.count()) == (FilingStatus.SUBMITTED, 1, 1)
    assert Duty.objects.filter(one_off__about_id=row.enterprise_id).count() == 2
