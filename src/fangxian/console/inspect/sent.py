"""What an inspector's phone seals: walks, judgements of what was put right, measures that were looked at, photos."""

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from fangxian.console.sealed import Batch, Data, Micros, SealedItem

MOST_PHOTOS: Final = 12
MOST_WALK: Final = 200_000
MOST_PHOTO: Final = 4_500_000
"""A photo of 1,600 pixels is some 500 kB; sealed and written as text twice, 0.9 MB. The request's bound is 5 MB."""
Note = Annotated[str, Field(max_length=400)]
Photos = Annotated[tuple[UUID, ...], Field(max_length=MOST_PHOTOS)]


class _Record(Data):
    """`at_us` and `offset_us`: the phone's clock when it was finished, and how far the server's was from it then."""

    at_us: Micros
    offset_us: Annotated[int, Field(ge=-4_102_444_800_000_000, le=4_102_444_800_000_000)]
    photos: Photos = ()


class AnswerRecord(Data):
    item: Annotated[str, Field(max_length=4)]
    result: Literal["ok", "fault", "none"]
    spot: Annotated[str, Field(max_length=60)] = ""
    zone: Annotated[str, Field(max_length=1)] = ""
    note: Note = ""
    photos: Photos = ()


class WalkRecord(_Record):
    kind: Literal["walk"]
    place: UUID
    occasion: Literal["daily", "recheck", "unannounced", "leader"]
    assignment: Annotated[str, Field(max_length=36)] = ""
    checklist: Annotated[str, Field(max_length=64)]
    begun_us: Micros
    answers: Annotated[tuple[AnswerRecord, ...], Field(max_length=200)]
    signed_name: Annotated[str, Field(max_length=60)] = ""
    unsigned_reason: Annotated[str, Field(max_length=200)] = ""
    note: Note = ""
    offline: bool = False


class JudgeRecord(_Record):
    """What was reported as put right, looked at again."""

    kind: Literal["judge"]
    finding: UUID
    act: Literal["pass", "fail"]
    text: Note = ""


class MeasureRecord(_Record):
    """What a tenant says it changed, looked at in passing."""

    kind: Literal["measure"]
    measure: UUID
    holds: bool


AnyRecord = Annotated[WalkRecord | JudgeRecord | MeasureRecord, Field(discriminator="kind")]
RECORD: TypeAdapter[AnyRecord] = TypeAdapter(AnyRecord)


class PhotoRecord(Data):
    kind: Literal["photo"]
    jpeg: str


class WalkItem(SealedItem):
    """`photos`: by the photo's id on the phone, the token that the server gave for it."""

    data: Annotated[str, Field(max_length=MOST_WALK)]
    photos: Annotated[dict[UUID, Annotated[str, Field(max_length=400)]], Field(max_length=200)] = {}


class WalkBatch(Batch):
    items: Annotated[tuple[WalkItem, ...], Field(max_length=100)]


class PhotoItem(SealedItem):
    data: Annotated[str, Field(max_length=MOST_PHOTO)]


class PhotoBatch(Batch):
    items: Annotated[tuple[PhotoItem, ...], Field(max_length=1)]
