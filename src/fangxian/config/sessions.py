"""A session ends eight hours after its owner last did something, not eight hours after the sign-in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from fangxian.shared import clock

SEEN_KEY = "seen_us"
# Saving at every request would write a row for each page; this often is exact enough for a term of hours.
RENEW_AFTER_US = 10 * clock.MINUTE_US


def _is_an_act(request: HttpRequest) -> bool:
    """A page that asks for news by itself is not its owner at work: an unattended desk must sign out."""
    return request.method != "GET" or request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def keep_while_used(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Renew the term of a signed-in session when it is used. Stands behind the authentication middleware."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if _is_an_act(request) and request.user.is_authenticated:
            now_us = clock.to_us(clock.now())
            if now_us - int(request.session.get(SEEN_KEY, 0)) > RENEW_AFTER_US:
                request.session[SEEN_KEY] = now_us
        return get_response(request)

    return middleware
