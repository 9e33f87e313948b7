"""What the actions of a round refuse with."""


class MaskError(Exception):
    """Nothing was changed unless the message says so; it tells what happened and what to do next."""
