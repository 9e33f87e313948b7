"""Pure decisions about what may be kept: sizes, kinds, and how a photo is made anew."""

from enum import StrEnum
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

PHOTO_MAX_BYTES: Final = 15 * 1024 * 1024
DOCUMENT_MAX_BYTES: Final = 20 * 1024 * 1024
PHOTO_EDGE: Final = 1600
PHOTO_QUALITY: Final = 82
PHOTO_MEDIA_TYPE: Final = "image/jpeg"

# A JPEG is read at a fraction of its size, so that a phone's 64 megapixels cost little; others must be unpacked whole.
JPEG_MAX_PIXELS: Final = 80_000_000
OTHER_MAX_PIXELS: Final = 25_000_000

_FORMATS: Final = ("JPEG", "PNG", "WEBP")
# MPO is what several phones write under the name .jpg: the picture with a second one behind it. Pillow's JPEG reader
# takes it and says so.
_JPEGS: Final = ("JPEG", "MPO")
_PHOTO_EXTENSIONS: Final = frozenset({"jpg", "jpeg", "png", "webp"})

_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCUMENTS: Final[dict[str, tuple[bytes, str]]] = {
    "xlsx": (_ZIP, _XLSX),
    "xls": (_OLE, "application/vnd.ms-excel"),
    "ods": (_ZIP, "application/vnd.oasis.opendocument.spreadsheet"),
    "csv": (b"", "text/csv"),
    "toml": (b"", "application/toml"),
    "pdf": (_PDF, "application/pdf"),
}


class Fault(StrEnum):
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    EXTENSION = "extension"
    NOT_AN_IMAGE = "not_an_image"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    NOT_ITS_KIND = "not_its_kind"


class FaultyFileError(ValueError):
    """The content cannot be kept; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def extension(name: str) -> str:
    """The last extension of a file name in lower case; nothing else of the name is ever used."""
    return name.rpartition(".")[2].strip().lower() if "." in name else ""


def clean_photo(content: bytes, name: str, edge: int = PHOTO_EDGE) -> bytes:
    """A new JPEG of the picture: upright, at most `edge` pixels long, with none of the old file's metadata.

    Raises FaultyFileError.
    """
    _check_size(content, PHOTO_MAX_BYTES)
    if extension(name) not in _PHOTO_EXTENSIONS:
        raise FaultyFileError(Fault.EXTENSION)
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as found:
            _check_pixels(found)
            found.draft("RGB", (edge, edge))
            return _encode(ImageOps.exif_transpose(found), edge)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FaultyFileError(Fault.TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise FaultyFileError(Fault.NOT_AN_IMAGE) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        if isinstance(error, FaultyFileError):
            raise
        raise FaultyFileError(Fault.DAMAGED) from error


def _check_size(content: bytes, limit: int) -> None:
    if not content:
        raise FaultyFileError(Fault.EMPTY)
    if len(content) > limit:
        raise FaultyFileError(Fault.TOO_LARGE)


def _check_pixels(image: Image.Image) -> None:
    limit = JPEG_MAX_PIXELS if image.format in _JPEGS else OTHER_MAX_PIXELS
    if image.width * image.height > limit:
        raise FaultyFileError(Fault.TOO_MANY_PIXELS)


def _encode(image: Image.Image, edge: int) -> bytes:
    image.thumbnail((edge, edge))
    # Pasted onto a new picture: Pillow carries a comment and a colour profile over from one that was read.
    clean = Image.new("RGB", image.size, "white")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        clean.paste(layer, mask=layer.getchannel("A"))
    else:
        clean.paste(image.convert("RGB"))
    out = BytesIO()
    clean.save(out, "JPEG", quality=PHOTO_QUALITY, optimize=True)
    return out.getvalue()


def document_media_type(content: bytes, name: str) -> str:
    """The media type of a document whose first bytes agree with its extension. Raises FaultyFileError."""
    _check_size(content, DOCUMENT_MAX_BYTES)
    known = DOCUMENTS.get(extension(name))
    if known is None:
        raise FaultyFileError(Fault.EXTENSION)
    magic, media_type = known
    # A text file has no first bytes of its own, but never a zero byte.
    if not content.startswith(magic) or (not magic and b"\x00" in content[:4096]):
        raise FaultyFileError(Fault.NOT_ITS_KIND)
    return media_type
