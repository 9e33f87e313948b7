"""Opening a window: from then on `expected` is fixed, and only enrolment and withdrawal move it."""

from fangxian.duties.ledger import Ledger
from fangxian.duties.models import Cohort, Headcount, Opened, Rule


def opened_windows(rule_id: int, wanted: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of these (cohort id, window start) the ones that have been opened."""
    rows = Opened.objects.filter(rule_id=rule_id, window_us__in={window for _cohort, window in wanted})
    return wanted & set(rows.values_list("cohort_id", "window_us"))


def open_window(*, rule: Rule, cohort_id: int, window_us: int) -> bool:
    """Set `expected` of every node from the headcount of this moment; only the first call for a window does it.

    To be called inside a transaction: the cohort's row is held, so that nobody enrols between counting and writing.
    Costs a row a node and nothing per subject.
    """
    Cohort.objects.select_for_update().get(id=cohort_id)
    if opened_windows(rule.id, {(cohort_id, window_us)}):
        return False
    Opened.objects.create(rule=rule, cohort_id=cohort_id, window_us=window_us)
    ledger = Ledger()
    for node_id, count in Headcount.objects.filter(cohort_id=cohort_id, count__gt=0).values_list("node_id", "count"):
        ledger.count((rule.id, cohort_id, window_us, node_id), "expected", count)
    ledger.post()
    return True
