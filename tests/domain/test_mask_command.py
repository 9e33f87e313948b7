"""`masks verify` and `masks compare`, as somebody outside runs them."""

from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from fangxian.masks.actions import allocate
from tests.support.factories import MORNING
from tests.support.masks import make_round, registered, stocked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """What is said is compared in the language of the source."""
    with translation.override("en"):
        yield


def published(folder: Path) -> Path:
    ground = make_round()
    registered(ground, 0, 1, 2, 3)
    stocked(ground, 0, 12)
    made = allocate.run(round=ground.round, sale_day=date(2020, 2, 18), by="test", now=MORNING + timedelta(hours=13))
    path = folder / "night.json"
    path.write_text(made.document, encoding="utf-8")
    return path


def said(*words: str) -> str:
    out = StringIO()
    call_command("masks", *words, stdout=out)
    return out.getvalue()


def test_a_published_file_is_found_right(tmp_path: Path) -> None:
    text = said("verify", str(published(tmp_path)), "--proof")
    assert "Everything agrees" in text
    assert "exact share 2.200" in text


def test_a_file_that_was_changed_is_found_out(tmp_path: Path) -> None:
    path = published(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"left":[1]', '"left":[6]'), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("masks", "verify", str(path), stdout=out)
    assert ended.value.code == 1
    assert "SHA-256" in out.getvalue()


def test_what_is_no_published_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.json").write_text('{"format": "another"}', encoding="utf-8")
    with pytest.raises(CommandError, match="not a published file"):
        said("verify", str(tmp_path / "no.json"))
    with pytest.raises(CommandError, match="cannot be read"):
        said("verify", str(tmp_path / "missing.json"))


def test_policies_are_compared_on_a_round_and_on_a_made_up_street(tmp_path: Path) -> None:
    published(tmp_path)
    text = said("compare", "--round", "2")
    assert "3 households, 2 committees" in text
    assert "by lot" in text
    with pytest.raises(CommandError, match="no round 9"):
        said("compare", "--round", "9")
