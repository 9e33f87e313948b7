"""The worker's loop: jobs run in their lanes, a failing one stops nobody, heartbeats do not wait."""

import threading
import time
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.duties.gap_queries import open_gaps
from fangxian.duties.models import Gap, Playbook
from fangxian.duties.queries import at_nodes
from fangxian.places.models import Place
from fangxian.shared.writer import renew_statistics
from fangxian.worker import loop
from fangxian.worker.loop import Job
from tests.support.factories import MORNING, enrol_places, make_rule, make_staff, make_street

pytestmark = pytest.mark.django_db(transaction=True)
SOON = timedelta(milliseconds=10)


def run_for(seconds: float, *jobs: Job) -> None:
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    timer.start()
    loop.run(stop, jobs=jobs)
    timer.join()
    connections.close_all()


def test_a_failing_job_is_set_aside_and_the_others_go_on() -> None:
    ran: list[str] = []

    def fails(_now: datetime) -> int:
        ran.append("fails")
        raise RuntimeError("poison")

    def works(_now: datetime) -> int:
        ran.append("works")
        return 0

    run_for(1.0, Job("fails", SOON, fails), Job("works", SOON, works))
    assert ran.count("fails") == 1
    assert ran.count("works") >= 2


def test_a_heartbeat_does_not_wait_for_a_long_sweep() -> None:
    beats: list[float] = []

    def long(_now: datetime) -> int:
        time.sleep(1.0)
        return 0

    def beat(_now: datetime) -> int:
        beats.append(time.monotonic())
        return 0

    run_for(0.9, Job("long", SOON, long), Job("beat", SOON, beat, lane="beat"))
    assert len(beats) >= 3


def test_a_job_that_says_there_is_more_is_called_again_at_once() -> None:
    left = [3, 2, 1, 0]
    run_for(0.9, Job("drain", timedelta(minutes=5), lambda _now: left.pop(0) if left else 0, again=True))
    assert left == []


def test_an_empty_post_becomes_a_gap_of_its_own_and_closes_when_it_is_filled() -> None:
    street = make_street()
    from_plan = make_rule()
    enrol_places(street.doors_of(street.grids[0]), due=timedelta(hours=1))
    leader = make_staff(Role.STREET_LEADER, street.street)
    late = MORNING + timedelta(hours=2)
    duties.sweep(now=late, polite=False)
    assert duties.check_posts(now=late) == 0  # a rule that no plan brought asks for no post

    playbook = _some_playbook()
    from_plan.playbook = playbook
    from_plan.save(update_fields=["playbook"])
    assert duties.check_posts(now=late) == 1
    assert duties.check_posts(now=late) == 0
    duties.sweep(now=late + timedelta(minutes=5), polite=False)
    empty = [g for g in open_gaps(at_nodes(street.street), late + timedelta(minutes=5)) if g.rule == "empty-post"]
    assert len(empty) == 1
    assert empty[0].owner.includes(leader.id)

    make_staff(Role.GRID_WORKER, street.grids[0])
    assert duties.check_posts(now=late + timedelta(minutes=10)) == 1
    assert not Gap.objects.filter(rule__key="empty-post", status="open").exists()


def _some_playbook() -> Playbook:
    return Playbook.objects.create(
        name="x", version="1", sha256="0" * 64, content="{}", effective_us=0, in_force_us=0, applied_us=0,
        applied_by="test",
    )  # fmt: skip


def test_the_planner_learns_how_large_the_tables_are() -> None:
    make_street()
    assert renew_statistics() > 40
    seen = {
        "sqlite": "SELECT stat FROM sqlite_stat1 WHERE tbl = %s",
        "postgresql": "SELECT reltuples FROM pg_class WHERE relname = %s",
    }
    with connection.cursor() as cursor:
        cursor.execute(seen[connection.vendor], [Place._meta.db_table])
        assert {int(str(row[0]).split()[0].split(".")[0]) for row in cursor.fetchall()} >= {Place.objects.count()}
