"""One measured figure, with the target it is held against and the machine it was taken on."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """`ok` is None where there is no target. A target is an upper bound unless `at_least` is set."""

    name: str
    value: float
    unit: str
    target: float | None
    size: str
    at_least: bool = False

    @property
    def ok(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    def line(self, database: str) -> dict[str, object]:
        fields = asdict(self)
        fields.pop("at_least")
        return {**fields, "value": round(self.value, 3), "ok": self.ok, "machine": f"{machine()}, {database}"}


def machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    return f"{os.cpu_count()} x {model}, Python {platform.python_version()}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of the values do not exceed; of no values, 0."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
