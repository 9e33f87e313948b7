"""The pages for what went wrong: what happened, what was kept, what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def _page(request: HttpRequest, status: int, heading: str, what: str, next_step: str) -> HttpResponse:
    context = {"status": status, "heading": heading, "what": what, "next": next_step}
    return render(request, "console/errors/page.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request, 400, _("The request could not be read"),
        _("What was sent is not complete or too large. Nothing was saved."),
        _("Go back and send it again. If a file was sent, check its kind and size."),
    )  # fmt: skip


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request, 403, _("This is outside your duties"),
        _("Your roles do not reach this page or this place. Nothing was changed."),
        _("If you need it for your work, ask the administrator of your street for the role."),
    )  # fmt: skip


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request, 404, _("There is no such page"),
        _("It may have been moved, or it lies outside the places that your roles reach."),
        _("Look for it from today's page or by searching."),
    )  # fmt: skip


def busy(request: HttpRequest) -> HttpResponse:
    answer = _page(
        request, 503, _("The system is very busy at this moment"),
        _("Others were saving at the same time for too long. Nothing of this was saved."),
        _("Wait a few seconds, go back and send it again."),
    )  # fmt: skip
    answer["Retry-After"] = "5"
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        request, 403, _("The page was open too long"),
        _("For your safety the form was not accepted. Nothing was saved."),
        _("Go back, reload the page and send the form again."),
    )  # fmt: skip
