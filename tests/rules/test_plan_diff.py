from django.utils import translation

from fangxian.duties.plan_diff import ChangeKind, compare
from fangxian.duties.plan_schema import Plan
from tests.support import playbooks


def edited(file: str, old: str, new: str) -> Plan:
    checked = playbooks.check_edited(file, old, new)
    assert checked.plan is not None, [str(fault) for fault in checked.faults]
    return checked.plan


def test_it_finds_nothing_between_equal_plans() -> None:
    assert compare(playbooks.plan(), playbooks.plan()).same


def test_it_takes_a_default_that_is_written_out_for_the_same() -> None:
    written = edited("rules.toml", 'channel = "field"', 'channel = "field"\ncorner = true')

    assert compare(playbooks.plan(), written).same


def test_it_says_that_everything_appears_in_an_empty_street() -> None:
    plan = playbooks.plan()
    diff = compare(None, plan)

    assert {change.key for change in diff.rules_of(ChangeKind.ADDED)} == {rule.key for rule in plan.rules}
    assert not diff.rules_of(ChangeKind.ENDED)


def test_it_says_which_field_of_a_rule_changes_and_how() -> None:
    diff = compare(playbooks.plan(), edited("rules.toml", "grace_minutes = 60", "grace_minutes = 90"))

    (change,) = diff.rules
    (field,) = change.fields
    assert (change.kind, change.key) == (ChangeKind.CHANGED, "door-round")
    assert (field.path, field.old, field.new) == (("grace_minutes",), 60, 90)
    assert diff.items == ()


def test_it_says_a_changed_schedule_in_words() -> None:
    diff = compare(playbooks.plan(), edited("rules.toml", "hours = 2", "hours = 3"))

    (field,) = diff.rules[0].fields
    with translation.override("en"):
        assert field.label == "schedule"
        assert field.old_text == "every 2 hours from 08:00 to 20:00"
        assert field.new_text == "every 3 hours from 08:00 to 20:00"


def test_it_says_which_threshold_region_and_item_change() -> None:
    files = playbooks.edited("thresholds.toml", "value = 37.3", "value = 37.0")
    files["checklist.toml"] = files["checklist.toml"].replace("必测温".encode(), "测温".encode())
    screening = files["screening.toml"].decode()
    start = screening.index('[[key_regions]]\nkey = "usa"')
    end = screening.index("[[key_regions]]", start + 1)
    files["screening.toml"] = (screening[:start] + screening[end:]).encode()
    plan = playbooks.check_files(files).plan
    assert plan is not None

    diff = compare(playbooks.plan(), plan)

    assert [(c.kind, c.section, c.path) for c in diff.items] == [
        (ChangeKind.CHANGED, "thresholds", ("thresholds", "fever_celsius")),
        (ChangeKind.ENDED, "screening", ("key_regions", "usa")),
        (ChangeKind.CHANGED, "checklist", ("items", "A2")),
    ]
    (value,) = diff.items[0].fields
    assert (value.old_text, value.new_text) == ("37.3", "37")


def test_it_says_what_changes_in_the_plan_itself() -> None:
    diff = compare(playbooks.plan(), edited("plan.toml", 'version = "2020.02.16"', 'version = "2020.02.17"'))

    (change,) = diff.items
    assert (change.section, change.path, change.fields[0].new) == ("plan", (), "2020.02.17")


def test_it_ends_one_plan_and_begins_the_other_between_diseases() -> None:
    covid, influenza = playbooks.plan(playbooks.COVID), playbooks.plan(playbooks.INFLUENZA)
    there, back = compare(covid, influenza), compare(influenza, covid)

    ended = {change.key for change in there.rules_of(ChangeKind.ENDED)}
    assert ended == {change.key for change in back.rules_of(ChangeKind.ADDED)}
    assert "disinfect-lift-buttons" in ended
    changed = {change.key for change in there.rules_of(ChangeKind.CHANGED)}
    assert changed == {"door-round", "person-round", "gate-staffed", "employee-daily-check", "building-inspected"}


def test_it_leaves_no_field_without_a_name() -> None:
    diff = compare(None, playbooks.plan())
    named = [field for change in diff.items for field in change.fields]

    with translation.override("en"):
        untranslated = {field.path[0] for field in named if field.label == field.path[0] and "_" in field.label}
    assert untranslated == set()


def test_it_looks_into_the_defaults_of_a_round() -> None:
    diff = compare(playbooks.plan(), edited("screening.toml", "retry_hours = 4", "retry_hours = 6"))

    (field,) = diff.items[0].fields
    assert (field.path, field.old, field.new) == (("round", "retry_hours"), 4, 6)
    with translation.override("en"):
        assert field.label == "round · hours until the next try"


def test_it_says_the_words_of_the_format_in_the_language_of_the_reader() -> None:
    diff = compare(playbooks.plan(), edited("retention.toml", 'then = "de-identify"', 'then = "delete"'))

    (field,) = diff.items[0].fields
    with translation.override("en"):
        assert (field.old_text, field.new_text) == ("names taken out", "deleted")
