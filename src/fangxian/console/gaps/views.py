"""Gaps: the list, and one gap with its history, its owner and what can be done about it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fangxian.accounts.access import NotAllowedError, NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.board.shape import kind_tabs
from fangxian.console.gaps import reads
from fangxian.console.gaps.forms import DoneForm, NoteForm, WaiveForm
from fangxian.console.gaps.lines import Cursor, gap_page
from fangxian.console.view import Who, staff_view
from fangxian.duties import actions
from fangxian.duties.actions import DutyError
from fangxian.duties.gap_queries import gap_history, in_place, within_reach
from fangxian.duties.models import Gap, GapNote, GapStatus
from fangxian.shared.writer import write_lock


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@staff_view(Capability.GAPS)
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    """Every open gap within reach, or within one place of it, oldest first."""
    where, place = within_reach(who.held), None
    wanted = request.GET.get("place", "")
    if wanted:
        place_id = _uuid(wanted)
        if place_id is None:
            raise NotFoundError
        place = who.place(place_id)
        where &= in_place(place)
    kind = request.GET.get("kind", "")
    page = gap_page(where, who.now, kind=kind, after=Cursor.read(request.GET.get("page", "")))
    context = {"page": page, "place": place, "tabs": kind_tabs(kind), "now": who.now}
    return render(request, "console/gaps/list.html", context)


def _page(
    request: HttpRequest, who: Who, found: Gap, *, note: NoteForm | None = None, done: DoneForm | None = None,
    waive: WaiveForm | None = None,
) -> HttpResponse:  # fmt: skip
    history = gap_history(found, who.now)
    is_open = history.status == GapStatus.OPEN
    may_record = is_open and reads.holds(who.reach(Capability.RECORD), found)
    decide_url = reads.decide_url(found)
    may_say = may_record and not decide_url
    may_waive = is_open and reads.holds(who.reach(Capability.WAIVE), found)
    context = {
        "gap": history.line, "history": history, "told": reads.told(history), "is_open": is_open,
        "record_url": reads.record_url(found) if may_record else "",
        "decide_url": decide_url if is_open and who.can(Capability.BUILDINGS) else "",
        "register": who.can(Capability.REGISTER),
        "note_form": note or (NoteForm() if is_open else None),
        "done_form": done or (DoneForm(who.now, initial={"observed_at": who.now}) if may_say else None),
        "waive_form": waive or (WaiveForm() if may_waive else None),
    }  # fmt: skip
    return render(request, "console/gaps/gap.html", context, status=400 if note or done or waive else 200)


@staff_view(Capability.GAPS)
def gap(request: HttpRequest, who: Who, gap_id: UUID) -> HttpResponse:
    return _page(request, who, reads.gap(who.held, gap_id))


@staff_view(Capability.GAPS)
@require_POST
def note(request: HttpRequest, who: Who, gap_id: UUID) -> HttpResponse:
    found = reads.gap(who.held, gap_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, who, found, note=form)
    actions.note(
        gap=found, kind=GapNote.Kind(form.cleaned_data["kind"]), text=form.cleaned_data["text"], by=who.staff.actor,
        now=who.now,
    )  # fmt: skip
    messages.success(request, _("It is noted. The gap stays open until it is done or waived."))
    return redirect("gaps:gap", gap_id)


@staff_view(Capability.RECORD)
@require_POST
def done(request: HttpRequest, who: Who, gap_id: UUID) -> HttpResponse:
    found = reads.gap(who.held, gap_id)
    if reads.decide_url(found):
        messages.error(request, _("Nothing was changed: this gap closes once the filing is decided."))
        return redirect("gaps:gap", gap_id)
    form = DoneForm(who.now, request.POST)
    if form.is_valid():
        try:
            with write_lock():
                actions.note(
                    gap=found, kind=GapNote.Kind.NOTE, text=form.cleaned_data["text"], by=who.staff.actor, now=who.now
                )
                actions.done(
                    duty=found.duty, observed_at=form.cleaned_data["observed_at"], by=who.staff.actor, now=who.now
                )
            messages.success(request, _("The gap is closed and the counters are corrected."))
        except DutyError as error:
            messages.error(request, str(error))
        return redirect("gaps:gap", gap_id)
    return _page(request, who, found, done=form)


@staff_view(Capability.WAIVE)
@require_POST
def waive(request: HttpRequest, who: Who, gap_id: UUID) -> HttpResponse:
    found = reads.gap(who.held, gap_id)
    if not reads.holds(who.held, found):
        raise NotAllowedError
    form = WaiveForm(request.POST)
    if form.is_valid():
        try:
            actions.waive(gap=found, reason=form.cleaned_data["reason"], by=who.staff.actor, now=who.now)
            messages.success(request, _("The gap is waived; the reason stays with it."))
        except DutyError as error:
            messages.error(request, str(error))
        return redirect("gaps:gap", gap_id)
    return _page(request, who, found, waive=form)
