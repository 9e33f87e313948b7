"""Places from the package's own data."""

import time
from datetime import UTC, datetime

import pytest

from fangxian.places import loading, queries
from fangxian.places.actions import PlaceError
from fangxian.places.models import Place, PlaceKind

NOW = datetime(2020, 2, 17, 1, 0, tzinfo=UTC)


def test_the_data_holds_all_of_shanghai_and_every_code_begins_with_the_one_above_it() -> None:
    assert (len(loading.districts()), len(loading.streets()), len(loading.neighbourhoods())) == (16, 234, 6_509)
    everything = loading.of_city()
    codes = {one.code for one in everything}
    assert len(codes) == len(everything)
    for one in everything:
        if one.kind in {PlaceKind.STREET, PlaceKind.NEIGHBOURHOOD}:
            assert one.above in codes
            assert one.code.startswith(str(one.above))


@pytest.mark.parametrize("text", ["310105009", "310105009000", " 310105009 ", "310105009011", "虹桥街道"])
def test_a_street_is_found_by_what_people_type(text: str) -> None:
    assert loading.street_code(text) == "310105009"


@pytest.mark.parametrize("text", ["", "310105", "310105999", "310105009999", "不存在街道"])
def test_what_is_no_street_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(PlaceError, match="310105009"):
        loading.street_code(text)


@pytest.mark.django_db
def test_loading_a_street_makes_its_neighbourhoods_and_the_chain_above() -> None:
    street = loading.load_street(code="310105009", by="system", now=NOW)
    assert street.name == "虹桥街道"
    assert [crumb.name for crumb in queries.ancestors(street)] == ["上海市", "长宁区", "虹桥街道"]
    committees = queries.within(street, PlaceKind.NEIGHBOURHOOD)
    assert len(committees) == 20
    assert committees[0].code == "310105009001"


@pytest.mark.django_db
def test_loading_twice_changes_nothing_and_a_second_street_shares_its_district() -> None:
    loading.load_street(code="310105009", by="system", now=NOW)
    before = Place.objects.count()
    loading.load_street(code="310105009000", by="system", now=NOW)
    assert Place.objects.count() == before
    loading.load_street(code="310105001", by="system", now=NOW)
    assert Place.objects.filter(kind=PlaceKind.DISTRICT).count() == 1
    assert Place.objects.filter(kind=PlaceKind.CITY).count() == 1


@pytest.mark.django_db
def test_the_whole_city_loads_in_seconds() -> None:
    began = time.perf_counter()
    made = loading.load_city(by="system", now=NOW)
    assert time.perf_counter() - began < 5
    assert made == 1 + 16 + 234 + 6_509
    assert loading.load_city(by="system", now=NOW) == 0
