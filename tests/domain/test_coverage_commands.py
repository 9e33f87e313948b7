"""What `script/manage coverage` and `recount` print."""

import json
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from fangxian.duties import actions as duties
from fangxian.duties.models import Counter
from tests.support.factories import MORNING, done, enrol_places, make_rule, make_street

pytestmark = pytest.mark.django_db
LATE = MORNING + timedelta(hours=3)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@time_machine.travel(LATE, tick=False)
def test_coverage_as_json_adds_up_and_counts_open_gaps_apart() -> None:
    street = make_street()
    make_rule()
    enrol_places(street.dwellings, due=timedelta(hours=2))
    duties.fulfil(cohort="doors", items=[done(street.dwellings[0].id, MORNING)], by="w", now=MORNING)
    duties.sweep(now=LATE, polite=False)

    report = json.loads(run("coverage", "--place", "310105009000", "--json"))

    assert report["subjects"]["place"] == {"expected": 12, "covered": 1, "uncovered": 11}
    [row] = report["rules"]
    parts = ("met", "late", "missed", "unknown", "waived", "open")
    assert row["expected"] == sum(row[part] for part in parts) == 12
    assert (row["kind"], row["rule"], row["met"], row["missed"], row["open_gaps"]) == ("place", "door-round", 1, 11, 11)
    assert "door-round" in run("coverage", "--place", "310105009")


def test_an_unknown_code_is_said_plainly() -> None:
    with pytest.raises(CommandError, match="no place with the code 999"):
        run("coverage", "--place", "999")


def test_recount_finds_a_counter_that_was_changed_by_hand() -> None:
    street = make_street()
    make_rule()
    enrol_places(street.dwellings, due=timedelta(hours=2))
    assert "agrees" in run("recount", "--place", "310105009")
    Counter.objects.filter(node=street.grids[0]).update(met=1)
    with pytest.raises(CommandError, match="disagree"):
        run("recount", "--place", "310105009")
