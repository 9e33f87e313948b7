"""Changing what the plan says about gates; each change makes a new version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from fangxian.accounts.access import NotFoundError
from fangxian.console.playbooks.edits import both_ways, plan_held
from fangxian.console.playbooks.forms import WhenForm
from fangxian.console.playbooks.gates import LETTERS, GatesForm, ZoneForm, by_threshold, label, section_of
from fangxian.console.playbooks.proposals import Proposal, plan_view
from fangxian.console.playbooks.views import compare_page
from fangxian.console.view import Who
from fangxian.duties.plan_edit import set_values
from fangxian.duties.plan_schema import Plan, PlanError
from fangxian.duties.plan_words import say_reason
from fangxian.gates.models import Zone
from fangxian.gates.playbook import GatesSection


def _propose(
    request: HttpRequest, who: Who, plan: Plan, form: WhenForm, values: Mapping[str, Any]
) -> HttpResponse | None:
    """The comparison, or None with the faults on the form."""
    reason, effective = form.cleaned_data["reason"], form.effective
    try:
        new = set_values(
            plan, section=GatesSection.section, values=values, reason=reason, effective=effective, now=who.now
        )
    except PlanError as error:
        for flaw in error.flaws:
            form.add_error(None, say_reason(flaw.code, flaw.values))
        return None
    at = effective if form.cleaned_data["when"] == "at" else None
    return compare_page(request, who, Proposal(new, None, at, reason))


@plan_view
@both_ways
def values(request: HttpRequest, who: Who) -> HttpResponse:
    plan = plan_held(who)
    form = GatesForm(plan, request.POST or None, now=who.now)
    if request.method == "POST" and form.is_valid():
        answer = _propose(request, who, plan, form, form.values())
        if answer is not None:
            return answer
    elsewhere = [label(name) for name in by_threshold(plan)]
    note = ""
    if elsewhere:
        note = _("Changed under “Thresholds”: %(names)s") % {"names": " · ".join(elsewhere)}
    context = {"form": form, "title": _("What is asked at gates"), "show": "gates", "note": note}
    return render(request, "console/playbooks/edit.html", context, status=400 if form.is_bound else 200)


@plan_view
@both_ways
def zone(request: HttpRequest, who: Who, letter: str) -> HttpResponse:
    if letter not in LETTERS:
        raise NotFoundError
    plan = plan_held(who)
    form = ZoneForm(letter, section_of(plan), request.POST or None, now=who.now)
    may_drop = form.found is not None
    if request.method == "POST" and form.is_valid():
        zones = form.without() if may_drop and "drop" in request.POST else form.zones()
        answer = _propose(request, who, plan, form, {"zones": zones})
        if answer is not None:
            return answer
    context = {
        "form": form, "title": f"{letter} · {Zone(letter).label}", "show": "gates", "may_drop": may_drop,
        "note": _("A zone is a group of floors, never a state of health."), "drop_word": _("Take this zone away…"),
    }  # fmt: skip
    return render(request, "console/playbooks/edit.html", context, status=400 if form.is_bound else 200)
