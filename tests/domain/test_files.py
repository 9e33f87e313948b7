"""The store of files: sealed on the disk, one row a content, gone when its term ends."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from fangxian.files import actions as files
from fangxian.files.actions import FileGoneError, FileRefusedError
from fangxian.files.models import StoredFile
from tests.support.yard import MORNING

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path)
    return tmp_path


def photo(colour: tuple[int, int, int] = (1, 2, 3)) -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


def store(content: bytes, days: int | None = 90) -> StoredFile:
    until = MORNING + timedelta(days=days) if days is not None else None
    return files.store_photo(
        content=content, name="a.png", retention="photos", delete_after=until, by="test", now=MORNING
    )


def on_disk(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_it_is_sealed_on_the_disk_and_opens_again(folder: Path) -> None:
    row = store(photo())
    kept = on_disk(folder)
    assert [path.name for path in kept] == [row.digest]
    assert b"JFIF" not in kept[0].read_bytes()
    found, content = files.read(row.digest)
    assert found.media_type == "image/jpeg"
    assert content.startswith(b"\xff\xd8\xff")
    assert len(content) == row.size


def test_the_same_photo_twice_is_one_file_with_the_longer_term(folder: Path) -> None:
    first = store(photo(), days=90)
    assert store(photo(), days=10).delete_after == first.delete_after
    assert store(photo(), days=200).delete_after == MORNING + timedelta(days=200)
    assert store(photo(), days=None).delete_after is None
    assert store(photo(), days=5).delete_after is None
    assert len(on_disk(folder)) == StoredFile.objects.count() == 1


def test_another_files_content_does_not_open_under_this_name() -> None:
    one, two = store(photo()), store(photo((9, 9, 9)))
    files.path_of(two.digest).replace(files.path_of(one.digest))
    with pytest.raises(FileGoneError):
        files.read(one.digest)


def test_what_is_refused_leaves_nothing(folder: Path) -> None:
    with pytest.raises(FileRefusedError, match=".+"):
        store(b"not a picture")
    with pytest.raises(FileRefusedError):
        files.store_document(
            content=b"MZ\x00", name="../../etc/passwd.csv", retention="import-files", delete_after=None, by="test",
            now=MORNING,
        )  # fmt: skip
    assert on_disk(folder) == []
    assert not StoredFile.objects.exists()


def test_of_a_hostile_name_only_the_extension_is_read(folder: Path) -> None:
    row = files.store_document(
        content=b"a,b\n1,2\n", name="../../../x\x00/..%2f=cmd|calc.csv", retention="import-files", delete_after=None,
        by="test", now=MORNING,
    )  # fmt: skip
    assert [path.relative_to(folder) for path in on_disk(folder)] == [Path(row.digest[:2]) / row.digest]
    assert files.read(row.digest)[1] == b"a,b\n1,2\n"


def test_the_purge_takes_what_has_ended_and_nothing_else(folder: Path) -> None:
    short, longer, kept = store(photo(), days=1), store(photo((7, 7, 7)), days=30), store(photo((8, 8, 8)), days=None)
    assert files.purge(now=MORNING) == 0
    assert files.purge(now=MORNING + timedelta(days=2)) == 1
    with pytest.raises(FileGoneError):
        files.read(short.digest)
    assert {path.name for path in on_disk(folder)} == {longer.digest, kept.digest}


def test_contents_without_a_row_are_removed_after_a_day(folder: Path) -> None:
    row, orphan = store(photo()), store(photo((5, 5, 5)))
    StoredFile.objects.filter(digest=orphan.digest).delete()
    fresh = folder.stat().st_mtime
    soon = MORNING.fromtimestamp(fresh, MORNING.tzinfo)
    assert files.remove_orphans(now=soon) == 0
    assert files.remove_orphans(now=soon + timedelta(days=2)) == 1
    assert [path.name for path in on_disk(folder)] == [row.digest]
