"""The same records from two windows of one phone at the same moment."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from fangxian.duties.models import Fulfilment
from fangxian.duties.queries import recount
from fangxian.screening.actions import (
    PersonAnswer,
    Sighting,
    Status,
    Visit,
    open_round,
    record_sightings,
    record_visits,
)
from fangxian.screening.models import DoorVisit, RoundKind, UnregisteredFinding, VehicleSighting
from fangxian.shared.ids import new_id
from tests.support import ground as g

NOW = datetime(2020, 2, 18, 1, 0, tzinfo=UTC)
BY = "a" * 32


def together(*calls: Callable[[], None]) -> None:
    """Run these at the same moment, each on a connection of its own; raises what any of them raised."""
    start = threading.Barrier(len(calls))
    faults: list[BaseException] = []

    def run(call: Callable[[], None]) -> None:
        try:
            start.wait(timeout=10)
            call()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_comes_twice_at_once_is_kept_and_counted_once() -> None:
    here = g.street_like(NOW)
    g.vehicle("沪A12345", here.compound, NOW)
    round = open_round(
        title="第一轮", place=here.neighbourhood, kinds=RoundKind.values, opens_at=NOW,
        due_at=NOW + timedelta(hours=10), by=BY, now=NOW, polite=False,
    )  # fmt: skip
    doors = [
        Visit(new_id(), round.id, door.id, "met", NOW, people=(PersonAnswer("present", name="赵新"),))
        for door in here.dwellings
    ]
    cars = [
        Sighting(new_id(), round.id, plate, here.compound.id, "resident", NOW) for plate in ("沪A12345", "鄂A12345")
    ]
    answers: list[Status] = []

    def send() -> None:
        found = record_visits(items=doors, by=BY, now=NOW) + record_sightings(items=cars, by=BY, now=NOW)
        answers.extend(answer.status for answer in found)

    together(send, send)
    assert len(answers) == 20
    assert set(answers) <= {Status.STORED, Status.KNOWN}
    assert (DoorVisit.objects.count(), VehicleSighting.objects.count()) == (8, 2)
    assert UnregisteredFinding.objects.count() == 9
    assert Fulfilment.objects.count() == 9
    assert recount(here.street) == []
