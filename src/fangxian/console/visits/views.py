"""The gate's desk: ask a host, write the answer of a call down, and the shelf of parcels."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts import access
from fangxian.accounts.roles import Capability
from fangxian.console.view import Who, staff_view
from fangxian.console.visits.forms import AskForm, FindForm, HandOverForm, ParcelForm
from fangxian.gates.actions import parcels, visits
from fangxian.gates.actions.parcels import NewParcel, ParcelError
from fangxian.gates.actions.passes import PassError
from fangxian.gates.actions.visits import VisitError
from fangxian.gates.models import Parcel, VisitRequest
from fangxian.gates.queries import visits as queries
from fangxian.gates.queries.devices import gates_within
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Subject
from fangxian.shared.ids import new_id


@dataclass
class _Sent:
    """What the page shows below its search: the hosts that were found, or a form with what is wrong."""

    find: FindForm
    ask: AskForm | None = None
    parcel: ParcelForm | None = None
    address: str = ""
    opened: UUID | None = None
    number: str = ""


def _gate(who: Who, gate_id: UUID) -> Place:
    rows = Place.objects.select_related("parent").filter(kind=PlaceKind.GATE)
    return access.get(rows, who.held.places(), id=gate_id)


@staff_view(Capability.GATE)
@require_GET
def gates(request: HttpRequest, who: Who) -> HttpResponse:
    """The gates within reach; a guard with one gate is at its desk at once."""
    found = gates_within(who.held)
    if len(found) == 1:
        return redirect("visits:desk", found[0].id)
    lying = queries.parcels(who.held, who.now)
    context = {"gates": found, "waiting": queries.waiting(who.held, who.now),
               "overdue": sum(line.overdue for line in lying)}  # fmt: skip
    return render(request, "console/visits/gates.html", context)


def _page(request: HttpRequest, who: Who, gate: Place, sent: _Sent, status: int = 200) -> HttpResponse:
    context = {
        "gate": gate, "sent": sent,
        "waiting": [row for row in queries.waiting(who.held, who.now) if row.gate_id == gate.id],
        "answered": [row for row in queries.answered(who.held, who.now) if row.gate_id == gate.id],
        "parcels": queries.parcels_at(gate.id, who.now),
    }  # fmt: skip
    return render(request, "console/visits/desk.html", context, status=status)


@staff_view(Capability.GATE)
@require_GET
def desk(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    return _page(request, who, _gate(who, gate_id), _Sent(FindForm()))


@staff_view(Capability.GATE)
@require_POST
def find(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    """Households behind this gate by their address, companies by their address or name."""
    gate, form = _gate(who, gate_id), FindForm(request.POST)
    if not form.is_valid():
        return _page(request, who, gate, _Sent(form), 400)
    address = form.cleaned_data["address"]
    hosts = queries.hosts(gate, address)
    if not hosts:
        form.add_error(
            "address",
            _("Nobody behind this gate is found by that. Try the room number alone, or a part of the company's name."),
        )
        return _page(request, who, gate, _Sent(form))
    sent = _Sent(form, AskForm(hosts, auto_id="ask_%s"), ParcelForm(hosts, auto_id="parcel_%s"), address)
    return _page(request, who, gate, sent)


@staff_view(Capability.GATE)
@require_POST
def ask(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    gate, address = _gate(who, gate_id), request.POST.get("address", "")
    form = AskForm(queries.hosts(gate, address), request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            visits.ask(
                gate=gate, kind=data["kind"], host=Subject.objects.get(id=data["host"]), name=data["name"],
                phone=data["phone"], purpose=data["purpose"], by=who.staff.actor, now=who.now,
            )  # fmt: skip
        except VisitError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The host is asked. Call them, or send the link below."))
            return redirect("visits:desk", gate_id)
    return _page(request, who, gate, _Sent(FindForm(initial={"address": address}), form, None, address), 400)


@staff_view(Capability.GATE)
@require_POST
def answer(request: HttpRequest, who: Who, visit_id: UUID) -> HttpResponse:
    """The guard called the host and writes the answer down."""
    rows = VisitRequest.objects.all()
    row = access.get(rows, who.held.places("gate__path", "gate__grid_id"), id=visit_id)
    agree = request.POST.get("agree") == "yes"
    try:
        done = visits.answer(request=row, agree=agree, channel="call", by=who.staff.actor, now=who.now)
    except (VisitError, PassError) as refused:
        messages.error(request, str(refused))
    else:
        if done.granted is not None:
            text = _("The host agreed. The pass is %(number)s.") % {"number": done.granted.number}
        else:
            text = _("The host declined. No pass was made.")
        messages.success(request, text)
    return redirect("visits:desk", row.gate_id)


@staff_view(Capability.GATE)
@require_POST
def phone(request: HttpRequest, who: Who, visit_id: UUID) -> HttpResponse:
    """One visitor's telephone number in clear, for this one answer; the audit says who looked."""
    rows = VisitRequest.objects.select_related("gate__parent")
    row = access.get(rows, who.held.places("gate__path", "gate__grid_id"), id=visit_id)
    try:
        number = visits.reveal_phone(request=row, by=who.staff.actor, now=who.now)
    except VisitError as refused:
        messages.error(request, str(refused))
        return redirect("visits:desk", row.gate_id)
    return _page(request, who, row.gate, _Sent(FindForm(), opened=row.id, number=number))


@staff_view(Capability.GATE)
@require_POST
def leave(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    gate, address = _gate(who, gate_id), request.POST.get("address", "")
    form = ParcelForm(queries.hosts(gate, address), request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            parcel = NewParcel(
                new_id(), data["shelf"], household=Subject.objects.get(id=data["host"]), company=data["company"],
                code=data["code"],
            )  # fmt: skip
            parcels.leave(parcel=parcel, gate=gate, by=who.staff.actor, now=who.now)
        except ParcelError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The parcel is on the list."))
            return redirect("visits:desk", gate_id)
    return _page(request, who, gate, _Sent(FindForm(initial={"address": address}), None, form, address), 400)


@staff_view(Capability.GATE)
@require_POST
def collect(request: HttpRequest, who: Who, parcel_id: UUID) -> HttpResponse:
    row = access.get(Parcel.objects.all(), who.held.places("gate__path", "gate__grid_id"), id=parcel_id)
    form = HandOverForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say what was compared, the code or the name. Nothing was handed over yet."))
        return redirect("visits:desk", row.gate_id)
    data = form.cleaned_data
    first = parcels.hand_over(
        parcel=row, compared=data["compared"], to=data["to"], by=who.staff.actor, now=who.now
    )  # fmt: skip
    if first:
        messages.success(request, _("The parcel was handed over."))
    else:
        messages.warning(request, _("This parcel was handed over before. The first record stands."))
    return redirect("visits:desk", row.gate_id)
