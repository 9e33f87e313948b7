"""The first page of everybody: my gaps now, my duties today."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from fangxian.accounts.roles import Capability
from fangxian.command import first_run
from fangxian.console.duties.reads import given_lines
from fangxian.console.home import reads, steps
from fangxian.console.view import Who, staff_view
from fangxian.duties import gap_queries
from fangxian.places.models import Place, PlaceKind


@staff_view()
def home(request: HttpRequest, who: Who) -> HttpResponse:
    day = gap_queries.my_day(who.staff, who.grants, who.now)
    todos = reads.todos(day.duties, who.can)
    acts = who.can(Capability.GAPS)
    context = {
        "who": who,
        "numbers": reads.numbers(who.reach(Capability.BOARD)) if acts and who.can(Capability.BOARD) else [],
        "gaps": day.gaps if acts else None, "many": len(day.gaps) >= gap_queries.PAGE,
        "todos": todos if who.can(Capability.RECORD) else None,
        "given": given_lines(day.given, who.can), "may_give": who.can(Capability.GIVE_DUTY),
        "doors": [] if acts else reads.doors(request),
        "begin": who.can(Capability.ACCOUNTS) and _street_is_empty(),
    }  # fmt: skip
    return render(request, "console/home/home.html", context)


def _street_is_empty() -> bool:
    street = Place.objects.filter(kind=PlaceKind.STREET).order_by("path").first()
    return street is not None and first_run.is_empty(street)


@staff_view(Capability.ACCOUNTS)
def guide(request: HttpRequest, who: Who) -> HttpResponse:
    """The checklist of an empty street, until its first round is open."""
    street = Place.objects.filter(kind=PlaceKind.STREET).order_by("path").first()
    if street is None:
        return redirect("home")
    run = first_run.first_run(street=street, now=who.now)
    context = {"run": run, "steps": steps.shown(run)}
    return render(request, "console/first_run/guide.html", context)
