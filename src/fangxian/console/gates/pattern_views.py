"""Slots of a gate that come back every week, and the end of its post."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.gates.rota_forms import ClosePostForm, RepeatForm
from fangxian.console.gates.rota_shape import rota_of
from fangxian.console.gates.rota_views import rota_page
from fangxian.console.gates.views import gate_of
from fangxian.console.view import Who, staff_view
from fangxian.rota import actions as rota
from fangxian.rota.actions import Repeated, RotaError
from fangxian.rota.models import Pattern

MOST_NAMED = 10


def _back(gate_id: UUID, day: str = "") -> HttpResponse:
    return redirect(f"{reverse('gates:rota', args=[gate_id])}{f'?day={day}' if day else ''}")


@staff_view(Capability.DEVICES)
@require_POST
def repeat(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    """Plan the same slot for weeks; the first one opens the gate's post."""
    place = gate_of(who, gate_id)
    seen = rota_of(place, who, "")
    form = RepeatForm(seen.people, seen.trained, request.POST, auto_id="repeat_%s")
    if form.is_valid():
        by, now = who.staff.actor, who.now
        try:
            # asked first: a pattern that cannot be must not open a post
            new = form.pattern()
            rota.check_pattern(new=new, now=now)
            post = rota.open_post(place=place, by=by, now=now)
            done = rota.repeat(post=post, new=new, by=by, now=now)
        except RotaError as refused:
            form.add_error(None, str(refused))
        else:
            _say(request, done)
            return _back(gate_id, new.first_day.isoformat())
    return rota_page(request, who, place, {"repeat": form})


def _say(request: HttpRequest, done: Repeated) -> None:
    said = ngettext("%(number)d slot is planned.", "%(number)d slots are planned.", done.slots)
    messages.success(request, said % {"number": done.slots})
    for out in done.left_out[:MOST_NAMED]:
        messages.warning(request, " ".join(part for part in (out.day.isoformat(), out.name, out.text) if part))
    if (more := len(done.left_out) - MOST_NAMED) > 0:
        said = ngettext("%(number)d more was left out.", "%(number)d more were left out.", more)
        messages.warning(request, said % {"number": more})


@staff_view(Capability.DEVICES)
@require_POST
def end_pattern(request: HttpRequest, who: Who, gate_id: UUID, pattern_id: UUID) -> HttpResponse:
    place = gate_of(who, gate_id)
    pattern = Pattern.objects.filter(id=pattern_id, post__place=place).select_related("post__place").first()
    if pattern is None:
        raise NotFoundError
    gone = rota.end_pattern(pattern=pattern, by=who.staff.actor, now=who.now)
    if gone is None:
        messages.warning(request, _("Somebody has ended this already. Nothing was changed."))
    else:
        said = ngettext(
            "Ended. %(number)d slot to come is off the plan.", "Ended. %(number)d slots to come are off the plan.", gone
        )
        messages.success(request, said % {"number": gone})
    return _back(gate_id)


@staff_view(Capability.DEVICES)
@require_POST
def close_post(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    """Nobody need stand at this gate any more. Planning a slot later opens it again."""
    place = gate_of(who, gate_id)
    post = rota_of(place, who, "").post
    form = ClosePostForm(request.POST, auto_id="close_%s")
    if post is None:
        messages.warning(request, _("There is no open post here. Nothing was changed."))
        return _back(gate_id)
    if not form.is_valid():
        return rota_page(request, who, place, {"close": form})
    closed = rota.close_post(post=post, reason=form.cleaned_data["reason"], by=who.staff.actor, now=who.now)
    if closed is None:
        messages.warning(request, _("Somebody has closed this post already. Nothing was changed."))
        return _back(gate_id)
    said = ngettext(
        "The post is closed. %(number)d slot to come is off the plan.",
        "The post is closed. %(number)d slots to come are off the plan.", closed.slots,
    )  # fmt: skip
    messages.success(request, said % {"number": closed.slots})
    if closed.planned:
        said = ngettext(
            "%(number)d assignment was on it: tell them not to come.",
            "%(number)d assignments were on it: tell these people not to come.", closed.planned,
        )  # fmt: skip
        messages.warning(request, said % {"number": closed.planned})
    return _back(gate_id)
