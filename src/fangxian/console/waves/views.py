"""Plans of the return wave at the desk: asked for, looked at beside the one that holds, published."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from fangxian.accounts import access
from fangxian.accounts.access import NotAllowedError, Reach
from fangxian.accounts.roles import Capability
from fangxian.console.view import Who, staff_view
from fangxian.console.waves import words
from fangxian.console.waves.forms import AnswerForm, AskForm
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.workplaces.actions import waves
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Objection, PlanStatus, WavePlan, WaveSlot
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.queries import waves as reads
from fangxian.workplaces.queries.waves import Part, PlanLine, PlanPage
from fangxian.workplaces.wave.chart import draw
from fangxian.workplaces.wave.chart import picture as drawn
from fangxian.workplaces.wave.site import GateQueue
from fangxian.workplaces.wave_results import SiteResult

SVG = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class Line:
    row: PlanLine
    assumed: list[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One building of a plan with what is said about it."""

    part: Part
    problems: list[str]
    quality: str


@staff_view(Capability.BUILDINGS)
@require_safe
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    return _list(request, who, None)


def _list(request: HttpRequest, who: Who, form: AskForm | None, status: int = 200) -> HttpResponse:
    rule = plan_at(who.now).section.wave
    rows = reads.plans(who.held, who.now)
    may = who.can(Capability.FILINGS)
    gates = _gates(who.held)
    names = {key.hex: name for key, name in gates}
    lines = [Line(row, words.changes_in_words(row.changes, names, rule)) for row in rows]
    if may and form is None:
        form = _ask_form(who, rule, gates)
    context = {
        "lines": lines, "form": form if may else None, "open_form": status != 200 or not lines,
        "waiting": any(row.status == PlanStatus.QUEUED for row in rows),
    }  # fmt: skip
    return render(request, "console/waves/list.html", context, status=status)


def _gates(held: Reach) -> list[tuple[UUID, str]]:
    """Gates of office buildings in reach by name."""
    rows = (
        Place.objects.filter(
            held.places(), kind=PlaceKind.GATE, closed_on__isnull=True, parent__kind=PlaceKind.BUILDING
        )
        .exclude(gate_setup__inner_of__isnull=False)
        .order_by("path")
    )
    return [(key, f"{place} · {name}") for key, place, name in rows.values_list("id", "parent__name", "name")]


def _ask_form(who: Who, rule: WaveRule, gates: Iterable[tuple[UUID, str]], data: QueryDict | None = None) -> AskForm:
    held = who.reach(Capability.FILINGS)
    tops = [place for place in access.root_places(held) if place.kind != PlaceKind.BUILDING]
    buildings = Place.objects.filter(held.places(), kind=PlaceKind.BUILDING, closed_on__isnull=True).order_by("path")
    tomorrow = clock.local_day(who.now) + timedelta(days=1)
    return AskForm(data, [*tops, *buildings], [(key.hex, name) for key, name in gates], rule, tomorrow)


@staff_view(Capability.FILINGS)
@require_POST
def ask(request: HttpRequest, who: Who) -> HttpResponse:
    form = _ask_form(who, plan_at(who.now).section.wave, _gates(who.held), request.POST)
    if not form.is_valid():
        return _list(request, who, form, 400)
    try:
        made = waves.ask(
            place=form.place_asked, day=form.cleaned_data["day"], what_if=form.changes, by=who.staff.actor, now=who.now
        )
    except WorkplaceError as error:
        form.add_error(None, str(error))
        return _list(request, who, form, 400)
    return redirect("waves:plan", made.id)


@staff_view(Capability.BUILDINGS)
@require_safe
def plan(request: HttpRequest, who: Who, plan_id: UUID) -> HttpResponse:
    row = reads.find(who.held, plan_id)
    rule = plan_at(who.now).section.wave
    found = reads.page(row, who.held, who.now)
    return render(request, "console/waves/plan.html", plan_context(who, found, rule))


def plan_context(
    who: Who, found: PlanPage, rule: WaveRule, sent: tuple[int, AnswerForm] | None = None
) -> dict[str, Any]:
    """`sent`: the answer to an objection that has to be corrected."""
    names = {key.hex: name for key, name in _gates(who.held)} if found.line.changes else {}
    names |= {part.place_id.hex: part.name for part in found.parts}
    decides = who.reach(Capability.FILINGS).holds(found.plan.place)
    today = clock.local_day(who.now)
    raised = [one for one in found.objections if one.objection == Objection.RAISED]
    answers = {one.id: sent[1] if sent and sent[0] == one.id else answer_form(one) for one in raised}
    return {
        "page": found, "plan": found.plan, "line": found.line, "figures": found.figures,
        "assumed": words.changes_in_words(found.line.changes, names, rule),
        "story": words.story(found.figures) if found.parts else "",
        "quality": words.quality(found.figures.cost, found.figures.bound, found.figures.gap),
        "rows": [
            Row(part, words.problems_of(part.found), words.quality(part.found.cost, part.found.bound, part.found.gap))
            for part in found.parts
        ],
        "may_publish": decides and found.plan.status == PlanStatus.DRAFT and found.plan.day >= today,
        "may_take_back": decides and found.plan.status == PlanStatus.PUBLISHED and found.plan.day >= today,
        "may_answer": decides, "raised": [(one, answers[one.id]) for one in raised], "sent": sent[0] if sent else None,
        "answered": [one for one in found.objections if one.objection != Objection.RAISED],
        "target": rule.wait_minutes,
    }  # fmt: skip


def answer_form(slot: WaveSlot, data: QueryDict | None = None) -> AnswerForm:
    return AnswerForm(data, auto_id=f"answer_{slot.id}_%s")


@staff_view(Capability.BUILDINGS)
@require_safe
def part(request: HttpRequest, who: Who, plan_id: UUID, place_id: UUID) -> HttpResponse:
    """One building's part: the queues, who comes when, which lanes and volunteers are needed."""
    row, place = reads.find(who.held, plan_id), who.place(place_id)
    found = reads.part_page(row, place)
    result, target = found.part.found, plan_at(who.now).section.wave.wait_minutes
    context = {
        "plan": row, "place": place, "found": result, "slots": found.slots, "needs": found.needs,
        "gates": [_gate(found.gates.get(gate.key, ""), gate, result.after.gates) for gate in result.before.gates],
        "problems": words.problems_of(result), "quality": words.quality(result.cost, result.bound, result.gap),
        "about": words.picture_words(place.name, *_ends(result), target).description,
    }  # fmt: skip
    return render(request, "console/waves/part.html", context)


@dataclass(frozen=True, slots=True)
class GateRow:
    name: str
    lanes: int
    before: GateQueue
    after: GateQueue | None
    line_before: float
    line_after: float


def _gate(name: str, before: GateQueue, after: Iterable[GateQueue]) -> GateRow:
    same = next((queue for queue in after if queue.key == before.key), None)
    most = [max(queue.length, default=0.0) if queue else 0.0 for queue in (before, same)]
    return GateRow(name, before.lanes, before, same, *most)


def _ends(found: SiteResult) -> tuple[tuple[float, float], tuple[float, float]]:
    return (found.before.p95, found.before.longest_line), (found.after.p95, found.after.longest_line)


@staff_view(Capability.BUILDINGS)
@require_safe
def picture(request: HttpRequest, who: Who, plan_id: UUID) -> HttpResponse:
    """The queues of all buildings in reach together."""
    row = reads.find(who.held, plan_id)
    found = reads.page(row, who.held, who.now, compare=False)
    figures = found.figures
    title = _("%(place)s, %(day)s") % {"place": row.place.name, "day": f"{row.day:%Y-%m-%d}"}
    return _svg(
        [part.found for part in found.parts], title, (figures.p95_before, figures.line_before),
        (figures.p95_after, figures.line_after), who,
    )  # fmt: skip


@staff_view(Capability.BUILDINGS)
@require_safe
def part_picture(request: HttpRequest, who: Who, plan_id: UUID, place_id: UUID) -> HttpResponse:
    row, place = reads.find(who.held, plan_id), who.place(place_id)
    found = reads.part_page(row, place).part.found
    title = _("%(place)s, %(day)s") % {"place": place.name, "day": f"{row.day:%Y-%m-%d}"}
    return _svg([found], title, *_ends(found), who)


def _svg(
    found: Sequence[SiteResult], title: str, before: tuple[float, float], after: tuple[float, float], who: Who
) -> HttpResponse:
    target = plan_at(who.now).section.wave.wait_minutes
    shown = drawn([(one.before, one.after) for one in found], target)
    return HttpResponse(draw(shown, words.picture_words(title, before, after, target)), content_type=SVG)


def _decided(who: Who, plan_id: UUID) -> WavePlan:
    """A plan that this person decides about. Raises NotFoundError, NotAllowedError."""
    row = reads.find(who.held, plan_id)
    if not who.held.holds(row.place):
        raise NotAllowedError(_("This plan reaches further than you. Whoever answers for all of it decides about it."))
    return row


@staff_view(Capability.FILINGS)
@require_POST
def publish(request: HttpRequest, who: Who, plan_id: UUID) -> HttpResponse:
    row = _decided(who, plan_id)
    try:
        held = waves.publish(plan=row, by=who.staff.actor, now=who.now)
    except WorkplaceError as error:
        messages.error(request, str(error))
    else:
        said = ngettext(
            "Published. Gates keep to %(number)d window from now on; the enterprise sees it on its page.",
            "Published. Gates keep to %(number)d windows from now on; each enterprise sees its own on its page.", held,
        ) % {"number": held}  # fmt: skip
        messages.success(request, said)
    return redirect("waves:plan", row.id)


@staff_view(Capability.FILINGS)
@require_POST
def take_back(request: HttpRequest, who: Who, plan_id: UUID) -> HttpResponse:
    row = _decided(who, plan_id)
    try:
        waves.take_back(plan=row, by=who.staff.actor, now=who.now)
    except WorkplaceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Taken back. Gates keep to the slots on the passes again."))
    return redirect("waves:plan", row.id)
