"""Disinfection on the phone: what is due, one area, mixing, labels for the wall."""

from dataclasses import dataclass
from io import BytesIO
from uuid import UUID

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.accounts import access
from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.hygiene.forms import AreaForm, MixForm, recipe
from fangxian.console.templatetags.ui import moment
from fangxian.console.view import Who, staff_view
from fangxian.files.actions import FileGoneError, FileRefusedError
from fangxian.hygiene import actions, queries, rules
from fangxian.hygiene.actions import LogEntry, LogError, Logged
from fangxian.hygiene.models import Channel
from fangxian.hygiene.playbook import HygieneSection
from fangxian.hygiene.queries import AreaTask
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import full_names
from fangxian.shared.ids import new_id
from fangxian.stock.queries import unit_word

BADGES = {
    queries.State.GAP: "gap", queries.State.UNKNOWN: "unknown", queries.State.OVERDUE: "due",
    queries.State.DUE: "due", queries.State.LATER: "open", queries.State.NONE: "ended",
}  # fmt: skip
LABEL_LIMIT = 400


def _language() -> str:
    return get_language() or "zh-hans"


def _badge_words() -> dict[str, str]:
    return {
        queries.State.GAP: _("Missed"),
        queries.State.UNKNOWN: _("Ask again"),
        queries.State.OVERDUE: _("Past its time"),
        queries.State.DUE: _("Due now"),
        queries.State.LATER: _("Not yet due"),
        queries.State.NONE: _("Nothing owed"),
    }


@dataclass(frozen=True)
class Row:
    task: AreaTask
    badge: str
    word: str
    url: str


def _row(task: AreaTask, words: dict[str, str]) -> Row:
    return Row(task, BADGES[task.state], words[task.state], reverse("hygiene:area", args=[task.area_id]))


@staff_view(Capability.DISINFECT)
@require_GET
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    """What is due or late within reach, the earliest first; one touch opens an area."""
    tasks = queries.due_now(who.held, who.now, _language())
    words = _badge_words()
    context = {
        "rows": [_row(task, words) for task in tasks],
        "late": sum(task.state in (queries.State.GAP, queries.State.UNKNOWN) for task in tasks),
        "full": len(tasks) == queries.LIST_LIMIT,
    }
    return render(request, "console/hygiene/list.html", context)


@staff_view(Capability.DISINFECT)
@require_http_methods(["GET", "POST"])
def area(request: HttpRequest, who: Who, area_id: UUID) -> HttpResponse:
    place = access.get(Place.objects.filter(kind=PlaceKind.AREA), who.held.places(), id=area_id)
    task = queries.task(place, who.now, _language())
    if request.method == "POST":
        form = AreaForm(task.presets, who.now, request.POST, request.FILES)
        done = _record(form, place, who) if form.is_valid() else None
        if done is not None:
            messages.success(request, _said(task, done))
            for mark in done.marks:
                messages.warning(request, _("Recorded, with a note: %(mark)s.") % {"mark": mark.label})
            return redirect("hygiene:list")
    else:
        form = AreaForm(task.presets, who.now, initial={"id": new_id()})
    row = _row(task, _badge_words())
    context = {
        "row": row, "task": task, "form": form, "recipes": [(p, recipe(p)) for p in task.presets],
        "history": queries.history(place, who.now, _language()),
    }  # fmt: skip
    return render(request, "console/hygiene/area.html", context, status=400 if request.method == "POST" else 200)


def _record(form: AreaForm, place: Place, who: Who) -> Logged | None:
    """Keep the record; None when it was refused, with the reason on the form."""
    data, by = form.cleaned_data, who.staff.actor
    digest = ""
    if data["photo"] is not None:
        try:
            digest = actions.keep_photo(content=data["photo"].read(), name=data["photo"].name, by=by, now=who.now)
        except FileRefusedError as refused:
            form.add_error("photo", str(refused))
            return None
    entry = LogEntry(
        data["id"], place.id, data["agent"], form.strength, data["volume"], form.observed_at, photo=digest,
        channel=Channel.DESK if data["earlier"] else Channel.PHONE,
    )  # fmt: skip
    try:
        return actions.log(entry=entry, by=by, now=who.now, within=who.held)
    except LogError as refused:
        form.add_error(None, str(refused))
        return None


def _said(task: AreaTask, done: Logged) -> str:
    if done.next_due_us is None:
        return _("%(area)s is recorded. Nothing more is owed there.") % {"area": task.name}
    return _("%(area)s is recorded. It is due next by %(due)s.") % {"area": task.name, "due": moment(done.next_due_us)}


@staff_view(Capability.DISINFECT)
@require_GET
def photo(request: HttpRequest, who: Who, log_id: UUID) -> HttpResponse:
    row = access.get(queries.logs().exclude(photo=""), who.held.places("area__path", "area__grid_id"), id=log_id)
    try:
        media_type, content = actions.open_photo(row=row, by=who.staff.actor, now=who.now)
    except FileGoneError as gone:
        raise NotFoundError(str(gone)) from gone
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = 'inline; filename="photo.jpg"'
    return answer


@staff_view(Capability.DISINFECT)
@require_GET
def mix(request: HttpRequest, who: Who) -> HttpResponse:
    """The dilution calculator, and the usual mixtures as a sheet for the wall."""
    asked, plan = bool(request.GET), queries.section(who.now)
    form = MixForm(request.GET) if asked else MixForm()
    result = None
    if asked and form.is_valid():
        data = form.cleaned_data
        result = rules.dilution(data["stock"], data["target"], data["volume"])
    context = {
        "form": form, "result": result, "volume": form.cleaned_data["volume"] if result else None,
        "target": form.cleaned_data["target"] if result else None, "sheet": _sheet(plan), "cautions": _cautions(plan),
    }  # fmt: skip
    return render(request, "console/hygiene/mix.html", context, status=400 if asked and result is None else 200)


@dataclass(frozen=True)
class SheetRow:
    """One agent at one strength: how much of it for 1, 2, 5 and 10 litres."""

    agent: str
    mg_per_l: int
    unit: str
    amounts: tuple[int, ...]


def _sheet(plan: HygieneSection) -> list[SheetRow]:
    strengths = sorted({round(kind.mg_per_l) for kind in plan.area_types if kind.mg_per_l is not None})
    rows = []
    for agent in plan.agents:
        if agent.form == "ready":
            continue
        for mg in strengths:
            if agent.stock_mg_per_l is not None and mg > agent.stock_mg_per_l:
                continue
            amounts = tuple(rules.agent_units(agent, mg, litres * 1_000) for litres in (1, 2, 5, 10))
            rows.append(SheetRow(agent.title.say(_language()), mg, unit_word(agent.base_unit), amounts))
    return rows


def _cautions(plan: HygieneSection) -> list[tuple[str, str]]:
    said = [(agent.title, agent.caution) for agent in plan.agents]
    return [(title.say(_language()), caution.say(_language())) for title, caution in said if caution is not None]


@dataclass(frozen=True)
class Label:
    name: str
    type_title: str
    svg: SafeString


@staff_view(Capability.DISINFECT)
@require_GET
def labels(request: HttpRequest, who: Who) -> HttpResponse:
    """Labels to print and stick to the wall: the code opens the area's page. ?area= for one, ?place= for all below."""
    areas = list(_labelled(request, who))
    names = full_names(areas)
    types = {kind.key: kind.title.say(_language()) for kind in queries.section(who.now).area_types}
    found = [
        Label(
            names[place.id], types.get(place.area_type, place.area_type),
            _code(request.build_absolute_uri(reverse("hygiene:area", args=[place.id]))),
        )
        for place in areas[:LABEL_LIMIT]
    ]  # fmt: skip
    return render(request, "console/hygiene/labels.html", {"labels": found, "cut": len(areas) > LABEL_LIMIT})


def _labelled(request: HttpRequest, who: Who) -> list[Place]:
    rows = queries.areas_within(who.held).filter(closed_on__isnull=True).order_by("path")
    try:
        if request.GET.get("area"):
            return [access.get(rows, who.held.places(), id=UUID(request.GET["area"]))]
        if request.GET.get("place"):
            place = Place.objects.filter(id=UUID(request.GET["place"])).first()
            if place is None:
                raise NotFoundError(_("There is no such record within your reach."))
            rows = rows.filter(grid=place) if place.kind == PlaceKind.GRID else rows.filter(place.subtree)
    except ValueError as error:
        raise NotFoundError(_("There is no such record within your reach.")) from error
    return list(rows[: LABEL_LIMIT + 1])


def _code(address: str) -> SafeString:
    out = BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", scale=4, border=2, xmldecl=False, svgns=False, omitsize=True, svgclass="qr", lineclass=None
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308 - made here from an address of our own; it holds paths only
