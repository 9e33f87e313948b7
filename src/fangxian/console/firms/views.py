"""Enterprises: the list, and for each one its facts, rooms, posts, visits, filings and who looks after it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts import access
from fangxian.accounts.roles import Capability
from fangxian.console.firm.forms import PostsForm
from fangxian.console.firms.forms import FactsForm, VisitForm, WorkerForm, facts_of
from fangxian.console.view import Who, staff_view
from fangxian.places.models import Place, PlaceKind
from fangxian.workplaces.actions import firms as actions
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.actions.firms import SameCodeError
from fangxian.workplaces.queries import firms as reads
from fangxian.workplaces.queries.firms import Page


@staff_view(Capability.BUILDINGS)
@require_GET
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    """Enterprises within reach, by name, an alias or credit code, of one building or of all."""
    buildings = list(Place.objects.filter(who.held.places(), kind=PlaceKind.BUILDING, closed_on=None).order_by("path"))
    chosen = next((one for one in buildings if str(one.id) == request.GET.get("building")), None)
    query = request.GET.get("q", "").strip()[:60]
    wanted = request.GET.get("page", "")
    page = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else 1
    found = reads.listing(who.held, query=query, building=chosen, page=page)
    context = {"found": found, "buildings": buildings, "chosen": chosen, "query": query}
    return render(request, "console/firms/list.html", context)


@staff_view(Capability.BUILDINGS)
@require_GET
def firm(request: HttpRequest, who: Who, enterprise_id: UUID) -> HttpResponse:
    page = reads.page(who.held, enterprise_id, who.now)
    if page.enterprise.subject_id != enterprise_id:
        return redirect("firms:firm", page.enterprise.subject_id)
    return _page(request, who, page)


def _page(
    request: HttpRequest, who: Who, page: Page, *, facts: FactsForm | None = None, same: object = None
) -> HttpResponse:
    """The page with its forms; `facts` is one that was sent and not taken, `same` who has its credit code."""
    places = [one.building for one in page.tenancies]
    context: dict[str, Any] = {
        "page": page, "enterprise": page.enterprise, "places": {one.id: one for one in places}.values(), "same": same,
        "facts_form": facts, "facts_open": facts is not None,
    }  # fmt: skip
    if facts is None and who.can(Capability.REGISTER):
        context["facts_form"] = FactsForm(initial=facts_of(page))
    if who.can(Capability.ENDORSE):
        held = str(page.firm.worker) if page.firm and page.firm.worker else ""
        context["visit_form"] = VisitForm(now=who.now)
        context["worker_form"] = WorkerForm(workers=page.workers, held=held)
    if who.can(Capability.FIRM):
        context["posts_form"] = PostsForm(posts=page.posts)
        context["writes"] = True
    return render(request, "console/firms/firm.html", context, status=400 if facts is not None else 200)


@staff_view(Capability.REGISTER)
@require_POST
def facts(request: HttpRequest, who: Who, enterprise_id: UUID) -> HttpResponse:
    page, form = reads.page(who.held, enterprise_id, who.now), FactsForm(request.POST)
    if not form.is_valid():
        return _page(request, who, page, facts=form)
    try:
        actions.set_facts(enterprise=page.enterprise, facts=form.facts, by=who.staff.actor, now=who.now)
    except SameCodeError as error:
        form.add_error("uscc", str(error))
        return _page(request, who, page, facts=form, same=_within(who, error.other.subject_id))
    except WorkplaceError as error:
        form.add_error(None, str(error))
        return _page(request, who, page, facts=form)
    return _back(request, page, _("Kept."))


def _within(who: Who, enterprise_id: UUID) -> object:
    """The other record, where this person may see it."""
    try:
        return reads.reached(who.held, enterprise_id)[0].enterprise
    except access.NotFoundError:
        return None


@staff_view(Capability.REGISTER)
@require_POST
def same(request: HttpRequest, who: Who, enterprise_id: UUID) -> HttpResponse:
    """This record and another one are one enterprise: the other one stays, with this one's name as an alias."""
    page = reads.page(who.held, enterprise_id, who.now)
    other = reads.page(who.held, _uuid(request.POST.get("other", "")), who.now)
    try:
        actions.same_as(absorbed=page.enterprise, survivor=other.enterprise, by=who.staff.actor, now=who.now)
    except WorkplaceError as error:
        messages.error(request, str(error))
        return redirect("firms:firm", page.enterprise.subject_id)
    return _back(request, other, _("The two records are one now; the other name stays as an alias."))


@staff_view(Capability.ENDORSE)
@require_POST
def visit(request: HttpRequest, who: Who, enterprise_id: UUID) -> HttpResponse:
    page, form = reads.page(who.held, enterprise_id, who.now), VisitForm(request.POST, now=who.now)
    if not form.is_valid():
        messages.error(request, _("The visit was not kept: write when you were there."))
        return redirect("firms:firm", page.enterprise.subject_id)
    data = form.cleaned_data
    try:
        actions.visit(
            id=data["id"], enterprise_id=page.enterprise.subject_id, observed_at=data["observed_at"],
            note=data["note"], by=who.staff.actor, now=who.now,
        )  # fmt: skip
    except WorkplaceError as error:
        messages.error(request, str(error))
        return redirect("firms:firm", page.enterprise.subject_id)
    return _back(request, page, _("The visit is recorded."))


@staff_view(Capability.ENDORSE)
@require_POST
def worker(request: HttpRequest, who: Who, enterprise_id: UUID) -> HttpResponse:
    page = reads.page(who.held, enterprise_id, who.now)
    form = WorkerForm(request.POST, workers=page.workers)
    if not form.is_valid():
        messages.error(request, _("That person is no building worker of this enterprise's buildings."))
        return redirect("firms:firm", page.enterprise.subject_id)
    chosen = form.cleaned_data["worker"]
    actions.assign_worker(
        enterprise_id=page.enterprise.subject_id, worker=UUID(chosen) if chosen else None, by=who.staff.actor,
        now=who.now,
    )  # fmt: skip
    return _back(request, page, _("Kept."))


@staff_view(Capability.FIRM)
@require_POST
def posts(request: HttpRequest, who: Who, enterprise_id: UUID) -> HttpResponse:
    page, form = reads.page(who.held, enterprise_id, who.now), PostsForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The posts were not kept: a line is too long."))
        return redirect("firms:firm", page.enterprise.subject_id)
    actions.set_posts(
        enterprise_id=page.enterprise.subject_id, posts=form.named, by=who.staff.actor, now=who.now
    )  # fmt: skip
    return _back(request, page, _("Kept."))


def _back(request: HttpRequest, page: Page, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("firms:firm", page.enterprise.subject_id)


def _uuid(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError as error:
        raise access.NotFoundError(_("There is no such enterprise within your reach.")) from error
