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
    context = {
        "who": who,
        "gaps": gap_queries.my_gaps(who.staff, who.now) if who.can(Capability.GAPS) else None,
        "groups": gap_queries.my_duties(who.staff, who.now) if who.can(Capability.RECORD) else None,
        "given": gap_queries.my_one_offs(who.staff, who.now) if who.can(Capability.GAPS) else None,
        "may_give": who.can(Capability.GIVE_DUTY),
    }
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
