"""Logs without personal data."""

import logging
import traceback
from types import TracebackType

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class FrameFormatter(logging.Formatter):
    """Prints where an exception came from, and its class, but not its message.

    A database's message repeats the values of the row that it refused, and those may be a name or a number.
    """

    def formatException(self, ei: ExceptionInfo) -> str:
        kind, error, where = ei
        if kind is None or error is None:
            return ""
        frames = "".join(
            f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n'
            for frame in traceback.extract_tb(where)
        )
        chain: list[str] = []
        cause = error.__cause__ or error.__context__
        while cause is not None and len(chain) < 5:
            chain.append(type(cause).__qualname__)
            cause = cause.__cause__ or cause.__context__
        origin = f" (from {', '.join(chain)})" if chain else ""
        return f"{frames}{kind.__module__}.{kind.__qualname__}{origin}"
