"""How a playbook speaks: the reason of every fault, the names of its fields, its schedules in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from fangxian.accounts.roles import Role
from fangxian.duties.plan_schema import (
    KEY_PATTERN,
    VERSION_PATTERN,
    Days,
    Every,
    Once,
    Path,
    Text,
    Windows,
    schedule_from,
)
from fangxian.shared import clock

Wording = str | Promise

# Codes of the validators, of the checks across sections, and of the library's own checks. A code without wording
# is reported by its name: it is a fault all the same.
REASONS: Mapping[str, Wording] = {
    # files
    "no_files": _("there is no .toml file here; a playbook needs at least plan.toml and rules.toml"),
    "file_twice": _("this file is there twice; keep one of them"),
    "zip_broken": _("this archive cannot be opened; make it again, or upload the .toml files themselves"),
    "zip_locked": _("this file is locked with a password; upload it without one"),
    "zip_too_large": _("the upload is too large: at most %(files)s files and %(kib)s KiB unpacked"),
    "not_toml_file": _("this is not a .toml file; take it out of the upload"),
    "file_too_large": _("this file is larger than %(kib)s KiB; a playbook is text, so something else is in it"),
    "not_utf8": _("this line is not UTF-8; save the file with the encoding UTF-8"),
    "toml": _("this is not valid TOML: %(detail)s"),
    "toml_too_deep": _("this file is nested too deeply"),
    # sections
    "section_unknown": _("no part of the program knows a section “%(name)s”; check the file's name"),
    "section_missing": _("this file is missing; the playbook needs it"),
    # values
    "missing": _("the key “%(key)s” is missing"),
    "extra_forbidden": _("the program does not know the key “%(key)s”; check its spelling"),
    "string_type": _("text in quotes is needed here"),
    "string_too_short": _("this may not be empty"),
    "string_too_long": _("this is too long: at most %(max_length)s characters"),
    "string_pattern_mismatch": _("“%(value)s” is not written in the form that is needed: %(pattern)s"),
    "int_type": _("a whole number is needed here, without quotes and without a fraction"),
    "float_type": _("a number without quotes is needed here"),
    "bool_type": _("true or false is needed here, without quotes"),
    "finite_number": _("a finite number is needed here"),
    "greater_than_equal": _("%(value)s is too small: at least %(ge)s"),
    "less_than_equal": _("%(value)s is too large: at most %(le)s"),
    "greater_than": _("%(value)s is too small: more than %(gt)s"),
    "literal_error": _("“%(value)s” is not one of: %(expected)s"),
    "union_tag_invalid": _("“%(tag)s” is not a type of schedule; known: %(expected_tags)s"),
    "union_tag_not_found": _("the schedule has no type; known: once, windows, every, days"),
    "time_parsing": _("“%(value)s” is not a time of day; write it as 08:00"),
    "time_type": _("a time of day is needed here, written as 08:00"),
    "datetime_parsing": _("“%(value)s” is not a date with time; write it as 2020-02-16T08:00:00+08:00"),
    "datetime_from_date_parsing": _("“%(value)s” is not a date with time; write it as 2020-02-16T08:00:00+08:00"),
    "datetime_type": _("a date with time is needed here, written as 2020-02-16T08:00:00+08:00"),
    "timezone_aware": _("the time zone is missing; write it as 2020-02-16T08:00:00+08:00"),
    "too_short": _("at least %(min_length)s are needed here"),
    "too_long": _("at most %(max_length)s are allowed here"),
    "tuple_type": _("a list in square brackets is needed here"),
    "model_type": _("a table of keys and values is needed here"),
    "model_attributes_type": _("a table of keys and values is needed here"),
    "dict_type": _("a table of keys and values is needed here"),
    # schedules and rules
    "window_backwards": _("the window ends (%(end)s) before it begins (%(start)s)"),
    "window_overlap": _("the window at %(start)s begins before the one before it has ended (%(before)s)"),
    "every_too_long": _("%(hours)s hours do not fit into %(span)s"),
    "days_one_of": _("give either every_days or weekdays, one of the two"),
    "weekdays_order": _("weekdays must rise and not repeat: 1 is Monday, 7 is Sunday"),
    "escalation_starts_late": _("the first step must begin at 0 minutes, not at %(minutes)s"),
    "escalation_order": _("the minutes of the steps must rise"),
    "escalation_repeats": _("a role stands in two steps; name each role once"),
    "languages_repeat": _("a language stands there twice"),
    "language_missing": _("the language “%(language)s” is missing"),
    "key_twice": _("the key “%(key)s” is used twice; every key must be different"),
    "cohort_unknown": _("nobody enrols a cohort “%(cohort)s”; known: %(known)s"),
    "role_unknown": _("there is no role “%(role)s”; known: %(known)s"),
    # thresholds and checklist
    "threshold_range": _("%(value)s cannot be right for %(unit)s: between %(low)s and %(high)s"),
    "term_one_of": _("give either within_minutes or within_days, one of the two"),
    "area_empty": _("the area “%(area)s” has no item"),
    "area_unknown": _("there is no area “%(area)s”; known: %(known)s"),
    "severity_unknown": _("the severity “%(severity)s” is not described under severities"),
    # screening
    "region_code": _("the code “%(region)s” does not fit the kind “%(kind)s”"),
    "region_dates": _("the region ends (%(until)s) before it begins (%(since)s)"),
    "region_twice": _("the code “%(code)s” is already in force at that time, as “%(other)s”"),
    "disposition_missing": _("the answer “%(key)s” is missing; a round needs it"),
    # hygiene
    "agent_strength": _("a solution needs stock_mg_per_l, a tablet needs mg_per_tablet, a ready agent neither"),
    "agent_unit": _("a tablet is counted in tablets and everything else in ml"),
    "agent_unknown": _("there is no agent “%(agent)s”"),
    "agent_is_ready": _("“%(agent)s” is used as it is; take mg_per_l away"),
    "strength_missing": _("mg_per_l is missing: “%(agent)s” must be diluted"),
    "dilution_impossible": _("%(wanted)s mg/L cannot be mixed from “%(agent)s”, which holds %(stock)s mg/L"),
    "rule_unknown": _("there is no rule “%(rule)s” in rules.toml"),
    "rule_of_other_cohort": _("the rule “%(rule)s” is for “%(cohort)s”, not for “%(wanted)s”"),
}

SECTION_NAMES: Mapping[str, Wording] = {
    "plan": pgettext_lazy("plan", "the plan itself"),
    "rules": pgettext_lazy("plan", "duties"),
    "thresholds": pgettext_lazy("plan", "thresholds"),
    "checklist": pgettext_lazy("plan", "checklist"),
    "retention": pgettext_lazy("plan", "retention"),
    "screening": pgettext_lazy("plan", "rounds and key regions"),
    "hygiene": pgettext_lazy("plan", "disinfection"),
    "gates": pgettext_lazy("plan", "gates"),
    "masks": pgettext_lazy("plan", "rounds of goods"),
    "workplaces": pgettext_lazy("plan", "return to work"),
}

FIELD_NAMES: Mapping[str, Wording] = {
    "after_minutes": pgettext_lazy("plan", "after minutes"),
    "agent": pgettext_lazy("plan", "agent"),
    "agents": pgettext_lazy("plan", "agents"),
    "alpha": pgettext_lazy("plan", "rise of the arrivals, alpha"),
    "answer": pgettext_lazy("plan", "answer"),
    "answers": pgettext_lazy("plan", "answers about a round"),
    "area": pgettext_lazy("plan", "area"),
    "area_types": pgettext_lazy("plan", "types of area"),
    "areas": pgettext_lazy("plan", "areas"),
    "arrive_from": pgettext_lazy("plan", "arrival from, minutes of the day"),
    "arrive_until": pgettext_lazy("plan", "arrival until, minutes of the day"),
    "ask_declaration": pgettext_lazy("plan", "declaration asked at gates"),
    "ask_mask": pgettext_lazy("plan", "mask asked at gates"),
    "ask_temperature": pgettext_lazy("plan", "temperature asked at gates"),
    "at": pgettext_lazy("plan", "places it is looked at"),
    "base_unit": pgettext_lazy("plan", "unit in stock"),
    "beta": pgettext_lazy("plan", "fall of the arrivals, beta"),
    "call_at": pgettext_lazy("plan", "numbers called at"),
    "call_hours": pgettext_lazy("plan", "hours until arrived stock is called"),
    "caution": pgettext_lazy("plan", "caution"),
    "channel": pgettext_lazy("plan", "channel"),
    "clock_tolerance_minutes": pgettext_lazy("plan", "minutes a gate's clock may be off"),
    "close_by": pgettext_lazy("plan", "day closed by"),
    "closed_cost": pgettext_lazy("plan", "cost of an enterprise that must wait, minutes"),
    "code": pgettext_lazy("plan", "code"),
    "cohort": pgettext_lazy("plan", "who or what it applies to"),
    "collect_days": pgettext_lazy("plan", "days a called number may be collected"),
    "commitment": pgettext_lazy("plan", "words of the commitment"),
    "confirmed": pgettext_lazy("plan", "confirmed"),
    "corner": pgettext_lazy("plan", "counts on the board"),
    "counted_from": pgettext_lazy("plan", "counted from"),
    "criterion": pgettext_lazy("plan", "criterion"),
    "days": pgettext_lazy("plan", "days"),
    "decide_hours": pgettext_lazy("plan", "hours to decide about a filing"),
    "declaration_days": pgettext_lazy("plan", "days a declaration holds"),
    "disease": pgettext_lazy("plan", "disease"),
    "door_note": pgettext_lazy("plan", "note at the door"),
    "doors": pgettext_lazy("plan", "answers at a door"),
    "earliest_start": pgettext_lazy("plan", "earliest day of return"),
    "early_minutes": pgettext_lazy("plan", "minutes one may come early"),
    "effective_from": pgettext_lazy("plan", "in force from"),
    "employee_days": pgettext_lazy("plan", "days an employee pass holds"),
    "escalation": pgettext_lazy("plan", "escalation"),
    "fever_decidec": pgettext_lazy("plan", "fever at gates, tenths of a degree"),
    "first": pgettext_lazy("plan", "earliest arrival, minutes of the day"),
    "floors": pgettext_lazy("plan", "floors"),
    "form": pgettext_lazy("plan", "form"),
    "gates": pgettext_lazy("plan", "gates"),
    "goods": pgettext_lazy("plan", "goods"),
    "grace_minutes": pgettext_lazy("plan", "grace in minutes"),
    "guidance": pgettext_lazy("plan", "how to look at it"),
    "home_cost": pgettext_lazy("plan", "cost of a day at home, minutes"),
    "home_most": pgettext_lazy("plan", "most who are asked to stay at home, percent"),
    "items": pgettext_lazy("plan", "items"),
    "keep_days": pgettext_lazy("plan", "days kept"),
    "key_regions": pgettext_lazy("plan", "key regions"),
    "kind": pgettext_lazy("plan", "kind"),
    "languages": pgettext_lazy("plan", "languages"),
    "last": pgettext_lazy("plan", "latest arrival, minutes of the day"),
    "letter": pgettext_lazy("plan", "letter"),
    "litres": pgettext_lazy("plan", "litres for one area"),
    "lowest_decidec": pgettext_lazy("plan", "lowest reading believed, tenths of a degree"),
    "main_statement": pgettext_lazy("plan", "words of the main responsibility"),
    "max_tries": pgettext_lazy("plan", "most tries"),
    "method": pgettext_lazy("plan", "method"),
    "mg_per_l": pgettext_lazy("plan", "strength in mg/L"),
    "mg_per_tablet": pgettext_lazy("plan", "mg in a tablet"),
    "minutes": pgettext_lazy("plan", "contact time in minutes"),
    "name": pgettext_lazy("plan", "name"),
    "note": pgettext_lazy("plan", "note"),
    "notice": pgettext_lazy("plan", "text of the letter to each door"),
    "observation_days": pgettext_lazy("plan", "days of observation"),
    "open_from": pgettext_lazy("plan", "counter open from"),
    "open_until": pgettext_lazy("plan", "counter open until"),
    "outcome": pgettext_lazy("plan", "what follows"),
    "outing_days": pgettext_lazy("plan", "days of one outing period"),
    "outings": pgettext_lazy("plan", "outings in a period"),
    "parcel_hours": pgettext_lazy("plan", "hours to settle a parcel that lay too long"),
    "parcel_role": pgettext_lazy("plan", "who settles a parcel that lay too long"),
    "per_head": pgettext_lazy("plan", "used a head and day"),
    "per_place": pgettext_lazy("plan", "used a place and day"),
    "plan_length": pgettext_lazy("plan", "least length of an enterprise's plan"),
    "policy": pgettext_lazy("plan", "order in which numbers are called"),
    "posts_statement": pgettext_lazy("plan", "words of the responsibility of posts"),
    "question": pgettext_lazy("plan", "question"),
    "quota": pgettext_lazy("plan", "most for one address"),
    "rain_factor": pgettext_lazy("plan", "times slower in rain"),
    "refused_hours": pgettext_lazy("plan", "hours to settle a refusal"),
    "refused_role": pgettext_lazy("plan", "who settles a refusal"),
    "register_days": pgettext_lazy("plan", "days of registration"),
    "register_from": pgettext_lazy("plan", "registration opens at"),
    "register_until": pgettext_lazy("plan", "registration closes at"),
    "report_by": pgettext_lazy("plan", "daily report by, minutes of the day"),
    "reserve_percent": pgettext_lazy("plan", "percent kept for special groups"),
    "resident_days": pgettext_lazy("plan", "days a resident permit holds"),
    "rest_minutes": pgettext_lazy("plan", "minutes of rest before the second reading"),
    "retention": pgettext_lazy("plan", "retention"),
    "retry_hours": pgettext_lazy("plan", "hours until the next try"),
    "return_reasons": pgettext_lazy("plan", "reasons to return a filing"),
    "round": pgettext_lazy("plan", "round"),
    "rule": pgettext_lazy("plan", "rule"),
    "rules": pgettext_lazy("plan", "duties"),
    "sale_after_days": pgettext_lazy("plan", "days from registration to sale"),
    "sale_days": pgettext_lazy("plan", "days of sale"),
    "schedule": pgettext_lazy("plan", "schedule"),
    "seconds": pgettext_lazy("plan", "seconds a person"),
    "services": pgettext_lazy("plan", "ways of checking"),
    "setting": pgettext_lazy("plan", "setting"),
    "severities": pgettext_lazy("plan", "severities"),
    "severity": pgettext_lazy("plan", "severity"),
    "shelf_minutes": pgettext_lazy("plan", "minutes a parcel may lie"),
    "since": pgettext_lazy("plan", "from"),
    "slot_minutes": pgettext_lazy("plan", "minutes of a slot"),
    "slot_people": pgettext_lazy("plan", "households in a slot"),
    "source": pgettext_lazy("plan", "source"),
    "special_age": pgettext_lazy("plan", "age from which a home is asked about"),
    "spread": pgettext_lazy("plan", "spread of the time a person takes"),
    "staff_after_hours": pgettext_lazy("plan", "hours until those who run it may register"),
    "step_minutes": pgettext_lazy("plan", "minutes between two windows"),
    "stock_mg_per_l": pgettext_lazy("plan", "strength in the bottle, mg/L"),
    "subject": pgettext_lazy("plan", "kind of subject"),
    "supply_days": pgettext_lazy("plan", "days supplies must last"),
    "suspends": pgettext_lazy("plan", "whose passes an open finding suspends"),
    "then": pgettext_lazy("plan", "what happens then"),
    "thresholds": pgettext_lazy("plan", "thresholds"),
    "title": pgettext_lazy("plan", "title"),
    "training": pgettext_lazy("plan", "training to be signed off"),
    "travel_days": pgettext_lazy("plan", "days of travel asked"),
    "turnstile_seconds": pgettext_lazy("plan", "seconds a turnstile stays open"),
    "unit": pgettext_lazy("plan", "unit"),
    "unknown_vehicle_hours": pgettext_lazy("plan", "hours to settle an unknown vehicle"),
    "unknown_vehicle_role": pgettext_lazy("plan", "who settles an unknown vehicle"),
    "until": pgettext_lazy("plan", "until"),
    "value": pgettext_lazy("plan", "value"),
    "variants": pgettext_lazy("plan", "kinds of the goods"),
    "vehicle_days": pgettext_lazy("plan", "days a vehicle pass holds"),
    "vehicles": pgettext_lazy("plan", "answers at a vehicle"),
    "version": pgettext_lazy("plan", "version"),
    "visitor_hours": pgettext_lazy("plan", "hours a visitor pass holds"),
    "volunteers_per": pgettext_lazy("plan", "people for each volunteer"),
    "wait_minutes": pgettext_lazy("plan", "longest wait, minutes"),
    "wave": pgettext_lazy("plan", "arrivals in the morning"),
    "window_minutes": pgettext_lazy("plan", "minutes of an arrival window"),
    "wipe": pgettext_lazy("plan", "wiped afterwards"),
    "within_days": pgettext_lazy("plan", "within days"),
    "within_minutes": pgettext_lazy("plan", "within minutes"),
    "zones": pgettext_lazy("plan", "zones"),
}

UNIT_NAMES: Mapping[str, Wording] = {
    "celsius": "°C",
    "days": pgettext_lazy("unit", "days"),
    "hours": pgettext_lazy("unit", "hours"),
    "minutes": pgettext_lazy("unit", "minutes"),
    "times": pgettext_lazy("unit", "times"),
    "people": pgettext_lazy("unit", "people"),
    "percent": "%",
    "mg_per_l": "mg/L",
}

# Values that are words of the format, by the field that holds them.
CHOICES: Mapping[str, Mapping[str, Wording]] = {
    "at": {
        "building": pgettext_lazy("plan", "office building"),
        "compound": pgettext_lazy("plan", "residential compound"),
    },
    "suspends": {
        "zone": pgettext_lazy("plan", "those of the zone"),
        "building": pgettext_lazy("plan", "those of the building"),
    },
    "method": {
        "handheld": pgettext_lazy("plan", "handheld thermometer"),
        "form": pgettext_lazy("plan", "paper form"),
        "thermal": pgettext_lazy("plan", "thermal camera"),
        "turnstile": pgettext_lazy("plan", "turnstile"),
    },
    "unit": UNIT_NAMES,
    "severity": {
        "red": pgettext_lazy("plan", "red"),
        "amber": pgettext_lazy("plan", "amber"),
        "white": pgettext_lazy("plan", "white"),
    },
    "outcome": {
        "done": pgettext_lazy("plan", "done"),
        "again": pgettext_lazy("plan", "try again"),
        "escalate": pgettext_lazy("plan", "goes higher"),
        "open": pgettext_lazy("plan", "stays open"),
    },
    "counted_from": {
        "recorded": pgettext_lazy("plan", "the record"),
        "released": pgettext_lazy("plan", "the release"),
        "round-audited": pgettext_lazy("plan", "the audit of the round"),
        "plan-ended": pgettext_lazy("plan", "the end of the plan"),
    },
    "then": {
        "delete": pgettext_lazy("plan", "deleted"),
        "de-identify": pgettext_lazy("plan", "names taken out"),
    },
    "kind": {
        "china": pgettext_lazy("plan", "in China"),
        "country": pgettext_lazy("plan", "a country"),
        "abroad": pgettext_lazy("plan", "every place abroad"),
    },
    "setting": {
        "compound": pgettext_lazy("plan", "residential compound"),
        "office": pgettext_lazy("plan", "office building"),
        "school": pgettext_lazy("plan", "school"),
    },
    "form": {
        "solution": pgettext_lazy("plan", "solution"),
        "tablet": pgettext_lazy("plan", "tablet"),
        "ready": pgettext_lazy("plan", "ready to use"),
    },
    "policy": {
        "queue": pgettext_lazy("plan", "in order of registration"),
        "lottery": pgettext_lazy("plan", "by lot"),
        "odd_even": pgettext_lazy("plan", "odd and even days"),
        "birth_year": pgettext_lazy("plan", "by birth year"),
    },
    "base_unit": {"ml": pgettext_lazy("plan", "ml"), "tablet": pgettext_lazy("plan", "tablet")},
    "languages": {
        "zh": pgettext_lazy("plan", "Chinese"),
        "en": pgettext_lazy("plan", "English"),
        "ja": pgettext_lazy("plan", "Japanese"),
        "ko": pgettext_lazy("plan", "Korean"),
    },
}

WEEKDAYS: Sequence[Wording] = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)


# Regular expressions of the schema in words.
PATTERNS: Mapping[str, Wording] = {
    KEY_PATTERN: _("small letters and digits, joined by - _ . or :"),
    VERSION_PATTERN: _("letters and digits, joined by . or -, such as 2020.02.16"),
    "^[A-Z]$": _("one capital letter"),
    "^[A-Z][0-9]{1,2}$": _("a capital letter and one or two digits, such as A1"),
    "^([0-9]{2}|[0-9]{4}|[0-9]{6}|[A-Z]{3}|\\*)$": _(
        "2, 4 or 6 digits of a division code, three letters of a country, or *"
    ),
}


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def say_reason(code: str, values: Mapping[str, object]) -> str:
    """The reason in the reader's language."""
    wording = REASONS.get(code)
    if wording is None:
        return gettext("this value cannot be accepted (%(code)s)") % {"code": code}
    shown = _Values({key: f"{v:g}" if isinstance(v, float) else v for key, v in values.items()})
    shown["pattern"] = PATTERNS.get(str(values.get("pattern")), values.get("pattern"))
    shown["unit"] = UNIT_NAMES.get(str(values.get("unit")), values.get("unit"))
    return str(wording) % shown


def say_path(path: Path) -> str:
    """``rules[3].schedule.hours``, counted from 1 as people count."""
    out = ""
    for step in path:
        out += f"[{step + 1}]" if isinstance(step, int) else ("." if out else "") + step
    return out


def say_field(name: str) -> str:
    return str(FIELD_NAMES.get(name, name))


def say_section(name: str) -> str:
    return str(SECTION_NAMES.get(name, name))


def say_role(role: str) -> str:
    return str(Role(role).label) if role in Role.values else role


def say_schedule(data: Mapping[str, object]) -> str:
    """A schedule in a sentence, from its JSON form."""
    schedule = schedule_from(data)
    if isinstance(schedule, Once):
        return gettext("once, by the time set when it begins")
    if isinstance(schedule, Windows):
        spans = pgettext("list", ", ").join(f"{start:%H:%M}-{end:%H:%M}" for start, end in schedule.windows)
        return gettext("every day, once in each of: %(spans)s") % {"spans": spans}
    if isinstance(schedule, Every):
        hours = {"hours": schedule.hours, "start": f"{schedule.from_:%H:%M}", "end": f"{schedule.until:%H:%M}"}
        return gettext("every %(hours)s hours from %(start)s to %(end)s") % hours
    return _say_days(schedule)


def _say_days(schedule: Days) -> str:
    by = f"{schedule.by:%H:%M}"
    if schedule.weekdays is not None:
        days = pgettext("list", ", ").join(str(WEEKDAYS[day - 1]) for day in schedule.weekdays)
        return gettext("on %(days)s by %(by)s") % {"days": days, "by": by}
    return gettext("every %(count)s days by %(by)s") % {"count": schedule.every_days, "by": by}


def say_minutes(minutes: int) -> str:
    """In days or hours where that is exact."""
    if minutes and minutes % 1_440 == 0:
        days = minutes // 1_440
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    if minutes and minutes % 60 == 0:
        hours = minutes // 60
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    return gettext("%(count)s min") % {"count": minutes}


def say_escalation(steps: Sequence[Mapping[str, object]]) -> str:
    """“grid worker at once, committee secretary after 1 hour”."""
    said = []
    for step in steps:
        role, minutes = say_role(str(step["role"])), step["after_minutes"]
        if minutes == 0:
            said.append(gettext("%(role)s at once") % {"role": role})
        else:
            said.append(gettext("%(role)s after %(time)s") % {"role": role, "time": say_minutes(int(str(minutes)))})
    return pgettext("list", ", ").join(said)


def say_value(path: Path, value: object) -> str:
    """A value of a plan for a person who compares two; absent is a dash."""
    field = path[-1] if path else ""
    if value is None or value == [] or value == ():
        return "–"
    if isinstance(value, bool):
        return pgettext("plan", "yes") if value else pgettext("plan", "no")
    if field == "schedule" and isinstance(value, Mapping):
        return say_schedule(value)
    if field == "escalation" and isinstance(value, Sequence) and not isinstance(value, str):
        return say_escalation(value)
    if isinstance(value, Mapping):
        if "zh" in value and "en" in value:
            return say_text(value)
        parts = [f"{say_field(str(k))} {say_value((str(k),), v)}" for k, v in value.items()]
        return pgettext("list", ", ").join(parts)
    if isinstance(value, list | tuple):
        return pgettext("list", ", ").join(say_value(path, item) for item in value)
    if isinstance(field, str) and field.endswith("role"):
        return say_role(str(value))
    if isinstance(value, str) and value in CHOICES.get(str(field), {}):
        return str(CHOICES[str(field)][value])
    if field in {"effective_from", "since", "until"}:
        return f"{clock.local(datetime.fromisoformat(str(value))):%Y-%m-%d %H:%M}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def say_text(text: Mapping[str, object]) -> str:
    """A title or note from its JSON form, in the reader's language."""
    return Text.model_validate(text).say(get_language() or "en")
