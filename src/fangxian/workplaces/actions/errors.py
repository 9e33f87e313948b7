"""What the actions of workplaces refuse with."""


class WorkplaceError(Exception):
    """Nothing was changed unless the message says so; it tells what happened and what to do next."""
