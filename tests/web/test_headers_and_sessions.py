"""What every answer carries, and how long a session lasts."""

import io
import logging
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from fangxian.accounts.models import Staff
from fangxian.config.logs import FrameFormatter
from fangxian.console.view import EPOCH_KEY, SIGNED_IN_KEY
from fangxian.shared import clock

MORNING = datetime(2020, 2, 17, 0, 30, tzinfo=UTC)


@pytest.fixture
def signed_in(client: Client, db: None) -> Client:
    with time_machine.travel(MORNING, tick=False):
        staff = Staff.objects.create(username="wang", name="王敏", created_at=MORNING)
        client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session[EPOCH_KEY] = staff.session_epoch
        session[SIGNED_IN_KEY] = clock.to_us(MORNING)
        session.save()
    return client


def ends() -> datetime:
    return Session.objects.get().expire_date


def open_home(client: Client, after: timedelta, mode: str = "navigate") -> int:
    with time_machine.travel(MORNING + after, tick=False):
        return client.get(reverse("home"), headers={"sec-fetch-mode": mode}).status_code


def test_a_session_that_is_used_lasts_beyond_eight_hours(signed_in: Client) -> None:
    assert open_home(signed_in, timedelta(hours=7)) == 200
    assert ends() == MORNING + timedelta(hours=15)
    assert open_home(signed_in, timedelta(hours=11)) == 200


def test_an_unused_session_ends_after_eight_hours(signed_in: Client) -> None:
    assert open_home(signed_in, timedelta(hours=8, minutes=1)) == 302


def test_no_session_is_older_than_twelve_hours(signed_in: Client) -> None:
    assert open_home(signed_in, timedelta(hours=7)) == 200
    assert open_home(signed_in, timedelta(hours=12, minutes=1)) == 302


def test_a_page_that_asks_by_itself_does_not_keep_the_session(signed_in: Client) -> None:
    assert open_home(signed_in, timedelta(hours=1)) == 200
    assert open_home(signed_in, timedelta(hours=7), mode="cors") == 200
    assert ends() == MORNING + timedelta(hours=9)


def test_the_term_is_not_written_at_every_request(signed_in: Client) -> None:
    assert open_home(signed_in, timedelta(hours=1)) == 200
    assert open_home(signed_in, timedelta(hours=1, minutes=9)) == 200
    assert ends() == MORNING + timedelta(hours=9)


@pytest.mark.django_db
def test_every_answer_carries_the_strict_headers(client: Client) -> None:
    answer = client.get(reverse(settings.LOGIN_URL))
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for directive in ("default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "form-action 'self'"):
        assert directive in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "camera=(self)" in answer.headers["Permissions-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_log_line_names_the_place_and_not_the_values() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(FrameFormatter("%(message)s"))
    try:
        try:
            raise ValueError("310105199001010013")
        except ValueError as cause:
            raise IntegrityError("Key (number)=(310105199001010013) already exists.") from cause
    except IntegrityError:
        handler.handle(logging.LogRecord("fangxian", logging.ERROR, "", 0, "failed", None, sys.exc_info()))
    said = stream.getvalue()
    assert "310105" not in said
    assert "IntegrityError (from ValueError)" in said
    assert "test_headers_and_sessions.py" in said
