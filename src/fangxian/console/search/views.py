"""Search. The words are sent in the body and never stand in an address, a log or the browser's history."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from fangxian.accounts.roles import Capability
from fangxian.console.search import reads
from fangxian.console.view import Who, staff_view
from fangxian.registry.models import SubjectKind
from fangxian.registry.search import LIMIT

KINDS = (
    ("", _("Everything")),
    (SubjectKind.PERSON, _("People")),
    (SubjectKind.VEHICLE, _("Vehicles")),
    (SubjectKind.ENTERPRISE, _("Enterprises")),
    (SubjectKind.PLACE, _("Places")),
)


class SearchForm(forms.Form):
    words = forms.CharField(
        label=_("Name, pinyin or initials, phone, plate, address"), min_length=1, max_length=60,
        help_text=_("For example 建国, wangjg, the last four digits of a phone, 沪A12345, 荣华居3号."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "type": "search"}),
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("Among"), choices=KINDS, required=False)


@staff_view(Capability.SEARCH)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, who: Who) -> HttpResponse:
    form = SearchForm(request.POST or None)
    hits = None
    if request.method == "POST" and form.is_valid():
        hits = reads.find(form.cleaned_data["words"], form.cleaned_data["kind"], who.held)
    context = {"form": form, "hits": hits, "limit": LIMIT}
    return render(request, "console/search/page.html", context, status=400 if form.errors else 200)
