"""Changing one threshold, one key region or one checklist item by a form; each makes a new version."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.accounts.access import NotFoundError
from fangxian.console.playbooks import reads
from fangxian.console.playbooks.forms import ItemForm, RegionForm, ThresholdForm, ValueForm
from fangxian.console.playbooks.proposals import Proposal, plan_view
from fangxian.console.playbooks.views import compare_page
from fangxian.console.view import Who
from fangxian.duties import plan_queries
from fangxian.duties.plan_edit import drop_item, put_item
from fangxian.duties.plan_schema import Plan, PlanError
from fangxian.duties.plan_words import UNIT_NAMES, say_reason
from fangxian.duties.sections import ChecklistItem, ChecklistSection, ThresholdsSection
from fangxian.screening.playbook import KeyRegion, ScreeningSection

both_ways = require_http_methods(["GET", "POST"])


def plan_held(who: Who) -> Plan:
    held = plan_queries.plan_in_force(who.now)
    if held is None:
        raise NotFoundError
    return held[1]


def _page(
    request: HttpRequest, form: ValueForm, *, title: str, show: str, note: str = "", may_drop: bool = False
) -> HttpResponse:  # fmt: skip
    context = {"form": form, "title": title, "show": show, "note": note, "may_drop": may_drop}
    return render(request, "console/playbooks/edit.html", context, status=400 if form.is_bound else 200)


def _propose(
    request: HttpRequest, who: Who, plan: Plan, form: ValueForm, section: str, listing: str
) -> HttpResponse | None:
    """The comparison, or None with the faults on the form."""
    reason, effective = form.cleaned_data["reason"], form.effective
    where = {"section": section, "listing": listing, "reason": reason, "effective": effective, "now": who.now}
    try:
        new = put_item(plan, item=form.item(), **where)
    except PlanError as error:
        for flaw in error.flaws:
            values = {"key": flaw.path[-1] if flaw.path else "", **flaw.values}
            form.add_error(None, say_reason(flaw.code, values))
        return None
    at = effective if form.cleaned_data["when"] == "at" else None
    return compare_page(request, who, Proposal(new, None, at, reason))


@plan_view
@both_ways
def threshold(request: HttpRequest, who: Who, key: str) -> HttpResponse:
    plan = plan_held(who)
    found = plan.read(ThresholdsSection).find(key)
    if found is None:
        raise NotFoundError
    initial = {"value": found.value, "source": found.source, "confirmed": found.confirmed}
    form = ThresholdForm(found, request.POST or None, initial=initial, now=who.now)
    if request.method == "POST" and form.is_valid():
        answer = _propose(request, who, plan, form, "thresholds", "thresholds")
        if answer is not None:
            return answer
    note = _("Today: %(value)g %(unit)s") % {"value": found.value, "unit": UNIT_NAMES[found.unit]}
    return _page(request, form, title=reads.say(found.title), show="thresholds", note=note)


def _region_initial(region: KeyRegion) -> dict[str, Any]:
    return {
        "key": region.key, "title_zh": region.title.zh, "title_en": region.title.en, "kind": region.kind,
        "code": region.code, "since": region.since, "until": region.until, "source": region.source,
        "confirmed": region.confirmed,
    }  # fmt: skip


@plan_view
@both_ways
def new_region(request: HttpRequest, who: Who) -> HttpResponse:
    plan = plan_held(who)
    form = RegionForm(request.POST or None, now=who.now, initial={"since": who.now})
    if request.method == "POST" and form.is_valid():
        if any(region.key == form.cleaned_data["key"] for region in plan.read(ScreeningSection).key_regions):
            form.add_error("key", _("This key is taken. Choose another, or open that region and change it."))
        else:
            answer = _propose(request, who, plan, form, "screening", "key_regions")
            if answer is not None:
                return answer
    return _page(request, form, title=_("New key region"), show="regions")


@plan_view
@both_ways
def region(request: HttpRequest, who: Who, key: str) -> HttpResponse:
    plan = plan_held(who)
    found = next((r for r in plan.read(ScreeningSection).key_regions if r.key == key), None)
    if found is None:
        raise NotFoundError
    form = RegionForm(request.POST or None, initial=_region_initial(found), now=who.now)
    form.fields["key"].disabled = True
    if request.method == "POST" and form.is_valid():
        answer = _propose(request, who, plan, form, "screening", "key_regions")
        if answer is not None:
            return answer
    note = _("To end it, give “Until”. It stays in the record of what was watched when.")
    return _page(request, form, title=reads.say(found.title), show="regions", note=note)


def _item_form(plan: Plan, request: HttpRequest, who: Who, found: ChecklistItem | None) -> ItemForm:
    section = plan.read(ChecklistSection)
    severities = [(term.key, reads.say(term.title)) for term in section.severities]
    initial = None
    if found is not None:
        initial = {
            "key": found.key, "area": found.area, "title_zh": found.title.zh, "title_en": found.title.en,
            "criterion_zh": found.criterion.zh, "criterion_en": found.criterion.en, "severity": found.severity,
            "source": found.source, "confirmed": found.confirmed, "where": list(found.at), "suspends": found.suspends,
            "guidance_zh": found.guidance.zh if found.guidance else "",
            "guidance_en": found.guidance.en if found.guidance else "",
        }  # fmt: skip
    language = reads.language()
    form = ItemForm(section.areas, severities, language, request.POST or None, initial=initial, now=who.now)
    form.fields["key"].disabled = found is not None
    return form


def _checklist(plan: Plan) -> ChecklistSection:
    if ChecklistSection.section not in plan.sections:
        raise NotFoundError
    return plan.read(ChecklistSection)


@plan_view
@both_ways
def new_item(request: HttpRequest, who: Who) -> HttpResponse:
    plan = plan_held(who)
    section = _checklist(plan)
    form = _item_form(plan, request, who, None)
    if request.method == "POST" and form.is_valid():
        if any(item.key == form.cleaned_data["key"] for item in section.items):
            form.add_error("key", _("This number is taken. Choose another, or open that item and change it."))
        else:
            answer = _propose(request, who, plan, form, "checklist", "items")
            if answer is not None:
                return answer
    return _page(request, form, title=_("New checklist item"), show="checklist")


@plan_view
@both_ways
def item(request: HttpRequest, who: Who, key: str) -> HttpResponse:
    plan = plan_held(who)
    found = next((i for i in _checklist(plan).items if i.key == key), None)
    if found is None:
        raise NotFoundError
    form = _item_form(plan, request, who, found)
    if request.method == "POST" and form.is_valid():
        if "drop" in request.POST:
            answer = _drop(request, who, plan, form, key)
        else:
            answer = _propose(request, who, plan, form, "checklist", "items")
        if answer is not None:
            return answer
    title = f"{found.key} {reads.say(found.title)}"
    return _page(request, form, title=title, show="checklist", may_drop=True)


def _drop(request: HttpRequest, who: Who, plan: Plan, form: ValueForm, key: str) -> HttpResponse | None:
    reason, effective = form.cleaned_data["reason"], form.effective
    try:
        new = drop_item(
            plan, section="checklist", listing="items", key=key, reason=reason, effective=effective, now=who.now
        )  # fmt: skip
    except PlanError:
        form.add_error(
            None, _("This is the last item of its area. Change it instead, or upload a plan without the area.")
        )
        return None
    at = effective if form.cleaned_data["when"] == "at" else None
    return compare_page(request, who, Proposal(new, None, at, reason))
