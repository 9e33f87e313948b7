"""The cohorts of inspections and findings. The checklists themselves are a section that `duties` owns."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from fangxian.duties.plan_schema import Flaw, Path, SectionSpec, Validated
from fangxian.duties.sections import ChecklistSection, repeated_keys

BUILDINGS: Final = "inspect-building"
COMPOUNDS: Final = "inspect-compound"
FINDING: Final = {severity: f"finding-{severity}" for severity in ("red", "amber", "white")}
"""At an office building: the property manager is asked first."""
ESTATE_FINDING: Final = {severity: f"estate-finding-{severity}" for severity in ("red", "amber", "white")}
"""At a compound: the committee is asked first."""
RECHECK: Final = "finding-recheck"
COHORTS: Final = (BUILDINGS, COMPOUNDS, *FINDING.values(), *ESTATE_FINDING.values(), RECHECK)


def _check_checklist(sections: Validated) -> Iterator[Flaw]:
    found = sections.get("checklist")
    if not isinstance(found, ChecklistSection):
        return
    yield from repeated_keys("checklist", "severities", found.severities)
    yield from repeated_keys("checklist", "areas", found.areas)
    yield from repeated_keys("checklist", "items", found.items)
    areas = Counter(item.area for item in found.items)
    severities = {term.key for term in found.severities}
    for position, area in enumerate(found.areas):
        if not areas[area.key]:
            yield Flaw("checklist", ("areas", position, "key"), "area_empty", {"area": area.key})
    known = {area.key for area in found.areas}
    for position, item in enumerate(found.items):
        if item.area not in known:
            place: Path = ("items", position, "area")
            yield Flaw("checklist", place, "area_unknown", {"area": item.area, "known": ", ".join(sorted(known))})
        if item.severity not in severities:
            place = ("items", position, "severity")
            yield Flaw("checklist", place, "severity_unknown", {"severity": item.severity})


SECTIONS = (SectionSpec(ChecklistSection, cohorts=lambda _: COHORTS, required=False, check=_check_checklist),)
