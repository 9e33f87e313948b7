"""The measurements still run, small; their figures are for a machine of one's own."""

from itertools import islice

import pytest

from fangxian.duties import benches as duties
from fangxian.duties.models import Gap
from fangxian.registry import search_bench

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_sweep_is_measured_on_what_is_due() -> None:
    first, doubled = islice(duties.sweep(duties=2_000), 2)
    assert (first.name, doubled.name) == ("sweep.one_percent", "sweep.rest_doubled")
    assert first.value > 0
    assert Gap.objects.count() == 20


def test_the_search_is_measured_by_kind_of_fragment() -> None:
    figures = list(search_bench.run(people=2_000 * 20))
    assert {figure.unit for figure in figures} == {"ms"}
    assert all(figure.value > 0 for figure in figures)
