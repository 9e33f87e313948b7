"""An empty street, and what its guide says is still missing."""

from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from fangxian.accounts import actions as accounts
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.command.first_run import FirstRun, Step, StepKey, first_run, is_empty
from fangxian.duties.actions import apply_playbook
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.actions import attach
from fangxian.registry.models import Person, Relation, Subject, SubjectKind
from fangxian.screening.actions import open_round
from fangxian.shared import clock
from tests.support import playbooks

pytestmark = pytest.mark.django_db
NOW = datetime(2020, 2, 17, 1, 0, tzinfo=UTC)
PASSWORD = "a-long-enough-secret"


def new_street(**options: str) -> str:
    out = StringIO()
    call_command("new_street", stdout=out, no_color=True, **options)
    return out.getvalue()


def step(found: FirstRun, key: StepKey) -> Step:
    return next(one for one in found.steps if one.key == key)


def test_it_opens_a_street_with_its_neighbourhoods_and_one_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANGXIAN_ADMIN_PASSWORD", PASSWORD)
    said = new_street(code="310105009", admin="chief")
    assert PASSWORD not in said
    street = Place.objects.get(code="310105009")
    assert Place.objects.filter(parent=street, kind=PlaceKind.NEIGHBOURHOOD).count() == 20
    chief = Staff.objects.get(username="chief")
    assert chief.check_password(PASSWORD)
    assert chief.must_change_password
    assert [(grant.role, grant.place) for grant in chief.grants.all()] == [(Role.ADMINISTRATOR, street)]
    assert is_empty(street)


def test_without_a_terminal_it_makes_a_password_and_shows_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FANGXIAN_ADMIN_PASSWORD", raising=False)
    said = new_street(code="310105009")
    shown = [word.strip("。.,，") for word in said.replace("，", " ").replace("。", " ").split()]
    assert any(Staff.objects.get(username="admin").check_password(word) for word in shown if len(word) >= 16)


@pytest.mark.parametrize("code", ["310105999", "nonsense"])
def test_an_unknown_street_is_refused_and_nothing_is_left(code: str) -> None:
    with pytest.raises(CommandError, match="310105009"):
        new_street(code=code)
    assert not Place.objects.exists()
    assert not Staff.objects.exists()


def test_a_weak_password_is_refused_and_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANGXIAN_ADMIN_PASSWORD", "12345")
    with pytest.raises(CommandError):
        new_street(code="310105009")
    assert not Place.objects.exists()
    assert not Staff.objects.exists()


def test_one_database_is_for_one_street(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANGXIAN_ADMIN_PASSWORD", PASSWORD)
    new_street(code="310105009")
    with pytest.raises(CommandError, match="FANGXIAN_DATA"):
        new_street(code="310105001", admin="second")
    assert Place.objects.filter(kind=PlaceKind.STREET).count() == 1


def test_the_guide_goes_from_places_to_the_first_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANGXIAN_ADMIN_PASSWORD", PASSWORD)
    new_street(code="310105010")
    street = Place.objects.get(code="310105010")
    found = first_run(street=street, now=clock.now())
    assert not found.done
    assert found.next is not None
    assert found.next.key == StepKey.PLACES
    assert found.next.missing
    committees = list(Place.objects.filter(parent=street))
    for number, one in enumerate(committees):
        grid = NewPlace(kind=PlaceKind.GRID, name="grid", parent=one.id, code=f"{one.code}01")
        compound = NewPlace(kind=PlaceKind.COMPOUND, name=f"compound {number}", parent=one.id, grid=grid.id)
        home = NewPlace(kind=PlaceKind.DWELLING, name="101室", parent=compound.id)
        places.add(places=[grid, compound, home], by="t", now=NOW)
        worker = accounts.create_staff(username=f"s{number}", name="书记", password=PASSWORD, by="t", now=NOW)
        accounts.grant(staff=worker, role=Role.COMMITTEE_SECRETARY, place=one, by="t", now=NOW)
    found = first_run(street=street, now=clock.now())
    assert step(found, StepKey.PLACES).done
    assert step(found, StepKey.ACCOUNTS).done
    assert found.next is not None
    assert found.next.key == StepKey.PEOPLE

    subject = Subject.objects.create(kind=SubjectKind.PERSON, label="王芳", created_us=clock.to_us(NOW))
    Person.objects.create(subject=subject, name="王芳", name_key="王芳", birth_date=date(1950, 1, 2))
    dwelling = Place.objects.filter(kind=PlaceKind.DWELLING)[0]
    attach(subject=subject, relation=Relation.LIVES, place=dwelling, by="t", now=NOW)
    apply_playbook(plan=playbooks.plan(), effective_at=NOW, by="t", now=NOW)
    now = clock.now()
    assert not is_empty(street)
    due = now.replace(year=now.year + 1)
    open_round(title="第一轮", place=street, kinds=["doors"], opens_at=now, due_at=due, by="t", now=now)
    assert first_run(street=street, now=clock.now()).done
