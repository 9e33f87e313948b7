"""The first page of everybody: my gaps now, my duties today."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from fangxian.accounts.roles import Capability
from fangxian.command import first_run
from fangxian.console.home import steps
from fangxian.console.view import Who, staff_view
from fangxian.duties import gap_queries
from fangxian.places.models import Place, PlaceKind


@staff_view()
def home(request: HttpRequest, who: Who) -> HttpResponse:
    day = gap_queries.my_day(who.staff, who.grants, who.now)
    context = {
        "who": who, "gaps": day.gaps if who.can(Capability.GAPS) else None,
        "groups": day.duties if who.can(Capability.RECORD) else None, "given": day.given,
        "may_give": who.can(Capability.GIVE_DUTY),
    }  # fmt: skip
    return render(request, "console/home/home.html", context)


@staff_view(Capability.ACCOUNTS)
def guide(request: HttpRequest, who: Who) -> HttpResponse:
    """The checklist of an empty street, until its first round is open."""
    street = Place.objects.filter(kind=PlaceKind.STREET).order_by("path").first()
    if street is None:
        return redirect("home")
    run = first_run.first_run(street=street, now=who.now)
    context = {"run": run, "steps": steps.shown(run)}
    return render(request, "console/first_run/guide.html", context)
