"""The words and the doors of the guide for an empty street."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fangxian.command.first_run import FirstRun, StepKey


@dataclass(frozen=True)
class Words:
    title: Promise
    how: Promise
    button: Promise
    url_name: str


WORDS: dict[StepKey, Words] = {
    StepKey.PLACES: Words(
        _("Grids, compounds, buildings"),
        _("Open each neighbourhood and add its grids (300 to 500 households each), compounds and office buildings."),
        _("To the places"), "places:home",
    ),
    StepKey.DWELLINGS: Words(
        _("Dwellings"),
        _("Import the list of dwellings that each committee keeps; any usual table will do."),
        _("Import a list"), "imports:home",
    ),
    StepKey.PEOPLE: Words(
        _("People"),
        _("Import the register of residents, then vehicles, enterprises and their staff."),
        _("Import a list"), "imports:home",
    ),
    StepKey.PLAYBOOK: Words(
        _("Playbook"),
        _("Upload the emergency plan, check it, look at what it would change, and apply it."),
        _("To the playbook"), "playbooks:home",
    ),
    StepKey.ACCOUNTS: Words(
        _("Accounts"),
        _("A secretary for every neighbourhood at least, then grid workers, so that each gap has an owner."),
        _("New account"), "staff:new",
    ),
    StepKey.ROUND: Words(
        _("The first round"),
        _("A committee secretary or a section head opens it. From then on every door is expected."),
        _("To the rounds"), "rounds:list",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class ShownStep:
    title: str
    how: str
    button: str
    url: str
    done: bool
    next: bool
    have: int
    want: int
    missing: Sequence[str]
    more: bool


def shown(run: FirstRun) -> list[ShownStep]:
    found = []
    for step in run.steps:
        words = WORDS[step.key]
        found.append(
            ShownStep(
                str(words.title), str(words.how), str(words.button), reverse(words.url_name), step.done,
                step == run.next, step.have, step.want, step.missing, step.want - step.have > len(step.missing),
            )
        )  # fmt: skip
    return found
