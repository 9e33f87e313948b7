"""Writing a filing part by part: each part is kept by itself, at once where the browser can, else with its button."""

from typing import cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.console.firm.forms import PLAIN, PostsForm, SignForm, SuppliesForm, initial_of, minutes
from fangxian.console.firm.seat import Desk, at_firm
from fangxian.shared import clock
from fangxian.workplaces.actions import filings, firms
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Filing
from fangxian.workplaces.plan import InForce, plan_at
from fangxian.workplaces.queries import filings as reads
from fangxian.workplaces.queries.firms import posts_of
from fangxian.workplaces.words import PARTS, Part

ORDER = list(Part)
AT_WORK = frozenset({Part.SUPPLIES, Part.POSTS})
"""Parts that are the enterprise's, not the filing's: they go on changing while it works."""


def _part(written: str) -> Part:
    if written not in list(Part):
        raise Http404
    return Part(written)


def _is_open(part: Part, filing: Filing) -> bool:
    """While somebody decides nothing changes; what was decided about does not change afterwards either."""
    return filing.status in reads.OPEN_TO_EDIT or (part in AT_WORK and filing.status in reads.DECIDED)


def _form(part: Part, filing: Filing, plan: InForce, request: HttpRequest | None = None) -> forms.Form:
    data = request.POST if request is not None else None
    if part == Part.SUPPLIES:
        return SuppliesForm(data, lines=reads.supplies_of(filing, plan.section))
    if part == Part.POSTS:
        return PostsForm(data, posts=posts_of(filing.enterprise_id))
    if part == Part.SIGN:
        return SignForm(data, initial={"signer": filing.in_charge})
    return PLAIN[part](data, initial=initial_of(filing))


def _keep(part: Part, form: forms.Form, filing: Filing, desk: Desk, shown: str) -> None:
    """Raises WorkplaceError."""
    by, now, enterprise_id = desk.by, desk.now, filing.enterprise_id
    if isinstance(form, SuppliesForm):
        firms.count_supplies(
            enterprise_id=enterprise_id, quantities=form.quantities, people=filing.people or 0, by=by, now=now
        )
    elif isinstance(form, PostsForm):
        firms.set_posts(enterprise_id=enterprise_id, posts=form.named, by=by, now=now)
    elif isinstance(form, SignForm):
        data, language = form.cleaned_data, get_language() or "zh"
        filings.sign(filing=filing, signer=data["signer"], post=data["post"], language=language, by=by, now=now)
    else:
        draft = dict(form.cleaned_data)
        if part == Part.WISHES:
            draft |= {"ask_from": minutes(draft["ask_from"]), "ask_until": minutes(draft["ask_until"])}
            draft["ask_home"] = draft["ask_home"] or 0
        shown_us = int(shown) if shown.isdecimal() else None
        filings.save(filing=filing, draft=cast(filings.Draft, draft), by=by, now=now, shown_us=shown_us)


@at_firm
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def part(request: HttpRequest, desk: Desk, part: str) -> HttpResponse:
    """One part. Sent without mistakes it is kept, and the next part comes."""
    which, filing = _part(part), reads.of_desk(desk.ids, desk.place)
    if filing is None:
        return redirect("firm:desk", *desk.args)
    if not _is_open(which, filing):
        return redirect("firm:filing", *desk.args)
    plan = plan_at(desk.now)
    if request.method != "POST":
        return _page(request, desk, filing, which, _form(which, filing, plan), plan)
    form = _form(which, filing, plan, request)
    if not form.is_valid():
        return _page(request, desk, filing, which, form, plan)
    try:
        _keep(which, form, filing, desk, request.POST.get("shown", ""))
    except filings.ChangedMeanwhileError as error:
        form.add_error(None, str(error))
        for field, value in initial_of(error.filing).items():
            if field in form.fields and field in error.fields:
                form.add_error(field, _("The other one wrote: %(value)s") % {"value": value})
        return _page(request, desk, error.filing, which, form, plan)
    except WorkplaceError as error:
        form.add_error(None, str(error))
        return _page(request, desk, filing, which, form, plan)
    at = ORDER.index(which) + 1
    if at == len(ORDER) or filing.status not in reads.OPEN_TO_EDIT:
        return redirect("firm:filing", *desk.args)
    return redirect("firm:part", *desk.args, ORDER[at].value)


@at_firm
@sensitive_post_parameters()
@require_POST
def keep(request: HttpRequest, desk: Desk, part: str) -> HttpResponse:
    """Keep a part while it is being typed. Answers what to show beside it; a mistake keeps nothing and says so."""
    which, filing = _part(part), reads.of_desk(desk.ids, desk.place)
    if filing is None or which == Part.SIGN:
        raise Http404
    if not _is_open(which, filing):
        said = _("The filing was sent in meanwhile. What you typed on this page was not kept.")
        return JsonResponse({"kept": False, "said": said}, status=409)
    form = _form(which, filing, plan_at(desk.now), request)
    if not form.is_valid():
        said = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return JsonResponse({"kept": False, "said": said}, status=400)
    try:
        _keep(which, form, filing, desk, request.POST.get("shown", ""))
    except WorkplaceError as error:
        return JsonResponse({"kept": False, "said": str(error)}, status=400)
    said = _("Kept at %(time)s") % {"time": f"{clock.local(desk.now):%H:%M}"}
    return JsonResponse({"kept": True, "said": said})


def _page(
    request: HttpRequest, desk: Desk, filing: Filing, which: Part, form: forms.Form, plan: InForce
) -> HttpResponse:  # fmt: skip
    at, section = ORDER.index(which), plan.section
    context = {
        "desk": desk, "filing": filing, "part": which, "title": PARTS[which], "form": form, "number": at + 1,
        "of": len(ORDER), "edit": filing.status in reads.OPEN_TO_EDIT, "before": ORDER[at - 1].value if at else "",
        "supply_days": section.supply_days, "plan_length": section.plan_length, "earliest": section.earliest_start,
        "words": section.commitment.say(get_language() or "zh") if section.commitment else "",
        "signed": filing.statement if reads.is_signed(filing, section) else None,
    }  # fmt: skip
    if which == Part.SIGN and not section.commitment:
        messages.info(request, _("The plan in force has no commitment to sign."))
    return render(request, "console/firm/part.html", context, status=400 if form.errors else 200)
