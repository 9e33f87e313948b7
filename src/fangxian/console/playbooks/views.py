"""The plan in the console: what holds, what another plan would change, and bringing it into force."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts.access import NotFoundError
from fangxian.console.playbooks import gates, masks, reads
from fangxian.console.playbooks.forms import UploadForm, WhenForm
from fangxian.console.playbooks.proposals import Proposal, ProposalGoneError, opened, plan_view
from fangxian.console.view import Who
from fangxian.duties import plan_queries
from fangxian.duties.actions import Applied, PlanRefusedError, store_playbook
from fangxian.duties.plan_check import Checked, check_files
from fangxian.duties.plan_diff import compare
from fangxian.duties.plan_files import to_zip
from fangxian.duties.plan_queries import VersionState
from fangxian.duties.plan_schema import Plan
from fangxian.duties.plan_source import open_upload, read_folder

TABS = ("duties", "thresholds", "regions", "checklist", "gates", "masks", "hygiene", "retention", "versions")


def _part(name: str, plan: Plan, who: Who) -> Any:  # noqa: ANN401 - one of several tables, named by the tab
    if name == "regions":
        return reads.regions(plan, who.now)
    tables = {
        "duties": reads.rules, "thresholds": reads.thresholds, "checklist": reads.checklist,
        "gates": gates.shown, "masks": masks.shown, "hygiene": reads.hygiene, "retention": reads.retention,
    }  # fmt: skip
    return tables[name](plan)


def home_page(request: HttpRequest, who: Who, *, upload: UploadForm | None = None) -> HttpResponse:
    held = plan_queries.plan_in_force(who.now)
    asked = request.GET.get("show", "")
    show = asked if asked in TABS and held else "duties" if held else "versions"
    listed = plan_queries.versions(who.now)
    context: dict[str, Any] = {
        "held": held[0] if held else None, "show": show, "tabs": TABS if held else (), "upload": upload or UploadForm(),
        "waiting": [v for v in listed if v.state == VersionState.WAITING], "names": reads.names(listed),
        "versions": listed,
    }  # fmt: skip
    if held:
        plan = held[1]
        context |= {"title": reads.say(plan.head.title), "unconfirmed": reads.unconfirmed(plan)}
        context["rows"] = _part(show, plan, who) if show != "versions" else ()
    if not held or show == "versions":
        context["shipped"] = reads.shipped()
    return render(request, "console/playbooks/home.html", context, status=400 if upload else 200)


@plan_view
@require_GET
def home(request: HttpRequest, who: Who) -> HttpResponse:
    return home_page(request, who)


def _refused(request: HttpRequest, checked: Checked) -> HttpResponse:
    return render(request, "console/playbooks/faults.html", {"faults": checked.faults}, status=400)


def compare_page(
    request: HttpRequest, who: Who, proposal: Proposal, *, form: WhenForm | None = None, status: int = 200
) -> HttpResponse:
    """What the proposal would change, with the question whether to apply it."""
    effect = plan_queries.effect_of(proposal.plan, who.now)
    based = Proposal(proposal.plan, effect.base.id if effect.base else None, proposal.at, proposal.reason)
    # Against nothing every value is new, and a list of them all tells nobody anything.
    groups = reads.item_groups(effect.diff.items) if effect.base else ()
    context = {
        "effect": effect, "plan": proposal.plan, "title": reads.say(proposal.plan.head.title), "proposal": based,
        "sealed": based.sealed(), "groups": groups, "form": form or WhenForm(now=who.now),
        "appearing": [(e, reads.rule_row(e.change.rule)) for e in effect.appearing],
        "changing": [(e, reads.rule_row(e.change.rule)) for e in effect.changing],
        "ending": [(e, reads.rule_row(e.change.rule)) for e in effect.ending],
    }  # fmt: skip
    return render(request, "console/playbooks/compare.html", context, status=status)


@plan_view
@require_POST
def check(request: HttpRequest, who: Who) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return home_page(request, who, upload=form)
    files, faults = open_upload(form.cleaned_data["playbook"])
    checked = check_files(files, tuple(faults))
    if checked.plan is None:
        return _refused(request, checked)
    return compare_page(request, who, Proposal(checked.plan, None))


@plan_view
@require_POST
def shipped(request: HttpRequest, who: Who, name: str) -> HttpResponse:
    if name not in {found.name for found in reads.shipped()}:
        raise NotFoundError
    checked = check_files(read_folder(settings.PLAYBOOKS_DIR / name))
    if checked.plan is None:
        return _refused(request, checked)
    return compare_page(request, who, Proposal(checked.plan, None))


@plan_view
@require_POST
def apply(request: HttpRequest, who: Who) -> HttpResponse:
    try:
        proposal = opened(request.POST.get("proposal", ""))
    except ProposalGoneError:
        messages.error(request, _("The comparison is too old. Nothing was changed. Upload or edit again."))
        return redirect("playbooks:home")
    held = plan_queries.plan_in_force(who.now)
    if (held[0].id if held else None) != proposal.base:
        if proposal.by_form:
            # It was made from the version before: applying it would undo the one between.
            text = _("Another version came into force meanwhile. Nothing was changed. Make the change again.")
            messages.warning(request, text)
            return redirect("playbooks:home")
        text = _("Another version came into force meanwhile. Nothing was changed. Here is the comparison with it.")
        messages.warning(request, text)
        return compare_page(request, who, proposal, status=409)
    at, reason = proposal.at or who.now, proposal.reason
    if not proposal.by_form:
        form = WhenForm(request.POST, now=who.now)
        if not form.is_valid():
            return compare_page(request, who, proposal, form=form, status=400)
        at, reason = form.effective, form.cleaned_data["reason"]
    try:
        # The worker sets up the duties: with a street's many it takes longer than a page may.
        applied = store_playbook(
            plan=proposal.plan, effective_at=at, by=who.staff.actor, now=who.now, reason=reason
        )  # fmt: skip
    except PlanRefusedError as refused:
        messages.error(request, str(refused))
        return redirect("playbooks:home")
    messages.success(request, _said(applied, proposal.plan, at <= who.now))
    return redirect("playbooks:home")


def _said(applied: Applied, plan: Plan, at_once: bool) -> str:
    figures = {
        "version": plan.head.version, "appear": len(applied.appear), "change": len(applied.change),
        "end": len(applied.end),
    }  # fmt: skip
    if at_once:
        text = _("Version %(version)s is in force: %(appear)s duties appear, %(change)s change, %(end)s end.")
    else:
        text = _(
            "Version %(version)s waits for its time: %(appear)s duties will appear, %(change)s change, %(end)s end."
        )
    return text % figures


@plan_view
@require_GET
def progress(request: HttpRequest, who: Who) -> HttpResponse:
    """The notice of a plan whose duties are being set up; empty when they are."""
    held = plan_queries.plan_in_force(who.now)
    return render(request, "console/playbooks/progress.html", {"held": held[0] if held else None})


@plan_view
@require_GET
def version(request: HttpRequest, who: Who, version_id: int) -> HttpResponse:
    found = plan_queries.version(version_id, who.now)
    if found is None:
        raise NotFoundError
    row, plan = found
    diff = compare(plan_queries.before(version_id), plan)
    context = {
        "row": row, "title": reads.say(plan.head.title), "diff": diff, "by": reads.names([row])[row.applied_by],
        "rules": [(change, reads.rule_row(change.rule)) for change in diff.rules],
        "groups": reads.item_groups(diff.items),
    }  # fmt: skip
    return render(request, "console/playbooks/version.html", context)


@plan_view
@require_POST
def again(request: HttpRequest, who: Who, version_id: int) -> HttpResponse:
    """Compare an earlier version with the plan in force, to go back to it."""
    found = plan_queries.version(version_id, who.now)
    if found is None:
        raise NotFoundError
    return compare_page(request, who, Proposal(found[1], None))


@plan_view
@require_GET
def download(request: HttpRequest, who: Who, version_id: int) -> HttpResponse:
    found = plan_queries.version(version_id, who.now)
    if found is None:
        raise NotFoundError
    row, plan = found
    answer = HttpResponse(to_zip(plan), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{row.name}-{row.version}.zip"'
    return answer
