"""What a device seals for the server and sends when the network is back: the envelope of every offline page."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from fangxian.shared import sealing
from fangxian.shared.sealing import SealedRecord

MOST_ITEMS: Final = 200
MOST_CHARS: Final = 40_000
Micros = Annotated[int, Field(ge=0, le=4_102_444_800_000_000)]


class Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _without_nul(cls, value: object) -> object:
        # PostgreSQL keeps no NUL: one such record would end the whole batch, and the phone would send it for ever
        texts = value if isinstance(value, tuple) else (value,)
        if any(isinstance(one, str) and "\x00" in one for one in texts):
            raise ValueError("a text holds NUL")
        return value


class SealedItem(Data):
    """One record as it lies on the phone. The pack's and the record's id are bound into the seal."""

    id: UUID
    pack: UUID
    key: Annotated[int, Field(ge=1, le=255)]
    point: Annotated[str, Field(max_length=100)]
    nonce: Annotated[str, Field(max_length=24)]
    data: Annotated[str, Field(max_length=MOST_CHARS)]

    @property
    def aad(self) -> bytes:
        return f"{self.pack}:{self.id}".encode()

    def open(self) -> bytes:
        """What was sealed. Raises UnsealError."""
        sealed = SealedRecord(
            self.key, sealing.from_text(self.point), sealing.from_text(self.nonce), sealing.from_text(self.data)
        )
        return sealing.open_record(sealed, self.aad)


class Batch(Data):
    """`device_us`: what the phone's clock said when it sent this."""

    device_us: Micros
    items: Annotated[tuple[SealedItem, ...], Field(max_length=MOST_ITEMS)]
