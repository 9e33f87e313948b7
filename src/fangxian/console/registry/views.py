"""Pages of the register: a person, a household, a vehicle, an enterprise. Masked; opening is an act with a reason."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.registry import reads
from fangxian.console.view import Who, staff_view
from fangxian.registry import actions
from fangxian.registry.models import Subject, SubjectKind

Opened = dict[str, list[str]]

# Fixed reasons and no free text, so that no personal value reaches the audit.
REASONS = (
    ("contact", _("to reach the person about a duty")),
    ("match", _("to tell two people or papers apart")),
    ("health", _("for the health centre's follow-up")),
    ("police", _("asked by the police, with a written request")),
    ("danger", _("somebody is in danger now")),
)


class RevealForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why do you need the full numbers?"), choices=REASONS, widget=forms.RadioSelect,
        help_text=_("Your name, the time and this reason are kept in the audit."),
    )  # fmt: skip


def _page(
    request: HttpRequest, who: Who, found: Subject, *, form: RevealForm | None = None, opened: Opened | None = None
) -> HttpResponse:
    page = reads.page(found, who.now)
    may_open = who.can(Capability.REVEAL) and bool(page.documents or page.phones or page.person)
    context = {
        "page": page, "kind": SubjectKind(page.subject.kind).label, "opened": opened,
        "see_gaps": who.can(Capability.GAPS),
        "form": form or (RevealForm() if may_open and opened is None else None),
    }  # fmt: skip
    return render(request, "console/registry/subject.html", context, status=400 if form else 200)


@staff_view(Capability.REGISTER)
def subject(request: HttpRequest, who: Who, subject_id: UUID) -> HttpResponse:
    found = reads.subject(who.held, subject_id)
    if found.merged_into_id is not None:
        return redirect("registry:subject", found.merged_into_id)
    if found.kind == SubjectKind.PLACE:
        return redirect("places:place", found.id)
    return _page(request, who, found)


@staff_view(Capability.REVEAL)
@require_POST
def reveal(request: HttpRequest, who: Who, subject_id: UUID) -> HttpResponse:
    found = reads.subject(who.held, subject_id)
    form = RevealForm(request.POST)
    if not form.is_valid():
        return _page(request, who, found, form=form)
    opened = actions.reveal(
        subject=found, reason=form.cleaned_data["reason"], by=who.staff.actor, now=who.now
    )  # fmt: skip
    return _page(request, who, found, opened=opened)
