"""Statements of a batch: whatever a value holds arrives as it was, in lists and in rows."""

import pytest

from fangxian.gates.models import Used
from fangxian.shared.statements import Insert, Select, together

ODD = ["NULL", "null", "", 'say "no"', "back\\slash", "{a,b}", "it's", "100 %s", "沪A12345", " two  spaces "]
pytestmark = pytest.mark.django_db

_insert = Insert(
    Used._meta.db_table, (("key", "text"), ("count", "int")), tail="ON CONFLICT (key) DO NOTHING", repeatable=True
)
_select = Select("key, count", f"FROM {Used._meta.db_table} WHERE key {{in}}")
_above = Select("key", f"FROM {Used._meta.db_table} WHERE key {{in}} AND count > %s")


@pytest.mark.parametrize("size", [1, 3, len(ODD)])
def test_odd_texts_go_in_and_are_found_by_themselves(size: int) -> None:
    _insert([(text, number) for number, text in enumerate(ODD[:size])])
    assert sorted(Used.objects.values_list("key", "count")) == sorted(
        (text, number) for number, text in enumerate(ODD[:size])
    )
    assert {row[0]: row[1] for row in _select(ODD)} == {text: number for number, text in enumerate(ODD[:size])}


def test_several_selects_at_once_keep_their_places_and_what_asks_for_nothing_finds_nothing() -> None:
    _insert([(text, number) for number, text in enumerate(ODD)])
    nothing, above, one = together(_select.of([]), _above.of(ODD, 7), _select.of(["null", "not there"]))
    assert nothing == []
    assert {row[0] for row in above} == {ODD[8], ODD[9]}
    assert [list(row) for row in one] == [["null", 1]]
