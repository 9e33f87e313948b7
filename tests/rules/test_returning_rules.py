"""Who may work when: the table of cases, dates at the edge, and what holds for every journey."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.duties.plan_schema import Text
from fangxian.screening.playbook import KeyRegion
from fangxian.shared import clock
from fangxian.workplaces.models import StaffState, Travelled, Verdict
from fangxian.workplaces.returning import Fault, NewReturning, fault_of, marked, may_bring_back
from fangxian.workplaces.rules import Actor, Lack, ReturnFacts, Screened, may_work, screen

DAYS = 14
TODAY = date(2020, 2, 17)


def region(key: str, code: str, since: date, until: date | None = None) -> KeyRegion:
    kind = "china" if code.isdigit() else "abroad" if code == "*" else "country"
    return KeyRegion.model_validate(
        {
            "key": key, "kind": kind, "code": code, "title": Text(zh=key, en=key),
            "since": clock.at(since, time(0)), "until": clock.at(until, time(0)) if until else None,
        }
    )  # fmt: skip


HUBEI = region("hubei", "42", date(2020, 1, 27))
WENZHOU = region("wenzhou", "3303", date(2020, 2, 5), date(2020, 2, 14))
DAEGU = region("korea", "KOR", date(2020, 2, 25))
REGIONS = (HUBEI, WENZHOU, DAEGU)


def facts(**changes: object) -> ReturnFacts:
    values: dict[str, object] = {
        "left_shanghai": True, "origin": "320500", "arrived_on": date(2020, 2, 10), "transport": "train",
        "key_region": Travelled.NO, "region_keys": (), "released_on": None,
    } | changes  # fmt: skip
    return ReturnFacts(**values)  # type: ignore[arg-type]  # each value has its field's type


def decided(today: date = TODAY, **changes: object) -> Screened:
    return screen(facts(**changes), regions=REGIONS, observation_days=DAYS, today=today)


NOW, LATER, UNKNOWN = Verdict.NOW, Verdict.LATER, Verdict.UNKNOWN
CASES = [
    ("did not leave Shanghai", {"left_shanghai": False, "origin": "", "arrived_on": None}, TODAY, NOW, None, ()),
    ("nothing is stated", {"left_shanghai": None, "origin": "", "arrived_on": None}, TODAY, UNKNOWN, None,
     (Lack.LEFT_SHANGHAI,)),
    ("from nowhere special", {}, TODAY, NOW, None, ()),
    ("arrives today from nowhere special", {"arrived_on": TODAY}, TODAY, NOW, None, ()),
    ("arrives today from Hubei", {"origin": "420100", "arrived_on": TODAY}, TODAY, LATER, date(2020, 3, 2), ()),
    ("Hubei, the last day of observation", {"origin": "42"}, date(2020, 2, 23), LATER, date(2020, 2, 24), ()),
    ("Hubei, the days are over", {"origin": "42"}, date(2020, 2, 24), UNKNOWN, None, (Lack.EVIDENCE,)),
    ("Hubei, released on the day", {"origin": "42", "released_on": date(2020, 2, 24)}, date(2020, 2, 24), NOW, None,
     ()),
    ("Hubei, released a day too early", {"origin": "42", "released_on": date(2020, 2, 23)}, date(2020, 2, 24),
     UNKNOWN, None, (Lack.EVIDENCE,)),
    ("released early does not shorten it", {"origin": "42", "released_on": date(2020, 2, 15)}, TODAY, LATER,
     date(2020, 2, 24), ()),
    ("abroad, became a key region while the days ran", {"origin": "KOR", "arrived_on": date(2020, 2, 12)},
     date(2020, 2, 25), LATER, date(2020, 2, 26), ()),
    ("abroad, became one when the days were over", {"origin": "KOR", "arrived_on": date(2020, 2, 11)},
     date(2020, 2, 26), NOW, None, ()),
    ("no key region any more on the day of arrival", {"origin": "330300", "arrived_on": date(2020, 2, 14)}, TODAY,
     NOW, None, ()),
    ("the last day on which it was one", {"origin": "330300", "arrived_on": date(2020, 2, 13)}, TODAY, LATER,
     date(2020, 2, 27), ()),
    ("was in one, and comes from elsewhere", {"region_keys": ("hubei",)}, TODAY, LATER, date(2020, 2, 24), ()),
    ("says yes and no region", {"key_region": Travelled.YES}, TODAY, LATER, date(2020, 2, 24), ()),
    ("pieces are missing", {"origin": "", "arrived_on": None, "transport": "", "key_region": Travelled.UNKNOWN},
     TODAY, UNKNOWN, None, (Lack.ORIGIN, Lack.ARRIVED_ON, Lack.TRANSPORT, Lack.KEY_REGION)),
    ("no document", {"has_document": False}, TODAY, UNKNOWN, None, (Lack.DOCUMENT,)),
    ("another city whose code begins alike", {"origin": "330400", "arrived_on": date(2020, 2, 6)}, TODAY, NOW, None,
     ()),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "today", "verdict", "until", "missing"), [case[1:] for case in CASES],
                         ids=[str(case[0]) for case in CASES])  # fmt: skip
def test_a_journey_is_decided(
    changes: dict[str, object], today: date, verdict: Verdict, until: date | None, missing: tuple[Lack, ...]
) -> None:
    found = decided(today, **changes)
    assert (found.verdict, found.until, found.missing) == (verdict, until, missing)


def test_two_regions_are_both_named() -> None:
    found = decided(origin="420100", region_keys=("wenzhou",), arrived_on=date(2020, 2, 12))
    assert found.regions == ("hubei", "wenzhou")


JOURNEYS = st.builds(
    facts,
    left_shanghai=st.sampled_from([True, False, None]),
    origin=st.sampled_from(["", "42", "420100", "330300", "320500", "KOR", "USA"]),
    arrived_on=st.none() | st.dates(date(2020, 1, 10), TODAY),
    transport=st.sampled_from(["", "train"]),
    key_region=st.sampled_from(["", "no", "yes"]),
    region_keys=st.sampled_from([(), ("hubei",), ("hubei", "wenzhou")]),
    released_on=st.none() | st.dates(date(2020, 1, 10), TODAY),
    has_document=st.booleans(),
)


@given(JOURNEYS)
def test_every_verdict_has_what_belongs_to_it(journey: ReturnFacts) -> None:
    found = screen(journey, regions=REGIONS, observation_days=DAYS, today=TODAY)
    assert (found.verdict == LATER) == (found.until is not None)
    assert (found.verdict == UNKNOWN) == bool(found.missing)
    assert found.until is None or found.until > TODAY
    assert len(set(found.missing)) == len(found.missing)


@given(JOURNEYS, st.integers(0, 60))
def test_nobody_who_may_work_has_to_wait_on_a_later_day(journey: ReturnFacts, days: int) -> None:
    first = screen(journey, regions=REGIONS, observation_days=DAYS, today=TODAY)
    later = screen(journey, regions=REGIONS, observation_days=DAYS, today=TODAY + timedelta(days=days))
    if first.verdict == NOW:
        assert later.verdict == NOW
    if first.verdict == LATER:
        assert later.verdict in (LATER, UNKNOWN)
        assert later.verdict == UNKNOWN or later.until == first.until


@given(JOURNEYS)
def test_fewer_key_regions_never_keep_somebody_longer(journey: ReturnFacts) -> None:
    few = screen(journey, regions=(), observation_days=DAYS, today=TODAY)
    many = screen(journey, regions=REGIONS, observation_days=DAYS, today=TODAY)
    if many.verdict == NOW:
        assert few.verdict == NOW


@given(JOURNEYS, st.sampled_from(list(StaffState)))
def test_only_the_cleared_and_present_may_work(journey: ReturnFacts, state: StaffState) -> None:
    found = screen(journey, regions=REGIONS, observation_days=DAYS, today=TODAY)
    assert may_work(found, state) == (found.verdict == NOW and state == StaffState.ACTIVE)


PERSON = UUID(int=1)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"arrived_on": TODAY}, None),
        ({"arrived_on": TODAY + timedelta(days=1)}, Fault.FUTURE),
        ({"released_on": TODAY + timedelta(days=1)}, Fault.RELEASED_FUTURE),
        ({"arrived_on": TODAY, "released_on": TODAY - timedelta(days=1)}, Fault.RELEASED_EARLY),
        ({"left_shanghai": False, "arrived_on": TODAY}, Fault.STAYED_AND_CAME),
        ({"origin": "Wuhan"}, Fault.ORIGIN),
        ({"origin": "4201"}, None),
        ({"origin": "42010"}, Fault.ORIGIN),
        ({"origin": "kor"}, Fault.ORIGIN),
        ({"transport": "rocket"}, Fault.TRANSPORT),
    ],
)
def test_what_cannot_be_is_told(changes: dict[str, object], fault: Fault | None) -> None:
    assert fault_of(NewReturning(PERSON, **changes), TODAY) == fault  # type: ignore[arg-type]  # each its field's type


def test_marks_are_a_set_with_one_spelling() -> None:
    assert marked("", add=["b", "a"]) == "a,b"
    assert marked("a,b", add=["a"], drop=["b"]) == "a"
    assert marked("a", drop=["a"]) == ""


@pytest.mark.parametrize(
    ("state", "marks", "actors", "may"),
    [
        ("suspended", "", {Actor.FIRM}, True),
        ("suspended", "health", {Actor.FIRM}, False),
        ("suspended", "health", {Actor.FIRM, Actor.WORKER}, True),
        ("positive", "", {Actor.FIRM, Actor.WORKER}, False),
        ("positive", "", {Actor.STREET}, True),
        ("active", "", {Actor.STREET}, False),
        ("suspended", "", set(), False),
    ],
)
def test_who_brings_somebody_back(state: str, marks: str, actors: set[Actor], may: bool) -> None:
    assert may_bring_back(state, marks, actors) is may


def test_instants_of_a_region_are_those_of_the_street() -> None:
    """A region that begins at midnight in Shanghai holds for the whole of that local day."""
    assert HUBEI.since == datetime(2020, 1, 26, 16, 0, tzinfo=UTC)
