"""Passes follow what was decided about a filing: beside the writer, and also where a process died in between."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from fangxian.gates.actions import passes
from fangxian.gates.models import Pass, PassStatus
from fangxian.workplaces import filing_folds, folds
from fangxian.workplaces.actions import filings, returning
from fangxian.workplaces.models import Filing, FilingAct, FilingStatus
from fangxian.workplaces.rules import Actor
from tests.support.filed import ready, stand
from tests.support.works import MORNING, make_works

HOUR = timedelta(hours=1)
WHY = "口罩只够五天"


class DiedError(Exception):
    """The process ends here."""


def act(filing: Filing, name: FilingAct, now: datetime) -> None:
    row = Filing.objects.get(id=filing.id)
    filings.act(filing=row, act=name, actors={Actor.STREET}, by="test-street", now=now, text=WHY)


def dies(filing: Filing, name: FilingAct, what: str, now: datetime, patch: pytest.MonkeyPatch) -> None:
    """The decision is kept, and the process dies before the passes follow."""

    def die(**_words: object) -> int:
        raise DiedError

    with patch.context() as here:
        here.setattr(returning, what, die)
        with pytest.raises(DiedError):
            act(filing, name, now)


def states(filing: Filing) -> set[str]:
    return set(Pass.objects.filter(enterprise_id=filing.enterprise_id).values_list("status", flat=True))


@pytest.mark.django_db
def test_the_worker_finishes_what_a_process_that_died_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    filing = ready(make_works())
    stand(filing, FilingStatus.ENDORSED)
    seen = []
    steps: tuple[tuple[FilingAct, str, set[PassStatus], PassStatus], ...] = (
        (FilingAct.ACCEPT, "accept", set(), PassStatus.LIVE),
        (FilingAct.SUSPEND, "suspend_all", {PassStatus.LIVE}, PassStatus.SUSPENDED),
        (FilingAct.RESUME, "restore_all", {PassStatus.SUSPENDED}, PassStatus.LIVE),
        (FilingAct.END, "revoke_all", {PassStatus.LIVE}, PassStatus.REVOKED),
    )
    for number, (name, what, before, after) in enumerate(steps):
        at = MORNING + number * HOUR
        dies(filing, name, what, at, monkeypatch)
        assert states(filing) == before
        folds.fold(at + timedelta(minutes=1))
        assert states(filing) == {after}
        assert filing_folds.finish_filings(at + timedelta(minutes=2)) == 0
        seen.append(Pass.objects.filter(enterprise_id=filing.enterprise_id).first())
    assert seen[1] is not None
    assert seen[1].reason == WHY
    assert seen[3] is not None
    assert seen[3].reason == WHY


@pytest.mark.django_db
def test_half_of_the_passes_is_finished_and_what_a_desk_did_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    filing = ready(make_works())
    stand(filing, FilingStatus.ENDORSED)
    act(filing, FilingAct.ACCEPT, MORNING)
    mine = list(Pass.objects.filter(enterprise_id=filing.enterprise_id).order_by("id"))
    assert len(mine) > 1
    # one is revoked at a desk: the worker does not give it again
    passes.revoke(passes=mine[:1], reason="丢失", by="desk", now=MORNING + HOUR)
    assert filing_folds.finish_filings(MORNING + 2 * HOUR) == 0
    dies(filing, FilingAct.SUSPEND, "suspend_all", MORNING + 3 * HOUR, monkeypatch)
    passes.suspend(passes=mine[1:2], reason="证件照不清", by="desk", now=MORNING + 3 * HOUR)
    assert filing_folds.finish_filings(MORNING + 4 * HOUR) == len(mine) - 2
    dies(filing, FilingAct.RESUME, "restore_all", MORNING + 5 * HOUR, monkeypatch)
    assert filing_folds.finish_filings(MORNING + 6 * HOUR) == len(mine) - 2
    after = [Pass.objects.get(id=one.id).status for one in mine]
    assert after == [PassStatus.REVOKED, PassStatus.SUSPENDED, *[PassStatus.LIVE] * (len(mine) - 2)]


@pytest.mark.django_db(transaction=True)
def test_no_pass_is_signed_or_changed_while_the_decision_holds_the_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    filing = ready(make_works())
    stand(filing, FilingStatus.ENDORSED)
    held = list[bool]()

    def watch(module: object, name: str) -> None:
        before = getattr(module, name)

        def watched(**words: object) -> object:
            held.append(connection.in_atomic_block)
            return before(**words)

        monkeypatch.setattr(module, name, watched)

    watch(passes, "signed")
    watch(returning, "suspend_all")
    watch(returning, "restore_all")
    watch(returning, "revoke_all")
    for number, name in enumerate((FilingAct.ACCEPT, FilingAct.SUSPEND, FilingAct.RESUME, FilingAct.END)):
        act(filing, name, MORNING + number * HOUR)
    assert held == [False] * 4
    assert states(filing) == {PassStatus.REVOKED}
