"""One batch of registrations, inside one transaction: read what stands, decide each in turn, write everything at once.

What must not be raced (one for each address, the next number of a committee, whether the round is open) is read here,
under SQLite's writer or PostgreSQL's batch lock (`shared.group_commit`); the table's constraints hold the same. What is
refused leaves an `Attempt`.
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final

from fangxian.masks import rules
from fangxian.masks.actions import register_rows as rows
from fangxian.masks.actions.register_items import Answer, Prepared
from fangxian.masks.rules import Code
from fangxian.places.models import LABEL_WIDTH
from fangxian.shared import clock
from fangxian.shared.text import name_key

SECRET_BYTES: Final = 16


def new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def write_batch(batch: Sequence[Prepared]) -> list[Answer]:
    work = _Batch(batch)
    answers = [work.take(one) for one in batch]
    work.save()
    return answers


class _Batch:
    """The state of a batch while its registrations are decided, one after another."""

    def __init__(self, batch: Sequence[Prepared]) -> None:
        known = rows.named(
            ids={one.id for one in batch}, rounds={one.round for one in batch},
            units={one.unit for one in batch if one.unit}, documents={index for one in batch for index in one.lookups},
            names={one.applicant for one in batch if one.phone}, now=clock.from_us(batch[0].received_us),
        )  # fmt: skip
        self.stored, self.rounds, self.units = known.stored, known.rounds, known.units
        self.bearers, self.colleagues = known.bearers, known.colleagues
        self.counters: dict[tuple[str, str], rows.CounterRow] = {}
        self.standing: dict[tuple[str, str], rows.StoredRow] = {}
        for ident, row in self.rounds.items():
            wanted = {one.unit for one in batch if one.round == ident and one.unit in self.units}
            found = rows.order(ident, units=wanted, paths=self._above(row.path, wanted))
            self.standing.update({(ident, unit): held for unit, held in found.standing.items()})
            self.counters.update({(ident, path): counter for path, counter in found.counters.items()})
        self.fresh: dict[str, list[Any]] = {}
        self.attempts: dict[str, list[Any]] = {}
        self.counted: dict[int, rows.CounterRow] = {}

    def _above(self, street: str, units: set[str]) -> set[str]:
        """Paths between the street and these dwellings: one of each is its committee's."""
        found: set[str] = set()
        for unit in units:
            path = self.units[unit].path
            if path.startswith(street):
                found.update(path[:end] for end in range(len(street) + LABEL_WIDTH, len(path), LABEL_WIDTH))
        return found

    def take(self, one: Prepared) -> Answer:
        before = self.stored.get(one.id)
        if before is not None:
            return self._sent_again(one, before)
        round = self.rounds.get(one.round)
        if round is None:
            return Answer(id=one.id, status="refused", code=Code.UNKNOWN_DOOR)
        unit = self.units.get(one.unit)
        counter = self._counter(one.round, unit.path) if unit is not None else None
        held = self.standing.get((one.round, one.unit))
        staff = one.staff or (one.applicant, one.phone) in self.colleagues
        code = rules.judge(
            facts=round.facts, wants=one.wants, at_us=one.received_us, staff=staff,
            known_door=counter is not None, taken=held is not None,
        )  # fmt: skip
        if code is Code.OK and one.problem is not None:
            code = one.problem
        if code is not Code.OK or unit is None or counter is None:
            return self._refuse(one, code, counter, held if code is Code.TAKEN else None)
        return self._accept(one, round, unit, counter, staff)

    def _sent_again(self, one: Prepared, row: rows.StoredRow) -> Answer:
        """An id is no proof of anything: the page opens to the address's own letter, or to the same document."""
        if row.unit != one.unit or row.round != one.round:
            return Answer(id=one.id, status="refused", code=Code.UNKNOWN_DOOR)
        if not one.proved and bytes.fromhex(row.document or "") not in one.lookups:
            return Answer(id=one.id, status="refused", code=Code.TAKEN)
        return self._known(one, row)

    def _known(self, one: Prepared, row: rows.StoredRow) -> Answer:
        return Answer(
            id=one.id, status="known", code=Code.OK, voucher=rules.voucher(row.number, row.short, row.seq), seq=row.seq,
            committee=row.committee, secret=row.secret,
        )  # fmt: skip

    def _counter(self, round: str, path: str) -> rows.CounterRow | None:
        for end in range(len(path) - LABEL_WIDTH, 0, -LABEL_WIDTH):
            found = self.counters.get((round, path[:end]))
            if found is not None:
                return found
        return None

    def _refuse(
        self, one: Prepared, code: Code, counter: rows.CounterRow | None, held: rows.StoredRow | None
    ) -> Answer:
        self.attempts[one.id] = [
            one.id, one.round, counter.committee if counter else None, one.unit or None, code.value, one.channel,
            held.id if held else None, one.received_us, one.by,
        ]  # fmt: skip
        return Answer(
            id=one.id, status="refused", code=code, committee=counter.committee if counter else "",
            standing=rules.voucher(held.number, held.short, held.seq) if held else "",
        )  # fmt: skip

    def _accept(
        self, one: Prepared, round: rows.RoundRow, unit: rows.UnitRow, counter: rows.CounterRow, staff: bool
    ) -> Answer:
        counter.last += 1
        self.counted[counter.id] = counter
        secret = new_secret()
        subject = self._bearer(one)
        self.fresh[one.id] = [
            one.id, one.round, counter.committee, counter.last, one.unit, subject, one.applicant,
            one.lookups[0] if one.lookups else None, one.document_kind, one.document_mask, one.phone_sealed,
            one.phone_mask, one.channel, one.special or unit.special, staff, one.urgent, one.deliver or unit.deliver,
            one.seen or subject is not None, one.digit, one.birth_year, rules.wants_text(one.wants), secret, one.by,
            one.observed_us, one.received_us, None, "", False,
        ]  # fmt: skip
        row = rows.StoredRow(
            one.id,
            one.round,
            one.unit,
            counter.committee,
            counter.last,
            secret,
            counter.short,
            round.number,
            one.lookups[0].hex() if one.lookups else None,
        )
        self.stored[one.id] = self.standing[one.round, one.unit] = row
        answer = self._known(one, row)
        answer.status = "stored"
        return answer

    def _bearer(self, one: Prepared) -> str | None:
        """The person of the register who has this document and this name."""
        found = [bearer for index in one.lookups for bearer in self.bearers.get(index, ())]
        if not found or not one.applicant:
            return None
        key = name_key(one.applicant)
        return min((subject for subject, name in found if name == key), default=None)

    def save(self) -> None:
        rows.append(list(self.fresh.values()))
        if self.counted:
            rows.save_counters(list(self.counted.values()))
        rows.append_attempts(list(self.attempts.values()))
