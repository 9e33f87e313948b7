"""A filing for the return to work: written in parts, sent in, decided, suspended, ended."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.audit.models import Entry
from fangxian.duties import actions as duties
from fangxian.duties.models import Duty
from fangxian.places.models import Place
from fangxian.registry import identifiers
from fangxian.registry.identity import phone_mask
from fangxian.registry.models import Enterprise
from fangxian.registry.refusals import Refusal
from fangxian.shared import clock, crypto
from fangxian.shared.language import in_street_words
from fangxian.shared.writer import write_lock
from fangxian.workplaces import rules
from fangxian.workplaces.actions import firms, returning
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Filing, FilingAct, FilingStatus, FilingStep, Statement, StatementKind
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.playbook import HEALTH, VISIT
from fangxian.workplaces.queries import filings as reads
from fangxian.workplaces.queries.firms import buildings_of, family
from fangxian.workplaces.rules import Actor
from fangxian.workplaces.words import LACKS

MOST_PEOPLE: Final = 20_000
LONGEST_PLAN: Final = 4_000
OTHER: Final = "other"
"""The plan's reason that says nothing by itself."""

CHECK: Final = gettext_lazy("Check a filing: %(name)s, %(place)s")
DECIDE: Final = gettext_lazy("Decide about a filing: %(name)s, %(place)s")
RESUMED: Final = gettext_lazy("the enterprise may work again")

CHECKED: Final = ":check"

_DECISIONS: Final = frozenset({FilingAct.ENDORSE, FilingAct.RETURN, FilingAct.ACCEPT})
_TOLD_WHY: Final = frozenset({FilingAct.SUSPEND, FilingAct.END})


class Draft(TypedDict, total=False):
    """Fields of a filing that somebody typed. What is left out stays as it is; an empty telephone does too."""

    in_charge: str
    phone: str
    start_on: date | None
    people: int | None
    plan: str
    isolation: str
    ask_from: int | None
    ask_until: int | None
    ask_home: int


class NotYetError(WorkplaceError):
    """It cannot be sent in: `lacks` says what is missing."""

    def __init__(self, lacks: tuple[rules.Lack, ...]) -> None:
        words = " ".join(str(LACKS[lack]) for lack in lacks)
        super().__init__(_("It was not sent in; everything typed is kept. %(missing)s") % {"missing": words})
        self.lacks = lacks


class OvertakenError(WorkplaceError):
    """Somebody else was faster: the filing does not stand where it stood when the page was opened."""


class ChangedMeanwhileError(WorkplaceError):
    """Somebody else has changed `fields` since the form was shown. `filing`: as it stands now."""

    def __init__(self, filing: Filing, fields: frozenset[str]) -> None:
        super().__init__(
            _("Somebody else has changed this part meanwhile. What you typed is still here, and was not kept. Compare "
              "the two; keep it once more if yours is right.")
        )  # fmt: skip
        self.filing, self.fields = filing, fields


@write_lock()
def begin(*, enterprise: Enterprise, place: Place, by: str, now: datetime) -> Filing:
    """Begin a filing of an enterprise for one building, or find the one that is in force.

    Raises WorkplaceError where the enterprise is no tenant of the building.
    """
    ids = family([enterprise.subject_id])
    known = reads.of_desk(ids, place)
    if known is not None:
        return known
    if place.id not in {one.id for one in buildings_of(ids)}:
        raise WorkplaceError(
            _("The register knows of no rooms of this enterprise in %(place)s. Nothing was begun. "
              "Ask the building worker to enter its rooms.") % {"place": place.name}
        )  # fmt: skip
    at_us = clock.to_us(now)
    row = Filing.objects.create(
        enterprise_id=enterprise.subject_id, place=place, in_charge=enterprise.contact, created_us=at_us,
        changed_us=at_us, by=by,
    )  # fmt: skip
    _record("begun", row, by, now)
    return row


@write_lock()
def save(*, filing: Filing, draft: Draft, by: str, now: datetime, shown_us: int | None = None) -> Filing:
    """Keep what was typed. `shown_us`: the `changed_us` of the filing that the form was filled from.

    Raises ChangedMeanwhileError where somebody else has changed one of these fields since then, WorkplaceError for
    what cannot be, and for a filing that was sent in.
    """
    row = _editable(filing)
    fresh = _read(draft, row)
    changed = {field: value for field, value in fresh.items() if getattr(row, field) != value}
    if not changed:
        return row
    if shown_us is not None:
        others = _changed_by_others(row, shown_us, by) & set(changed)
        if others:
            raise ChangedMeanwhileError(row, frozenset(others))
    for field, value in changed.items():
        setattr(row, field, value)
    row.changed_us, row.by = clock.to_us(now), by
    row.save(update_fields=[*changed, "changed_us", "by"])
    if "people" in changed:
        firms.reckon_supplies(row.enterprise_id, row.people or 0, now)
    _record("saved", row, by, now, fields=sorted(changed))
    return row


def _changed_by_others(row: Filing, since_us: int, by: str) -> set[str]:
    """The audit says who changed which fields; a part that keeps itself while it is typed is not its own rival."""
    saved = Entry.objects.filter(target=f"filing:{row.id}", act="workplaces.filing.saved", at_us__gt=since_us)
    return {field for detail in saved.exclude(actor=by).values_list("detail", flat=True) for field in detail["fields"]}


def _editable(filing: Filing) -> Filing:
    row = Filing.objects.select_for_update(of=("self",)).select_related("place", "statement").get(id=filing.id)
    if row.status not in reads.OPEN_TO_EDIT:
        raise WorkplaceError(
            _("The filing was sent in and is not changed any more. Nothing was kept. "
              "If something is wrong, ask the building worker to return it.")
        )  # fmt: skip
    return row


def _read(draft: Draft, row: Filing) -> dict[str, object]:
    fresh: dict[str, object] = {}
    for field, longest in (("in_charge", 60), ("plan", LONGEST_PLAN), ("isolation", 120)):
        if field in draft:
            fresh[field] = str(draft[field]).strip()[:longest]  # type: ignore[literal-required]  # three keys of Draft
    if "people" in draft:
        if draft["people"] is not None and not 1 <= draft["people"] <= MOST_PEOPLE:
            raise WorkplaceError(
                _("People who come back: a number from 1 to %(most)s. It was not kept.") % {"most": f"{MOST_PEOPLE:,}"}
            )
        fresh["people"] = draft["people"]
    if "start_on" in draft:
        fresh["start_on"] = draft["start_on"]
    if draft.get("phone", "").strip():
        read = identifiers.read_phone(draft["phone"])
        if isinstance(read, Refusal):
            raise WorkplaceError(read.text)
        if not row.phone_sealed or crypto.unseal(row.phone_sealed, _aad(row)) != read.value:
            fresh |= {"phone_sealed": crypto.seal(read.value, _aad(row)), "phone_mask": phone_mask(read.value)}
    return fresh | _wishes(draft, row)


def _wishes(draft: Draft, row: Filing) -> dict[str, object]:
    fresh: dict[str, object] = {
        field: draft[field]  # type: ignore[literal-required]  # keys of Draft
        for field in ("ask_from", "ask_until", "ask_home") if field in draft
    }  # fmt: skip
    ask_from, ask_until = draft.get("ask_from", row.ask_from), draft.get("ask_until", row.ask_until)
    if (ask_from is None) != (ask_until is None):
        raise WorkplaceError(_("A wish for arrival needs both times, or neither. It was not kept."))
    if ask_from is not None and ask_until is not None and not 0 <= ask_from < ask_until <= 24 * 60:
        raise WorkplaceError(_("The wish for arrival ends before it begins. It was not kept."))
    if not 0 <= draft.get("ask_home", row.ask_home) <= 100:
        raise WorkplaceError(_("Work from home: a share from 0 to 100 percent. It was not kept."))
    return fresh


def _aad(row: Filing) -> str:
    return f"workplaces_filing.phone.{row.id}"


@write_lock()
def open_phone(*, filing: Filing, by: str, now: datetime) -> str:
    """The telephone number of the person in charge, in clear. Reading it is recorded."""
    row = Filing.objects.get(id=filing.id)
    if not row.phone_sealed:
        raise WorkplaceError(_("No telephone number was given."))
    _record("phone-read", row, by, now)
    return crypto.unseal(row.phone_sealed, _aad(row))


@write_lock()
def sign(*, filing: Filing, signer: str, post: str, language: str, by: str, now: datetime) -> Statement:
    """Sign the commitment as the plan words it now. The words themselves are kept with name, post and time."""
    row = _editable(filing)
    words = plan_at(now).section.commitment
    if words is None:
        raise WorkplaceError(_("The plan in force has no commitment to sign. Nothing was signed."))
    if not signer.strip() or not post.strip():
        raise WorkplaceError(_("Write name and post of whoever signs. Nothing was signed."))
    statement = Statement.objects.create(
        subject_id=row.enterprise_id, kind=StatementKind.RETURN, text=words.say(language), signer=signer.strip()[:60],
        post=post.strip()[:60], signed_us=clock.to_us(now), by=by,
    )  # fmt: skip
    Filing.objects.filter(id=row.id).update(statement=statement, changed_us=clock.to_us(now))
    _record("signed", row, by, now, statement=statement.id.hex)
    return statement


def act(
    *, filing: Filing, act: FilingAct, actors: Collection[Actor], by: str, now: datetime,
    reasons: Sequence[str] = (), text: str = "",
) -> Filing:  # fmt: skip
    """One step of a filing, as `rules.TRANSITIONS` has it, from where `filing` was seen to stand.

    The passes follow right after it in transactions of their own, since signing or changing many must not hold the
    writer; `filing_folds` finishes what a process that died in between has left.

    Raises OvertakenError where it stands somewhere else by now, NotYetError where something is missing, WorkplaceError
    where the act is not open to these actors.
    """
    with write_lock():
        row = _locked(filing)
        after = _judge(row, act, actors, by, now)
        kept, said = _reasons(act, reasons, text, now)
        if act == FilingAct.SUBMIT:
            lacks = reads.missing(row, plan_at(now).section, clock.local_day(now))
            if lacks:
                raise NotYetError(lacks)
        _write(row, act, after, kept, said, by, now)
        _follow(row, act, by, now)
    _change_passes(row, act, said, by, now)
    return row


def _locked(filing: Filing) -> Filing:
    """The row as it stands, held until the transaction ends, if it stands where it was seen."""
    rows = Filing.objects.select_for_update(of=("self",)).select_related("place", "statement", "enterprise")
    row = rows.get(id=filing.id)
    if (row.status, row.version) != (filing.status, filing.version):
        raise OvertakenError(
            _("Somebody else was faster: the filing is now “%(status)s”. Nothing was changed. Look at it again.")
            % {"status": FilingStatus(row.status).label}
        )
    return row


def _judge(row: Filing, act: FilingAct, actors: Collection[Actor], by: str, now: datetime) -> FilingStatus:
    after = rules.after(row.status, act, _without_own(row, act, actors, by, now))
    if after is None:
        raise WorkplaceError(
            _("“%(act)s” is not open to you while the filing is “%(status)s”. Nothing was changed.")
            % {"act": act.label, "status": FilingStatus(row.status).label}
        )
    return after


def _without_own(
    row: Filing, act: FilingAct, actors: Collection[Actor], by: str, now: datetime
) -> frozenset[Actor]:  # fmt: skip
    held = frozenset(actors)
    if act in _DECISIONS and reads.sent_by(row) == by:
        raise WorkplaceError(
            _("You sent this filing in yourself. Nothing was changed. Somebody else has to decide about it.")
        )
    return held & {Actor.FIRM} if reads.is_own(row, by, now) else held


def _reasons(act: FilingAct, reasons: Sequence[str], text: str, now: datetime) -> tuple[list[str], str]:
    said = text.strip()[:400]
    if act in _TOLD_WHY and not said:
        raise WorkplaceError(_("Say why. The enterprise reads it. Nothing was changed."))
    if act != FilingAct.RETURN:
        return [], said
    known = [one.key for one in plan_at(now).section.return_reasons]
    kept = [key for key in known if key in reasons]
    if not kept and (known or not said):
        raise WorkplaceError(
            _("Choose at least one reason, so that the enterprise knows what to mend. Nothing was changed.")
        )
    if OTHER in kept and not said:
        raise WorkplaceError(_("You chose “something else”: say what. Nothing was changed."))
    return kept, said


def _write(
    row: Filing, act: FilingAct, after: FilingStatus, reasons: list[str], text: str, by: str, now: datetime
) -> None:  # fmt: skip
    """The state and its step, from exactly the state that was judged."""
    at_us = clock.to_us(now)
    before, version = row.status, row.version + (act == FilingAct.SUBMIT)
    fresh: dict[str, object] = {"status": after, "version": version, "changed_us": at_us}
    if act == FilingAct.SUBMIT:
        fresh |= {"submitted_us": at_us, "decided_us": None}
    elif act in (FilingAct.RETURN, FilingAct.ACCEPT):
        fresh["decided_us"] = at_us
    if not Filing.objects.filter(id=row.id, status=before, version=row.version).update(**fresh):
        raise OvertakenError(_("Somebody else was faster. Nothing was changed. Look at the filing again."))
    last = FilingStep.objects.filter(filing_id=row.id).order_by("-id").values_list("at_us", flat=True).first()
    FilingStep.objects.create(
        filing_id=row.id, act=act, before=before, after=after, version=version, reasons=reasons, text=text,
        at_us=at_us, took_us=max(at_us - (last or row.created_us), 0), by=by,
    )  # fmt: skip
    for field, value in fresh.items():
        setattr(row, field, value)
    _record(str(act), row, by, now, version=version)


def _follow(row: Filing, act: FilingAct, by: str, now: datetime) -> None:
    """The duties that a step brings with it, in the same transaction."""
    if act == FilingAct.SUBMIT:
        _ask(row, by, now)
    elif act == FilingAct.ENDORSE:
        _done(_source(row, CHECKED), by, now)
    elif act in (FilingAct.RETURN, FilingAct.ACCEPT):
        _done(_source(row, CHECKED), by, now)
        _done(_source(row), by, now)
    if act == FilingAct.ACCEPT:
        firms.firm_of(row.enterprise_id, now)
        firms.owe(row.enterprise_id, row.place, (HEALTH, VISIT), by, now)
    elif act == FilingAct.END:
        firms.owe_no_more(row.enterprise_id, by, now)


def _change_passes(row: Filing, act: FilingAct, said: str, by: str, now: datetime) -> None:
    """The passes of the people on the ledger follow, in chunks."""
    enterprise, place = row.enterprise, row.place
    if act == FilingAct.SUSPEND:
        returning.suspend_all(enterprise=enterprise, place=place, reason=said, by=by, now=now)
    elif act == FilingAct.END:
        returning.revoke_all(enterprise=enterprise, place=place, reason=said, by=by, now=now)
    elif row.status == FilingStatus.ACCEPTED:
        if act == FilingAct.RESUME:
            words = said or in_street_words(RESUMED)
            returning.restore_all(enterprise=enterprise, place=place, reason=words, by=by, now=now)
        returning.accept(enterprise=enterprise, place=place, by=by, now=now)


def _source(row: Filing, which: str = "") -> str:
    return f"filing:{row.id.hex}:{row.version}{which}"


def _ask(row: Filing, by: str, now: datetime) -> None:
    """The building worker checks within half of the time that the plan gives for a decision, the street decides."""
    words = {"name": row.enterprise.label[:60], "place": row.place.name[:40]}
    hours = plan_at(now).section.decide_hours
    asked = (
        (CHECK, Role.BUILDING_PARTY_WORKER, hours / 2, _source(row, CHECKED)),
        (DECIDE, Role.SECTION_HEAD, hours, _source(row)),
    )
    for title, role, within, source in asked:
        duties.give(
            title=in_street_words(title) % words, place=row.place, role=role, about=row.enterprise_id,
            until=now + timedelta(hours=within), source=source, by=by, now=now,
        )  # fmt: skip


def _done(source: str, by: str, now: datetime) -> None:
    for duty in Duty.objects.filter(one_off__source=source, ended_us__isnull=True):
        duties.done(duty=duty, by=by, now=now, ref=source[:60])


def _record(what: str, row: Filing, by: str, now: datetime, **detail: object) -> None:
    audit.record(
        by=by, act=f"workplaces.filing.{what}", now=now, target=f"filing:{row.id}", place=row.place_id, detail=detail
    )  # fmt: skip
