"""What notices and duties of a round name as their source."""

from uuid import UUID

from fangxian.masks.models import Round


def source_of(round: Round) -> str:
    """Of the notice of a round, and of the duties that come from it."""
    return f"mask-round:{round.id.hex}"


def home_source(registration_id: UUID) -> str:
    """Of the visit that one telephone call asked for."""
    return f"mask-home:{registration_id.hex}"
