"""The ledger of an enterprise for those who write it: list, one person, states, evidence."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.accounts.access import NotAllowedError, NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.firm.seat import Desk, at_firm
from fangxian.console.firm_roster.forms import EvidenceForm, JourneyForm, PersonForm, StateForm
from fangxian.console.firm_roster.shape import ACTS, FILTERS, Shown, act_words, shown
from fangxian.files.actions import FileGoneError, FileRefusedError
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.workplaces.actions import new_staff, returning
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.actions.release_files import open_evidence, store_evidence
from fangxian.workplaces.models import Returning, StaffState
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.queries import returning as reads
from fangxian.workplaces.returning import may_bring_back
from fangxian.workplaces.rules import Actor

_SECRET: Final = ("document", "phone", "name", "reason", "origin")


def _row(desk: Desk, row_id: UUID) -> Returning:
    found = reads.open_rows(desk.ids, desk.place).select_related("person", "enterprise", "place").filter(id=row_id)
    row = found.first()
    if row is None:
        raise NotFoundError(_("There is no such record within your reach."))
    return row


def _number(request: HttpRequest) -> int:
    written = (request.POST if request.method == "POST" else request.GET).get("page", "1")
    return int(written) if written.isdigit() and len(written) < 7 else 1


@at_firm
@require_http_methods(["GET", "POST"])
def ledger(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Who comes back, and whether they may. A name is looked for by a form, so that no address holds it."""
    sent = request.POST if request.method == "POST" else request.GET
    show, name = sent.get("show", ""), sent.get("name", "") if request.method == "POST" else ""
    show = show if show in reads.SHOWN else ""
    page = reads.ledger(desk.ids, desk.place, desk.now, show=show, name=name, number=_number(request))
    context = {
        "desk": desk, "page": page, "rows": [shown(line) for line in page.lines], "show": show, "name": name,
        "filters": [(key, words, page.counts.by_key[key]) for key, words in FILTERS.items()],
        "contradictions": reads.contradictions(desk.ids, desk.place, desk.now) if not name else [],
    }  # fmt: skip
    return render(request, "console/firm_roster/list.html", context)


@at_firm
@sensitive_post_parameters(*_SECRET)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, desk: Desk) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    who = PersonForm(data, today=clock.local_day(desk.now))
    journey = JourneyForm(data, plan=plan_at(desk.now), language=get_language() or "zh")
    if data is not None and who.is_valid() and journey.is_valid():
        given = who.cleaned_data
        try:
            person = new_staff.register(
                enterprise=desk.enterprise.subject, name=given["name"], document=given["document"],
                phone=given["phone"], by=desk.by, now=desk.now,
            )  # fmt: skip
            row = returning.put(
                enterprise=desk.enterprise.subject, place=desk.place, new=journey.stated(person.pk), by=desk.by,
                now=desk.now,
            )  # fmt: skip
        except WorkplaceError as refused:
            who.add_error(None, str(refused))
        else:
            messages.success(request, _("%(name)s is on the ledger.") % {"name": person.name})
            return redirect("firm-roster:person", *desk.args, row.id)
    context = {"desk": desk, "who": who, "journey": journey}
    return render(request, "console/firm_roster/add.html", context, status=200 if data is None else 400)


@at_firm
@sensitive_post_parameters(*_SECRET)
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, desk: Desk, row_id: UUID) -> HttpResponse:
    row = _row(desk, row_id)
    data = request.POST if request.method == "POST" else None
    form = JourneyForm(data, plan=plan_at(desk.now), language=get_language() or "zh", row=row)
    if data is not None and form.is_valid():
        try:
            returning.put(
                enterprise=row.enterprise, place=desk.place, new=form.stated(row.person_id, row.released_on),
                by=desk.by, now=desk.now,
            )  # fmt: skip
        except WorkplaceError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Kept, and decided anew from it."))
            return redirect("firm-roster:person", *desk.args, row_id)
    return _person_page(request, desk, row, form, EvidenceForm(), 200 if data is None else 400)


def _person_page(
    request: HttpRequest, desk: Desk, row: Returning, form: JourneyForm, release: EvidenceForm, status: int
) -> HttpResponse:
    line: Shown = shown(next(iter(reads.lines_of([row], desk.now))))
    context: dict[str, Any] = {
        "desk": desk, "row": row, "line": line, "form": form, "release": release,
        "acts": [(act.value, act_words(act)) for act in _open_acts(desk, row)],
        "back_is_closed": row.state in ACTS and StaffState.ACTIVE not in _open_acts(desk, row)
        and row.state != StaffState.ACTIVE,
    }  # fmt: skip
    return render(request, "console/firm_roster/person.html", context, status=status)


def actors_at(desk: Desk, place: Place) -> frozenset[Actor]:
    """As whom this person decides about staff here: the street, the building's worker, the enterprise itself."""
    found = {Actor.FIRM}
    if desk.who.reach(Capability.FILINGS).holds(place):
        found.add(Actor.STREET)
    if desk.who.reach(Capability.ENDORSE).holds(place):
        found.add(Actor.WORKER)
    return frozenset(found)


def _open_acts(desk: Desk, row: Returning) -> list[StaffState]:
    states = [StaffState.SUSPENDED, StaffState.POSITIVE, StaffState.LEFT]
    found = [state for state in states if state != row.state]
    if row.state == StaffState.POSITIVE:
        # a positive test is not made less by a word
        found = [state for state in found if state != StaffState.SUSPENDED]
    if may_bring_back(row.state, row.marks, actors_at(desk, desk.place)):
        found.insert(0, StaffState.ACTIVE)
    return found


@at_firm
@sensitive_post_parameters(*_SECRET)
@require_POST
def state(request: HttpRequest, desk: Desk, row_id: UUID) -> HttpResponse:
    """Asked once more on a page of its own, and then done."""
    row = _row(desk, row_id)
    asked = request.POST.get("state", "")
    if asked not in StaffState.values or StaffState(asked) not in _open_acts(desk, row):
        raise NotAllowedError(_("This is not open to you for this person. Nothing was changed."))
    wanted, first = StaffState(asked), not request.POST.get("sure")
    form = StateForm(None if first else request.POST, wanted=wanted)
    if form.is_valid():
        try:
            returning.set_state(
                row=row, state=wanted, reason=form.cleaned_data["reason"], by=desk.by, now=desk.now
            )  # fmt: skip
        except WorkplaceError as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, str(ACTS[wanted].done))
        if wanted == StaffState.LEFT:
            return redirect("firm-roster:list", *desk.args)
        return redirect("firm-roster:person", *desk.args, row_id)
    context = {
        "desk": desk, "row": row, "form": form, "act": ACTS[wanted],
        "words": act_words(wanted), "wanted": wanted.value,
    }  # fmt: skip
    return render(request, "console/firm_roster/sure.html", context, status=200 if first else 400)


@at_firm
@require_POST
def evidence(request: HttpRequest, desk: Desk, row_id: UUID) -> HttpResponse:
    row, release = _row(desk, row_id), EvidenceForm(request.POST, request.FILES)
    if release.is_valid():
        sent = release.cleaned_data["file"]
        try:
            digest = store_evidence(content=sent.read(), name=sent.name or "", by=desk.by, now=desk.now)
            returning.evidence(
                row=row, digest=digest, released_on=release.cleaned_data["released_on"], by=desk.by, now=desk.now
            )  # fmt: skip
        except (FileRefusedError, WorkplaceError) as refused:
            release.add_error(None, str(refused))
        else:
            messages.success(request, _("The evidence is kept."))
            return redirect("firm-roster:person", *desk.args, row_id)
    form = JourneyForm(plan=plan_at(desk.now), language=get_language() or "zh", row=row)
    return _person_page(request, desk, row, form, release, 400)


@at_firm
@require_GET
def evidence_file(request: HttpRequest, desk: Desk, row_id: UUID) -> HttpResponse:
    """The document itself; opening it is recorded."""
    row = _row(desk, row_id)
    try:
        media_type, content = open_evidence(row=row, by=desk.by, now=desk.now)
    except (FileGoneError, WorkplaceError) as gone:
        raise NotFoundError(str(gone)) from gone
    answer = HttpResponse(content, content_type=media_type)
    suffix = "pdf" if media_type == "application/pdf" else "jpg"
    answer["Content-Disposition"] = f'inline; filename="release.{suffix}"'
    return answer
