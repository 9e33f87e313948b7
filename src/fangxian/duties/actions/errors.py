"""What these actions refuse with."""


class DutyError(Exception):
    """The change was not made; the message says why and what to do."""
