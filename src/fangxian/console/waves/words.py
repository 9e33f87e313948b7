"""What is said about a plan of the return wave: why not all come, what it assumes, how good it is."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.queries.waves import Figures
from fangxian.workplaces.wave.chart import Words
from fangxian.workplaces.wave.site import Problem
from fangxian.workplaces.wave.whatif import Change, What
from fangxian.workplaces.wave_results import SiteResult

PROBLEMS: Final[dict[Problem, Promise]] = {
    Problem.NO_LANE: gettext_lazy("All gates are closed on the way in."),
    Problem.LANES: gettext_lazy("More people come than the lanes let in all morning. Open a lane, or a quicker one."),
    Problem.LOBBY: gettext_lazy(
        "More people come than the lifts take up all morning. Run more lifts, or let people walk."
    ),
    Problem.PEOPLE_CAP: gettext_lazy("More people come than the building's cap for a day."),
    Problem.FIRM_CAP: gettext_lazy("More enterprises resume than the building's cap."),
    Problem.PINNED: gettext_lazy("The windows that were promised already fill the lanes or the lifts."),
    Problem.TARGET: gettext_lazy(
        "Some wait longer than the target all the same. Open a lane, or have more work from home."
    ),
}
SMALL_GAP: Final = 0.0005


def problems_of(found: SiteResult) -> list[str]:
    said = [str(PROBLEMS[problem]) for problem in found.problems]
    if found.lanes_more:
        said.append(
            ngettext(
                "With %(number)d more lane everybody who asked to come could.",
                "With %(number)d more lanes everybody who asked to come could.", found.lanes_more,
            ) % {"number": found.lanes_more}
        )  # fmt: skip
    return said


def quality(cost: float, bound: float, gap: float) -> str:
    """How far from the best, in words. The costs are minutes: people times minutes moved, and people kept at home."""
    if cost <= 0:
        return _("Nobody is asked to change anything.")
    words = {"cost": f"{cost:,.0f}", "bound": f"{bound:,.0f}", "gap": f"{gap * 100:.1f}"}
    if gap < SMALL_GAP:
        return _("It asks for %(cost)s minutes of change, and no plan can ask for fewer.") % words
    return _(
        "It asks for %(cost)s minutes of change; no plan can be better than %(bound)s, so it is at most %(gap)s %% "
        "from the best."
    ) % words  # fmt: skip


def method_word(rule: WaveRule, method: str) -> str:
    service = rule.service(method)
    if service is None:
        return method
    return service.title.say(get_language() or "zh")


def changes_in_words(changes: tuple[Change, ...], names: Mapping[str, str], rule: WaveRule) -> list[str]:
    """`names`: of buildings and gates, by their key."""
    return [_change(change, names, rule) for change in changes]


def _change(change: Change, names: Mapping[str, str], rule: WaveRule) -> str:
    where = names.get(change.gate) or names.get(change.site) or _("everywhere")
    words = {"where": where, "method": method_word(rule, change.method), "number": change.count or 0}
    match change.what:
        case What.CLOSE:
            return _("%(where)s closed") % words
        case What.LANE:
            return (
                ngettext(
                    "%(number)d more lane (%(method)s): %(where)s", "%(number)d more lanes (%(method)s): %(where)s",
                    change.count or 0,
                ) % words
            )  # fmt: skip
        case What.METHOD:
            return _("every check by %(method)s: %(where)s") % words
        case What.RAIN:
            return _("rain")
        case What.PEOPLE_CAP:
            return _("at most %(number)d people: %(where)s") % words
        case What.FIRM_CAP:
            return _("at most %(number)d enterprises: %(where)s") % words


def picture_words(name: str, before: tuple[float, float], after: tuple[float, float], target: float) -> Words:
    """`before` and `after`: the longest wait of nineteen of twenty in minutes, and the longest line in people."""
    return Words(
        title=name,
        description=_(
            "Without a plan up to %(line_before).0f people wait, nineteen of twenty up to %(wait_before).0f minutes; "
            "with it up to %(line_after).0f people and %(wait_after).1f minutes."
        )
        % {"line_before": before[1], "wait_before": before[0], "line_after": after[1], "wait_after": after[0]},
        before=_("as asked"), after=_("with the plan"), people=_("people waiting at the gates"),
        minutes=_("by time of arrival: minutes that nineteen of twenty wait at most"),
        target=_("target: %(minutes)g min") % {"minutes": target},
    )  # fmt: skip


def story(figures: Figures) -> str:
    """One sentence of what a plan does."""
    words = {
        "line_before": f"{figures.line_before:,.0f}", "wait_before": f"{figures.p95_before:.0f}",
        "line_after": f"{figures.line_after:,.0f}", "wait_after": f"{figures.p95_after:.1f}",
    }  # fmt: skip
    return _(
        "As asked, up to %(line_before)s people wait at one gate, nineteen of twenty up to %(wait_before)s minutes. "
        "With this plan up to %(line_after)s people, and %(wait_after)s minutes."
    ) % words  # fmt: skip
