"""What a pass looks like on paper and on a screen: its QR code, cards to cut out, and the list to sign for them."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

import segno
import typst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.gates.models import Pass, PassKind, Zone
from fangxian.gates.queries.slots import Slot, own_slot
from fangxian.shared import clock

TEMPLATE: Final = Path(__file__).parent / "typeset" / "passes.typ"
MOST: Final = 1_000
"""Cards in one file: a hundred sheets, some seconds of work."""
FIXED_MASK: Final = 2
"""Choosing the best of eight masks takes four fifths of the time of drawing a code; any of them can be read."""
TONGUES: Final = {"zh": "zh", "ja": "ja", "ko": "ko"}
_KANA: Final = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d]")
_HANGUL: Final = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")


class PrintError(Exception):
    """Nothing was printed; the message says why and what to do."""


def code(token: str, *, mask: int | None = None) -> segno.QRCode:
    """Level M and never raised: a higher level only makes the modules smaller."""
    return segno.make(token, error="m", boost_error=False, micro=False, mask=mask)


def svg(token: str, *, mask: int | None = None) -> str:
    """For a page: no styles inside, dark on white whatever the page's colours are."""
    return code(token, mask=mask).svg_inline(border=4, dark="#000", light="#fff", omitsize=True)


def png(token: str, *, scale: int = 8) -> bytes:
    out = BytesIO()
    code(token).save(out, kind="png", scale=scale, border=4)
    return out.getvalue()


def spoken(number: str) -> str:
    """A number in two halves, as it is read out."""
    return f"{number[:5]} {number[5:]}"


def tongue_of(name: str, language: str = "") -> str:
    """Whose forms of the characters a name is set in: the same code point is drawn differently in China and Japan.

    The script of the name decides; where it is characters alone, the language of the person.
    """
    if _KANA.search(name):
        return "ja"
    if _HANGUL.search(name):
        return "ko"
    return TONGUES.get(language[:2].lower(), "zh")


def cards(
    passes: Sequence[Pass],
    *,
    languages: Mapping[UUID, str] | None = None,
    photos: Mapping[UUID, bytes] | None = None,
    slots: Mapping[UUID, Slot] | None = None,
) -> bytes:
    """A PDF of cards, 90 by 55 mm, ten on a sheet of A4. Raises PrintError.

    `languages` is by subject; `photos` (JPEG) and `slots` (`queries.slots`) are by pass.
    """
    return _compiled("cards", _("Passes"), "", passes, languages or {}, photos or {}, slots or {})


def sheet(passes: Sequence[Pass], *, title: str, languages: Mapping[UUID, str] | None = None) -> bytes:
    """A PDF list of the passes with room for the signature of who received each. Raises PrintError."""
    note = _("Each signs for a pass on receipt. Passes: %(number)d.") % {"number": len(passes)}
    return _compiled("list", title, note, passes, languages or {}, {}, {})


def _compiled(
    form: Literal["cards", "list"],
    title: str,
    note: str,
    passes: Sequence[Pass],
    languages: Mapping[UUID, str],
    photos: Mapping[UUID, bytes],
    slots: Mapping[UUID, Slot],
) -> bytes:
    if not passes:
        raise PrintError(_("None of these passes is in force, so there is nothing to print."))
    if len(passes) > MOST:
        raise PrintError(
            _("At most %(most)d passes fit in one file. Narrow the list and print it in parts.") % {"most": MOST}
        )
    data = {
        "form": form, "title": title, "note": note, "tongue": TONGUES.get((get_language() or "zh")[:2], "zh"),
        "heads": ["", _("Number"), _("Holder"), _("Company"), _("Zone"), _("Good until"), _("Received")],
        "cards": [_card(permit, form, languages, slots) | _face(photos.get(permit.id)) for permit in passes],
    }  # fmt: skip
    pdf, warnings = typst.compile_with_warnings(
        TEMPLATE, format="pdf", sys_inputs={"data": json.dumps(data, ensure_ascii=False)}
    )
    if any("unknown font family" in warning.message for warning in warnings):
        raise PrintError(
            _("The Noto Sans CJK fonts are missing on this server, so names would be wrong. Nothing was printed.")
        )
    return bytes(pdf)


def _card(permit: Pass, form: str, languages: Mapping[UUID, str], slots: Mapping[UUID, Slot]) -> dict[str, str]:
    begins, ends = when(permit.from_us), when(permit.until_us)
    where = f"{permit.place.name} {permit.gate.name}" if permit.gate else permit.place.name
    language = languages.get(permit.subject_id, "") if permit.subject_id else ""
    arrive = slot_words(slots.get(permit.id) or own_slot(permit))
    slot = _("Arrive %(slot)s") % {"slot": arrive} if arrive else ""
    return {
        "kind": str(PassKind(permit.kind).label), "name": permit.holder, "company": permit.company, "place": where,
        "tongue": tongue_of(permit.holder, language), "number": spoken(permit.number), "zone": permit.zone,
        "zone_word": str(Zone(permit.zone).label) if permit.zone else "", "until": ends, "slot": slot,
        "period": f"{begins} –\n{ends}",
        "code": svg(permit.token, mask=FIXED_MASK) if form == "cards" else "",
    }  # fmt: skip


def _face(photo: bytes | None) -> dict[str, str]:
    """The photo as a drawing that holds it: what is not a file has no other way into the page."""
    if photo is None:
        return {"photo": ""}
    inside = base64.b64encode(photo).decode("ascii")
    return {
        "photo": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 40"><image width="30" height="40" '
        f'preserveAspectRatio="xMidYMid slice" href="data:image/jpeg;base64,{inside}"/></svg>'
    }


def when(us: int) -> str:
    """Local date and minute, the same in every language."""
    return clock.local(clock.from_us(us)).strftime("%Y-%m-%d %H:%M")


def slot_words(slot: Slot | None) -> str:
    """The day too, where the slot is that of one day's plan."""
    if slot is None:
        return ""
    if slot.closed:
        return _("not on %(day)s") % {"day": f"{slot.day:%m-%d}"}
    minutes = "–".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in (slot.from_minute, slot.until_minute))
    return f"{slot.day:%m-%d} {minutes}" if slot.day is not None else minutes
