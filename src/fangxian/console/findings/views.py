"""Findings: the list, one of them from being seen to being closed, and a new one outside of a checklist."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts.access import NotAllowedError, NotFoundError, get
from fangxian.accounts.roles import Capability
from fangxian.console.findings import reads
from fangxian.console.findings.forms import ActForm, NewForm
from fangxian.console.place_field import offer
from fangxian.console.view import Who, staff_view
from fangxian.files.actions import FileGoneError, FileRefusedError
from fangxian.inspections.actions import findings as actions
from fangxian.inspections.actions.errors import InspectionError
from fangxian.inspections.actions.photos import keep_photo, open_photo
from fangxian.inspections.models import Finding, FindingAct, FindingStatus, FindingStep, Severity
from fangxian.inspections.queries.access import actors_at
from fangxian.inspections.queries.findings import OPEN, OVERDUE, counts
from fangxian.inspections.rules import Actor

TABS = (
    (OPEN, pgettext_lazy("findings", "Open")), (OVERDUE, gettext_lazy("Overdue")),
    (FindingStatus.MENDED.value, gettext_lazy("To re-inspect")), (FindingStatus.CLOSED.value, gettext_lazy("Closed")),
)  # fmt: skip
DONE = {
    FindingAct.PLAN: gettext_lazy("The plan is agreed; everybody who has to do with it sees it."),
    FindingAct.MEND: gettext_lazy("Reported as put right. Somebody from another place looks at it."),
    FindingAct.PASS: gettext_lazy("In order: the finding is closed, and what it suspended is good again."),
    FindingAct.FAIL: gettext_lazy("Not in order: it is open again, and its time begins anew."),
    FindingAct.ANNUL: gettext_lazy("Annulled. The reason stays with it."),
}


def _wanted(request: HttpRequest) -> reads.Wanted:
    asked = request.GET
    known = {value for value, _label in TABS} | set(FindingStatus.values)
    status = asked.get("status", OPEN)
    severity = asked.get("severity", "")
    return reads.Wanted(
        asked.get("place", ""), asked.get("area", ""), asked.get("item", ""),
        severity if severity in Severity.values else "", status if status in known else OPEN,
    )  # fmt: skip


@staff_view(Capability.FINDINGS)
@require_GET
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    wanted = _wanted(request)
    places, words = reads.places_with(who), reads.words(who.now)
    found = reads.rows(who, wanted, places)
    context = {
        "rows": found, "wanted": wanted, "tabs": TABS, "most": reads.MOST, "places": places.values(), "words": words,
        "severities": Severity.choices,
        "counts": counts(reads.within(who), who.now), "may_report": who.can(Capability.INSPECT),
        "may_inspect": who.can(Capability.INSPECT), "may_plan": who.can(Capability.FILINGS), "now": who.now,
        "narrowed": wanted != reads.Wanted(status=wanted.status),
    }  # fmt: skip
    return render(request, "console/findings/list.html", context)


def _page(request: HttpRequest, who: Who, row: Finding, sent: ActForm | None = None) -> HttpResponse:
    history = reads.told(row)
    open_acts = reads.acts(who, row, history)
    forms = []
    for act in open_acts:
        is_sent = sent is not None and sent.data.get("act") == act
        forms.append((act, FindingAct(act).label, sent if is_sent else _form(act, row, who)))
    context: dict[str, Any] = {
        "finding": reads.line(row, who.now), "row": row, "told": history, "forms": forms,
        "status_word": row.get_status_display(), "severity_word": row.get_severity_display(),
        "term": dict(reads.words(who.now)["severities"]).get(row.severity, ""),
        "held": reads.suspensions(row), "owner": reads.owner_of(row, who.now) if row.closed_us is None else None,
        "zone_word": reads.zone_word(row.zone),
    }  # fmt: skip
    return render(request, "console/findings/finding.html", context, status=400 if sent else 200)


def _form(act: FindingAct, row: Finding, who: Who, request: HttpRequest | None = None) -> ActForm:
    data, files = (request.POST, request.FILES) if request is not None else (None, None)
    return ActForm(act, who.now, data, files, red=row.severity == Severity.RED)


@staff_view(Capability.FINDINGS)
@require_GET
def finding(request: HttpRequest, who: Who, finding_id: UUID) -> HttpResponse:
    return _page(request, who, reads.finding_within(who, finding_id))


@staff_view(Capability.FINDINGS)
@require_POST
def act(request: HttpRequest, who: Who, finding_id: UUID) -> HttpResponse:
    row = reads.finding_within(who, finding_id)
    try:
        wanted = FindingAct(request.POST.get("act", ""))
    except ValueError as odd:
        raise NotFoundError(_("There is no such step. Nothing was changed.")) from odd
    if wanted not in ActForm.WANTED:
        raise NotFoundError(_("There is no such step. Nothing was changed."))
    form = _form(wanted, row, who, request)
    if not form.is_valid():
        return _page(request, who, row, form)
    data = form.cleaned_data
    try:
        actions.act(
            finding=row, act=wanted, actors=actors_at(who.staff, row.place, who.now), text=data.get("text", ""),
            photos=_keep(data.get("photos") or [], who), plan_who=data.get("plan_who", ""),
            plan_what=data.get("plan_what", ""), plan_until=data.get("plan_until"), by=who.staff.actor, now=who.now,
        )  # fmt: skip
    except (InspectionError, FileRefusedError) as refused:
        form.add_error(None, str(refused))
        return _page(request, who, row, form)
    messages.success(request, str(DONE[wanted]))
    return redirect("findings:finding", row.id)


def _keep(photos: Sequence[UploadedFile], who: Who) -> list[str]:
    """Their digests. Raises FileRefusedError at the first that cannot be kept."""
    return [
        keep_photo(content=photo.read(), name=photo.name or "", by=who.staff.actor, now=who.now) for photo in photos
    ]


@staff_view(Capability.FINDINGS)
@require_GET
def photo(request: HttpRequest, who: Who, finding_id: UUID, step_id: UUID, digest: str) -> HttpResponse:
    """A photo of a step; opening it is in the audit."""
    row = reads.finding_within(who, finding_id)
    step = get(FindingStep.objects.select_related("finding"), Q(finding=row), id=step_id)
    try:
        media_type, content = open_photo(of=step, digest=digest, by=who.staff.actor, now=who.now)
    except FileGoneError as gone:
        raise NotFoundError(str(gone)) from gone
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = 'inline; filename="photo.jpg"'
    return answer


@staff_view(Capability.INSPECT)
def new(request: HttpRequest, who: Who) -> HttpResponse:
    """A finding outside of a checklist."""
    form = NewForm(request.POST or None, request.FILES or None, initial={"place": request.GET.get("place", "")})
    offer(form, "place", reads.inspected_places(who))
    form.set_severities(reads.words(who.now)["severities"])
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        place = data["place"]
        if not actors_at(who.staff, place, who.now) & {Actor.INSPECTOR, Actor.LEADER}:
            raise NotAllowedError(_("Nobody inspects their own place. Nothing was kept."))
        try:
            made = actions.report(
                place=place, title=data["title"], severity=Severity(data["severity"]), spot=data["spot"],
                note=data["note"], photos=_keep(data["photos"], who), by=who.staff.actor, now=who.now,
            )  # fmt: skip
        except (InspectionError, FileRefusedError) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("It is recorded; whoever runs the place is told at once."))
            return redirect("findings:finding", made.id)
    return render(request, "console/findings/new.html", {"form": form}, status=400 if form.errors else 200)
