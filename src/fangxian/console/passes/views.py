"""The passes of my places, and one pass with everything that was done to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.passes import handing, photos, reach
from fangxian.console.passes.forms import ListForm, ReasonForm
from fangxian.console.view import Who, staff_view
from fangxian.gates import printing
from fangxian.gates.actions import passes as actions
from fangxian.gates.actions.passes import Change, PassError
from fangxian.gates.models import Pass, PassStatus, Zone
from fangxian.gates.queries import passes, slots
from fangxian.gates.queries.passes import PassLine, within
from fangxian.places.models import Place, PlaceKind

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Shown:
    """A pass as a line or a page shows it."""

    line: PassLine
    number: str
    kind: "StrOrPromise"
    zone: "StrOrPromise"
    state: "StrOrPromise"
    badge: str
    begins: str
    ends: str


def shown(line: PassLine) -> Shown:
    state, badge = _state(line)
    return Shown(
        line, printing.spoken(line.number), line.kind.label, Zone(line.zone).label if line.zone else "", state, badge,
        printing.when(line.from_us), printing.when(line.until_us),
    )  # fmt: skip


def _state(line: PassLine) -> tuple["StrOrPromise", str]:
    if line.status != PassStatus.LIVE:
        return line.status.label, "due" if line.status == PassStatus.SUSPENDED else "gap"
    if line.distrusted:
        return _("signed with a key that is not trusted"), "gap"
    if line.over:
        return _("expired"), "ended"
    return (_("not yet in force"), "open") if line.early else (line.status.label, "ok")


def whole(form: ListForm) -> Place | None:
    """The place of a list: the one chosen, else the street; what is out of reach drops out by the scope."""
    chosen: Place | None = form.cleaned_data.get("place")
    return chosen or Place.objects.filter(kind=PlaceKind.STREET).order_by("path").first()


@staff_view(Capability.PASSES)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    """By POST where it is narrowed: a name must not stand in an address."""
    return list_page(request, who)


def list_page(request: HttpRequest, who: Who, fault: str = "") -> HttpResponse:
    """The list as it was asked for; `fault` says why nothing was done with it."""
    sent = request.POST if request.method == "POST" else {"current": "on"}
    places = reach.places(who)
    form = ListForm(places, sent)
    page = None
    if form.is_valid() and (place := whole(form)) is not None:
        start = form.cleaned_data.get("start") or 0
        page = passes.passes_of(place, within(who.held), now=who.now, narrow=form.narrow, start=start)
    context = {
        "form": form, "page": page, "rows": [shown(line) for line in page.lines] if page else [],
        "most": printing.MOST, "fault": fault, "filter": ListForm(places, sent, auto_id=False),
        "acts": [(Change.SUSPEND.value, _("Suspend")), (Change.RESTORE.value, _("Restore")),
                 (Change.REVOKE.value, _("Revoke for good"))],
    }  # fmt: skip
    return render(request, "console/passes/list.html", context, status=400 if fault else 200)


@staff_view(Capability.PASSES)
@require_GET
def story(request: HttpRequest, who: Who, pass_id: UUID) -> HttpResponse:
    return _page(request, who, reach.permit(who, pass_id), ReasonForm())


def _page(request: HttpRequest, who: Who, permit: Pass, form: ReasonForm, status: int = 200) -> HttpResponse:
    told = passes.story(permit, now=who.now)
    usable = permit.status == PassStatus.LIVE and not told.line.over
    drawn = printing.svg(permit.token) if usable else ""
    context = {
        "permit": permit, "row": shown(told.line), "acts": told.acts, "replaced_by": told.replaced_by, "form": form,
        "choices": _choices(permit, who, over=told.line.over), "usable": usable,
        "slot": printing.slot_words(slots.slot_of(permit, who.now)),
        "wallet": request.build_absolute_uri(reverse("resident:wallet", args=[permit.wallet])) if usable else "",
        "code": mark_safe(drawn),  # noqa: S308 - drawn by segno from a signed token, no outside text
        **photos.panel(permit, who),
    }  # fmt: skip
    return render(request, "console/passes/story.html", context, status=status)


def _choices(permit: Pass, who: Who, *, over: bool) -> list[tuple[str, str, str]]:
    """What may be done now: the key, the word on the button, its look."""
    if permit.status == PassStatus.REVOKED or over:
        return []
    revoke = ("revoke", _("Revoke for good"), "danger")
    if permit.status == PassStatus.SUSPENDED:
        held = handing.by_finding(Pass.objects.filter(id=permit.id), who.now).exists()
        keep = [("suspend", _("Suspend beyond the end of the finding"), "")] if held else []
        return [("restore", _("Restore"), "primary"), *keep, revoke]
    return [("suspend", _("Suspend"), ""), ("reissue", _("Replace with a new pass"), ""), revoke]


@staff_view(Capability.PASSES)
@require_POST
def change(request: HttpRequest, who: Who, pass_id: UUID) -> HttpResponse:
    permit = reach.permit(who, pass_id)
    form = ReasonForm(request.POST)
    what = request.POST.get("what", "")
    if what not in ("suspend", "restore", "revoke", "reissue"):
        return HttpResponseBadRequest()
    if not form.is_valid():
        return _page(request, who, permit, form, 400)
    try:
        after = _done(what, permit, form.cleaned_data["reason"], who)
    except PassError as error:
        form.add_error(None, str(error))
        permit.refresh_from_db()
        return _page(request, who, permit, form, 400)
    if after is None:
        messages.warning(request, _("Somebody has changed this pass meanwhile. Nothing was changed; look again."))
        after = permit
    else:
        messages.success(request, _("Done. Gates know it with their next answer, tablets with their next connection."))
    return redirect("passes:story", after.id)


def _done(what: str, permit: Pass, reason: str, who: Who) -> Pass | None:
    """The pass to look at next, or None where somebody else was quicker. Raises PassError."""
    by, now = who.staff.actor, who.now
    if what == "reissue":
        return actions.reissue(permit=permit, reason=reason, by=by, now=now)
    if what == "suspend":
        return permit if handing.change(ids=[permit.id], what=Change.SUSPEND, reason=reason, by=by, now=now) else None
    act = {"restore": actions.restore, "revoke": actions.revoke}[what]
    return permit if act(passes=[permit], reason=reason, by=by, now=now) else None
