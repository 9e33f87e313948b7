"""Who may open what, and how far: every address × every role × inside and outside of reach.

An address without a line in `MATRIX` fails the suite, and so does a line that says something else than its view.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from fangxian.accounts.models import RoleGrant
from fangxian.accounts.roles import CAPABILITIES, Capability, Role
from fangxian.duties.models import Playbook
from fangxian.shared.ids import new_id
from tests.support.access_lines import OPEN, RETURN_TO_WORK, SIGNED_IN, Arguments, Line, unknown
from tests.support.desk import NOW, Desks, Side, at_desk, make_desks
from tests.support.factories import make_staff

C = Capability


def _place(side: Side) -> dict[str, Any]:
    return {"place_id": side.hood.id}


def _gap(side: Side) -> dict[str, Any]:
    return {"gap_id": side.gap.id}


def _subject(side: Side) -> dict[str, Any]:
    return {"subject_id": side.person.pk}


def _staff(side: Side) -> dict[str, Any]:
    return {"staff_id": side.worker.id}


def _grant(side: Side) -> dict[str, Any]:
    return {"staff_id": side.worker.id, "grant_id": RoleGrant.objects.get(staff=side.worker).id}


def _round(side: Side) -> dict[str, Any]:
    return {"round_id": side.round.id}


def _ground(side: Side) -> dict[str, Any]:
    return {"round_id": side.round.id, "ground_id": side.door.parent_id}


def _door(side: Side) -> dict[str, Any]:
    return {"round_id": side.round.id, "door_id": side.door.id}


def _version(_side: Side) -> dict[str, Any]:
    return {"version_id": Playbook.objects.get().id}


def _key(value: str) -> Arguments:
    return lambda _side: {"key": value}


MATRIX: dict[str, Line] = {
    "health": Line(OPEN),
    "set_language": Line(OPEN, post=True),
    "account:sign-in": Line(OPEN),
    "account:code": Line(OPEN),
    "account:sign-out": Line(OPEN, post=True),
    "account:me": Line(SIGNED_IN),
    "account:password": Line(SIGNED_IN),
    "account:two-step": Line(SIGNED_IN),
    "account:two-step-off": Line(SIGNED_IN, post=True),
    "home": Line(SIGNED_IN),
    "first-steps": Line(C.ACCOUNTS),
    "board:home": Line(C.BOARD),
    "board:place": Line(C.BOARD, _place),
    "board:fragments": Line(C.BOARD, _place),
    "board:wall": Line(C.BOARD, _place),
    "board:wall-fragments": Line(C.BOARD, _place),
    "gaps:list": Line(C.GAPS),
    "gaps:gap": Line(C.GAPS, _gap),
    "gaps:note": Line(C.GAPS, _gap, post=True),
    "gaps:done": Line(C.RECORD, _gap, post=True),
    "gaps:waive": Line(C.WAIVE, _gap, post=True),
    "given:give": Line(C.GIVE_DUTY),
    "given:done": Line(C.GAPS, unknown("duty_id"), post=True, strange=True),
    "search:page": Line(C.SEARCH),
    "registry:subject": Line(C.REGISTER, _subject),
    "registry:reveal": Line(C.REVEAL, _subject, post=True),
    "places:home": Line(C.BOARD),
    "places:place": Line(C.BOARD, _place),
    "places:profile": Line(C.PLACES, _place, post=True),
    "places:add": Line(C.PLACES, _place, post=True),
    "places:move": Line(C.PLACES, _place, post=True),
    "places:grid": Line(C.PLACES, _place, post=True),
    "staff:list": Line(C.ACCOUNTS),
    "staff:new": Line(C.ACCOUNTS),
    "staff:account": Line(C.ACCOUNTS, _staff),
    "staff:give-role": Line(C.ACCOUNTS, _staff, post=True),
    "staff:end-role": Line(C.ACCOUNTS, _grant, post=True),
    "staff:switch": Line(C.ACCOUNTS, _staff, post=True),
    "staff:password": Line(C.ACCOUNTS, _staff, post=True),
    "staff:two-step-off": Line(C.ACCOUNTS, _staff, post=True),
    "field:today": Line(C.RECORD),
    "field:grounds": Line(C.RECORD, _round),
    "field:doors": Line(C.RECORD, _ground),
    "field:vehicles": Line(C.RECORD, _ground),
    "field:unlisted": Line(C.RECORD, _ground, post=True),
    "field:door": Line(C.RECORD, _door),
    "field:shell": Line(OPEN),
    "field:hello": Line(C.RECORD),
    "field:pack": Line(C.RECORD, post=True),
    "field:pack-state": Line(OPEN, unknown("pack_id")),
    "field:sync": Line(C.RECORD, post=True),
    "field:service-worker": Line(OPEN),
    "field:manifest": Line(OPEN),
    "devices:list": Line(C.DEVICES),
    "devices:add": Line(C.DEVICES),
    "devices:device": Line(C.DEVICES, unknown("device_id"), strange=True),
    "devices:renew": Line(C.DEVICES, unknown("device_id"), post=True, strange=True),
    "devices:revoke": Line(C.DEVICES, unknown("device_id"), post=True, strange=True),
    "devices:calibrate": Line(C.DEVICES, unknown("device_id"), post=True, strange=True),
    "devices:in-charge": Line(C.DEVICES, unknown("device_id"), post=True, strange=True),
    "visits:gates": Line(C.GATE),
    "visits:desk": Line(C.GATE, unknown("gate_id"), strange=True),
    "visits:find": Line(C.GATE, unknown("gate_id"), post=True, strange=True),
    "visits:ask": Line(C.GATE, unknown("gate_id"), post=True, strange=True),
    "visits:leave": Line(C.GATE, unknown("gate_id"), post=True, strange=True),
    "visits:phone": Line(C.GATE, unknown("visit_id"), post=True, strange=True),
    "visits:answer": Line(C.GATE, unknown("visit_id"), post=True, strange=True),
    "visits:collect": Line(C.GATE, unknown("parcel_id"), post=True, strange=True),
    "gate:shell": Line(OPEN),
    "gate:hello": Line(C.GATE),
    "gate:bundle": Line(OPEN),
    "gate:cards": Line(OPEN),
    "gate:hosts": Line(OPEN, post=True),
    "gate:photo": Line(OPEN, post=True),
    "gate:visits": Line(OPEN, post=True),
    "gate:visit": Line(OPEN, unknown("visit_id"), post=True),
    "gate:doors": Line(OPEN),
    "gate:parcels": Line(OPEN, post=True),
    "gate:service-worker": Line(OPEN),
    "gate:manifest": Line(OPEN),
    "gates:list": Line(C.GATE_BOARD),
    "gates:list-live": Line(C.GATE_BOARD),
    "gates:keys": Line(C.PASSES),
    "gates:key-rotate": Line(C.PASSES, post=True),
    "gates:key-distrust": Line(C.PASSES, lambda _side: {"kid": 1}, post=True, strange=True),
    "gates:gate": Line(C.GATE_BOARD, unknown("gate_id"), strange=True),
    "gates:gate-live": Line(C.GATE_BOARD, unknown("gate_id"), strange=True),
    "gates:rota": Line(C.GATE_BOARD, unknown("gate_id"), strange=True),
    "gates:holds": Line(C.GATE_BOARD, unknown("gate_id"), strange=True),
    "gates:settings": Line(C.DEVICES, unknown("gate_id"), strange=True),
    "gates:setup": Line(C.DEVICES, unknown("gate_id"), post=True, strange=True),
    "gates:plan": Line(C.DEVICES, unknown("gate_id"), post=True, strange=True),
    "gates:repeat": Line(C.DEVICES, unknown("gate_id"), post=True, strange=True),
    "gates:end-pattern": Line(C.DEVICES, unknown("gate_id", "pattern_id"), post=True, strange=True),
    "gates:close-post": Line(C.DEVICES, unknown("gate_id"), post=True, strange=True),
    "posts:mine": Line(C.GATE),
    "posts:came": Line(C.GATE, unknown("slot_id"), post=True, strange=True),
    "posts:left": Line(C.GATE, unknown("assignment_id"), post=True, strange=True),
    "gates:assign": Line(C.DEVICES, unknown("gate_id"), post=True, strange=True),
    "gates:unassign": Line(C.DEVICES, unknown("gate_id", "assignment_id"), post=True, strange=True),
    "gates:cancel": Line(C.DEVICES, unknown("gate_id", "slot_id"), post=True, strange=True),
    "gates:sign-off": Line(C.DEVICES, unknown("gate_id", "staff_id"), post=True, strange=True),
    "gates:came": Line(C.GATE, unknown("gate_id", "slot_id"), post=True, strange=True),
    "gates:left": Line(C.GATE, unknown("gate_id", "assignment_id"), post=True, strange=True),
    "gates:hold": Line(C.PASSES, unknown("gate_id"), post=True, strange=True),
    "gates:lift": Line(C.PASSES, unknown("gate_id", "held_id"), post=True, strange=True),
    "masks:list": Line(C.MASKS),
    "masks:new": Line(C.MASKS),
    "masks:round": Line(C.MASKS, unknown("round_id"), strange=True),
    "masks:setup": Line(C.MASKS, unknown("round_id"), strange=True),
    "masks:outlet": Line(C.MASKS, unknown("round_id"), post=True, strange=True),
    "masks:drop": Line(C.MASKS, unknown("round_id"), post=True, strange=True),
    "masks:serve": Line(C.MASKS, unknown("round_id"), post=True, strange=True),
    "masks:announce": Line(C.MASKS, unknown("round_id"), post=True, strange=True),
    "masks:allocate": Line(C.MASKS, unknown("round_id"), post=True, strange=True),
    "masks:cancel": Line(C.MASKS, unknown("round_id"), post=True, strange=True),
    "masks:day": Line(C.MASKS, unknown("round_id"), strange=True),
    "masks:number": Line(C.MASKS, unknown("round_id"), strange=True),
    "masks:take-back": Line(C.MASKS, unknown("round_id", "call_id"), post=True, strange=True),
    "masks:addresses": Line(C.MASKS, unknown("round_id"), strange=True),
    "masks:application": Line(C.MASKS, lambda side: {"round_id": new_id(), "application_id": new_id()}, strange=True),
    "masks:check": Line(C.MASKS, unknown("round_id"), strange=True),
    "masks:audits": Line(C.AUDIT),
    "masks:audit": Line(C.AUDIT, unknown("round_id"), strange=True),
    "masks:run": Line(C.MASKS, unknown("run_id"), strange=True),
    "mask-desk:home": Line(C.MASK_DESK),
    "mask-desk:desk": Line(C.MASK_DESK, _place),
    "mask-desk:register": Line(C.MASK_DESK, _place, post=True),
    # without a round each of them says so; with one their rows are tried in their own tests
    "mask-desk:numbers": Line(C.MASK_DESK, _place),
    "mask-desk:withdraw": Line(C.MASK_DESK, _place, post=True),
    "mask-desk:yield": Line(C.MASK_DESK, _place, post=True),
    "mask-desk:slips": Line(C.MASK_DESK, _place, post=True),
    "mask-desk:calls": Line(C.MASK_DESK, _place),
    "mask-desk:told": Line(C.MASK_DESK, _place, post=True),
    "mask-desk:phone": Line(C.MASK_DESK, _place, post=True),
    "mask-desk:call-slips": Line(C.MASK_DESK, _place, post=True),
    "mask-desk:visits": Line(C.MASK_DESK, _place),
    "mask-desk:delivered": Line(C.MASK_DESK, _place, post=True),
    "mask-desk:addresses": Line(C.MASK_DESK, _place),
    "mask-desk:application": Line(C.MASK_DESK, lambda side: _place(side) | {"application_id": new_id()}),
    "mask-desk:place": Line(C.MASK_DESK, lambda side: _place(side) | {"application_id": new_id()}, post=True),
    "mask-desk:refuse": Line(C.MASK_DESK, lambda side: _place(side) | {"application_id": new_id()}, post=True),
    "mask-desk:pass-on": Line(C.MASK_DESK, lambda side: _place(side) | {"application_id": new_id()}, post=True),
    "mask-desk:dispute": Line(C.MASK_DESK, _place, post=True),
    "mask-desk:decide": Line(C.MASK_DESK, lambda side: _place(side) | {"dispute_id": new_id()}, post=True),
    "mask-desk:doors": Line(C.MASK_DESK, _place),
    "mask-desk:doors-told": Line(C.MASK_DESK, _place, post=True),
    "mask-desk:letters": Line(C.MASK_DESK, _place, post=True),
    "mask-desk:special": Line(C.MASK_DESK, _place),
    "mask-desk:mark": Line(C.MASK_DESK, _place, post=True),
    "mask-counter:home": Line(C.MASK_COUNTER),
    "mask-counter:shell": Line(OPEN),
    "mask-counter:service-worker": Line(OPEN),
    "mask-counter:manifest": Line(OPEN),
    "mask-counter:hello": Line(C.MASK_COUNTER),
    "mask-counter:pack": Line(C.MASK_COUNTER, post=True),
    "mask-counter:pack-state": Line(OPEN, unknown("pack_id")),
    "mask-counter:sync": Line(C.MASK_COUNTER, post=True),
    "mask-counter:listing": Line(C.MASK_COUNTER, unknown("pack_id"), strange=True),
    "mask-counter:street-channel": Line(C.MASKS),
    "mask-counter:desk-channel": Line(C.MASK_DESK, _place),
    "mask-counter:day": Line(C.MASK_COUNTER, unknown("place_id"), strange=True),
    "mask-counter:report": Line(C.MASK_COUNTER, unknown("place_id"), post=True, strange=True),
    "mask-counter:packing": Line(C.MASK_COUNTER, unknown("place_id"), strange=True),
    "mask-counter:handed": Line(C.MASK_COUNTER, unknown("place_id"), strange=True),
    "mask-counter:take-back": Line(C.MASK_COUNTER, unknown("place_id"), post=True, strange=True),
    "mask-counter:goods": Line(C.MASK_COUNTER, unknown("place_id"), strange=True),
    "mask-counter:arrive": Line(C.MASK_COUNTER, unknown("place_id"), post=True, strange=True),
    "mask-counter:correct": Line(C.MASK_COUNTER, unknown("place_id"), post=True, strange=True),
    "mask-counter:channel": Line(C.MASK_COUNTER, unknown("place_id"), strange=True),
    "mask-counter:close": Line(C.MASK_COUNTER, unknown("place_id"), strange=True),
    "rounds:list": Line(C.ROUNDS),
    "rounds:open": Line(C.ROUNDS),
    "rounds:progress": Line(C.ROUNDS, _round),
    "rounds:enrolling": Line(C.ROUNDS, _round),
    "rounds:close": Line(C.ROUNDS, _round, post=True),
    "rounds:findings": Line(C.REGISTER),
    "rounds:dismiss": Line(C.IMPORT, unknown("finding_id"), post=True, strange=True),
    "imports:home": Line(C.IMPORT),
    "imports:batch": Line(C.IMPORT, unknown("batch_id"), strange=True),
    "imports:columns": Line(C.IMPORT, unknown("batch_id"), post=True, strange=True),
    "imports:preview": Line(C.IMPORT, unknown("batch_id"), strange=True),
    "imports:counts": Line(C.IMPORT, unknown("batch_id"), strange=True),
    "imports:confirm": Line(C.IMPORT, unknown("batch_id"), post=True, strange=True),
    "imports:withdraw": Line(C.IMPORT, unknown("batch_id"), post=True, strange=True),
    "imports:resume": Line(C.IMPORT, unknown("batch_id"), post=True, strange=True),
    "imports:progress": Line(C.IMPORT, unknown("batch_id"), strange=True),
    "imports:refused": Line(C.IMPORT, unknown("batch_id"), post=True, strange=True),
    "imports:decide": Line(C.IMPORT, unknown("candidate_id"), post=True, strange=True),
    "imports:undo": Line(C.IMPORT, unknown("candidate_id"), post=True, strange=True),
    "playbooks:home": Line(C.PLAYBOOK),
    "playbooks:check": Line(C.PLAYBOOK, post=True),
    "playbooks:shipped": Line(C.PLAYBOOK, lambda _side: {"name": "covid-2020-02"}, post=True),
    "playbooks:progress": Line(C.PLAYBOOK),
    "playbooks:apply": Line(C.PLAYBOOK, post=True),
    "playbooks:version": Line(C.PLAYBOOK, _version),
    "playbooks:again": Line(C.PLAYBOOK, _version, post=True),
    "playbooks:download": Line(C.PLAYBOOK, _version),
    "playbooks:threshold": Line(C.PLAYBOOK, _key("fever_celsius")),
    "playbooks:new-region": Line(C.PLAYBOOK),
    "playbooks:region": Line(C.PLAYBOOK, _key("hubei")),
    "playbooks:new-item": Line(C.PLAYBOOK),
    "playbooks:item": Line(C.PLAYBOOK, _key("A1")),
    "playbooks:gates": Line(C.PLAYBOOK),
    "playbooks:masks": Line(C.PLAYBOOK),
    "playbooks:goods": Line(C.PLAYBOOK, _key("masks")),
    "playbooks:new-answer": Line(C.PLAYBOOK),
    "playbooks:answer": Line(C.PLAYBOOK, lambda _side: {"number": 1}),
    "playbooks:zone": Line(C.PLAYBOOK, lambda _side: {"letter": "R"}),
    "hygiene:list": Line(C.DISINFECT),
    "hygiene:area": Line(C.DISINFECT, lambda side: {"area_id": side.area.id}),
    "hygiene:photo": Line(C.DISINFECT, unknown("log_id"), strange=True),
    "hygiene:mix": Line(C.DISINFECT),
    "hygiene:labels": Line(C.DISINFECT),
    "trace:page": Line(C.TRACE),
    "stock:list": Line(C.STOCK),
    "stock:export": Line(C.STOCK),
    "stock:store": Line(C.STOCK, _place),
    "stock:receive": Line(C.STOCK, _place, post=True),
    "stock:move": Line(C.STOCK, _place, post=True),
    "stock:write-off": Line(C.STOCK, _place, post=True),
    "stock:count": Line(C.STOCK, _place, post=True),
    "passes:list": Line(C.PASSES),
    "passes:issue": Line(C.PASSES),
    "passes:many": Line(C.PASSES),
    "passes:change-several": Line(C.PASSES, post=True),
    "passes:photos": Line(C.PASSES),
    "passes:photo": Line(C.PASSES, unknown("pass_id"), strange=True),
    "passes:photo-put": Line(C.PASSES, unknown("pass_id"), post=True, strange=True),
    "passes:photo-remove": Line(C.PASSES, unknown("pass_id"), post=True, strange=True),
    "passes:print": Line(C.PASSES, lambda _side: {"form": "neither"}, post=True, strange=True),
    "passes:story": Line(C.PASSES, unknown("pass_id"), strange=True),
    "passes:change": Line(C.PASSES, unknown("pass_id"), post=True, strange=True),
    "passes:card": Line(C.PASSES, unknown("pass_id"), strange=True),
    "resident:language": Line(OPEN, post=True),
    "resident:rounds": Line(OPEN),
    "resident:register-open": Line(OPEN, lambda _side: {"number": 2}),
    "resident:register": Line(OPEN, lambda _side: {"number": 2, "door": "nobody"}),
    "resident:dispute": Line(OPEN, lambda _side: {"number": 2, "door": "nobody"}, post=True),
    "resident:number": Line(OPEN, lambda _side: {"secret": "nobody"}),
    "resident:yield": Line(OPEN, lambda _side: {"secret": "nobody"}, post=True),
    "resident:withdraw": Line(OPEN, lambda _side: {"secret": "nobody"}, post=True),
    "resident:round": Line(OPEN, lambda side: {"language": "zh"}),
    "resident:stock-json": Line(OPEN),
    "resident:run": Line(OPEN, lambda _side: {"number": 2, "run": 1}),
    "resident:stock-csv": Line(OPEN),
    "resident:visit": Line(OPEN, lambda _side: {"secret": "nobody"}),
    "resident:wallet-photo": Line(OPEN, lambda _side: {"secret": "nobody"}),
    "resident:wallet": Line(OPEN, lambda _side: {"secret": "nobody"}),
    **RETURN_TO_WORK,
}
# the plan and the keys belong to the whole street, so nobody who holds a part of it opens these
WHOLE_STREET = frozenset(name for name in MATRIX if name.startswith(("playbooks:", "gates:key")))


def _walk(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        else:
            assert isinstance(pattern, URLPattern)
            yield f"{space}{pattern.name}", pattern.callback


def test_every_address_has_a_line_and_every_line_an_address() -> None:
    found = dict(_walk(get_resolver()))
    assert set(MATRIX) - set(found) == set(), "lines without an address"
    assert set(found) - set(MATRIX) == set(), "addresses without a line"


def test_every_line_says_what_its_view_asks_for() -> None:
    said = {name: getattr(view, "capability", None) for name, view in _walk(get_resolver())}
    assert {name: line.needs for name, line in MATRIX.items()} == said


@pytest.fixture
def desks(db: None) -> Iterator[Desks]:
    with time_machine.travel(NOW, tick=False):
        yield make_desks()


def _status(client: Client, name: str, line: Line, side: Side) -> int:
    """The status of the answer; whatever the request wrote is undone."""
    address = reverse(name, kwargs=line.of(side) if line.of else None)
    with transaction.atomic():
        answer = client.post(address) if line.post else client.get(address)
        transaction.set_rollback(True)
    return answer.status_code


def test_without_signing_in_only_the_open_pages_open(desks: Desks) -> None:
    for name, line in MATRIX.items():
        if line.needs != OPEN:
            address = reverse(name, kwargs=line.of(desks.here) if line.of else None)
            answer = Client().post(address) if line.post else Client().get(address)
            assert answer.status_code == 302, name
            assert answer["Location"].startswith("/sign-in/"), name


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_its_own_pages_as_far_as_it_reaches(role: Role, desks: Desks) -> None:
    here = at_desk(make_staff(role, desks.here.hood, "试用"))
    everywhere = at_desk(make_staff(role, desks.street.street, "全街"))
    wrong = []
    for name, line in MATRIX.items():
        if line.needs in (OPEN, SIGNED_IN):
            continue
        may = line.needs in CAPABILITIES[role]
        whole = name in WHOLE_STREET
        inside = _status(everywhere if whole else here, name, line, desks.here)
        allowed = inside == 404 if line.strange else inside not in (403, 404)
        if allowed != may:
            wrong.append((name, "inside", inside))
        if whole:
            outside = _status(here, name, line, desks.here)
            if outside != 403:
                wrong.append((name, "only a part of the street", outside))
        elif line.of:
            outside = _status(here, name, line, desks.there)
            if outside != (404 if may else 403):
                wrong.append((name, "outside", outside))
    assert wrong == []


def test_a_role_that_has_ended_opens_nothing(desks: Desks) -> None:
    staff = make_staff(Role.COMMITTEE_SECRETARY, desks.here.hood)
    RoleGrant.objects.filter(staff=staff).update(since=NOW.replace(hour=0), until=NOW)
    client = at_desk(staff)
    for name, line in MATRIX.items():
        if line.needs not in (OPEN, SIGNED_IN):
            assert _status(client, name, line, desks.here) == 403, name


@pytest.mark.parametrize("role", [Role.SECTION_HEAD, Role.ADMINISTRATOR])
def test_every_page_stays_within_twelve_queries(role: Role, desks: Desks) -> None:
    """Those roles open every page between them; asked twice, since the first answer may fill a cache."""
    client = at_desk(make_staff(role, desks.street.street, "全街"))
    over = {}
    for name, line in MATRIX.items():
        if line.post or line.strange or (line.needs not in (OPEN, SIGNED_IN) and line.needs not in CAPABILITIES[role]):
            continue
        address = reverse(name, kwargs=line.of(desks.here) if line.of else None)
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        if len(asked) > 12:
            over[name] = len(asked)
    assert over == {}
