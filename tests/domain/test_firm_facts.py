"""What the street knows of an enterprise, and who looks after it."""

from datetime import timedelta

import pytest

from fangxian.accounts.access import NotFoundError, Reach
from fangxian.duties.actions.sweep import sweep
from fangxian.duties.models import Duty, Fulfilment, Gap, GapStatus, Member
from fangxian.registry.models import Change, ChangeKind, Enterprise, Subject
from fangxian.shared.ids import new_id
from fangxian.workplaces.actions import filings, firms
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.actions.firms import Facts, SameCodeError
from fangxian.workplaces.models import Firm, FirmPost, PostKind, Supply, Visit
from fangxian.workplaces.playbook import VISIT
from fangxian.workplaces.queries import firms as reads
from tests.support.works import MORNING, Works, make_enterprise, make_works

OIL = "91110000710926094P"


@pytest.fixture
def works(db: None) -> Works:
    return make_works()


def _facts(enterprise: Enterprise, **changes: object) -> Facts:
    held = {"name": enterprise.name, "uscc": "", "industry": enterprise.industry, "headcount": enterprise.headcount}
    return Facts(**(held | changes))  # type: ignore[arg-type]  # fields of Facts


def test_a_name_that_is_given_up_stays_as_an_alias_and_is_still_found(works: Works) -> None:
    firm = works.firms[0]
    facts = _facts(
        firm.enterprise, name="中化石化销售有限公司", aliases=("中石化销售",), landlord="虹桥国资", landlord_soe=True
    )
    firms.set_facts(enterprise=firm.enterprise, facts=facts, by="test", now=MORNING)
    row = Enterprise.objects.get(subject_id=firm.id)
    assert row.aliases == ["中石化销售", "银杏贸易有限公司"]
    assert Subject.objects.get(id=firm.id).label == "中化石化销售有限公司"
    assert Firm.objects.get(enterprise_id=firm.id).landlord_soe is True
    assert Change.objects.filter(subject_id=firm.id, kind=ChangeKind.CHANGED).exists()
    street = Reach(paths=(works.street.path,))
    for asked in ("中化石化", "中石化销售", "银杏"):
        assert [line.enterprise.subject_id for line in reads.listing(street, query=asked).lines] == [firm.id], asked


def test_a_list_is_found_by_credit_code_and_by_building(works: Works) -> None:
    street = Reach(paths=(works.street.path,))
    found = reads.listing(street, query="fw00025").lines
    assert [line.enterprise.name for line in found] == ["云帆软件有限公司"]
    second = reads.listing(street, building=works.towers[1].building)
    assert {line.enterprise.name for line in second.lines} == {"银杏贸易有限公司", "松果咨询有限公司"}
    both = next(line for line in second.lines if line.enterprise.name == "银杏贸易有限公司")
    assert [one.building.name for one in both.tenancies] == ["虹桥大厦", "古北中心"]
    assert {(one.floor, one.unit) for one in both.tenancies} == {("9层", "901室")}


def test_a_building_worker_reaches_the_enterprises_of_the_building_only(works: Works) -> None:
    first = Reach(paths=(works.towers[0].building.path,))
    names = {line.enterprise.name for line in reads.listing(first).lines}
    assert names == {"银杏贸易有限公司", "云帆软件有限公司"}
    with pytest.raises(NotFoundError):
        reads.page(first, works.firms[2].id, MORNING)
    with pytest.raises(NotFoundError):
        reads.seat(first, works.firms[0].id, works.towers[1].id)
    hr = Reach(subjects=frozenset([works.firms[0].id]))
    assert [seat.place.name for seat in reads.own(hr)] == ["虹桥大厦", "古北中心"]
    with pytest.raises(NotFoundError):
        reads.seat(hr, works.firms[1].id, works.towers[0].id)


def test_a_credit_code_that_another_record_has_is_refused_and_names_it(works: Works) -> None:
    first, other = works.firms[0].enterprise, works.firms[1].enterprise
    firms.set_facts(enterprise=other, facts=_facts(other, uscc=OIL), by="test", now=MORNING)
    with pytest.raises(SameCodeError) as refused:
        firms.set_facts(enterprise=first, facts=_facts(first, uscc=OIL), by="test", now=MORNING)
    assert refused.value.other.subject_id == other.subject_id
    with pytest.raises(WorkplaceError):
        firms.set_facts(enterprise=first, facts=_facts(first, uscc="91110000710926094X"), by="test", now=MORNING)


def test_one_enterprise_under_two_names_becomes_one_with_both_names(works: Works) -> None:
    known = works.firms[0].enterprise
    twin = make_enterprise("银杏贸易（上海）有限公司", [works.towers[0].units[17]])
    firms.same_as(absorbed=twin, survivor=known, by="test", now=MORNING)
    known.refresh_from_db()
    assert known.aliases == ["银杏贸易（上海）有限公司"]
    assert reads.top_of(twin.subject_id).subject_id == known.subject_id
    page = reads.page(Reach(paths=(works.street.path,)), twin.subject_id, MORNING)
    assert page.enterprise.subject_id == known.subject_id
    assert {one.place.name for one in page.tenancies} == {"901室", "1701室"}
    hr = Reach(subjects=frozenset([twin.subject_id]))
    assert reads.seat(hr, known.subject_id, works.towers[1].id).enterprise.subject_id == known.subject_id


def test_two_records_with_a_filing_each_for_one_building_are_not_made_one(works: Works) -> None:
    known, place = works.firms[0].enterprise, works.towers[0].building
    twin = make_enterprise("银杏贸易（上海）有限公司", [works.towers[0].units[17]])
    for one in (known, twin):
        filings.begin(enterprise=one, place=place, by="test", now=MORNING)
    with pytest.raises(WorkplaceError, match="虹桥大厦"):
        firms.same_as(absorbed=twin, survivor=known, by="test", now=MORNING)
    assert Subject.objects.get(id=twin.subject_id).merged_into_id is None


def test_an_enterprise_with_a_worker_is_visited_or_there_is_a_gap(works: Works) -> None:
    firm, worker = works.firms[0], works.towers[0].worker
    firms.assign_worker(enterprise_id=firm.id, worker=worker.id, by="test", now=MORNING)
    duty = Duty.objects.get(subject_id=firm.id, rule__key="firm-visited")
    late = MORNING + timedelta(days=9)
    sweep(now=late, polite=False)
    assert Gap.objects.filter(duty=duty, status=GapStatus.OPEN).count() == 1
    made = firms.visit(id=new_id(), enterprise_id=firm.id, observed_at=late, note="", by=worker.actor, now=late)
    assert not Gap.objects.filter(duty=duty, status=GapStatus.OPEN).exists()
    assert Fulfilment.objects.filter(duty=duty, ref=f"firm-visit:{made.id.hex}").exists()
    firms.assign_worker(enterprise_id=firm.id, worker=None, by="test", now=late)
    assert not Member.objects.filter(cohort__key=VISIT, subject_id=firm.id, until_us__isnull=True).exists()


def test_a_visit_sent_twice_is_one_and_one_in_the_future_is_none(works: Works) -> None:
    firm, key = works.firms[0], new_id()
    for _turn in range(2):
        firms.visit(id=key, enterprise_id=firm.id, observed_at=MORNING, note="看了测温点", by="test", now=MORNING)
    with pytest.raises(WorkplaceError):
        firms.visit(
            id=new_id(), enterprise_id=firm.id, observed_at=MORNING + timedelta(minutes=1), note="", by="test",
            now=MORNING,
        )  # fmt: skip
    assert Visit.objects.count() == 1


def test_posts_are_replaced_kind_by_kind_and_what_ended_stays(works: Works) -> None:
    firm = works.firms[0]
    first = {PostKind.CLEAN: ["王阿姨", " "], PostKind.MEASURE: ["小李", "小张"]}
    firms.set_posts(enterprise_id=firm.id, posts=first, by="test", now=MORNING)
    later = MORNING + timedelta(hours=1)
    firms.set_posts(enterprise_id=firm.id, posts={PostKind.MEASURE: ["小张", "小周"]}, by="test", now=later)
    assert [(row.kind, row.name) for row in reads.posts_of(firm.id)] == [
        ("measure", "小张"), ("measure", "小周"), ("clean", "王阿姨"),
    ]  # fmt: skip
    assert FirmPost.objects.get(name="小李").until_us is not None


def test_supplies_are_reckoned_by_the_people_who_come(works: Works) -> None:
    firm, place = works.firms[0], works.towers[0].building
    filing = filings.begin(enterprise=firm.enterprise, place=place, by="test", now=MORNING)
    filings.save(filing=filing, draft={"people": 20}, by="test", now=MORNING)
    firms.count_supplies(
        enterprise_id=firm.id, quantities={"masks": 280, "nonsense": 4}, people=20, by="t", now=MORNING
    )
    row = Supply.objects.get(holder_id=firm.id)
    assert (row.goods, row.per_day) == ("masks", 20)
    filings.save(filing=filing, draft={"people": 40}, by="test", now=MORNING)
    row.refresh_from_db()
    assert row.per_day == 40
    with pytest.raises(WorkplaceError):
        firms.count_supplies(enterprise_id=firm.id, quantities={"masks": -1}, people=20, by="test", now=MORNING)
