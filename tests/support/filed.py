"""Filings with nothing missing, for whoever needs one that can be sent in or was accepted."""

from datetime import date, datetime
from typing import Final

from fangxian.registry.models import Document, DocumentKind, Subject
from fangxian.shared import clock, crypto
from fangxian.shared.ids import new_id
from fangxian.workplaces.actions import filings, firms, returning
from fangxian.workplaces.models import Filing, FilingStatus, PostKind, Transport, Travelled
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.returning import NewReturning
from tests.support.works import MORNING, Firm, Works

PLAN_TEXT: Final = (
    "门口专人测温，员工分两批到岗，每日两次消毒，会议改线上；"
    "发现发热立即隔离并报告楼宇物业和街道，名单每日更新，午餐分散就坐。"
)
PHONE: Final = "13812345678"


def on_ledger(firm: Firm, works: Works, tower: int = 0, now: datetime = MORNING) -> None:
    """Everybody of the enterprise, none of whom left Shanghai."""
    for number, person in enumerate(firm.people):
        if not Document.objects.filter(subject_id=person.pk).exists():
            key = new_id()
            Document.objects.create(
                id=key, subject_id=person.pk, kind=DocumentKind.RESIDENT_ID, country="CN",
                number_sealed=crypto.seal(f"test{number}", Document.aad(key)),
                number_index=crypto.blind(f"{person.pk}", "document"), mask="310105********0013",
            )  # fmt: skip
    rows = [
        NewReturning(
            person_id=person.pk, left_shanghai=False, transport=Transport.NONE, key_region=Travelled.NO, number=number
        )
        for number, person in enumerate(firm.people, start=2)
    ]
    subject = Subject.objects.get(id=firm.id)
    report = returning.put_many(enterprise=subject, place=works.towers[tower].building, rows=rows, by="test", now=now)
    assert not report.refused


def ready(works: Works, number: int = 0, tower: int = 0, now: datetime = MORNING) -> Filing:
    """A draft with nothing missing."""
    firm, place = works.firms[number], works.towers[tower].building
    filing = filings.begin(enterprise=firm.enterprise, place=place, by=firm.hr.actor, now=now)
    draft: filings.Draft = {
        "in_charge": "林晓", "phone": PHONE, "start_on": date(2020, 2, 18), "people": 3, "plan": PLAN_TEXT,
        "isolation": "九楼东侧小会议室", "ask_from": 510, "ask_until": 540, "ask_home": 20,
    }  # fmt: skip
    filings.save(filing=filing, draft=draft, by=firm.hr.actor, now=now)
    goods = {one.key: 1_000_000 for one in plan_at(now).section.goods}
    firms.count_supplies(enterprise_id=firm.id, quantities=goods, people=3, by="test", now=now)
    firms.set_posts(enterprise_id=firm.id, posts={kind: ["林晓"] for kind in PostKind}, by="test", now=now)
    filings.sign(filing=filing, signer="林晓", post="总经理", language="zh-hans", by=firm.hr.actor, now=now)
    on_ledger(firm, works, tower, now)
    return Filing.objects.get(id=filing.id)


def stand(filing: Filing, status: FilingStatus) -> Filing:
    """The same filing, put into a state by hand: what is judged is the step from there."""
    submitted = None if status == FilingStatus.DRAFT else clock.to_us(MORNING)
    Filing.objects.filter(id=filing.id).update(status=status, submitted_us=submitted)
    return Filing.objects.get(id=filing.id)
