"""The photo of a pass's holder, by which a guard compares person and pass (人证合一): set, removed, opened.

A photo is kept sealed until the end of the pass, or until it is replaced or removed and no other pass shows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.files import actions as files
from fangxian.files.actions import FileGoneError, FileRefusedError
from fangxian.files.rules import clean_photo
from fangxian.gates.actions.passes import PassError, read_number
from fangxian.gates.models import Pass, PassKind, PassStatus
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.writer import WriterBusyError, write_lock

RETENTION: Final = "pass-photos"
EDGE: Final = 800
"""Enough for a face that fills a tablet's screen."""
CARD_EDGE: Final = 320
"""300 dots an inch on a card."""
JPEG_NAME: Final = "photo.jpg"


class Removal(StrEnum):
    """Why a photo was taken off a pass; the audit holds the code."""

    WRONG_PERSON = "wrong_person"
    POOR = "poor"
    ASKED = "asked"


class Result(StrEnum):
    STORED = "stored"
    REPLACED = "replaced"
    SAME = "same"
    UNKNOWN = "unknown"
    TWICE = "twice"
    REFUSED = "refused"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture whose file name is the number of a pass."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one picture. `text` says why it was refused."""

    name: str
    result: Result
    permit: Pass | None = None
    text: str = ""


def fault(permit: Pass, now: datetime) -> str | None:
    """Why this pass can have no photo now."""
    if permit.kind == PassKind.VEHICLE:
        return _("A vehicle pass has no photo: the plate is compared. Nothing was kept.")
    if permit.status == PassStatus.REVOKED or permit.until_us <= clock.to_us(now):
        return _("This pass is over or revoked. Nothing was kept; issue a new pass first.")
    return None


def set_photo(*, permit: Pass, content: bytes, name: str, by: str, now: datetime) -> Result:
    """Put a photo on a pass, in place of another one: STORED, REPLACED, or SAME where it was this one already.

    Of `name` only the extension is read. Raises PassError or FileRefusedError; the pass is as it was then.
    """
    if (why := fault(permit, now)) is not None:
        raise PassError(why)
    # before the writer is taken: to make a picture anew takes longer than anybody may hold it
    stored = files.store_photo(
        content=content, name=name, retention=RETENTION, delete_after=clock.from_us(permit.until_us), by=by, now=now,
        edge=EDGE,
    )  # fmt: skip
    with write_lock():
        row = Pass.objects.select_for_update().get(id=permit.id)
        before, why = row.photo, fault(row, now)
        if why is None and before != stored.digest:
            _put(row, stored.digest, "gates.photo.set", {"replaced": bool(before)}, by, now)
            _let_go(before, now)
        elif why is not None:
            _let_go(stored.digest, now)
    if why is not None:
        raise PassError(why)
    permit.photo = stored.digest
    if before == stored.digest:
        return Result.SAME
    return Result.REPLACED if before else Result.STORED


@write_lock()
def remove_photo(*, permit: Pass, reason: Removal, by: str, now: datetime) -> bool:
    """Take the photo off a pass; the file goes with the next purge. False where there was none."""
    row = Pass.objects.select_for_update().get(id=permit.id)
    before = row.photo
    permit.photo = ""
    if not before:
        return False
    _put(row, "", "gates.photo.removed", {"reason": reason.value}, by, now)
    _let_go(before, now)
    return True


def set_several(*, photos: Sequence[Sent], scope: Q, by: str, now: datetime) -> list[Told]:
    """Photos named by the numbers of passes within `scope`; each is told about, and a bad one stops no other."""
    numbers = [read_number(sent.name.rpartition(".")[0]) for sent in photos]
    found = {row.number: row for row in Pass.objects.filter(scope, number__in={n for n in numbers if n})}
    told: list[Told] = []
    done = set[str]()
    for sent, number in zip(photos, numbers, strict=True):
        permit = found.get(number or "")
        if permit is None:
            told.append(Told(sent.name, Result.UNKNOWN))
        elif permit.number in done:
            told.append(Told(sent.name, Result.TWICE, permit))
        else:
            answer = _one(permit, sent, by, now)
            if answer.result in (Result.STORED, Result.REPLACED, Result.SAME):
                done.add(permit.number)
            told.append(answer)
    return told


def _one(permit: Pass, sent: Sent, by: str, now: datetime) -> Told:
    try:
        return Told(sent.name, set_photo(permit=permit, content=sent.content, name=sent.name, by=by, now=now), permit)
    except (PassError, FileRefusedError) as refused:
        return Told(sent.name, Result.REFUSED, permit, str(refused))
    except WriterBusyError:
        return Told(sent.name, Result.BUSY, permit)


def open_photo(*, permit: Pass, by: str, now: datetime) -> tuple[str, bytes]:
    """Media type and bytes for a desk, of a pass fetched within reach. Raises FileGoneError."""
    stored, content = files.read(permit.photo)
    with write_lock():
        audit.record(by=by, act="gates.photo.opened", now=now, target=f"pass:{permit.id}", place=permit.place_id)
    return stored.media_type, content


def show_at_gate(*, permit: Pass, gate: Place, by: str, now: datetime) -> tuple[str, bytes]:
    """As `open_photo`, for the guard at a gate. It is noted with the gate: a pass is shown every day."""
    stored, content = files.read(permit.photo)
    with write_lock():
        audit.record(
            by=by, act="gates.photo.shown", now=now, target=f"gate:{gate.id}", place=permit.place_id,
            detail={"pass": permit.id.hex},
        )  # fmt: skip
    return stored.media_type, content


def for_cards(*, passes: Sequence[Pass], by: str, now: datetime) -> dict[UUID, bytes]:
    """Small JPEGs of those that have a photo, for printing. One entry of the audit for all of them."""
    small: dict[UUID, bytes] = {}
    for permit in passes:
        if permit.photo:
            try:
                small[permit.id] = clean_photo(files.read(permit.photo)[1], JPEG_NAME, CARD_EDGE)
            except FileGoneError:
                continue  # the card is printed as one without a photo
    if small:
        with write_lock():
            audit.record(by=by, act="gates.photo.printed", now=now, detail={"count": len(small)})
    return small


def _put(row: Pass, digest: str, act: str, detail: dict[str, object], by: str, now: datetime) -> None:
    Pass.objects.filter(id=row.id).update(photo=digest)
    audit.record(by=by, act=act, now=now, target=f"pass:{row.id}", place=row.place_id, detail=detail)


def _let_go(digest: str, now: datetime) -> None:
    """End the term of a photo that no pass needs any more."""
    if not digest:
        return
    needed = Pass.objects.filter(~Q(photo=""), photo=digest, until_us__gt=clock.to_us(now))
    if not needed.exclude(status=PassStatus.REVOKED).exists():
        files.end_term(digest=digest, retention=RETENTION, now=now)
