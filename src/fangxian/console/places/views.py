"""The tree of places: look at one, mend its profile, put it elsewhere."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fangxian.accounts import access
from fangxian.accounts.roles import Capability
from fangxian.console.places import reads
from fangxian.console.places.forms import LANGUAGES, AddForm, GridForm, MoveForm, ProfileForm
from fangxian.console.registry.reads import owed
from fangxian.console.trail import crumbs
from fangxian.console.view import Who, staff_view
from fangxian.places import actions
from fangxian.places.actions import NewPlace, PlaceError
from fangxian.places.models import Place, PlaceKind

OWING = (PlaceKind.DWELLING, PlaceKind.AREA, PlaceKind.GATE)
CARRY_GRID = (PlaceKind.COMPOUND, PlaceKind.BLOCK, PlaceKind.AREA, PlaceKind.DWELLING)


@staff_view(Capability.BOARD)
def home(request: HttpRequest, who: Who) -> HttpResponse:
    tops = access.root_places(who.held)
    if len(tops) == 1:
        return redirect("places:place", tops[0].id)
    return render(request, "console/places/tops.html", {"tops": tops})


def _page(
    request: HttpRequest, who: Who, place: Place, *, profile: ProfileForm | None = None, move: MoveForm | None = None,
    grid: GridForm | None = None, add: AddForm | None = None,
) -> HttpResponse:  # fmt: skip
    edit = who.reach(Capability.PLACES)
    editable = edit.holds(place)
    words = dict(LANGUAGES)
    context = {
        "place": place, "kind": PlaceKind(place.kind).label, "crumbs": crumbs(place, who.held, "places:place"),
        "groups": reads.children(place), "below": reads.below(place), "moves": reads.moves(place),
        "spoken": [words.get(code, code) for code in place.profile.get("languages", [])],
        "there": reads.who_is_there(place) if who.reach(Capability.REGISTER).holds(place) else [],
        "owed": owed(place.id, who.now) if place.kind in OWING else None, "see_gaps": who.can(Capability.GAPS),
        "editable": editable, "failed": bool(profile or move or grid or add),
    }  # fmt: skip
    if editable:
        context["profile_form"] = profile or ProfileForm(initial=place.profile)
        if place.parent_id and place.kind not in (PlaceKind.STREET, PlaceKind.DISTRICT):
            context["move_form"] = move or MoveForm(reads.may_go_under(place, edit))
        grids = list(reads.grids_for(place, edit))
        if place.kind in CARRY_GRID:
            context["grid_form"] = grid or GridForm(grids)
        kinds = reads.kinds_under(place)
        if kinds:
            context["add_form"] = add or AddForm(kinds, grids, prefix="add")
    return render(request, "console/places/place.html", context, status=400 if context["failed"] else 200)


@staff_view(Capability.BOARD)
def place(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    return _page(request, who, who.place(place_id))


@staff_view(Capability.PLACES)
@require_POST
def set_profile(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    found = who.place(place_id)
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _page(request, who, found, profile=form)
    profile = {**found.profile, **{key: value for key, value in form.cleaned_data.items() if value not in (None, "")}}
    actions.set_profile(place=found, profile=profile, by=who.staff.actor, now=who.now)
    messages.success(request, _("The profile is saved. It shows on the round's page of this place."))
    return redirect("places:place", place_id)


@staff_view(Capability.PLACES)
@require_POST
def add(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    found = who.place(place_id)
    grids = list(reads.grids_for(found, who.held))
    form = AddForm(reads.kinds_under(found), grids, request.POST, prefix="add")
    if form.is_valid():
        grid = form.cleaned_data["grid"]
        new = NewPlace(
            kind=PlaceKind(form.cleaned_data["kind"]), name=form.cleaned_data["name"], parent=found.id,
            grid=grid.id if grid else None, address=form.cleaned_data["address"],
        )  # fmt: skip
        try:
            actions.add(places=[new], by=who.staff.actor, now=who.now)
        except PlaceError as error:
            form.add_error("kind", str(error))
        else:
            messages.success(request, _("The place is there. Others of its kind can come by a list, under Import."))
            return redirect("places:place", place_id)
    return _page(request, who, found, add=form)


@staff_view(Capability.PLACES)
@require_POST
def move(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    found = who.place(place_id)
    form = MoveForm(reads.may_go_under(found, who.held), request.POST)
    if form.is_valid():
        try:
            actions.move(
                place=found, to_parent=form.cleaned_data["to"], reason=form.cleaned_data["reason"],
                by=who.staff.actor, now=who.now,
            )  # fmt: skip
        except PlaceError as error:
            form.add_error("to", str(error))
        else:
            messages.success(request, _("It is moved, with all below it. What was counted before stays where it was."))
            return redirect("places:place", place_id)
    return _page(request, who, found, move=form)


@staff_view(Capability.PLACES)
@require_POST
def lay_grid(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    found = who.place(place_id)
    form = GridForm(reads.grids_for(found, who.held), request.POST)
    if not form.is_valid():
        return _page(request, who, found, grid=form)
    actions.lay_grid(
        places=[found], grid=form.cleaned_data["grid"], reason=form.cleaned_data["reason"], by=who.staff.actor,
        now=who.now,
    )  # fmt: skip
    messages.success(request, _("The grid is changed, for this place and everything below it."))
    return redirect("places:place", place_id)
