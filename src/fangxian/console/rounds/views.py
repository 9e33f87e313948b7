"""Opening, watching and closing rounds; what was found and is not in the register yet."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fangxian.accounts import access
from fangxian.accounts.access import NotAllowedError
from fangxian.accounts.roles import Capability
from fangxian.console.field.reads import round_within
from fangxian.console.rounds import reads
from fangxian.console.rounds.forms import DismissForm, OpenForm
from fangxian.console.view import Who, staff_view
from fangxian.screening import actions, queries
from fangxian.screening.actions import ScreeningError
from fangxian.screening.models import UnregisteredFinding
from fangxian.shared import clock


@staff_view(Capability.ROUNDS)
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    context = {"rounds": reads.rounds(who.held), "now_us": clock.to_us(who.now)}
    return render(request, "console/rounds/list.html", context)


@staff_view(Capability.ROUNDS)
def open_one(request: HttpRequest, who: Who) -> HttpResponse:
    """Announce a round; a small one is enrolled at once, a large one by the worker."""
    section = actions.section_at(who.now)
    form = OpenForm(
        request.POST or None, places=reads.roots(who.held), days=section.round.days if section else 3, now=who.now
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = actions.announce_round(
                title=data["title"], place=data["place"], kinds=data["kinds"], opens_at=data["opens"],
                due_at=data["due"], by=who.staff.actor, now=who.now,
            )  # fmt: skip
        except ScreeningError as error:
            form.add_error(None, str(error))
        else:
            if reads.is_small(made):
                actions.enrol_missing(round=made, by=who.staff.actor, now=who.now)
            return redirect("rounds:progress", made.id)
    return render(request, "console/rounds/open.html", {"form": form})


@staff_view(Capability.ROUNDS)
def progress(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    round = round_within(who.held, round_id)
    context = {
        "round": round, "progress": queries.progress(round, who.held.nodes()), "now_us": clock.to_us(who.now),
        "marked": reads.told(queries.contradictions(round, who.held)), "may_close": reads.may_close(who, round),
        "kinds": reads.kind_words(round), "may_record": who.can(Capability.RECORD),
    }  # fmt: skip
    return render(request, "console/rounds/progress.html", context)


@staff_view(Capability.ROUNDS)
def enrolling(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    """How far the worker has come; the page asks again until it is done."""
    round = round_within(who.held, round_id)
    return render(request, "console/rounds/enrolling.html", {"round": round, "count": reads.enrolled(round)})


@staff_view(Capability.ROUNDS)
@require_POST
def close(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    round = round_within(who.held, round_id)
    if not reads.may_close(who, round):
        raise NotAllowedError(_("Only whose roles hold the whole ground of a round may close it."))
    try:
        actions.close_round(round=round, by=who.staff.actor, now=who.now)
        messages.success(request, _("The round is closed. Open gaps stay on the board until they are settled."))
    except ScreeningError as error:
        messages.error(request, str(error))
    return redirect("rounds:progress", round.id)


@staff_view(Capability.REGISTER)
def findings(request: HttpRequest, who: Who) -> HttpResponse:
    """People, doors and vehicles that were seen and are not in the register."""
    rows = queries.open_findings(who.held)
    context = {"rows": rows, "form": DismissForm(), "may_dismiss": who.can(Capability.IMPORT)}
    return render(request, "console/rounds/findings.html", context)


@staff_view(Capability.IMPORT)
@require_POST
def dismiss(request: HttpRequest, who: Who, finding_id: UUID) -> HttpResponse:
    rows = UnregisteredFinding.objects.select_related("duty", "place")
    finding = access.get(rows, who.held.nodes(), id=finding_id)
    try:
        actions.dismiss_finding(finding=finding, reason=request.POST.get("reason", ""), by=who.staff.actor, now=who.now)
        messages.success(request, _("Settled. The reason stays with the record."))
    except ScreeningError as error:
        messages.error(request, str(error))
    return redirect("rounds:findings")
