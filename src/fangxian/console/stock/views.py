"""The stores: what lies where, and the four ways in which that changes at a desk."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts import access
from fangxian.accounts.access import NotFoundError, Reach
from fangxian.accounts.roles import Capability
from fangxian.console.stock.forms import CountForm, MoveForm, ReceiveForm, WriteOffForm, item_name
from fangxian.console.view import Who, staff_view
from fangxian.hygiene import actions as hygiene
from fangxian.hygiene import queries as hygiene_queries
from fangxian.places.models import Place, PlaceKind, parent_paths
from fangxian.registry.imports.errors_book import defused
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.stock import actions, queries
from fangxian.stock.actions import StockError
from fangxian.stock.models import Item, Lot, Unit
from fangxian.stock.queries import Line

STORE_KINDS = (
    PlaceKind.STREET, PlaceKind.NEIGHBOURHOOD, PlaceKind.GRID, PlaceKind.COMPOUND, PlaceKind.BUILDING,
    PlaceKind.PHARMACY, PlaceKind.HEALTH_CENTRE,
)  # fmt: skip


def _stores(held: Reach) -> Q:
    return (held.places() | Q(id__in=sorted(held.grids))) & Q(kind__in=STORE_KINDS, closed_on__isnull=True)


@dataclass(frozen=True)
class Shown:
    """A line of the book in the reader's language."""

    line: Line
    name: str
    unit: str


def _shown(lines: list[Line]) -> list[Shown]:
    return [Shown(line, item_name(line.item_name, line.item_name_en), queries.unit_word(line.unit)) for line in lines]


@staff_view(Capability.STOCK)
@require_GET
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    """Balances by store, and the places within reach that may keep one."""
    lines = queries.lines(queries.within(who.held), today=clock.local_day(who.now))
    places = list(Place.objects.filter(_stores(who.held)).order_by("path"))
    context = {
        "rows": _shown(lines), "places": places, "expired": sum(line.expired for line in lines),
        "totals": _totals(lines),
    }  # fmt: skip
    return render(request, "console/stock/list.html", context)


@dataclass(frozen=True)
class Total:
    name: str
    unit: str
    quantity: int


def _totals(lines: list[Line]) -> list[Total]:
    sums: dict[str, Total] = {}
    for shown in _shown(lines):
        before = sums.get(shown.line.item_key)
        quantity = shown.line.quantity + (before.quantity if before else 0)
        sums[shown.line.item_key] = Total(shown.name, shown.unit, quantity)
    return sorted(sums.values(), key=lambda total: total.name)


@staff_view(Capability.STOCK)
@require_GET
def export(request: HttpRequest, who: Who) -> HttpResponse:
    """The balances as a table for a spreadsheet; no cell can start a formula."""
    out = StringIO()
    table = csv.writer(out)
    table.writerow([_("Store"), _("Goods"), _("Batch number"), _("Brand"), _("Expires on"), _("Quantity"), _("Unit")])
    for shown in _shown(queries.lines(queries.within(who.held), today=clock.local_day(who.now), limit=50_000)):
        line = shown.line
        texts = [line.place_name, shown.name, line.batch, line.brand]
        expires = line.expires_on.isoformat() if line.expires_on else ""
        table.writerow([*(defused(text) for text in texts), expires, line.quantity, shown.unit])
    # The mark at the start is how a spreadsheet tells UTF-8 from the machine's own encoding.
    answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="stock.csv"'
    return answer


def _place(who: Who, place_id: UUID) -> Place:
    return access.get(Place.objects.all(), _stores(who.held), id=place_id)


def _targets(place: Place, held: Reach) -> list[Place]:
    """Where goods may go: stores within reach, and those above this one, to which goods go back."""
    above = Q(path__in=parent_paths(place.path), kind__in=STORE_KINDS, closed_on__isnull=True)
    return list(Place.objects.filter(_stores(held) | above).exclude(id=place.id).order_by("path"))


def _items(who: Who) -> list[Item]:
    """Everything the ledger knows, and the plan's agents that it does not know yet."""
    found = {item.key: item for item in queries.items()}
    for agent in hygiene_queries.section(who.now).agents:
        if agent.key not in found:
            found[agent.key] = Item(
                key=agent.key, name=agent.title.zh, name_en=agent.title.en, unit=Unit(agent.base_unit)
            )
    return list(found.values())


@dataclass
class _Forms:
    """The forms of a store; one of them may have been sent."""

    receive: ReceiveForm
    move: MoveForm
    write_off: WriteOffForm
    count: CountForm


def _forms(who: Who, place: Place, lines: list[Line], sent: str = "", data: Any = None) -> _Forms:  # noqa: ANN401 - request.POST
    def of(name: str) -> dict[str, Any]:
        return {"data": data} if name == sent else {"initial": {"id": new_id()}, "auto_id": f"{name}_%s"}

    held = [line for line in lines if line.quantity]
    return _Forms(
        ReceiveForm(_items(who), **of("receive")), MoveForm(held, _targets(place, who.held), **of("move")),
        WriteOffForm(held, **of("write_off")), CountForm(lines, **of("count")),
    )  # fmt: skip


def _page(
    request: HttpRequest, who: Who, place: Place, lines: list[Line], made: _Forms, sent: str = ""
) -> HttpResponse:
    steps = queries.steps_of_place(place)
    names = hygiene_queries.staff_names({step.actor for step in steps})
    context = {
        "place": place, "rows": _shown([line for line in lines if line.quantity]), "forms": made, "sent": sent,
        "steps": [(step, item_name(step.item_name, step.item_name_en), queries.unit_word(step.unit),
                   names.get(step.actor, step.actor)) for step in steps],
    }  # fmt: skip
    return render(request, "console/stock/store.html", context, status=400 if sent else 200)


def _lines(place: Place, who: Who) -> list[Line]:
    return queries.lines(Q(account__place=place), today=clock.local_day(who.now), with_empty=True)


@staff_view(Capability.STOCK)
@require_GET
def store(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = _place(who, place_id)
    lines = _lines(place, who)
    return _page(request, who, place, lines, _forms(who, place, lines))


def _booked(
    request: HttpRequest, who: Who, place_id: UUID, sent: str, book: Callable[[Place, forms.Form], str]
) -> HttpResponse:
    """Take one sent form of a store: book it and say so, or show the page again with what is wrong."""
    place = _place(who, place_id)
    lines = _lines(place, who)
    made = _forms(who, place, lines, sent, request.POST)
    form: forms.Form = getattr(made, sent)
    if form.is_valid():
        try:
            messages.success(request, book(place, form))
        except StockError as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("stock:store", place_id)
    return _page(request, who, place, lines, made, sent)


def _lot(place: Place, lot_id: str) -> Lot:
    found = queries.lot_at(place, UUID(lot_id))
    if found is None:
        raise NotFoundError(_("There is no such record within your reach."))
    return found


@staff_view(Capability.STOCK)
@require_POST
def receive(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    def book(place: Place, form: forms.Form) -> str:
        data = dict(form.cleaned_data)
        item: Item = data.pop("item")
        if item._state.adding:
            hygiene.list_agents(by=who.staff.actor, now=who.now)
            item = Item.objects.get(key=item.key)
        actions.receive(item=item, place=place, by=who.staff.actor, now=who.now, **data)
        hygiene.restocked(place=place, agent=item.key, by=who.staff.actor, now=who.now)
        return _("%(quantity)s %(unit)s of %(item)s are booked in.") % {
            "quantity": f"{data['quantity']:,}", "unit": queries.unit_word(item.unit),
            "item": item_name(item.name, item.name_en),
        }  # fmt: skip

    return _booked(request, who, place_id, "receive", book)


@staff_view(Capability.STOCK)
@require_POST
def move(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    def book(place: Place, form: forms.Form) -> str:
        data, lot = form.cleaned_data, _lot(place, form.cleaned_data["lot"])
        actions.move(
            id=data["id"], lot=lot, from_place=place, to_place=data["to_place"], quantity=data["quantity"],
            by=who.staff.actor, now=who.now,
        )  # fmt: skip
        hygiene.restocked(place=data["to_place"], agent=lot.item.key, by=who.staff.actor, now=who.now)
        return _("Moved to %(place)s.") % {"place": data["to_place"].name}

    return _booked(request, who, place_id, "move", book)


@staff_view(Capability.STOCK)
@require_POST
def write_off(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    def book(place: Place, form: forms.Form) -> str:
        data = form.cleaned_data
        actions.write_off(
            id=data["id"], lot=_lot(place, data["lot"]), place=place, quantity=data["quantity"], reason=data["reason"],
            by=who.staff.actor, now=who.now,
        )  # fmt: skip
        return _("Written off. It stays readable in the book.")

    return _booked(request, who, place_id, "write_off", book)


@staff_view(Capability.STOCK)
@require_POST
def count(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    def book(place: Place, form: forms.Form) -> str:
        data = form.cleaned_data
        difference = actions.count(
            id=data["id"], lot=_lot(place, data["lot"]), place=place, counted=data["counted"], by=who.staff.actor,
            now=who.now,
        )  # fmt: skip
        if not difference:
            return _("The count agrees with the book.")
        return _("The book is corrected by %(difference)s.") % {"difference": f"{difference:+,}"}

    return _booked(request, who, place_id, "count", book)
