"""The register of machines at gates. A token is shown on the answer that made it, and never again."""

from uuid import UUID

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.accounts import access
from fangxian.accounts.roles import Capability
from fangxian.console.devices.forms import CalibrationForm, DeviceForm, KeeperForm, ReasonForm
from fangxian.console.view import Who, staff_view
from fangxian.gates.actions import devices
from fangxian.gates.actions.devices import DeviceError
from fangxian.gates.models import Device
from fangxian.gates.queries import devices as queries


@staff_view(Capability.DEVICES)
@require_GET
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    rows = queries.register_of(who.held, who.now)
    overdue = sum(row.calibration == "overdue" for row in rows)
    return render(request, "console/devices/list.html", {"rows": rows, "overdue": overdue})


@staff_view(Capability.DEVICES)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, who: Who) -> HttpResponse:
    gates = queries.gates_within(who.held)
    keepers = queries.keepers(gates, who.now)
    form = DeviceForm(gates, keepers, request.POST or None, initial={"in_charge": who.staff.id})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            device, token = devices.register(
                kind=data["kind"], gate=data["gate"], name=data["name"], serial=data["serial"],
                in_charge=data["in_charge"], calibration_due=data["calibration_due"],
                by=who.staff.actor, now=who.now,
            )  # fmt: skip
        except DeviceError as refused:
            form.add_error(None, str(refused))
        else:
            return _token(request, device, token)
    status = 400 if form.is_bound else 200
    return render(request, "console/devices/add.html", {"form": form}, status=status)


def _token(request: HttpRequest, device: Device, token: str) -> HttpResponse:
    """The answer to the form itself: after a redirect the token would have to lie somewhere in the clear."""
    picture = segno.make(token, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    context = {"device": device, "token": token, "picture": mark_safe(picture)}  # noqa: S308 - drawn by segno from a token that was made here
    return render(request, "console/devices/token.html", context)


def _device(who: Who, device_id: UUID) -> Device:
    rows = Device.objects.select_related("gate")
    return access.get(rows, who.held.places("gate__path", "gate__grid_id"), id=device_id)


@staff_view(Capability.DEVICES)
@require_GET
def device(request: HttpRequest, who: Who, device_id: UUID) -> HttpResponse:
    return _page(request, who, _device(who, device_id), ReasonForm())


def _page(request: HttpRequest, who: Who, row: Device, reason: ReasonForm, status: int = 200) -> HttpResponse:
    calibration = CalibrationForm(initial={"due": row.calibration_due})
    people = list(queries.keepers([row.gate], who.now)) if row.revoked_us is None else []
    keeper = KeeperForm(people, initial={"in_charge": row.in_charge})
    held = next((one.name for one in people if one.id == row.in_charge), "")
    context = {"device": row, "reason": reason, "calibration": calibration, "keeper": keeper, "held": held}
    return render(request, "console/devices/device.html", context, status=status)


@staff_view(Capability.DEVICES)
@require_POST
def renew(request: HttpRequest, who: Who, device_id: UUID) -> HttpResponse:
    row = _device(who, device_id)
    try:
        token = devices.renew_token(device=row, by=who.staff.actor, now=who.now)
    except DeviceError as refused:
        messages.error(request, str(refused))
        return redirect("devices:device", device_id)
    return _token(request, row, token)


@staff_view(Capability.DEVICES)
@require_POST
def revoke(request: HttpRequest, who: Who, device_id: UUID) -> HttpResponse:
    row, form = _device(who, device_id), ReasonForm(request.POST)
    if form.is_valid():
        devices.revoke(device=row, reason=form.cleaned_data["reason"], by=who.staff.actor, now=who.now)
        messages.success(request, _("The device is revoked. Nothing that it sends is taken any more."))
        return redirect("devices:list")
    return _page(request, who, row, form, status=400)


@staff_view(Capability.DEVICES)
@require_POST
def calibrate(request: HttpRequest, who: Who, device_id: UUID) -> HttpResponse:
    row, form = _device(who, device_id), CalibrationForm(request.POST)
    if form.is_valid():
        devices.set_calibration(device=row, due=form.cleaned_data["due"], by=who.staff.actor, now=who.now)
        messages.success(request, _("The calibration is written down."))
    else:
        messages.error(request, _("That is no date. Nothing was changed."))
    return redirect("devices:device", device_id)


@staff_view(Capability.DEVICES)
@require_POST
def in_charge(request: HttpRequest, who: Who, device_id: UUID) -> HttpResponse:
    row = _device(who, device_id)
    form = KeeperForm(queries.keepers([row.gate], who.now), request.POST)
    if not form.is_valid():
        messages.error(request, _("This person's roles do not reach this gate. Nothing was changed."))
        return redirect("devices:device", device_id)
    try:
        devices.set_in_charge(device=row, staff_id=form.cleaned_data["in_charge"], by=who.staff.actor, now=who.now)
    except DeviceError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Who looks after it is written down."))
    return redirect("devices:device", device_id)
