"""Something not in order stands on the first page of whoever answers for the place, at once, with the way to it."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation

from fangxian.accounts.models import Staff
from fangxian.inspections import folds
from tests.support.desk import at_desk
from tests.support.walks import find
from tests.support.works import MORNING, make_works

pytestmark = pytest.mark.django_db
NINE = MORNING + timedelta(hours=2)


def rows(staff: Staff) -> dict[str, str]:
    """Duties on somebody's first page, with the address behind each."""
    client: Client = at_desk(staff, now=NINE)
    found = re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)</a>', client.get("/").content.decode())
    return {title: address for address, title in found}


def test_the_manager_reads_it_at_once_and_comes_to_the_findings() -> None:
    works = make_works()
    folds.fold(now=MORNING)
    with time_machine.travel(NINE, tick=False), translation.override("en"):
        assert reverse("findings:list") not in rows(works.towers[0].manager).values()
        find(works.towers[0].building, works.head, NINE, item="C1")
        find(works.towers[0].building, works.head, NINE + timedelta(minutes=1), item="A3")
        shown = rows(works.towers[0].manager)
        assert [address for title, address in shown.items() if address == reverse("findings:list")] == [
            reverse("findings:list")
        ] * 2
        assert reverse("findings:list") not in rows(works.towers[1].manager).values()
        # the building's own worker owes that it is inspected, on the page of inspections
        assert reverse("inspect:today") in rows(works.towers[1].worker).values()
