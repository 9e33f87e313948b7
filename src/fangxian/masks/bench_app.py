"""The yardstick: a Django view without middleware that stores one registration for each request, by the ORM."""

import json
import os
import secrets
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fangxian.config.settings")
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = __name__

application = get_wsgi_application()

from fangxian.masks.models import Registration  # noqa: E402 - models need the applications that the line above loads
from fangxian.shared import clock  # noqa: E402 - imports follow that line


def store(request: HttpRequest) -> HttpResponse:
    """The same row as the hot path writes, without a code of the door, a decision, or a number from a counter."""
    item = json.loads(request.body)
    now_us = clock.to_us(datetime.now(UTC))
    Registration.objects.create(
        id=UUID(item["id"]), round_id=UUID(item["round"]), committee_id=UUID(request.headers["X-Committee"]),
        seq=item["seq"], unit=UUID(item["unit"]), applicant=item["applicant"], channel="page", wants="adult=5",
        secret=secrets.token_urlsafe(16), observed_us=now_us, received_us=now_us,
    )  # fmt: skip
    # without middleware nobody else tells the length, and the client reads by it
    return HttpResponse(b'{"ok":true}', content_type="application/json", headers={"Content-Length": "11"})


urlpatterns = [path("store", store)]
