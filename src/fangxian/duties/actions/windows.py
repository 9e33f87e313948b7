"""Opening a window: from then on `expected` is fixed, and only enrolment and withdrawal move it."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Case, Count, F, When

from fangxian.duties.ledger import Ledger
from fangxian.duties.models import Cohort, Duty, Headcount, Opened, Rule
from fangxian.duties.schedules import Window


def opened_windows(rule_id: int, wanted: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of these (cohort id, window start) the ones that have been opened."""
    rows = Opened.objects.filter(rule_id=rule_id, window_us__in={window for _cohort, window in wanted})
    return wanted & set(rows.values_list("cohort_id", "window_us"))


def open_window(*, rule: Rule, cohort_id: int, window: Window, now_us: int) -> bool:
    """Set `expected` of every node; only the first call for a window does it.

    While the window runs, that is the headcount of this moment: a row a node and nothing per subject. A window that is
    opened only after it ended (the worker stood still) is counted from the duties that still have it before them, since
    who was enrolled after it does not owe it. To be called inside a transaction, before the first outcome is counted.
    """
    # held so that nobody enrols between counting and writing
    Cohort.objects.select_for_update().get(id=cohort_id)
    if opened_windows(rule.id, {(cohort_id, window.start_us)}):
        return False
    Opened.objects.create(rule=rule, cohort_id=cohort_id, window_us=window.start_us)
    ledger = Ledger()
    for node_id, count in _owing(rule, cohort_id, window, late=now_us >= window.due_us):
        ledger.count((rule.id, cohort_id, window.start_us, node_id), "expected", count)
    ledger.post()
    return True


def _owing(rule: Rule, cohort_id: int, window: Window, *, late: bool) -> Iterable[tuple[UUID, int]]:
    if not late:
        return Headcount.objects.filter(cohort_id=cohort_id, count__gt=0).values_list("node_id", "count")
    behind = Duty.objects.filter(
        rule=rule, cohort_id=cohort_id, deadline_us__isnull=False, window_us__lte=window.start_us
    )
    # one that stands in an earlier window arrives here at the node where its subject belongs by then
    node = Case(When(window_us=window.start_us, then=F("node_id")), default=F("node_next_id"))
    return behind.annotate(counted_at=node).values_list("counted_at").annotate(n=Count("id")).order_by()
