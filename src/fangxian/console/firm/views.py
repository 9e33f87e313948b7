"""An enterprise's own area: where its filing stands and what comes next, today's report, the arrival window."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.filings.actors import actors
from fangxian.console.firm.seat import Desk, at_firm
from fangxian.console.view import Who, staff_view
from fangxian.shared import clock
from fangxian.workplaces.actions import filings
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import FilingAct, FilingStatus
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.queries import filings as reads
from fangxian.workplaces.queries import firms
from fangxian.workplaces.rules import Actor, Lack, acts_open
from fangxian.workplaces.words import LACKS, NEXT, PART_OF, PARTS, Part


@staff_view(Capability.FIRM)
@require_GET
def home(request: HttpRequest, who: Who) -> HttpResponse:
    """One's own enterprise; who writes for many enterprises of a building chooses among these."""
    seats = firms.own(who.held)
    if not seats and not who.held.subjects:
        return redirect("firms:list")
    if len(seats) == 1:
        return redirect("firm:desk", seats[0].enterprise.subject_id, seats[0].place.id)
    return render(request, "console/firm/choose.html", {"seats": seats})


def _in_words(lacks: Sequence[Lack]) -> list[tuple[str, str]]:
    """What is missing in words, with the part where it is mended (empty: on the ledger)."""
    return [(str(LACKS[lack]), PART_OF[lack].value if lack in PART_OF else "") for lack in lacks]


@at_firm
@require_GET
def desk(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The front page. `part_ledger`, `part_daily` and `part_window` are templates of their own."""
    filing, plan, today = reads.of_desk(desk.ids, desk.place), plan_at(desk.now), clock.local_day(desk.now)
    status = FilingStatus(filing.status) if filing else None
    edit = filing is not None and filing.status in reads.OPEN_TO_EDIT
    around = reads.around(filing, plan.section, desk.ids, clock.local_day(desk.now)) if filing and edit else None
    told = filing and status in (FilingStatus.RETURNED, FilingStatus.SUSPENDED)
    story = reads.story(filing, plan, get_language() or "zh", named=False) if filing and told else []
    at_work = status == FilingStatus.ACCEPTED
    context = {
        "desk": desk, "filing": filing, "lacks": _in_words(around.lacks) if around else [],
        "next": NEXT[status] if status else "",
        "returned": story[-1] if story and status == FilingStatus.RETURNED else None,
        "stopped": story[-1] if story and status == FilingStatus.SUSPENDED else None,
        "ledger": around.ledger if around else reads.ledger_of(desk.ids, desk.place.id),
        "report": reads.report_of(desk.ids, desk.place, today) if at_work else None, "at_work": at_work,
        "window": reads.window_of(desk.ids, desk.place, today), "today": today, "report_by": plan.section.report_by,
    }  # fmt: skip
    return render(request, "console/firm/desk.html", context)


@at_firm
@require_POST
def begin(request: HttpRequest, desk: Desk) -> HttpResponse:
    try:
        filings.begin(enterprise=desk.enterprise, place=desk.place, by=desk.by, now=desk.now)
    except WorkplaceError as error:
        messages.error(request, str(error))
        return redirect("firm:desk", *desk.args)
    return redirect("firm:part", *desk.args, Part.CHARGE.value)


@at_firm
@require_GET
def filing(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Everything on one page, with what is missing and the button that sends it in."""
    row, plan = reads.of_desk(desk.ids, desk.place), plan_at(desk.now)
    if row is None:
        return redirect("firm:desk", *desk.args)
    found, edit = reads.around(row, plan.section, desk.ids, clock.local_day(desk.now)), row.status in reads.OPEN_TO_EDIT
    lacks = _in_words(found.lacks) if edit else []
    context = {
        "desk": desk, "filing": row, "lacks": lacks, "next": NEXT[FilingStatus(row.status)], "edit": edit,
        "at_work": row.status in reads.DECIDED,
        "parts": [(part.value, title, any(key == part for _words, key in lacks)) for part, title in PARTS.items()],
        "posts": found.posts, "supplies": found.supplies, "ledger": found.ledger,
        "story": reads.story(row, plan, get_language() or "zh"),
        "may_end": FilingAct.END in acts_open(row.status, [Actor.FIRM]),
    }  # fmt: skip
    return render(request, "console/firm/filing.html", context)


def _act(request: HttpRequest, desk: Desk, act: FilingAct, done: str, text: str = "") -> HttpResponse:
    row = reads.of_desk(desk.ids, desk.place)
    if row is None:
        return redirect("firm:desk", *desk.args)
    if request.POST.get("seen") != f"{row.status}:{row.version}":
        messages.error(request, _("The filing has changed since this page was opened. Nothing was sent. Look again."))
        return redirect("firm:filing", *desk.args)
    try:
        held = actors(desk.who, row, desk.ids, reads.sent_by(row))
        filings.act(filing=row, act=act, actors=held, by=desk.by, now=desk.now, text=text)
    except WorkplaceError as error:
        messages.error(request, str(error))
        return redirect("firm:filing", *desk.args)
    messages.success(request, done)
    return redirect("firm:desk", *desk.args)


@at_firm
@require_POST
def send(request: HttpRequest, desk: Desk) -> HttpResponse:
    return _act(request, desk, FilingAct.SUBMIT, _("Sent in. The building worker checks it; you need do nothing."))


@at_firm
@require_POST
def end(request: HttpRequest, desk: Desk) -> HttpResponse:
    text = request.POST.get("text", "")
    return _act(request, desk, FilingAct.END, _("The filing is ended, and all its passes are revoked."), text)
