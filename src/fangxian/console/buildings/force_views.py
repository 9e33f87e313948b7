"""The task force of a building and its duty calendar."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.buildings.forms import AppointForm, DayForm, RosterForm
from fangxian.console.buildings.views import Sent, building_of, frame
from fangxian.console.view import Who, staff_view
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.workplaces.actions import buildings as actions
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import TaskMember
from fangxian.workplaces.queries import buildings


@staff_view(Capability.BUILDINGS)
@require_safe
def force(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    return force_page(request, who, building_of(who, place_id))


def _month(text: str, who: Who) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return clock.local_day(who.now).replace(day=1)


def force_page(request: HttpRequest, who: Who, place: Place, sent: Sent | None = None) -> HttpResponse:
    shown, refused = frame(who, place, "force"), sent or {}
    roles = buildings.roles_of(place, who.now)
    members = _members(roles)
    today = clock.local_day(who.now)
    forms = {}
    if shown["may"]["set_up"]:
        accounts = buildings.accounts_near(place, who.now)
        forms = {
            "appoint": AppointForm(accounts, who.now, auto_id="appoint_%s"),
            "roster": RosterForm(members, initial={"from_day": today}, auto_id="roster_%s"),
            "day": DayForm(members, initial={"day": today}, auto_id="day_%s"), **refused,
        }  # fmt: skip
    context = {
        **shown, "roles": roles, "members": members, "today": today, "forms": forms, "sent": next(iter(refused), ""),
        "month": buildings.month(place, _month(request.GET.get("month", ""), who), who.now),
    }  # fmt: skip
    return render(request, "console/buildings/force.html", context, status=400 if sent else 200)


def _members(roles: tuple[buildings.RoleLine, ...]) -> list[TaskMember]:
    return [row for line in roles for row in ((line.holder,) if line.holder else ()) + line.deputies]


def _member(place: Place, member_id: UUID) -> TaskMember:
    row = TaskMember.objects.filter(id=member_id, place=place).first()
    if row is None:
        raise NotFoundError
    return row


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def appoint(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = building_of(who, place_id)
    form = AppointForm(buildings.accounts_near(place, who.now), who.now, request.POST, auto_id="appoint_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            row = actions.appoint(
                place=place, role=data["role"], name=data["name"], phone=data["phone"], staff=data["account"],
                deputy=data["deputy"], until=form.ends_at(), by=who.staff.actor, now=who.now,
            )  # fmt: skip
        except WorkplaceError as refused:
            form.add_error(None, str(refused))
        else:
            said = _("%(name)s is in the task force: %(role)s.") % {"name": row.name, "role": row.get_role_display()}
            messages.success(request, said)
            return redirect("buildings:force", place_id)
    return force_page(request, who, place, {"appoint": form})


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def release(request: HttpRequest, who: Who, place_id: UUID, member_id: UUID) -> HttpResponse:
    place = building_of(who, place_id)
    row = _member(place, member_id)
    lost = actions.release(member=row, by=who.staff.actor, now=who.now)
    messages.success(request, _("%(name)s is no longer in the task force.") % {"name": row.name})
    if lost:
        messages.warning(
            request,
            ngettext(
                "%(count)s day of the duty calendar has nobody now. Plan it again below.",
                "%(count)s days of the duty calendar have nobody now. Plan them again below.", lost,
            ) % {"count": lost},
        )  # fmt: skip
    return redirect("buildings:force", place_id)


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def roster(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = building_of(who, place_id)
    form = RosterForm(_members(buildings.roles_of(place, who.now)), request.POST, auto_id="roster_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            filled = actions.roster_days(
                place=place, from_day=data["from_day"], days=data["days"], members=data["members"],
                by=who.staff.actor, now=who.now,
            )  # fmt: skip
        except WorkplaceError as refused:
            form.add_error(None, str(refused))
        else:
            said = ngettext("%(count)s day was planned.", "%(count)s days were planned.", filled) % {"count": filled}
            messages.success(request, said)
            return _to_month(place_id, data["from_day"])
    return force_page(request, who, place, {"roster": form})


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def day(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = building_of(who, place_id)
    form = DayForm(_members(buildings.roles_of(place, who.now)), request.POST, auto_id="day_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            member = _member(place, data["member"])
            actions.set_day(place=place, day=data["day"], member=member, by=who.staff.actor, now=who.now)
        except WorkplaceError as refused:
            form.add_error(None, str(refused))
        else:
            said = _("%(name)s is on duty on %(day)s.") % {"name": member.name, "day": f"{data['day']:%Y-%m-%d}"}
            messages.success(request, said)
            return _to_month(place_id, data["day"])
    return force_page(request, who, place, {"day": form})


def _to_month(place_id: UUID, of: date) -> HttpResponse:
    answer = redirect("buildings:force", place_id)
    answer["Location"] += f"?month={of:%Y-%m}#calendar"
    return answer
