"""Empty posts: a role that should own gaps and that nobody holds is itself a gap, owned further up."""

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.accounts.queries import Posts
from fangxian.accounts.roles import Role
from fangxian.duties.actions.give import give
from fangxian.duties.actions.plan import EMPTY_POST
from fangxian.duties.actions.record import done
from fangxian.duties.models import Gap, GapStatus, Rule
from fangxian.duties.plan_schema import RuleSpec
from fangxian.duties.queries import asked_by_source
from fangxian.places.models import Place
from fangxian.shared.writer import write_lock

NOTICE = timedelta(minutes=1)
SOURCE = "post"


def check_posts(*, now: datetime) -> int:
    """Give a duty for each first post that has open gaps and no holder, and settle those that are filled again.

    Returns how many were given or settled. The post is named by role and node, so that it is asked for once.
    """
    wanted = _empty_posts(now)
    asked = asked_by_source(f"{SOURCE}:")
    changed = 0
    for source, (role, node) in sorted(wanted.items()):
        if source not in asked:
            title = _("Post empty: %(role)s, %(place)s") % {"role": Role(role).label, "place": node.name}
            with write_lock():
                give(
                    title=title, place=node, until=now + NOTICE, role=Role.SECTION_HEAD, source=source, by="worker",
                    now=now, system=EMPTY_POST,
                )  # fmt: skip
            changed += 1
    for source, duty in sorted(asked.items()):
        if source not in wanted:
            with write_lock():
                done(duty=duty, by="worker", now=now, ref=source)
            changed += 1
    return changed


def _empty_posts(now: datetime) -> dict[str, tuple[str, Place]]:
    by_rule: dict[int, set[UUID]] = defaultdict(set)
    pairs = Gap.objects.filter(status=GapStatus.OPEN, rule__playbook__isnull=False).values_list("rule_id", "node_id")
    for rule_id, node_id in pairs.distinct():
        by_rule[rule_id].add(node_id)
    nodes = Place.objects.in_bulk(list({node for ids in by_rule.values() for node in ids}))
    posts = Posts(nodes.values(), now)
    found: dict[str, tuple[str, Place]] = {}
    for rule in Rule.objects.filter(id__in=list(by_rule)):
        role = RuleSpec.from_spec(rule.spec).escalation[0].role
        for node_id in by_rule[rule.id]:
            if not posts.nearest(role, node_id):
                found[f"{SOURCE}:{role}:{node_id.hex}"] = (role, nodes[node_id])
    return found
