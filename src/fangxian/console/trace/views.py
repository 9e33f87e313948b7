"""Who was where with whom. The question is posted, never in an address, and stands in the audit with its purpose."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from fangxian.accounts.roles import Capability
from fangxian.console.gaps.forms import WhenField
from fangxian.console.search.reads import Hit, find
from fangxian.console.view import Who, staff_view
from fangxian.gates.actions.trace import Purpose, TraceError, ask
from fangxian.registry.models import SubjectKind


class TraceForm(forms.Form):
    words = forms.CharField(
        label=_("Whom is it about?"), max_length=60, help_text=_("Name, pinyin, or the last four digits of the phone."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "search"}),
    )  # fmt: skip
    since = WhenField(label=_("From"))
    until = WhenField(label=_("Until when"))
    purpose = forms.ChoiceField(label=_("What for"), choices=Purpose.choices)
    person = forms.UUIDField(required=False, widget=forms.HiddenInput)


def _chosen(hits: Sequence[Hit], wanted: UUID | None) -> Hit | None:
    if wanted is not None:
        return next((hit for hit in hits if hit.id == wanted), None)
    return hits[0] if len(hits) == 1 else None


@staff_view(Capability.TRACE)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, who: Who) -> HttpResponse:
    """One hit is asked about at once; of several the person is chosen first."""
    form = TraceForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        hits = find(data["words"], SubjectKind.PERSON, who.held)
        context["hits"] = hits
        hit = _chosen(hits, data["person"])
        if hit is not None:
            try:
                context["found"] = ask(
                    subject_id=hit.id, since=data["since"], until=data["until"], purpose=Purpose(data["purpose"]),
                    held=who.held, by=who.staff.actor, now=who.now,
                )  # fmt: skip
                context["hit"] = hit
            except TraceError as refused:
                form.add_error("until", str(refused))
    return render(request, "console/trace/page.html", context, status=400 if form.errors else 200)
