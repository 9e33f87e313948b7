"""Cards and lists as PDF."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.passes import reach
from fangxian.console.passes.forms import ListForm
from fangxian.console.passes.views import whole
from fangxian.console.view import Who, staff_view
from fangxian.gates import printing
from fangxian.gates.actions import photos
from fangxian.gates.models import Pass
from fangxian.gates.printing import PrintError
from fangxian.gates.queries import passes, slots
from fangxian.gates.queries.passes import within
from fangxian.registry.models import Person


@staff_view(Capability.PASSES)
@require_GET
def card(request: HttpRequest, who: Who, pass_id: UUID) -> HttpResponse:
    permit = reach.permit(who, pass_id)
    ready = passes.to_print([permit.id], within(who.held), now=who.now)
    try:
        return _pdf(_cards(ready, who), f"pass-{permit.number}")
    except PrintError as error:
        messages.error(request, str(error))
        return redirect("passes:story", permit.id)


@staff_view(Capability.PASSES)
@require_POST
def several(request: HttpRequest, who: Who, form: str) -> HttpResponse:
    """What a list shows, on cards or as a list to sign; only what is in force."""
    if form not in ("cards", "list"):
        raise Http404
    asked = ListForm(reach.places(who), request.POST)
    place = whole(asked) if asked.is_valid() else None
    if place is None:
        return redirect("passes:list")
    scope = within(who.held)
    ids = passes.ids_of(place, scope, now=who.now, narrow=asked.narrow, limit=printing.MOST + 1)
    try:
        ready = passes.to_print(ids, scope, now=who.now)
        if form == "cards":
            return _pdf(_cards(ready, who), "passes")
        title = _("Passes of %(place)s") % {"place": place.name}
        return _pdf(printing.sheet(ready, title=title, languages=_languages(ready)), "passes-list")
    except PrintError as error:
        messages.error(request, str(error))
        return redirect("passes:list")


def _cards(ready: Sequence[Pass], who: Who) -> bytes:
    """Raises PrintError."""
    faces = photos.for_cards(passes=ready[: printing.MOST], by=who.staff.actor, now=who.now)
    return printing.cards(ready, languages=_languages(ready), photos=faces, slots=slots.slots_of(ready, who.now))


def _languages(permits: Sequence[Pass]) -> dict[UUID, str]:
    ids = {permit.subject_id for permit in permits if permit.subject_id}
    return dict(Person.objects.filter(subject_id__in=ids).values_list("subject_id", "language"))


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer
