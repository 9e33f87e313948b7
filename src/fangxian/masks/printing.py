"""Paper of a round: what a pharmacy packs in the night, committee by committee, and the slip of a called number."""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import segno
import typst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.masks import rules
from fangxian.masks.models import Counter, Round, Run
from fangxian.masks.queries import calls
from fangxian.masks.queries.calls import CalledHousehold
from fangxian.places.models import Place
from fangxian.shared import clock

TEMPLATE: Final = Path(__file__).parent / "typeset" / "round.typ"
MOST: Final = 1_000
"""Slips in one file: a hundred sheets, some seconds of work."""
FIXED_MASK: Final = 2
"""Choosing the best of eight masks takes four fifths of the time of drawing a code; any of them can be read."""
TONGUES: Final = {"zh": "zh", "ja": "ja", "ko": "ko"}


class PrintError(Exception):
    """Nothing was printed; the message says why and what to do."""


def code(voucher: str, secret: str) -> str:
    """The code of a slip as SVG for a page or a sheet."""
    drawn = segno.make(rules.qr_text(voucher, secret), error="m", boost_error=False, micro=False, mask=FIXED_MASK)
    return drawn.svg_inline(border=2, dark="#000", light="#fff", omitsize=True)


def packing_list(run: Run, pharmacy: Place) -> bytes:
    """A PDF with a page for each committee: number, name, goods, slot. For the night shift. Raises PrintError."""
    households = calls.of_run(run, pharmacy=pharmacy)
    if not households:
        raise PrintError(_("Nothing is called at this pharmacy for that day, so there is nothing to pack."))
    shorts = dict(Counter.objects.filter(round=run.round_id).values_list("committee_id", "short"))
    packs = [
        _pack(shorts.get(committee, ""), list(mine))
        for committee, mine in groupby(households, key=lambda one: one.committee_id)
    ]
    title = _("Packing list, round %(number)d, for %(day)s") % {
        "number": run.round.number, "day": run.sale_day.isoformat(),
    }  # fmt: skip
    return compiled(
        {
            "form": "packing", "title": title, "tongue": _tongue(), "pharmacy": pharmacy.name, "packs": packs,
            "heads": ["", _("Number"), _("Name"), _("Goods"), _("Slot"), _("To bring"), _("Packed")],
        }
    )  # fmt: skip


def _pack(committee: str, households: Sequence[CalledHousehold]) -> dict[str, Any]:
    sums: dict[str, int] = {}
    titles: dict[str, Mapping[str, str]] = {}
    for one in households:
        titles |= one.titles
        for key, count in one.wants.items():
            sums[key] = sums.get(key, 0) + count
    return {
        "committee": committee,
        "sums": _("%(households)d households: %(goods)s") % {
            "households": len(households), "goods": _goods(sums, titles),
        },
        "rows": [
            {
                "voucher": one.voucher, "name": one.applicant, "goods": _goods(one.wants, one.titles),
                "slot": _slot(one), "mark": _("to the door") if one.deliver else "",
            }
            for one in households
        ],
    }  # fmt: skip


def vouchers(households: Sequence[CalledHousehold], *, round: Round) -> bytes:
    """A PDF of slips, ten on a sheet of A4, each with its code. No names: a slip is found on a pavement."""
    if not households:
        raise PrintError(_("None of these numbers is called at the moment, so there is no slip to print."))
    if len(households) > MOST:
        raise PrintError(
            _("At most %(most)d slips fit in one file. Narrow the list and print it in parts.") % {"most": MOST}
        )
    titles: dict[str, str] = round.title
    title = titles.get(_language()) or titles.get("zh", "")
    return compiled(
        {
            "form": "slips", "title": title, "tongue": _tongue(), "stamp": _("Stamp of the committee"),
            "slips": [
                {
                    "title": title, "voucher": one.voucher, "goods": _goods(one.wants, one.titles),
                    "pharmacy": one.pharmacy.name, "address": one.pharmacy.address, "slot": _slot(one),
                    "until": _("Kept until the end of %(day)s. Bring your document.") % {
                        "day": _day(one.deadline_us - 1)
                    },
                    "code": code(one.voucher, one.secret),
                }
                for one in households
            ],
        }
    )  # fmt: skip


def compiled(data: Mapping[str, Any], template: Path = TEMPLATE) -> bytes:
    """The sheet as PDF. Raises PrintError where the server has no fonts for it."""
    pdf, warnings = typst.compile_with_warnings(
        template, format="pdf", sys_inputs={"data": json.dumps(data, ensure_ascii=False)}
    )
    if any("unknown font family" in warning.message for warning in warnings):
        raise PrintError(
            _("The Noto Sans CJK fonts are missing on this server, so names would be wrong. Nothing was printed.")
        )
    return bytes(pdf)


def _language() -> str:
    return (get_language() or "zh")[:2]


def _tongue() -> str:
    return TONGUES.get(_language(), "zh")


def _goods(wants: Mapping[str, int], titles: Mapping[str, Mapping[str, str]]) -> str:
    language = _language()
    return "  ".join(
        f"{titles[key].get(language) or titles[key].get('en', key)} × {count}" for key, count in wants.items()
    )


def _day(us: int) -> str:
    return f"{clock.local(clock.from_us(us)):%Y-%m-%d}"


def _slot(one: CalledHousehold) -> str:
    begins, ends = (clock.local(clock.from_us(us)) for us in (one.slot_from_us, one.slot_until_us))
    return f"{begins:%m-%d %H:%M}–{ends:%H:%M}"
