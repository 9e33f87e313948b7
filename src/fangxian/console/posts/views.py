"""My posts: when I stand where, and checking in and out, for whoever stands at a gate and sees nothing else of it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.view import Who, staff_view
from fangxian.rota import actions as rota
from fangxian.rota import queries
from fangxian.rota.actions import RotaError
from fangxian.rota.models import Assignment, Slot


@staff_view(Capability.GATE)
@require_safe
def mine(request: HttpRequest, who: Who) -> HttpResponse:
    """The slots that I am planned for, and those within reach that lack somebody at this moment."""
    rows = queries.my_slots(who.staff, who.now)
    known = {row.slot_id for row in rows}
    short = [row for row in queries.short_slots(who.held, who.now) if row.slot_id not in known]
    context = {"rows": rows, "short": short, "days": queries.AHEAD_DAYS}
    return render(request, "console/posts/mine.html", context)


def _slot(who: Who, slot_id: UUID) -> Slot:
    """A slot that I am planned for, wherever it is, or one within reach. Raises NotFoundError."""
    slot = Slot.objects.filter(pk=slot_id, post__closed_us__isnull=True).select_related("post__place").first()
    if slot is None:
        raise NotFoundError
    planned = Assignment.objects.filter(slot=slot, staff=who.staff).exists()
    if not planned and not who.held.holds(slot.post.place):
        raise NotFoundError
    return slot


@staff_view(Capability.GATE)
@require_POST
def came(request: HttpRequest, who: Who, slot_id: UUID) -> HttpResponse:
    slot = _slot(who, slot_id)
    try:
        placed = rota.check_in(slot=slot, staff=who.staff, by=who.staff.actor, now=who.now)
    except RotaError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("You are checked in at %(post)s.") % {"post": slot.post.title})
        if not placed.trained:
            messages.warning(request, _("You have not signed the training for this post. Ask to be shown how first."))
    return redirect("posts:mine")


@staff_view(Capability.GATE)
@require_POST
def left(request: HttpRequest, who: Who, assignment_id: UUID) -> HttpResponse:
    row = Assignment.objects.filter(id=assignment_id, staff=who.staff).select_related("slot__post").first()
    if row is None:
        raise NotFoundError
    try:
        rota.check_out(assignment=row, by=who.staff.actor, now=who.now)
    except RotaError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("You are checked out."))
    return redirect("posts:mine")
