"""The language of these pages, remembered by the device in the same cookie as everywhere."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as remember

from fangxian.resident.view import public_view


@public_view
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    return remember(request)
