"""Whether this process answers: asked by the worker's heartbeat and by whatever watches the machine."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fangxian.console.view import open_view


@open_view
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 when the program and its database answer. Says nothing else to anybody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
