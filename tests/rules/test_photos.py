"""What may be kept as a photo or a document, and what is left of it."""

from io import BytesIO

import pytest
from PIL import Image

from fangxian.files import rules
from fangxian.files.rules import Fault, FaultyFileError


def picture(kind: str = "JPEG", size: tuple[int, int] = (300, 200), **save: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, kind, **save)
    return out.getvalue()


def with_gps() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "A phone"
    exif.get_ifd(0x8825)[2] = (31.0, 12.0, 0.0)
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif, comment=b"taken at home", icc_profile=b"not a profile")


def test_it_leaves_nothing_of_the_old_metadata_and_turns_the_picture_upright() -> None:
    old = with_gps()
    with Image.open(BytesIO(old)) as before:
        assert before.getexif().get_ifd(0x8825)
    with Image.open(BytesIO(rules.clean_photo(old, "a.jpg"))) as after:
        assert after.format == "JPEG"
        assert after.size == (200, 300)
        assert not after.getexif()
        assert not {"exif", "comment", "icc_profile", "xmp", "photoshop"} & set(after.info)


@pytest.mark.parametrize(
    ("size", "wanted"), [((4000, 3000), (1600, 1200)), ((900, 3200), (450, 1600)), ((80, 60), (80, 60))]
)
def test_it_is_at_most_1600_pixels_long(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    with Image.open(BytesIO(rules.clean_photo(picture(size=size), "A.JPG"))) as after:
        assert after.size == wanted


@pytest.mark.parametrize(
    ("kind", "name"), [("PNG", "a.png"), ("WEBP", "a.webp"), ("PNG", "renamed.jpg"), ("MPO", "a.jpg")]
)
def test_it_takes_what_phones_send(kind: str, name: str) -> None:
    assert rules.clean_photo(picture(kind), name).startswith(b"\xff\xd8\xff")


def test_what_is_transparent_becomes_white() -> None:
    out = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    with Image.open(BytesIO(rules.clean_photo(out.getvalue(), "a.png"))) as after:
        assert after.getpixel((5, 5)) == (255, 255, 255)


def bomb() -> bytes:
    """A PNG of a few kilobytes that unpacks to 400 million pixels."""
    out = BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "fault"),
    [
        (b"", "a.jpg", Fault.EMPTY),
        (b"\xff" * (rules.PHOTO_MAX_BYTES + 1), "a.jpg", Fault.TOO_LARGE),
        (picture(), "a.exe", Fault.EXTENSION),
        (picture(), "jpg", Fault.EXTENSION),
        (picture(), "a.jpg.svg", Fault.EXTENSION),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", Fault.NOT_AN_IMAGE),
        (b"MZ" + b"\x00" * 200, "a.jpg", Fault.NOT_AN_IMAGE),
        (picture("GIF"), "a.jpg", Fault.NOT_AN_IMAGE),
        (picture("PNG", (600, 400))[:200], "a.png", Fault.DAMAGED),
        (picture("PNG", (6000, 5000)), "a.png", Fault.TOO_MANY_PIXELS),
        (bomb(), "a.png", Fault.TOO_MANY_PIXELS),
    ],
)
def test_it_refuses_what_is_no_photo(content: bytes, name: str, fault: Fault) -> None:
    with pytest.raises(FaultyFileError) as refused:
        rules.clean_photo(content, name)
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    ("content", "name", "wanted"),
    [
        (b"PK\x03\x04rest", "名单.XLSX", rules.DOCUMENTS["xlsx"][1]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "a.xls", "application/vnd.ms-excel"),
        ("姓名,电话\n".encode("gb18030"), "a.csv", "text/csv"),
        (b"%PDF-1.7", "a.pdf", "application/pdf"),
    ],
)
def test_it_knows_a_document_by_its_first_bytes(content: bytes, name: str, wanted: str) -> None:
    assert rules.document_media_type(content, name) == wanted


@pytest.mark.parametrize(
    ("content", "name", "fault"),
    [
        (b"PK\x03\x04rest", "a.xls", Fault.NOT_ITS_KIND),
        (b"MZ\x00\x00", "a.csv", Fault.NOT_ITS_KIND),
        (b"%PDF-1.7", "a.docm", Fault.EXTENSION),
        (b"x" * (rules.DOCUMENT_MAX_BYTES + 1), "a.csv", Fault.TOO_LARGE),
        (b"", "a.csv", Fault.EMPTY),
    ],
)
def test_it_refuses_a_document_in_disguise(content: bytes, name: str, fault: Fault) -> None:
    with pytest.raises(FaultyFileError) as refused:
        rules.document_media_type(content, name)
    assert refused.value.fault is fault
