"""Changing what the plan says about rounds of goods; each change makes a new version."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from fangxian.accounts.access import NotFoundError
from fangxian.console.playbooks import reads
from fangxian.console.playbooks.edits import both_ways, plan_held
from fangxian.console.playbooks.forms import WhenForm
from fangxian.console.playbooks.masks import AnswerForm, GoodsForm, MasksForm, answers_with, section_of
from fangxian.console.playbooks.proposals import Proposal, plan_view
from fangxian.console.playbooks.views import compare_page
from fangxian.console.view import Who
from fangxian.duties.plan_edit import put_item, set_values
from fangxian.duties.plan_schema import Plan, PlanError
from fangxian.duties.plan_words import say_reason
from fangxian.masks.playbook import MasksSection

SECTION = MasksSection.section


def _propose(request: HttpRequest, who: Who, form: WhenForm, make: Callable[[], Plan]) -> HttpResponse | None:
    """The comparison, or None with the faults on the form."""
    try:
        new = make()
    except PlanError as error:
        for flaw in error.flaws:
            form.add_error(None, say_reason(flaw.code, flaw.values))
        return None
    at = form.effective if form.cleaned_data["when"] == "at" else None
    return compare_page(request, who, Proposal(new, None, at, form.cleaned_data["reason"]))


def _page(request: HttpRequest, form: WhenForm, title: str, *, drop_word: str = "", note: str = "") -> HttpResponse:
    context = {
        "form": form, "title": title, "show": SECTION, "note": note, "may_drop": bool(drop_word),
        "drop_word": drop_word,
    }  # fmt: skip
    return render(request, "console/playbooks/edit.html", context, status=400 if form.is_bound else 200)


@plan_view
@both_ways
def values(request: HttpRequest, who: Who) -> HttpResponse:
    plan = plan_held(who)
    form = MasksForm(plan, request.POST or None, now=who.now)
    if request.method == "POST" and form.is_valid():
        answer = _propose(
            request, who, form,
            lambda: set_values(
                plan, section=SECTION, values=form.values(), reason=form.cleaned_data["reason"],
                effective=form.effective, now=who.now,
            ),
        )  # fmt: skip
        if answer is not None:
            return answer
    note = _("A round copies these figures when it is made. Rounds that exist stay as they are.")
    return _page(request, form, _("How rounds of goods run"), note=note)


@plan_view
@both_ways
def goods(request: HttpRequest, who: Who, key: str) -> HttpResponse:
    plan = plan_held(who)
    rule = next((one for one in section_of(plan).goods if one.key == key), None)
    if rule is None:
        raise NotFoundError
    form = GoodsForm(rule, request.POST or None, now=who.now)
    if request.method == "POST" and form.is_valid():
        answer = _propose(
            request, who, form,
            lambda: put_item(
                plan, section=SECTION, listing="goods", item=form.item(), reason=form.cleaned_data["reason"],
                effective=form.effective, now=who.now,
            ),
        )  # fmt: skip
        if answer is not None:
            return answer
    return _page(request, form, reads.say(rule.title))


@plan_view
@both_ways
def answer(request: HttpRequest, who: Who, number: int) -> HttpResponse:
    plan = plan_held(who)
    section = section_of(plan)
    if not 1 <= number <= len(section.answers):
        raise NotFoundError
    form = AnswerForm(section.answers[number - 1], request.POST or None, now=who.now)
    if request.method == "POST" and form.is_valid():
        item = None if "drop" in request.POST else form.item()
        said = _propose(request, who, form, lambda: _with_answers(plan, form, number, item, who))
        if said is not None:
            return said
    title = _("Question %(number)d about a round") % {"number": number}
    return _page(request, form, title, drop_word=_("Take this question away…"))


@plan_view
@both_ways
def new_answer(request: HttpRequest, who: Who) -> HttpResponse:
    plan = plan_held(who)
    form = AnswerForm(None, request.POST or None, now=who.now)
    if request.method == "POST" and form.is_valid():
        said = _propose(request, who, form, lambda: _with_answers(plan, form, None, form.item(), who))
        if said is not None:
            return said
    return _page(request, form, _("New question about a round"))


def _with_answers(plan: Plan, form: WhenForm, number: int | None, item: dict[str, object] | None, who: Who) -> Plan:
    return set_values(
        plan, section=SECTION, values={"answers": answers_with(section_of(plan), number, item)},
        reason=form.cleaned_data["reason"], effective=form.effective, now=who.now,
    )  # fmt: skip
