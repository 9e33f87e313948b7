"""`script/manage wave picture FILE`: the queues of the last plan of the return wave before and after staggering."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fangxian.shared import clock
from fangxian.workplaces.models import PlanStatus, WavePlan
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.wave.chart import Words, draw, picture
from fangxian.workplaces.wave_results import SiteResult, unpacked

TITLE = "{place} {day} · 错峰前后的排队 the queue before and after staggering"
STORY = (
    "{buildings} 幢楼宇、{people:,} 人；方案代价 {cost:,.0f} 人·分钟，下界 {bound:,.0f}。 {buildings} buildings, "
    "{people:,} people; the plan costs {cost:,.0f} person-minutes, and no plan costs less than {bound:,.0f}."
)


class Command(BaseCommand):
    help = "Draw the last published plan of the return wave as SVG: the queues as enterprises asked, and as planned."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=("picture",))
        parser.add_argument("file", type=Path, help="where to write it, such as docs/img/wave-demo.svg")

    def handle(self, **options: Any) -> None:
        plan = WavePlan.objects.filter(status=PlanStatus.PUBLISHED).select_related("place").order_by("-day").first()
        found = list(unpacked(plan.result).values()) if plan is not None else []
        if plan is None or not found:
            raise CommandError("No plan of the return wave is published here. Nothing was written.")
        target = plan_at(clock.now()).section.wave.wait_minutes
        shown = picture([(one.before, one.after) for one in found], target)
        story = _story(plan, found)
        options["file"].parent.mkdir(parents=True, exist_ok=True)
        options["file"].write_text(draw(shown, _words(plan, story, target)), encoding="utf-8")
        self.stdout.write(f"{options['file']}: {story}")


def _story(plan: WavePlan, found: list[SiteResult]) -> str:
    people = sum(one.counts.come for one in found)
    return STORY.format(buildings=len(found), people=people, cost=plan.cost or 0.0, bound=plan.bound or 0.0)


def _words(plan: WavePlan, story: str, target: float) -> Words:
    return Words(
        title=TITLE.format(place=plan.place.name, day=plan.day), description=story, before="各企业自报 as asked",
        after="错峰之后 with the plan", people="门岗排队人数 people waiting at the gates",
        minutes="20 人中 19 人等候不超过（分钟） minutes that nineteen of twenty wait at most",
        target=f"目标 target: {target:g} min",
    )  # fmt: skip
