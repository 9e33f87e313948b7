"""Suspending, restoring and revoking many passes at once: chosen on the list, counted, confirmed, done."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.passes import handing, reach
from fangxian.console.passes.forms import ListForm, ReasonForm
from fangxian.console.passes.views import list_page, whole
from fangxian.console.view import Who, staff_view
from fangxian.gates.actions.passes import CHANGES, Change
from fangxian.gates.models import Pass, PassStatus
from fangxian.gates.queries import passes
from fangxian.gates.queries.passes import PassLine, StateCount, within

MOST = 20_000
"""The most passes that one confirmation changes."""
NAMED = 100
"""How many of those that did not change the answer names."""


@dataclass(frozen=True)
class Why:
    """Why some of the chosen passes do not change."""

    word: str
    count: int


def _why(status: PassStatus, *, over: bool) -> str:
    return str(_("expired") if over else status.label)


def _picked(request: HttpRequest) -> list[UUID]:
    """The rows that were ticked. Raises ValueError."""
    return list(dict.fromkeys(UUID(value) for value in request.POST.getlist("pick")))


def _ids(form: ListForm, picked: Sequence[UUID], who: Who) -> list[UUID]:
    """What is meant now and within reach: the ticked rows, or all that match the filter, one more than `MOST`."""
    scope = within(who.held)
    place = whole(form)
    if form.data.get("all") and place is not None:
        return passes.ids_of(place, scope, now=who.now, narrow=form.narrow, limit=MOST + 1)
    return list(Pass.objects.filter(scope, id__in=picked).order_by("id").values_list("id", flat=True)[:MOST])


def _chosen(form: ListForm, picked: Sequence[UUID], who: Who) -> QuerySet[Pass]:
    scope = within(who.held)
    place = whole(form)
    if form.data.get("all") and place is not None:
        return passes.matching(place, scope, now=who.now, narrow=form.narrow)
    return Pass.objects.filter(scope, id__in=picked)


def _unchanged(counts: Sequence[StateCount], what: Change, held: int) -> list[Why]:
    """`held`: suspended ones that change, since a finding suspends them."""
    left = []
    for row in counts:
        if row.over or row.status not in CHANGES[what][0]:
            count = row.count - (held if row.status == PassStatus.SUSPENDED and not row.over else 0)
            left.append(Why(_why(row.status, over=row.over), count))
    return [why for why in left if why.count]


@staff_view(Capability.PASSES)
@sensitive_post_parameters()
@require_POST
def change_several(request: HttpRequest, who: Who) -> HttpResponse:
    """Once with what was chosen: the number is shown. A second time with the reason and that number: it is done.

    Where the number is another one by then, nothing is done and the new number is shown.
    """
    form = ListForm(reach.places(who), request.POST)
    try:
        what, picked = Change(request.POST.get("what", "")), _picked(request)
    except ValueError:
        return HttpResponseBadRequest()
    if not form.is_valid():
        return redirect("passes:list")
    chosen = _chosen(form, picked, who)
    counts = passes.count_states(chosen, who.now)
    if not counts:
        return list_page(request, who, _("No pass is chosen. Tick the passes on the left, then say what to do."))
    total = sum(row.count for row in counts)
    sure = request.POST.get("step") == "do"
    reason = ReasonForm(request.POST if sure else None)
    if sure and reason.is_valid() and total <= MOST and request.POST.get("seen") == str(total):
        return _do(request, who, _ids(form, picked, who), what, reason.cleaned_data["reason"])
    moved = sure and request.POST.get("seen") != str(total)
    held = handing.by_finding(chosen, who.now).count() if what == Change.SUSPEND else 0
    left = _unchanged(counts, what, held)
    context = {
        "form": reason, "filter": hidden(who, request), "picked": [] if form.data.get("all") else picked,
        "all": form.data.get("all"), "what": what.value, "total": total,
        "would": total - sum(why.count for why in left), "moved": moved, "most": MOST, "left": left,
    }  # fmt: skip
    return render(request, "console/passes/sure.html", context, status=400 if sure else 200)


def hidden(who: Who, request: HttpRequest) -> ListForm:
    """The filter as it was sent, for hidden fields: its own ids would be there twice."""
    return ListForm(reach.places(who), request.POST, auto_id=False)


def _do(request: HttpRequest, who: Who, ids: Sequence[UUID], what: Change, reason: str) -> HttpResponse:
    changed = handing.change(ids=ids, what=what, reason=reason, by=who.staff.actor, now=who.now)
    left = [key for key in ids if key not in changed]
    lines = passes.lines_of(left[:NAMED], within(who.held), now=who.now)
    context = {
        "what": what.value, "changed": len(changed), "left": len(left), "lines": [_left(line) for line in lines],
    }  # fmt: skip
    return render(request, "console/passes/changed.html", context)


def _left(line: PassLine) -> tuple[PassLine, str]:
    return line, _why(line.status, over=line.over)
