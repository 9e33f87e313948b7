"""The folds and queues that the worker drives: it lists them, their packages own what they do."""

from datetime import datetime

from fangxian.duties import folds as duties
from fangxian.files import actions as files
from fangxian.gates import folds as gates
from fangxian.gates.actions import parcels, visits
from fangxian.gates.actions import purge as gate_log
from fangxian.hygiene import actions as hygiene_actions
from fangxian.hygiene import folds as hygiene
from fangxian.inspections import folds as inspections
from fangxian.masks import folds as masks
from fangxian.masks import nightly
from fangxian.registry import folds as registry
from fangxian.registry.imports import actions as imports
from fangxian.screening import folds as screening
from fangxian.workplaces import folds as workplaces
from fangxian.workplaces.actions import wave_work


def fold_register(now: datetime) -> int:
    """Moves of the tree taken into the register; its changes, and rounds that were announced, into open rounds."""
    return registry.follow_moves(now=now) + screening.fold_register(now=now) + screening.enrol_announced(now=now)


def fold_places(now: datetime) -> int:
    """Doors and public areas that were built, closed or moved, taken into rounds of doors and of goods, disinfection
    and counts; gates that nobody is planned for."""
    ground = screening.fold_places(now=now) + hygiene.fold_areas(now=now) + duties.follow_grids(now=now)
    return ground + gates.fold_unplanned(now=now) + masks.follow_doors(now=now)


def fold_gates(now: datetime) -> int:
    """Checks and openings of turnstiles, taken into duties, counts and contradictions; parcels that lay too long."""
    folded = gates.fold_checks(now=now) + gates.fold_openings(now=now)
    return folded + visits.lapse(now=now) + parcels.settle_overdue(now=now)


def fold_masks(now: datetime) -> int:
    """Rounds of goods: doors, special households and closings that are owed; numbers not collected in time."""
    return masks.fold(now=now)


def fold_workplaces(now: datetime) -> int:
    """Office buildings and their enterprises: what a building lacks, and what else the return to work asks for."""
    return workplaces.fold(now)


def fold_inspections(now: datetime) -> int:
    """Who owes an inspection, who is sent to re-inspect, and passes issued while their zone is suspended."""
    return inspections.fold(now=now)


def plan_inspections(now: datetime) -> int:
    """Inspectors of today and tomorrow, where a place has none yet."""
    return inspections.plan_days(now=now)


def call_numbers(now: datetime) -> int:
    """Each night, from the plan's hour on, the numbers of the next day of sale."""
    return nightly.call_due(now=now)


def work_out_waves(now: datetime) -> int:
    """The next plan of a return wave that was asked for."""
    return wave_work.work_next(now=now)


def take_imports(now: datetime) -> int:
    """The next list that was confirmed; while none is, the counts of a long one that somebody looks at."""
    return imports.commit_next(now=now) or imports.count_next(now=now)


def purge(now: datetime) -> int:
    """Photos and documents whose term has ended, the names on old disinfection records, and old gate logs."""
    return files.purge(now=now) + hygiene_actions.forget_old(now=now) + gate_log.purge(now=now)


def remove_orphans(now: datetime) -> int:
    """Contents of files that no row names; one look goes through all of them."""
    files.remove_orphans(now=now)
    return 0
