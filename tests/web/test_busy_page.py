"""When the writer does not come free, a person is told what to do, and nothing is half-written."""

import pytest
from django.db import OperationalError
from django.test import Client

from fangxian.accounts.roles import Role
from fangxian.console.gaps import views
from fangxian.shared.writer import WriterBusyError
from tests.support.factories import PASSWORD, make_staff, make_street

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("error", [WriterBusyError(), OperationalError("database is locked")])
def test_a_busy_writer_is_said_plainly(client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    staff = make_staff(Role.COMMITTEE_SECRETARY, make_street().neighbourhoods[0])
    client.post("/sign-in/", {"username": staff.username, "password": PASSWORD})

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise error

    monkeypatch.setattr(views, "gap_page", refuse)
    answer = client.get("/gaps/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "系统正忙" in answer.content.decode()
