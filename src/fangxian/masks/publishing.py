"""The published file of a night: everything that the calls follow from, and the calls.

Canonical JSON (keys in order, no spaces, ASCII) whose last member is the SHA-256 of what stands before it. There are
pseudonyms only: a hash for each registration, its rank among those of its committee that wait, what is wanted, and
those marks that the order depends on. Neither the id of a registration nor the number of its voucher is in it.
Anybody can work out the calls again from this file alone (`verify`).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _

from fangxian.masks.allocation import Called, Claim, Crowd, Night, Outlet, Pool, Result, Share, Why, allocate
from fangxian.masks.models import Policy

FORMAT: Final = "fangxian-masks/1"


class PublishedError(ValueError):
    """The text is not a published file; the message says what is wrong with it."""


def canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def sealed(outlets: Iterable[str], head: Mapping[str, Any]) -> tuple[str, str]:
    """The file's text and its SHA-256. `outlets` are the texts of `outlet_text`; every key of `head` is below "s".

    Put together once: the file of a city has hundreds of megabytes.
    """
    parts = ['{"counters":[']
    for text in outlets:
        parts += [text, ","]
    if len(parts) > 1:
        parts.pop()
    parts.append("]," + canonical({"format": FORMAT, **head})[1:-1])
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part.encode())
    hashed.update(b"}")
    digest = hashed.hexdigest()
    parts.append(f',"sha256":"{digest}"}}')
    return "".join(parts), digest


def head_of(night: Night, *, number: int, seed_commit: str, deadline_us: int, made_us: int) -> dict[str, Any]:
    return {
        "night": {
            "closed": night.closed, "deadline_us": deadline_us, "made_us": made_us, "policy": night.policy,
            "sale_day": night.sale_day.isoformat(), "seed": night.seed, "variants": list(night.variants),
        },
        "round": {"number": number, "seed_commit": seed_commit},
    }  # fmt: skip


def claim_text(claim: Claim) -> str:
    """`3f9a… 137 5,0 s u d7`: pseudonym, rank, pieces by variant, and what else the order depends on."""
    parts = [claim.id, str(claim.seq), ",".join(map(str, claim.wants))]
    if claim.special:
        parts.append("s")
    if claim.urgent:
        parts.append("u")
    if claim.yielded:
        parts.append("y")
    if claim.digit is not None:
        parts.append(f"d{claim.digit}")
    if claim.tier:
        parts.append(f"t{claim.tier}")
    if claim.place is not None:
        parts.append(f"p{claim.place[0]}:{claim.place[1]}")
    return " ".join(parts)


def read_claim(text: str) -> Claim:
    id_, seq, wants, *marks = text.split(" ")
    flags = {mark[0]: mark[1:] for mark in marks}
    place = flags["p"].partition(":") if "p" in flags else None
    return Claim(
        id_, int(seq), tuple(map(int, wants.split(","))), "s" in flags, "u" in flags, "y" in flags,
        int(flags["d"]) if "d" in flags else None, int(flags.get("t", 0)),
        (int(place[0]), place[2]) if place else None,
    )  # fmt: skip


def outlet_text(
    night: Night, outlet: Outlet, result: Result, *, name: str, slots: Sequence[int], committees: Mapping[str, str]
) -> str:
    """One pharmacy's part of the file. `slots` are the beginnings, `committees` the short names by key."""
    return canonical(
        {
            "calls": [_call_text(night, call) for call in result.calls],
            "committees": [
                {
                    "claims": [claim_text(claim) for claim in sorted(crowd.claims, key=lambda claim: claim.seq)],
                    "key": crowd.key, "name": committees.get(crowd.key, ""), "prior": crowd.prior,
                    "special_prior": crowd.special_prior, "special_weight": crowd.special_weight,
                    "weight": crowd.weight,
                }
                for crowd in sorted(outlet.crowds, key=lambda crowd: crowd.key)
            ],
            "free": outlet.free, "freed": result.freed, "kept": result.kept, "key": outlet.key, "left": result.left,
            "name": name, "reserve": outlet.reserve, "room": outlet.room, "shares": result.shares,
            "slots": list(slots), "taken": result.taken,
        }
    )  # fmt: skip


def _call_text(night: Night, call: Called) -> str:
    reserve = " r" if call.reserved else ""
    return f"{call.id} {night.variants[call.variant]} {call.quantity} {call.slot}{reserve}"


@dataclass(frozen=True)
class Part:
    """One pharmacy of a file as it was read."""

    name: str
    names: dict[str, str]
    outlet: Outlet
    slots: tuple[int, ...]
    stated: dict[str, Any]


@dataclass(frozen=True)
class Published:
    night: Night
    number: int
    seed_commit: str
    deadline_us: int
    sha256: str
    parts: list[Part]


@dataclass
class Report:
    """What a check of a file found. No `faults`: the calls follow from the file, exactly."""

    number: int
    sale_day: date
    sha256: str
    policy: str
    pharmacies: int = 0
    committees: int = 0
    waiting: int = 0
    calls: int = 0
    faults: list[str] = field(default_factory=list)
    proof: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults


def read(text: str) -> Published:
    """Raises PublishedError. The hash is not compared here."""
    try:
        data = json.loads(text)
        if data.get("format") != FORMAT:
            raise PublishedError(_("This is not a published file of a round, or one of another version."))
        night, round = data["night"], data["round"]
        return Published(
            Night(
                str(Policy(night["policy"])), night["seed"], date.fromisoformat(night["sale_day"]),
                tuple(night["variants"]), bool(night["closed"]),
            ),
            round["number"], round["seed_commit"], night["deadline_us"], data["sha256"],
            [_part(part) for part in data["counters"]],
        )  # fmt: skip
    except PublishedError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise PublishedError(
            _("The file cannot be read: it is damaged or incomplete. Get it again from the public page.")
        ) from error


def _part(data: dict[str, Any]) -> Part:
    crowds = [
        Crowd(
            one["key"], tuple(one["weight"]), tuple(one["prior"]), tuple(one["special_weight"]),
            tuple(one["special_prior"]), [read_claim(line) for line in one["claims"]],
        )
        for one in data["committees"]
    ]  # fmt: skip
    outlet = Outlet(data["key"], tuple(data["free"]), tuple(data["reserve"]), tuple(data["room"]), crowds)
    names = {one["key"]: one["name"] for one in data["committees"]}
    return Part(data["name"], names, outlet, tuple(data["slots"]), data)


def verify(text: str) -> Report:
    """Work out the calls again from nothing but the file, and say whatever does not agree. Raises PublishedError."""
    file = read(text)
    report = Report(file.number, file.night.sale_day, file.sha256, file.night.policy)
    report.faults += _seal_faults(text, file)
    for part in file.parts:
        result = allocate(file.night, part.outlet)
        again = json.loads(
            outlet_text(
                file.night, part.outlet, result, name=part.name, slots=part.slots, committees=part.names
            )
        )  # fmt: skip
        report.faults += _differences(part, again)
        report.pharmacies += 1
        report.committees += len(part.outlet.crowds)
        report.waiting += sum(len(crowd.claims) for crowd in part.outlet.crowds)
        report.calls += len(result.calls)
        report.proof += list(proof_lines(part.name, part.names, file.night, result))
    return report


def _seal_faults(text: str, file: Published) -> Iterator[str]:
    body, mark, _rest = text.strip().rpartition(',"sha256":"')
    if not mark or hashlib.sha256((body + "}").encode()).hexdigest() != file.sha256:
        yield _("The file was changed after it was made: its SHA-256 does not agree with its contents.")
    if hashlib.sha256(file.night.seed.encode()).hexdigest() != file.seed_commit:
        yield _("The seed is not the one that was promised when the round was announced.")


def _differences(part: Part, again: dict[str, Any]) -> Iterator[str]:
    stated, worked_out = part.stated["calls"], again["calls"]
    if stated != worked_out:
        missing, added = set(worked_out) - set(stated), set(stated) - set(worked_out)
        for line in sorted(missing)[:5]:
            yield _("%(pharmacy)s: this number should have been called and is not in the file: %(line)s") % {
                "pharmacy": part.name, "line": line,
            }  # fmt: skip
        for line in sorted(added)[:5]:
            yield _("%(pharmacy)s: this number is in the file and should not have been called: %(line)s") % {
                "pharmacy": part.name, "line": line,
            }  # fmt: skip
        if not missing and not added:
            yield _("%(pharmacy)s: the calls are the right ones, in another order.") % {"pharmacy": part.name}
    parts = {
        "shares": _("shares"), "left": _("goods left"), "kept": _("goods kept for a next number"),
        "freed": _("reserve given free"), "taken": _("places taken over"),
    }  # fmt: skip
    for key, word in parts.items():
        if part.stated[key] != again[key]:
            yield _("%(pharmacy)s: what the file says about its %(part)s does not follow from what went in.") % {
                "pharmacy": part.name, "part": word,
            }  # fmt: skip


def why_words(share: Share) -> str:
    """Why nobody's share can be raised without lowering a smaller one, for one committee."""
    return {
        "all": _("everybody who waited was called"),
        "ahead": _("was at or above the others' level before tonight, so the others come first"),
        "level": _("has its full share; one more would take pieces from a committee that is not above it"),
        "pieces": _("the next number needs %(next)d and fewer are left; they are kept for it") % {"next": share.next},
        "slots": _("no place is left in the day's slots"),
    }[share.why.value]


@dataclass(frozen=True)
class ShareLine:
    """One committee's share in a pool, with names for reading."""

    pharmacy: str
    committee: str
    variant: str
    pool: Pool
    share: Share

    @property
    def why(self) -> str:
        return why_words(self.share)


def share_lines(file: Published) -> list[ShareLine]:
    """The shares as the file states them; whether they follow from it is for `verify`."""
    lines = []
    for part in file.parts:
        for row in part.stated["shares"]:
            share = Share._make([row[0], Pool(row[1]), *row[2:9], Why(row[9])])
            lines.append(
                ShareLine(
                    part.name, part.names.get(share.crowd, share.crowd), file.night.variants[share.variant], share.pool,
                    share,
                )
            )  # fmt: skip
    return lines


def proof_lines(pharmacy: str, names: Mapping[str, str], night: Night, result: Result) -> Iterator[str]:
    """The proof of the shares in words, a line for each committee and pool."""
    for share in result.shares:
        pool = {"reserve": _("reserve"), "first": _("pharmacy dropped out"), "general": _("general")}[share.pool.value]
        yield _(
            "%(pharmacy)s, %(variant)s, %(pool)s: %(committee)s waiting %(waiting)d of %(weight)d, called before "
            "%(prior)d, tonight %(called)d, exact share %(optimum)s: %(why)s"
        ) % {
            "pharmacy": pharmacy, "variant": night.variants[share.variant], "pool": pool,
            "committee": names.get(share.crowd, share.crowd), "waiting": share.waiting, "weight": share.weight,
            "prior": share.prior, "called": share.called, "optimum": f"{share.optimum / 1000:.3f}",
            "why": why_words(share),
        }  # fmt: skip
