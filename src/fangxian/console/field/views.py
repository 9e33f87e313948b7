"""The worker's pages: today, a round on my ground, one door, vehicles. They work without a script."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.duties.reads import given_lines
from fangxian.console.field import reads
from fangxian.console.field.forms import DoorForm, UnlistedForm, VehicleForm
from fangxian.console.view import Who, staff_view
from fangxian.duties import gap_queries
from fangxian.hygiene import queries as hygiene
from fangxian.screening import queries
from fangxian.screening.actions import (
    Recorded,
    ScreeningError,
    Status,
    record_sighting,
    record_visit,
    report_dwelling,
    section_at,
)
from fangxian.screening.models import Mark


@staff_view(Capability.RECORD)
def today(request: HttpRequest, who: Who) -> HttpResponse:
    rounds = queries.open_rounds(who.held)
    grounds = queries.grounds(who.held)
    held = who.reach(Capability.DISINFECT)
    context = {
        "rounds": [reads.round_line(round, grounds) for round in rounds],
        "areas": hygiene.due_now(held, who.now, get_language() or "zh-hans", limit=20) if held else [],
        "given": given_lines(gap_queries.my_one_offs(who.staff, who.now, limit=20), who.can),
        "now_us": reads.now_us(who),
    }
    return render(request, "console/field/today.html", context)


@staff_view(Capability.RECORD)
def grounds(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    """Choose a grid, for those whose roles reach several."""
    round = reads.round_within(who.held, round_id)
    found = reads.grounds_in(round, queries.grounds(who.held))
    if len(found) == 1:
        return redirect("field:doors", round.id, found[0].id)
    return render(request, "console/field/grounds.html", {"round": round, "grounds": found})


@staff_view(Capability.RECORD)
def doors(request: HttpRequest, who: Who, round_id: UUID, ground_id: UUID) -> HttpResponse:
    round = reads.round_within(who.held, round_id)
    ground = reads.ground_within(who.held, ground_id)
    found = queries.doors(round, ground)
    wanted = request.GET.get("show", "")
    show = wanted if wanted in reads.SHOWN else "owed"
    context = {
        "round": round, "ground": ground, "show": show,
        "blocks": reads.by_block(found, show), "counts": reads.counts(found), "total": len(found),
        "next_tries": queries.next_tries(found, who.now), "now_us": reads.now_us(who), "unlisted": UnlistedForm(),
    }  # fmt: skip
    return render(request, "console/field/doors.html", context)


@staff_view(Capability.RECORD)
def door(request: HttpRequest, who: Who, round_id: UUID, door_id: UUID) -> HttpResponse:
    round = reads.round_within(who.held, round_id)
    place = reads.door_within(who.held, door_id)
    people = queries.residents([place.id]).get(place.id, [])
    section = section_at(who.now)
    form = DoorForm(request.POST or None, section=section, people=people, now=who.now)
    if request.method == "POST" and form.is_valid():
        answer = record_visit(item=form.visit(round_id=round.id, dwelling_id=place.id), by=who.staff.actor, now=who.now)
        if answer.status != Status.REFUSED:
            _tell(request, answer, _("%(door)s is recorded.") % {"door": reads.door_name(place)})
            return redirect("field:doors", round.id, place.grid_id or place.id)
        form.add_error(None, answer.reason)
    context = {
        "round": round, "door": place, "name": reads.door_name(place), "form": form,
        "history": reads.told(queries.history(round, place)), "profile": reads.profile_of(place),
        "door_note": reads.door_note(section, people), "ground_id": place.grid_id,
    }  # fmt: skip
    return render(request, "console/field/door.html", context)


@staff_view(Capability.RECORD)
def vehicles(request: HttpRequest, who: Who, round_id: UUID, ground_id: UUID) -> HttpResponse:
    round = reads.round_within(who.held, round_id)
    ground = reads.ground_within(who.held, ground_id)
    compounds = queries.compounds_of(ground)
    places = [(place.id, place.name) for place in compounds] or [(ground.id, ground.name)]
    hosts = queries.door_names(round, ground)
    form = VehicleForm(request.POST or None, section=section_at(who.now), places=places, doors=hosts, now=who.now)
    if request.method == "POST" and form.is_valid():
        answer = record_sighting(item=form.sighting(round.id), by=who.staff.actor, now=who.now)
        if answer.status != Status.REFUSED:
            _tell(request, answer, _("The vehicle is recorded."))
            return redirect("field:vehicles", round.id, ground.id)
        form.add_error(None, answer.reason)
    context = {"round": round, "ground": ground, "form": form, "rows": queries.vehicles(round, ground, compounds)}
    return render(request, "console/field/vehicles.html", context)


@staff_view(Capability.RECORD)
@require_POST
def unlisted(request: HttpRequest, who: Who, round_id: UUID, ground_id: UUID) -> HttpResponse:
    """A door that stands here and is not on the list."""
    round = reads.round_within(who.held, round_id)
    ground = reads.ground_within(who.held, ground_id)
    form = UnlistedForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write down the address as it stands at the door. Nothing was recorded."))
        return redirect("field:doors", round.id, ground.id)
    try:
        found = report_dwelling(
            round=round, place=ground, address=form.cleaned_data["address"], observed_at=who.now, by=who.staff.actor,
            now=who.now,
        )  # fmt: skip
    except ScreeningError as error:
        messages.error(request, str(error))
    else:
        told = _("The door is reported. The committee registers it, and then it joins the round.")
        messages.success(request, told if found else _("This door has been reported already."))
    return redirect("field:doors", round.id, ground.id)


def _tell(request: HttpRequest, answer: Recorded, text: str) -> None:
    messages.success(request, text)
    for mark in answer.marks:
        if mark in Mark.values:
            messages.warning(request, str(Mark(mark).label))
