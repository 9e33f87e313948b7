"""A host's answer to somebody who waits at the gate, by the link on the telephone."""

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from fangxian.gates import printing
from fangxian.gates.actions import visits
from fangxian.gates.actions.visits import VisitError
from fangxian.gates.models import PassKind, VisitRequest, VisitStatus
from fangxian.resident.view import public_view
from fangxian.shared import clock

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ANSWERS: Final = {"yes": True, "no": False}
HOST: Final = "host-link"
"""Who answered, in the record: whoever holds the link, which was sent to the host's telephone."""
STATES: "Final[dict[str, StrOrPromise]]" = {
    VisitStatus.AGREED: _("You agreed. The guard lets the visitor in."),
    VisitStatus.DECLINED: _("You declined. The guard tells the visitor."),
    VisitStatus.LAPSED: _("Nobody answered in time. The guard can ask you again."),
}
WHO: "Final[dict[str, StrOrPromise]]" = {
    PassKind.VISITOR: _("A visitor waits at the gate"),
    PassKind.COURIER: _("A courier waits at the gate"),
}


@public_view
@require_http_methods(["GET", "POST"])
def visit(request: HttpRequest, secret: str) -> HttpResponse:
    """Answered once: a second answer leaves the first as it is and shows it."""
    now = clock.now()
    row = VisitRequest.objects.select_related("gate__parent").filter(secret=secret).first()
    if row is None:
        raise Http404
    unclear = False
    if request.method == "POST":
        agree = ANSWERS.get(request.POST.get("answer", ""))
        if agree is not None:
            # what was refused is not said twice: the page shows how it stands, in the reader's language
            with suppress(VisitError):
                visits.answer(request=row, agree=agree, channel="link", by=HOST, now=now)
            return redirect(request.path)
        unclear = True
    context = {
        "visit": row, "heading": WHO.get(row.kind, WHO[PassKind.VISITOR]), "open": _waits(row, now),
        "outcome": STATES.get(row.status, STATES[VisitStatus.LAPSED]), "tongue": printing.tongue_of(row.name),
        "asked": printing.when(row.asked_us), "until": printing.when(row.until_us), "unclear": unclear,
    }  # fmt: skip
    return render(request, "resident/visit.html", context, status=400 if unclear else 200)


def _waits(row: VisitRequest, now: datetime) -> bool:
    return row.status == VisitStatus.ASKED and clock.to_us(now) < row.until_us
