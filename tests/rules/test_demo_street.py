"""The demonstration street as it is made, before any of it reaches a database."""

from codecs import BOM_UTF8
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from random import Random

import python_calamine
from stdnum.cn import ric, uscc

from fangxian.demo import names, workbooks
from fangxian.demo.generator import generate, short_name
from fangxian.demo.ground import GUBEI, spread
from fangxian.demo.issuing import Numbers
from fangxian.demo.street import Document, Person, Street
from fangxian.hygiene.playbook import HygieneSection
from fangxian.places import loading
from fangxian.registry import identifiers
from fangxian.registry.refusals import Refusal
from tests.support import playbooks

TODAY = date(2026, 11, 24)
COMMITTEES = tuple(
    (one.code, one.name) for one in loading.of_street("310105009") if one.kind == loading.PlaceKind.NEIGHBOURHOOD
)


@cache
def small() -> Street:
    return generate(neighbourhoods=COMMITTEES, reference=TODAY, households=60)


@cache
def whole() -> Street:
    return generate(neighbourhoods=COMMITTEES, reference=TODAY)


@cache
def area_words() -> dict[str, str]:
    section = playbooks.plan().section("hygiene")
    assert isinstance(section, HygieneSection)
    return {kind.key: kind.title.zh for kind in section.area_types}


def residents(street: Street) -> list[Person]:
    return [person for home in street.households for person in home.members]


def test_it_has_the_size_of_the_real_street() -> None:
    counts = whole().counts()
    assert counts["neighbourhoods"] == 20
    assert counts["households"] == 22_000
    assert counts["buildings"] == 38
    assert counts["enterprises"] == 1_746
    assert counts["employees"] == 17_000
    assert 53_000 < counts["persons"] < 57_000
    assert 11_000 < counts["vehicles"] < 13_000
    assert 2_800 < counts["areas"] < 3_300


def test_it_has_64_residential_grids_of_300_to_500_doors_and_one_for_each_building() -> None:
    street = whole()
    doors = Counter(home.dwelling.block.grid for home in street.households)
    assert len(doors) == 64
    assert all(295 <= count <= 500 for count in doors.values())
    assert {grid.building for grid in street.grids if grid.building} == {one.name for one in street.buildings}


def test_a_third_of_its_residents_are_over_sixty_and_sixteen_thousand_come_from_abroad() -> None:
    people = residents(whole())
    assert 0.31 < sum(person.age(TODAY) >= 60 for person in people) / len(people) < 0.36
    gubei = [
        person
        for home in whole().households
        if home.dwelling.compound.neighbourhood[-3:] in GUBEI
        for person in home.members
    ]
    foreign = [person for person in gubei if person.is_foreign]
    assert 15_000 < len(foreign) < 17_000
    japanese_and_korean = sum(person.nationality in {"JP", "KR"} for person in foreign)
    assert 0.65 < japanese_and_korean / len(foreign) < 0.8


def test_the_named_buildings_and_enterprises_of_the_account_are_there() -> None:
    homes = {firm.name: firm.building for firm in whole().enterprises}
    assert homes["上海强生轻工（集团）有限公司"] == "国贸中心"
    assert homes["慈铭体检集团上海分公司"] == "海螺大厦"
    assert homes["奇瑞捷豹路虎汽车有限公司上海分公司"] == "红宝石商务楼"
    assert {"古北财富中心一期", "古北财富中心二期", "东方国际大厦", "东银大厦"} <= {
        one.name for one in whole().buildings
    }


def test_the_same_seed_makes_the_same_street_and_another_seed_another() -> None:
    again = generate(neighbourhoods=COMMITTEES, reference=TODAY, households=60)
    assert again == small()
    other = generate(neighbourhoods=COMMITTEES, reference=TODAY, households=60, seed=7)
    assert residents(other) != residents(small())


def test_a_small_street_keeps_every_neighbourhood_and_every_kind() -> None:
    counts = small().counts()
    assert counts["neighbourhoods"] == 20
    assert counts["households"] == 60
    assert all(counts.values())
    assert {grid.neighbourhood for grid in small().grids} == {code for code, _ in COMMITTEES}


def test_no_number_is_given_twice() -> None:
    people = residents(whole())
    assert len({(person.document, person.number) for person in people}) == len(people)
    phones = [person.phone for person in people if person.phone]
    assert len(set(phones)) == len(phones)
    assert len({vehicle.plate for vehicle in whole().vehicles}) == len(whole().vehicles)
    assert len({firm.uscc for firm in whole().enterprises}) == len(whole().enterprises)
    assert len({home.dwelling.address for home in whole().households}) == len(whole().households)


def test_every_number_is_right_by_its_form_and_from_a_range_that_nobody_holds() -> None:
    for person in residents(small()) + [one.person for one in small().employees]:
        kind = identifiers.document_kind(person.document.value)
        assert not isinstance(identifiers.read_document(person.number, kind, person.nationality, TODAY), Refusal)
        if person.document == Document.RESIDENT_ID:
            assert ric.is_valid(person.number)
            assert person.number[14] == "9"
            assert ric.get_birth_date(person.number) == person.born
        assert not person.phone or person.phone[3:7] == "0000"
        assert not person.phone or not isinstance(identifiers.read_phone(person.phone), Refusal)
    for vehicle in small().vehicles:
        assert not isinstance(identifiers.read_plate(vehicle.plate), Refusal)
        assert vehicle.plate[1] in "XYZ"
    for firm in small().enterprises:
        assert uscc.is_valid(firm.uscc)
        assert firm.uscc[8:11] == "DEM"


def test_sex_and_number_agree() -> None:
    numbers = Numbers(Random(3))
    man, woman = numbers.resident_id("male", date(1950, 1, 2)), numbers.resident_id("female", date(1950, 1, 2))
    assert int(man[16]) % 2 == 1
    assert int(woman[16]) % 2 == 0


def test_names_are_written_in_the_script_of_their_owner() -> None:
    rng = Random(5)
    assert names.of(rng, "JP", "female", 1980).reading
    assert any("가" <= sign <= "힣" for sign in names.of(rng, "KR", "male", 1980).full)
    assert names.of(rng, "FR", "female", 1980).full.split()[-1] in names.LATIN_FAMILIES["FR"]
    assert names.of(rng, "CN", "male", 2015, family="欧阳").full.startswith("欧阳")


def test_parts_after_weights_always_add_up() -> None:
    assert spread(10, [1, 1, 1]) == [4, 3, 3]
    assert spread(2, [5, 1, 1], least=1) == [1, 1, 1]
    assert spread(7, [], least=1) == []
    assert sum(spread(22_000, [0.1, 0.2, 3.3, 7])) == 22_000


def test_a_committee_is_called_as_the_street_calls_it() -> None:
    assert short_name("古北荣华第一居委会") == "荣华一"
    assert short_name("虹桥经济技术开发区居委会") == "开发区"
    assert short_name("何家角居委会") == "何家角"


def test_every_public_area_is_of_a_type_in_the_plan() -> None:
    assert {area.kind for area in whole().areas} <= area_words().keys()


def test_the_workbooks_hold_every_row_in_the_habits_of_their_senders(tmp_path: Path) -> None:
    books = workbooks.write(small(), tmp_path, area_words())
    rows: Counter[str] = Counter()
    for book in books:
        rows[book.kind] += book.rows - book.refused
    counts = small().counts()
    assert rows["dwellings"] == counts["dwellings"]
    assert rows["persons"] == counts["persons"] + counts["employees"]
    assert rows["vehicles"] == counts["vehicles"]
    assert rows["areas"] == counts["areas"]
    assert rows["enterprises"] == counts["enterprises"]
    assert {book.path.suffix for book in books} == {".xlsx", ".csv"}
    for book in books:
        if book.path.suffix == ".xlsx":
            sheet = python_calamine.CalamineWorkbook.from_path(str(book.path)).get_sheet_by_index(0)
            assert len(sheet.to_python()) >= book.rows + 1
        else:
            encoding = "utf-8-sig" if book.path.read_bytes().startswith(BOM_UTF8) else "gb18030"
            assert len(book.path.read_text(encoding=encoding).splitlines()) == book.rows + 1
