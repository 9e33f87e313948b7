"""The worker: a list of jobs, each with its period, run one after another until told to stop.

Jobs are resumable and safe to run in more than one worker. One that fails is logged by its name, left out for a
minute, and run again; it never stops the others.
"""

import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import close_old_connections, connections

from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.shared import clock
from fangxian.shared.writer import CHECKPOINT_SECONDS, checkpoint, renew_statistics
from fangxian.worker.jobs import (
    call_numbers,
    fold_gates,
    fold_inspections,
    fold_masks,
    fold_places,
    fold_register,
    fold_workplaces,
    plan_inspections,
    purge,
    remove_orphans,
    take_imports,
    work_out_waves,
)

logger = logging.getLogger(__name__)
SET_ASIDE = timedelta(minutes=1)
PROBE_SECONDS = 5
TICK_SECONDS = 0.1


@dataclass(frozen=True)
class Job:
    """`run` returns how much it did; with `again` it is called at once while it says that there is more.

    Jobs of one lane follow each other, lanes run beside each other: a heartbeat must not wait for a sweep, or the
    sweep would look like an outage, and a long list must not hold up the sweep.
    """

    name: str
    every: timedelta
    run: Callable[[datetime], int]
    lane: str = "work"
    again: bool = False


def _sweep(now: datetime) -> int:
    report = duties.sweep(now=now)
    return report.lapsed + report.unknown


def _plan(now: datetime) -> int:
    waiting = duties.due_playbook(now)
    if waiting is None:
        return 0
    return int(duties.bring_into_force(playbook=waiting, by="worker", now=now))


def _beat(now: datetime) -> int:
    """A heartbeat of the channel that the field reports through: its page answered."""
    try:
        with urllib.request.urlopen(settings.PROBE_URL, timeout=PROBE_SECONDS) as answer:  # noqa: S310 - own address, from settings
            up = answer.status == 200
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        up = False
    if up:
        for channel in settings.CHANNELS:
            duties.beat(channel=channel, now=now)
    return 0


def _seal(now: datetime) -> int:
    return audit.seal_entries(now=now)


def _posts(now: datetime) -> int:
    duties.check_posts(now=now)
    return 0


def _checkpoint(now: datetime) -> int:
    checkpoint()
    return 0


def _statistics(now: datetime) -> int:
    renew_statistics()
    return 0


JOBS: Sequence[Job] = (
    Job("beat", timedelta(seconds=30), _beat, lane="beat"),
    Job("checkpoint", timedelta(seconds=CHECKPOINT_SECONDS), _checkpoint, lane="journal"),
    Job("plan", timedelta(seconds=5), _plan),
    Job("fold", timedelta(seconds=2), fold_register, again=True),
    Job("gates", timedelta(seconds=2), fold_gates, again=True),
    Job("masks", timedelta(seconds=2), fold_masks, again=True),
    Job("workplaces", timedelta(seconds=30), fold_workplaces),
    Job("inspections", timedelta(seconds=5), fold_inspections),
    Job("inspectors", timedelta(minutes=10), plan_inspections, lane="call"),
    Job("call", timedelta(minutes=1), call_numbers, lane="call"),
    Job("places", timedelta(minutes=5), fold_places),
    Job("sweep", timedelta(seconds=5), _sweep),
    Job("posts", timedelta(minutes=1), _posts),
    Job("imports", timedelta(seconds=1), take_imports, lane="lists", again=True),
    Job("waves", timedelta(seconds=2), work_out_waves, lane="waves", again=True),
    Job("seal", timedelta(seconds=10), _seal, lane="lists", again=True),
    Job("statistics", timedelta(minutes=30), _statistics, lane="lists"),
    Job("purge", timedelta(hours=1), purge, lane="lists", again=True),
    Job("orphans", timedelta(hours=6), remove_orphans, lane="lists"),
)


def run(stop: threading.Event, *, jobs: Sequence[Job] = JOBS) -> None:
    """Run the jobs until `stop` is set, each lane in a thread of its own."""
    lanes = sorted({job.lane for job in jobs})
    threads = [
        threading.Thread(target=_run_lane, name=lane, args=(stop, [job for job in jobs if job.lane == lane]))
        for lane in lanes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _run_lane(stop: threading.Event, jobs: Sequence[Job]) -> None:
    """The clock is read here and handed down."""
    due = {job.name: clock.now() for job in jobs}
    while not stop.is_set():
        for job in jobs:
            now = clock.now()
            if stop.is_set() or due[job.name] > now:
                continue
            due[job.name] = now + run_once(job, now)
        close_old_connections()
        stop.wait(TICK_SECONDS)
    connections.close_all()


def run_once(job: Job, now: datetime) -> timedelta:
    """Run one job; returns how long until it is due again."""
    began = time.monotonic()
    try:
        did = job.run(now)
    except Exception:
        logger.exception("job %s failed; it is run again in a minute", job.name)
        return SET_ASIDE
    if did:
        logger.info("job %s: %d in %.1f s", job.name, did, time.monotonic() - began)
    return timedelta(0) if did and job.again else job.every
