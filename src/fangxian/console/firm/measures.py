"""What an enterprise changed of its own accord: it says so here, and the building and its inspectors see it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.accounts.access import NotFoundError
from fangxian.console.firm.seat import Desk, at_firm
from fangxian.shared import clock
from fangxian.workplaces.actions import measures
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Measure, MeasureKind
from fangxian.workplaces.queries import buildings

FARTHEST = timedelta(days=90)


class MeasureForm(forms.Form):
    kind = forms.TypedChoiceField(
        label=gettext_lazy("What you changed"), coerce=MeasureKind, choices=MeasureKind.choices
    )
    text = forms.CharField(
        label=gettext_lazy("In your words"), max_length=200, required=False,
        help_text=gettext_lazy("Such as: orders by telephone only, handed over at the door. No names of people."),
    )  # fmt: skip
    since = forms.DateField(label=gettext_lazy("Since"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, desk: Desk, **sent: Any) -> None:  # noqa: ANN401 - Django's own signature
        today = clock.local_day(desk.now)
        super().__init__(initial={"since": today.isoformat()}, **sent)
        self._today = today

    def clean_since(self) -> Any:  # noqa: ANN401 - Django's own signature
        since = self.cleaned_data["since"]
        if abs(since - self._today) > FARTHEST:
            raise forms.ValidationError(_("A day at most %(days)d days from today.") % {"days": FARTHEST.days})
        return since


@at_firm
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What is kept now and how it was when somebody looked, with the form for another one."""
    form = MeasureForm(desk, data=request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            measures.declare(enterprise=_tenant(desk), place=desk.place, by=desk.by, now=desk.now, **form.cleaned_data)
        except WorkplaceError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Declared. The building and its inspectors see it and look whether it is so."))
            return redirect("firm:measures", *desk.args)
    known = buildings.measures_of(desk.place, desk.now)
    lines = [line for ident in sorted(desk.ids) for line in known.get(ident, ())]
    context = {"desk": desk, "form": form, "lines": lines}
    return render(request, "console/firm/measures.html", context, status=400 if form.errors else 200)


def _tenant(desk: Desk) -> UUID:
    """The record of this enterprise that holds the rooms."""
    rooms = {ident for ident, _name in buildings.tenant_names(desk.place)}
    return next(iter(sorted(desk.ids & rooms)), desk.enterprise.subject_id)


@at_firm
@require_POST
def end(request: HttpRequest, desk: Desk, measure_id: UUID) -> HttpResponse:
    row = Measure.objects.filter(id=measure_id, place=desk.place, enterprise_id__in=desk.ids).first()
    if row is None:
        raise NotFoundError
    try:
        measures.end(measure=row, on=max(clock.local_day(desk.now), row.since), by=desk.by, now=desk.now)
    except WorkplaceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Ended. It stays in the record."))
    return redirect("firm:measures", *desk.args)
