"""What is written about a building: its setup, lifts, statements, supplies, and measures of its tenants."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fangxian.accounts.access import NotAllowedError, NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.buildings.forms import FactsForm, LiftForm, MeasureForm, SignForm, SupplyForm
from fangxian.console.buildings.views import building_of, inside_page, may_verify, overview_page, tenants_page
from fangxian.console.view import Who, staff_view
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.workplaces.actions import buildings as actions
from fangxian.workplaces.actions import measures
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Lift, Measure, StatementKind
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.queries import buildings
from fangxian.workplaces.readiness import BUILDING_STATEMENTS


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def setup(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = building_of(who, place_id)
    form = FactsForm(request.POST)
    if form.is_valid():
        try:
            actions.set_up(place=place, facts=form.facts(), by=who.staff.actor, now=who.now)
        except WorkplaceError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The building is set up."))
            return redirect("buildings:inside", place_id)
    return inside_page(request, who, place, {"facts": form})


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def isolation(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = building_of(who, place_id)
    try:
        actions.check_isolation(place=place, by=who.staff.actor, now=who.now)
    except WorkplaceError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The isolation room is recorded as checked."))
    return redirect("buildings:inside", place_id)


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def add_lift(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = building_of(who, place_id)
    form = LiftForm(request.POST, auto_id="new_%s")
    if form.is_valid():
        try:
            row = actions.add_lift(place=place, facts=form.facts(), by=who.staff.actor, now=who.now)
        except WorkplaceError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("%(lift)s was added.") % {"lift": row.name})
            return redirect("buildings:inside", place_id)
    return inside_page(request, who, place, {"new": form})


def _lift(place: Place, lift_id: UUID) -> Lift:
    row = Lift.objects.filter(id=lift_id, place=place).first()
    if row is None:
        raise NotFoundError
    return row


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def change_lift(request: HttpRequest, who: Who, place_id: UUID, lift_id: UUID) -> HttpResponse:
    place = building_of(who, place_id)
    row = _lift(place, lift_id)
    if "remove" in request.POST:
        actions.remove_lift(lift=row, by=who.staff.actor, now=who.now)
        messages.success(request, _("%(lift)s was taken out.") % {"lift": row.name})
        return redirect("buildings:inside", place_id)
    form = LiftForm(request.POST, auto_id=f"{lift_id.hex}_%s")
    if form.is_valid():
        try:
            actions.change_lift(lift=row, facts=form.facts(), by=who.staff.actor, now=who.now)
        except WorkplaceError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("%(lift)s was changed.") % {"lift": row.name})
            return redirect("buildings:inside", place_id)
    return inside_page(request, who, place, {lift_id.hex: form})


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def sign(request: HttpRequest, who: Who, place_id: UUID, kind: str) -> HttpResponse:
    """Keep the words of the plan in force, in the language in which they were read, under somebody's name."""
    place = building_of(who, place_id)
    if kind not in [one.value for one in BUILDING_STATEMENTS]:
        raise NotFoundError
    section = plan_at(who.now).section
    text = {StatementKind.MAIN: section.main_statement, StatementKind.POSTS: section.posts_statement}[
        StatementKind(kind)
    ]
    form = SignForm(request.POST, auto_id=f"{kind}_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            actions.sign_building(
                place=place, kind=StatementKind(kind), text=text.say(get_language() or "zh-hans") if text else "",
                signer=data["signer"], post=data["post"], by=who.staff.actor, now=who.now,
            )  # fmt: skip
        except WorkplaceError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The statement is signed. Print it and hang it up at the entrance."))
            return redirect("buildings:building", place_id)
    return overview_page(request, who, place, {kind: form})


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def count(request: HttpRequest, who: Who, place_id: UUID, goods: str) -> HttpResponse:
    place = building_of(who, place_id)
    form = SupplyForm(request.POST, auto_id=f"{goods}_%s")
    if form.is_valid():
        try:
            actions.count_supply(
                holder=place.id, goods=goods, quantity=form.cleaned_data["quantity"],
                per_day=form.cleaned_data["per_day"], by=who.staff.actor, now=who.now, place=place,
            )  # fmt: skip
        except WorkplaceError as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("The count is recorded."))
        return redirect("buildings:building", place_id)
    return overview_page(request, who, place, {goods: form})


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def declare(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = building_of(who, place_id)
    form = MeasureForm(buildings.tenant_names(place), request.POST)
    if form.is_valid():
        try:
            measures.declare(place=place, by=who.staff.actor, now=who.now, **form.cleaned_data)
        except WorkplaceError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The measure is in the register. Inspectors see it on their rounds."))
            return redirect("buildings:tenants", place_id)
    return tenants_page(request, who, place, {"measure": form})


def _measure(place: Place, measure_id: UUID) -> Measure:
    row = Measure.objects.filter(id=measure_id, place=place).first()
    if row is None:
        raise NotFoundError
    return row


@staff_view(Capability.BUILDINGS)
@require_POST
def verify(request: HttpRequest, who: Who, place_id: UUID, measure_id: UUID) -> HttpResponse:
    place = building_of(who, place_id)
    if not may_verify(who, place):
        raise NotAllowedError(_("Measures are verified by whoever keeps or inspects the building."))
    row = _measure(place, measure_id)
    try:
        measures.verify(measure=row, holds=request.POST.get("holds") == "yes", by=who.staff.actor, now=who.now)
    except WorkplaceError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Recorded, with your name and the time."))
    return redirect("buildings:tenants", place_id)


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def end_measure(request: HttpRequest, who: Who, place_id: UUID, measure_id: UUID) -> HttpResponse:
    place = building_of(who, place_id)
    row = _measure(place, measure_id)
    try:
        measures.end(measure=row, on=clock.local_day(who.now), by=who.staff.actor, now=who.now)
    except WorkplaceError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The measure ends today. It stays in the record."))
    return redirect("buildings:tenants", place_id)
