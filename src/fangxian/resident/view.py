"""How a page for people without an account begins: a random address, a device's language, nothing kept in a cache."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from fangxian.shared.writer import WriterBusyError

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


def public_view(view: Page[P]) -> Page[P]:
    """Mark a page that anybody with its address may open. Neither the answer nor its address leaves the device."""

    @wraps(view)
    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            answer = view(request, *args, **kwargs)
        except Http404:
            answer = render(request, "resident/unknown.html", status=404)
        except WriterBusyError:
            answer = _busy(request)
        except OperationalError as error:
            # what a plain transaction says when SQLite's writer did not come free; anything else is a fault
            if "locked" not in str(error):
                raise
            answer = _busy(request)
        add_never_cache_headers(answer)
        # not "no-referrer": a browser then sends forms with the origin "null", which the check of forms refuses
        answer["Referrer-Policy"] = "same-origin"
        answer["X-Robots-Tag"] = "noindex"
        return answer

    page.capability = "open"  # type: ignore[attr-defined]  # the access matrix reads it
    return page


def _busy(request: HttpRequest) -> HttpResponse:
    answer = render(request, "resident/busy.html", status=503)
    answer["Retry-After"] = "5"
    return answer
