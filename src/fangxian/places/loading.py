"""The upper part of the tree from the package's own data: city, district, street, neighbourhood (`data/README.md`)."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from django.db import transaction
from django.utils.translation import gettext as _

from fangxian.places import actions
from fangxian.places.actions import NewPlace, PlaceError
from fangxian.places.models import Place, PlaceKind

CITY_CODE = "310000"
DISTRICT_DIGITS, STREET_DIGITS, NEIGHBOURHOOD_DIGITS = 6, 9, 12


@dataclass(frozen=True)
class Known:
    """A place of the statistical division codes. `above` is the code of the place it stands in."""

    kind: PlaceKind
    code: str
    name: str
    above: str | None
    name_en: str = ""


@cache
def city() -> Known:
    return Known(PlaceKind.CITY, CITY_CODE, "上海市", None, "Shanghai")


@cache
def districts() -> tuple[Known, ...]:
    return tuple(
        Known(PlaceKind.DISTRICT, row["code"], row["name"], CITY_CODE, row["name_en"]) for row in _rows("districts.csv")
    )


@cache
def streets() -> tuple[Known, ...]:
    return tuple(
        Known(PlaceKind.STREET, row["code"], row["name"], row["district_code"]) for row in _rows("streets.csv")
    )


@cache
def neighbourhoods() -> tuple[Known, ...]:
    return tuple(
        Known(PlaceKind.NEIGHBOURHOOD, row["code"], row["name"], row["street_code"])
        for row in _rows("neighbourhoods.csv")
    )


def street_code(text: str) -> str:
    """The nine-digit code of the street meant by `text`: its code with or without trailing zeros, the code of one of
    its neighbourhoods, or its exact name where only one street has it. Raises PlaceError when it is none of them."""
    wanted = text.strip()
    by_code = {street.code for street in streets()}
    if wanted[:STREET_DIGITS] in by_code and wanted.isdigit():
        rest = wanted[STREET_DIGITS:]
        if not rest.strip("0") or wanted in {one.code for one in neighbourhoods()}:
            return wanted[:STREET_DIGITS]
    named = [street.code for street in streets() if street.name == wanted]
    if len(named) == 1:
        return named[0]
    if named:
        raise PlaceError(
            _("Several streets are called %(name)s: %(codes)s. Say which by its code.")
            % {"name": wanted, "codes": ", ".join(named)}
        )
    raise PlaceError(
        _("There is no street with the code %(code)s in Shanghai. A code has nine digits, for instance 310105009.")
        % {"code": wanted}
    )


def of_street(code: str) -> list[Known]:
    """The city, the district, the street and its neighbourhoods, parents first. `code` as `street_code` returns it."""
    street = next(one for one in streets() if one.code == code)
    district = next(one for one in districts() if one.code == street.above)
    return [city(), district, street, *(one for one in neighbourhoods() if one.above == code)]


def of_city() -> list[Known]:
    return [city(), *districts(), *streets(), *neighbourhoods()]


@transaction.atomic
def load(*, known: Iterable[Known], by: str, now: datetime) -> dict[str, Place]:
    """Make those of these places that are not there yet; parents first. Returns the new ones by their code."""
    wanted = list(known)
    ids = dict(Place.objects.filter(kind__in={one.kind for one in wanted}).values_list("code", "id"))
    new: list[NewPlace] = []
    for one in wanted:
        if one.code in ids:
            continue
        parent = ids[one.above] if one.above else None
        place = NewPlace(kind=one.kind, name=one.name, name_en=one.name_en, parent=parent, code=one.code)
        ids[one.code] = place.id
        new.append(place)
    return {str(row.code): row for row in actions.add(places=new, by=by, now=now)} if new else {}


def load_street(*, code: str, by: str, now: datetime) -> Place:
    """One street with its neighbourhoods and the chain above it. Raises PlaceError for an unknown code."""
    nine = street_code(code)
    load(known=of_street(nine), by=by, now=now)
    return Place.objects.get(code=nine)


def load_city(*, by: str, now: datetime) -> int:
    """All of Shanghai down to its neighbourhoods. Returns how many places are new."""
    return len(load(known=of_city(), by=by, now=now))


def _rows(name: str) -> list[dict[str, str]]:
    text = files("fangxian.places").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
