"""A pass that a finding suspends and somebody suspends by hand too does not come back with the end of the finding."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from fangxian.gates.models import Pass, PassStatus
from fangxian.inspections.models import FindingAct
from tests.domain.test_finding_suspensions import close, give
from tests.support.desk import at_desk
from tests.support.walks import find
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
NINE = MORNING + timedelta(hours=2)
WHY = "证件照不清"


@pytest.fixture
def works() -> Works:
    return make_works()


def desk(works: Works) -> Client:
    return at_desk(works.head, now=NINE)


def states(*permits: Pass) -> list[str]:
    return [Pass.objects.get(id=one.id).status for one in permits]


def test_one_pass(works: Works) -> None:
    building = works.towers[0].building
    kept, left, gone = give(building, "R"), give(building, "R"), give(building, "R")
    row = find(building, works.head, NINE, zone="R")
    assert states(kept, left, gone) == ["suspended"] * 3
    with time_machine.travel(NINE, tick=False):
        client = desk(works)
        page = client.get(reverse("passes:story", args=[kept.id])).content.decode()
        assert "Suspend beyond the end of the finding" in page
        assert (
            client.post(reverse("passes:change", args=[kept.id]), {"what": "suspend", "reason": WHY}).status_code == 302
        )
        client.post(reverse("passes:change", args=[gone.id]), {"what": "revoke", "reason": WHY})
        again = client.get(reverse("passes:story", args=[kept.id])).content.decode()
        assert "Suspend beyond the end of the finding" not in again
    assert Pass.objects.get(id=kept.id).reason == WHY
    close(row, works.leader, FindingAct.ANNUL)
    assert states(kept, left, gone) == [PassStatus.SUSPENDED, PassStatus.LIVE, PassStatus.REVOKED]


def test_many_passes(works: Works) -> None:
    building = works.towers[0].building
    red, other, live = give(building, "R"), give(building, "R"), give(building, "Y")
    row = find(building, works.head, NINE, zone="R")
    with time_machine.travel(NINE, tick=False):
        client, address = desk(works), reverse("passes:change-several")
        asked = {"what": "suspend", "pick": [str(red.id), str(live.id)]}
        assert "2 passes will change" in client.post(address, asked).content.decode()
        done = client.post(address, asked | {"step": "do", "seen": "2", "reason": WHY})
        assert done.status_code == 200
    assert [Pass.objects.get(id=one.id).reason for one in (red, live)] == [WHY, WHY]
    close(row, works.leader, FindingAct.ANNUL)
    assert states(red, other, live) == [PassStatus.SUSPENDED, PassStatus.LIVE, PassStatus.SUSPENDED]
