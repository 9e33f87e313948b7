from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fangxian.accounts.roles import Capability
from fangxian.console.view import Who, staff_view


@staff_view(Capability.BOARD)
def home(request: HttpRequest, who: Who) -> HttpResponse:
    return render(request, "console/home/home.html", {})


@staff_view(Capability.BOARD)
def place(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    return render(request, "console/home/home.html", {})


fragments = wall = wall_fragments = place
