"""What the worker does for workplaces: a list of parts, each in the module that knows it."""

from datetime import datetime

from fangxian.workplaces import filing_folds, ledger_folds, readiness


def fold(now: datetime) -> int:
    """Run each part once; returns how much they changed."""
    buildings = readiness.check_buildings(now=now)
    ledgers = ledger_folds.screen_again(now) + ledger_folds.stop_uncleared(now)
    filings = filing_folds.finish_filings(now)
    return buildings + ledgers + filings + ledger_folds.compare_with_gates(now)
