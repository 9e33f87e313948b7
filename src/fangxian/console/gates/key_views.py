"""The keys that sign passes. They are the whole street's: who looks after a part of it does not open these pages."""

from functools import update_wrapper
from typing import ParamSpec

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from fangxian.accounts.access import NotAllowedError, NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.gates.forms import DistrustForm
from fangxian.console.view import Page, StaffView, Who, staff_view
from fangxian.gates.actions import keys as actions
from fangxian.gates.models import SigningKey
from fangxian.gates.queries import keys as queries
from fangxian.places.models import Place, PlaceKind

P = ParamSpec("P")


def reaches_street(who: Who) -> bool:
    """Does their reach for passes hold the whole street."""
    held = who.reach(Capability.PASSES)
    streets = list(Place.objects.filter(kind=PlaceKind.STREET)) if held else []
    return bool(streets) and all(held.holds(street) for street in streets)


def _key_view(view: StaffView[P]) -> Page[P]:
    def guarded(request: HttpRequest, who: Who, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not reaches_street(who):
            raise NotAllowedError(_("These keys sign the passes of the whole street. Ask somebody who looks after it."))
        return view(request, who, *args, **kwargs)

    update_wrapper(guarded, view)
    return staff_view(Capability.PASSES)(guarded)


def _page(request: HttpRequest, who: Who, refused: DistrustForm | None = None, kid: int = 0) -> HttpResponse:
    rows = [
        (row, refused if refused is not None and row.kid == kid else DistrustForm(auto_id=f"id_{row.kid}_%s"))
        for row in queries.keys(who.now)
    ]
    signs = next((row.kid for row, _form in rows if row.signs), 0)
    context = {"rows": rows, "signs": signs, "sent": kid}
    return render(request, "console/gates/keys.html", context, status=400 if refused else 200)


@_key_view
@require_safe
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    return _page(request, who)


@_key_view
@require_POST
def rotate(request: HttpRequest, who: Who) -> HttpResponse:
    """Sign with a new key from here on. Pressed twice, it makes one."""
    signs = next((row.kid for row in queries.keys(who.now) if row.signs), 0)
    if request.POST.get("signs") != str(signs):
        messages.info(request, _("The key was changed meanwhile. This is how it is now; nothing else was changed."))
        return redirect("gates:keys")
    try:
        made = actions.rotate_key(by=who.staff.actor, now=who.now)
    except OverflowError:
        messages.error(request, _("All 255 key numbers are used. Nothing was changed: the key before still signs."))
    else:
        messages.success(
            request, _("Key %(kid)s signs from now on. The passes of the keys before stay good.") % {"kid": made.kid}
        )
    return redirect("gates:keys")


@_key_view
@require_POST
def distrust(request: HttpRequest, who: Who, kid: int) -> HttpResponse:
    key = SigningKey.objects.filter(kid=kid, distrusted_us__isnull=True).first()
    if key is None:
        raise NotFoundError
    form = DistrustForm(request.POST, auto_id=f"id_{kid}_%s")
    if not form.is_valid():
        return _page(request, who, form, kid)
    passes = next(row.passes for row in queries.keys(who.now) if row.kid == kid)
    actions.distrust_key(key=key, reason=form.cleaned_data["reason"], by=who.staff.actor, now=who.now)
    messages.success(request, _refused(kid, passes))
    return redirect("gates:keys")


def _refused(kid: int, passes: int) -> str:
    return ngettext(
        "Key %(kid)s is not trusted any more. %(passes)s pass is refused from now on: issue it again.",
        "Key %(kid)s is not trusted any more. %(passes)s passes are refused from now on: issue them again.",
        passes,
    ) % {"kid": kid, "passes": passes}
