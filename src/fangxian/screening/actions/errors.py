"""What an action of this package raises when it did nothing."""


class ScreeningError(Exception):
    """The change was not made; the message says why and what to do."""
