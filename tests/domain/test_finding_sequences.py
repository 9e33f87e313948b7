"""Whatever happens in whatever order: a pass is never good while something open covers it, and never kept back by us
when nothing is open."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fangxian.duties.models import Duty
from fangxian.duties.queries import recount
from fangxian.gates.actions import passes
from fangxian.gates.models import Pass, PassStatus
from fangxian.inspections.actions import findings, suspend
from fangxian.inspections.actions.errors import InspectionError
from fangxian.inspections.actions.photos import keep_photo
from fangxian.inspections.models import Finding, FindingAct, FindingStatus, SuspendedPass, Suspension
from fangxian.inspections.rules import Actor
from tests.domain.test_finding_suspensions import give
from tests.support.pictures import portrait
from tests.support.walks import send, walk
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
NINE = MORNING + timedelta(hours=2)
# What two findings are about: a zone's item in the garage, and an item of the whole building.
ABOUT = (("A2", {"spot": "车库", "zone": "R"}), ("A1", {}))
MOVES = ("inspect", "plan", "mend", "pass", "fail", "annul")


@pytest.fixture
def works() -> Works:
    return make_works()


@pytest.fixture
def photo(tmp_path: object, settings: object) -> str:
    settings.FILES_DIR = tmp_path  # type: ignore[attr-defined]  # pytest-django's settings
    return keep_photo(content=portrait(), name="a.jpg", by="test", now=MORNING)


class Story:
    """Two findings at one building, four passes, and a clock that goes on a minute a move."""

    def __init__(self, works: Works, photo: str) -> None:
        self.works, self.photo = works, photo
        self.building = works.towers[0].building
        self.passes = [give(self.building, zone) for zone in ("R", "R", "Y", "")]
        self.theirs = self.passes[1]
        passes.suspend(passes=[self.theirs], reason="遗失", by="test", now=MORNING)
        self.at, self.loose = NINE, False

    def move(self, what: str, which: int, hand: bool) -> None:
        self.at += timedelta(minutes=1)
        item, more = ABOUT[which]
        if what == "inspect":
            told = send(walk(self.building, self.at, {item: more}), self.works.head, self.at)
            assert told.status == "stored", told.text
        elif what in ("issue", "restore"):
            self._by_hand(what)
        else:
            row = Finding.objects.filter(place=self.building, item=item).order_by("-opened_us").first()
            if row is not None:
                self._act(row, FindingAct(what))
        if hand:
            suspend.keep_up(now=self.at)
        # what happens beside us is followed by the fold, or by the next walk
        self.loose = not hand and (self.loose or what in ("issue", "restore")) and what != "inspect"
        self.check(settled=not self.loose)

    def _act(self, row: Finding, act: FindingAct) -> None:
        before = (row.status, row.steps.count())
        try:
            findings.act(
                finding=row, act=act, actors=set(Actor), by=f"{act}-er", now=self.at, text="因为", photos=[self.photo],
                plan_who="王工", plan_what="修", plan_until=self.at + timedelta(hours=1),
            )  # fmt: skip
        except InspectionError:
            row.refresh_from_db()
            assert (row.status, row.steps.count()) == before

    def _by_hand(self, what: str) -> None:
        """What happens to passes beside us."""
        if what == "issue":
            self.passes.append(give(self.building, "R"))
        else:
            held = Pass.objects.filter(place=self.building, status=PassStatus.SUSPENDED).exclude(id=self.theirs.id)
            passes.restore(passes=list(held), reason="误操作", by="test", now=self.at)

    def check(self, *, settled: bool) -> None:
        standing = set(Suspension.objects.filter(until_us__isnull=True).values_list("zone", flat=True))
        held = set(SuspendedPass.objects.filter(ended=False).values_list("permit_id", flat=True))
        for permit in Pass.objects.filter(place=self.building):
            covered = bool(standing & {"", permit.zone})
            if permit.id == self.theirs.id:
                assert permit.status == "suspended"
                assert permit.id not in held
            elif not covered:
                assert permit.status == "live", "kept back when nothing is open"
            elif settled:
                assert permit.status == "suspended", "good while something open covers it"
        live = Finding.objects.filter(closed_us__isnull=True)
        keys = list(live.values_list("item", "spot"))
        assert len(keys) == len(set(keys))
        assert set(live.values_list("id", flat=True)) == set(
            Suspension.objects.filter(until_us__isnull=True).values_list("finding_id", flat=True)
        )
        self._check_owed()

    def _check_owed(self) -> None:
        """Exactly one thing is owed for each that is open, and nothing for those that are not."""
        for row in Finding.objects.all():
            owed = list(
                Duty.objects.filter(subject=row.subject_id, ended_us__isnull=True).values_list("rule__key", flat=True)
            )
            expected = ["finding-recheck"] if row.status == FindingStatus.MENDED else ["finding-red"]
            assert owed == ([] if row.closed_us is not None else expected), row.status

    def end(self) -> None:
        """Whatever is still open is annulled: nothing is kept back any more."""
        for row in Finding.objects.filter(closed_us__isnull=True):
            self._act(row, FindingAct.ANNUL)
        for permit in Pass.objects.filter(place=self.building).exclude(id=self.theirs.id):
            assert permit.status == "live"
        assert recount(self.works.street) == []


@settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
@given(
    moves=st.lists(
        st.tuples(st.sampled_from((*MOVES, *MOVES, "issue", "restore")), st.integers(0, 1), st.booleans()),
        min_size=4, max_size=14,
    )
)  # fmt: skip
def test_passes_follow_what_is_open(works: Works, photo: str, moves: list[tuple[str, int, bool]]) -> None:
    with transaction.atomic():
        story = Story(works, photo)
        story.move("inspect", moves[0][1], True)
        for what, which, hand in moves:
            story.move(what, which, hand)
        suspend.keep_up(now=story.at)
        story.check(settled=True)
        story.end()
        # each example begins on the same ground, also after one that failed
        transaction.set_rollback(True)


def test_the_same_is_found_and_closed_ten_times_over(works: Works, photo: str) -> None:
    story = Story(works, photo)
    for _round in range(10):
        for what in ("inspect", "mend", "fail", "plan", "mend", "pass"):
            story.move(what, 0, False)
    assert Finding.objects.filter(status="closed").count() == 10
    story.end()
