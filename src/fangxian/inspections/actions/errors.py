"""What the actions of inspections refuse with."""


class InspectionError(Exception):
    """Nothing was changed unless the message says so; it tells what happened and what to do next."""
