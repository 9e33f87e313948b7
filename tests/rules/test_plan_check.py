import io
import re
import zipfile
from pathlib import Path

import pytest

from fangxian.duties.plan_check import Checked, check_files
from fangxian.duties.plan_files import to_files, to_zip
from fangxian.duties.plan_schema import Plan
from fangxian.duties.plan_source import MAX_TOTAL_BYTES, open_upload
from fangxian.duties.plan_words import REASONS
from fangxian.duties.sections import ChecklistSection
from fangxian.hygiene.playbook import HygieneSection
from fangxian.inspections.playbook import COHORTS
from fangxian.screening.playbook import ScreeningSection
from fangxian.workplaces.playbook import WorkplacesSection
from tests.support import playbooks
from tests.support.playbooks import check_edited, line_of


@pytest.mark.parametrize("name", playbooks.NAMES)
def test_it_accepts_every_shipped_playbook(name: str) -> None:
    checked = check_files(playbooks.files(name))

    assert checked.faults == ()
    assert checked.plan is not None
    assert checked.plan.head.name == name


def test_it_ships_a_second_playbook_for_another_disease() -> None:
    covid, other = playbooks.plan(playbooks.COVID), playbooks.plan(playbooks.INFLUENZA)

    assert covid.head.disease.en != other.head.disease.en
    areas = {kind.key for kind in covid.read(HygieneSection).area_types}
    assert areas.isdisjoint(kind.key for kind in other.read(HygieneSection).area_types)


def test_it_gives_every_type_of_area_a_rule_and_the_22_items_their_six_areas() -> None:
    plan = playbooks.plan()

    assert {rule.cohort for rule in plan.rules} == plan.cohorts
    checklist = plan.read(ChecklistSection)
    office, compound = checklist.items_at("building"), checklist.items_at("compound")
    assert len(office) == 22
    areas = [area.key for area in checklist.areas]
    assert [sum(i.area == area for i in office) for area in areas] == [5, 4, 3, 4, 3, 3, 0, 0, 0, 0, 0]
    # the five things that leaders looked at in a compound
    assert {area for area in areas if any(i.area == area for i in compound)} == set("GHIJK")
    assert len(office) + len(compound) == len(checklist.items)


@pytest.mark.parametrize("name", playbooks.NAMES)
def test_it_reads_a_stored_plan_back_to_the_same_hash(name: str) -> None:
    plan = playbooks.plan(name)

    assert Plan.from_json(plan.to_json()).sha256 == plan.sha256
    again = check_files({file: text.encode() for file, text in to_files(plan).items()})
    assert again.faults == ()
    assert again.plan is not None
    assert again.plan.sha256 == plan.sha256


def test_it_hashes_what_is_said_and_not_how_it_is_written() -> None:
    same = check_edited("rules.toml", '"07:00"', '"07:00:00"')
    other = check_edited("rules.toml", '"07:00"', '"07:30"')

    assert same.plan is not None
    assert same.plan.sha256 == playbooks.plan().sha256
    assert other.plan is not None
    assert other.plan.sha256 != playbooks.plan().sha256


BROKEN = [
    ("rules.toml", "grace_minutes = 60", "grace_minute = 60", ["extra_forbidden", "missing"]),
    ("rules.toml", "grace_minutes = 60", 'grace_minutes = "60"', ["int_type"]),
    ("rules.toml", "grace_minutes = 60", "grace_minutes = 60.5", ["int_type"]),
    ("rules.toml", "grace_minutes = 60", "grace_minutes = -1", ["greater_than_equal"]),
    ("rules.toml", 'subject = "place"', 'subject = "dwelling"', ["literal_error"]),
    ("rules.toml", 'cohort = "round-doors"', 'cohort = "round-door"', ["cohort_unknown"]),
    ("rules.toml", 'role = "grid_worker"', 'role = "gridworker"', ["role_unknown"]),
    ("rules.toml", 'role = "committee_secretary"', 'role = "grid_worker"', ["escalation_repeats"]),
    ("rules.toml", "after_minutes = 120", "after_minutes = 0", ["escalation_order"]),
    ("rules.toml", "after_minutes = 0", "after_minutes = 5", ["escalation_starts_late"]),
    ("rules.toml", 'key = "person-round"', 'key = "door-round"', ["key_twice"]),
    ("rules.toml", 'type = "once"', 'type = "weekly"', ["union_tag_invalid"]),
    ("rules.toml", 'type = "once"', 'kind = "once"', ["union_tag_not_found"]),
    ("rules.toml", "hours = 2", "hours = 14", ["every_too_long"]),
    ("rules.toml", 'until = "20:00"', 'until = "07:00"', ["window_backwards"]),
    ("rules.toml", '["07:00", "11:00"]', '["11:00", "07:00"]', ["window_backwards"]),
    ("rules.toml", '["07:00", "11:00"]', '["07:00", "16:00"]', ["window_overlap"]),
    ("rules.toml", '["07:00", "11:00"]', '["7 o\'clock", "11:00"]', ["time_parsing"]),
    ("rules.toml", 'key = "door-round"', 'key = "Door Round"', ["string_pattern_mismatch"]),
    ("plan.toml", "+08:00", "", ["timezone_aware"]),
    ("plan.toml", '"ja", "ko"]', '"ja", "ja"]', ["languages_repeat"]),
    ("plan.toml", '["zh", "en", "ja", "ko"]', '["en", "ja", "ko"]', ["language_missing"]),
    ("thresholds.toml", "value = 37.3", "value = 373", ["threshold_range"]),
    ("thresholds.toml", "value = 37.3", "value = nan", ["finite_number"]),
    ("thresholds.toml", 'key = "fever_rest_minutes"', 'key = "fever_celsius"', ["key_twice"]),
    ("screening.toml", 'code = "42"', 'code = "CHN"', ["region_code"]),
    ("screening.toml", 'code = "ITA"', 'code = "KOR"', ["region_twice"]),
    (
        "screening.toml",
        "since = 2020-03-04T00:00:00+08:00",
        "since = 2020-03-04T00:00:00+08:00\nuntil = 2020-03-01T00:00:00+08:00",
        ["region_dates"],
    ),
    ("screening.toml", 'refused_role = "community_police"', 'refused_role = "police"', ["role_unknown"]),
    ("screening.toml", 'key = "vacant"', 'key = "met"', ["disposition_missing", "key_twice"]),
    ("screening.toml", "\nko = ", "\n# ko = ", ["language_missing"]),
    ("hygiene.toml", "\nmg_per_l = 500\n", "\nmg_per_l = 500000\n", ["dilution_impossible"]),
    ("hygiene.toml", "stock_mg_per_l = 50000\n", "", ["agent_strength"]),
    ("hygiene.toml", 'base_unit = "tablet"', 'base_unit = "ml"', ["agent_unit"]),
    ("hygiene.toml", 'agent = "ethanol-75"', 'agent = "chlorine-84"', ["strength_missing"]),
    ("hygiene.toml", 'agent = "chlorine-84"', 'agent = "ethanol-75"', ["agent_is_ready"]),
    ("hygiene.toml", 'agent = "chlorine-84"', 'agent = "bleach"', ["agent_unknown"]),
    ("hygiene.toml", 'rule = "disinfect-lobby"', 'rule = "disinfect-lobbies"', ["rule_unknown"]),
    ("hygiene.toml", 'rule = "disinfect-lobby"', 'rule = "disinfect-stairs"', ["rule_of_other_cohort"]),
    ("checklist.toml", 'area = "F"', 'area = "Z"', ["area_unknown"]),
    ("checklist.toml", 'severity = "red"', 'severity = "blue"', ["literal_error"]),
    ("checklist.toml", "within_days = 0\n", "", ["term_one_of"]),
    ("retention.toml", "keep_days = 90", "keep_days = 0", ["greater_than_equal"]),
    ("retention.toml", 'then = "delete"', 'then = "keep"', ["literal_error"]),
]


@pytest.mark.parametrize(("file", "old", "new", "codes"), BROKEN, ids=[f"{b[0]}:{b[3][0]}:{b[1][:20]}" for b in BROKEN])
def test_it_refuses_a_broken_value_with_its_file_and_reason(file: str, old: str, new: str, codes: list[str]) -> None:
    checked = check_edited(file, old, new)

    assert checked.plan is None
    assert sorted(fault.code for fault in checked.faults) == sorted(codes)
    for fault in checked.faults:
        assert fault.file == file
        assert "%(" not in fault.reason
        assert fault.code in REASONS


LINED = [
    ("rules.toml", "grace_minutes = 60", 'grace_minutes = "60"'),
    ("rules.toml", "hours = 2", "hours = 2.5"),
    ("rules.toml", 'role = "property_manager"', 'role = "owner"'),
    ("hygiene.toml", 'rule = "disinfect-office-lobby"', 'rule = "disinfect-office-hall"'),
    ("screening.toml", 'code = "USA"', 'code = "840"'),
    ("checklist.toml", 'area = "F"', 'area = "Z"'),
]


@pytest.mark.parametrize(("file", "old", "new"), LINED)
def test_it_names_the_line_of_the_fault(file: str, old: str, new: str) -> None:
    (fault, *_rest) = check_edited(file, old, new).faults
    table_is_to_blame = fault.code == "region_code"

    lines = playbooks.files()[file].decode().split("\n")
    wanted = line_of(file, old)
    if table_is_to_blame:  # a fault of two keys together is reported at their table
        wanted = max(n for n in range(1, wanted) if lines[n - 1] == "[[key_regions]]")
    assert fault.line == wanted


def test_it_reports_every_fault_of_every_file_at_once() -> None:
    files = playbooks.edited("rules.toml", "grace_minutes = 60", "grace_minutes = true")
    files["thresholds.toml"] = files["thresholds.toml"].replace(b'unit = "celsius"', b'unit = "kelvin"')
    files["hygiene.toml"] = files["hygiene.toml"].replace(b"minutes = 3\n", b"")

    faults = check_files(files).faults

    assert {fault.file for fault in faults} == {"rules.toml", "thresholds.toml", "hygiene.toml"}
    assert all(fault.line for fault in faults)


def test_it_says_which_file_is_missing_and_which_it_does_not_know() -> None:
    files = playbooks.files()
    files["shields.toml"] = files.pop("hygiene.toml")

    codes = {(fault.file, fault.code) for fault in check_files(files).faults}

    assert codes == {("shields.toml", "section_unknown"), ("hygiene.toml", "section_missing")}


def test_it_lets_a_plan_do_without_a_checklist_if_nobody_is_to_inspect_by_it() -> None:
    files = playbooks.files()
    del files["checklist.toml"]

    assert {fault.code for fault in check_files(files).faults} == {"cohort_unknown"}

    blocks = files["rules.toml"].decode().split("[[rules]]")
    kept = [block for block in blocks if not any(f'cohort = "{cohort}"' in block for cohort in COHORTS)]
    files["rules.toml"] = "[[rules]]".join(kept).encode()
    assert check_files(files).faults == ()


def test_it_holds_the_defaults_while_a_plan_says_nothing_about_the_return_to_work() -> None:
    files = playbooks.files()
    del files["workplaces.toml"]
    blocks = files["rules.toml"].decode().split("[[rules]]")
    kept = [block for block in blocks if 'cohort = "firm-' not in block]
    files["rules.toml"] = "[[rules]]".join(kept).encode()

    checked = check_files(files)

    assert checked.faults == ()
    assert checked.plan is not None
    assert WorkplacesSection.section not in checked.plan.sections
    assert (WorkplacesSection().supply_days, WorkplacesSection().observation_days) == (14, 14)


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"name = ", "toml", 1),
        (b'a = 1\nname = "x"\nname = "y"\n', "toml", 3),
        (b"a = 1\n[b\n", "toml", 2),
        ('a = 1\ntitle = "预案"\n'.encode("gb18030"), "not_utf8", 2),
        (b"a = " + b"[" * 100_000, "toml_too_deep", None),
    ],
)
def test_it_reports_a_file_that_is_not_toml_once(data: bytes, code: str, line: int | None) -> None:
    files = {**playbooks.files(), "plan.toml": data}

    (fault,) = check_files(files).faults

    assert (fault.file, fault.code, fault.line) == ("plan.toml", code, line)


def test_it_takes_what_notepad_writes() -> None:
    files = playbooks.files()
    files["plan.toml"] = b"\xef\xbb\xbf" + files["plan.toml"].replace(b"\n", b"\r\n")

    assert check_files(files).faults == ()


def test_it_refuses_nothing_at_all() -> None:
    assert check_files({}).faults[0].code == "no_files"


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def check_upload(uploads: dict[str, bytes]) -> Checked:
    files, faults = open_upload(uploads)
    return check_files(files, tuple(faults))


def test_it_opens_an_archive_with_a_folder_in_it_and_the_litter_of_a_mac() -> None:
    inside = {f"covid/{name}": data for name, data in playbooks.files().items()}
    inside["__MACOSX/covid/._plan.toml"] = b"\x00\x01"
    inside["covid/.DS_Store"] = b"\x00"

    checked = check_upload({"预案.zip": zipped(inside)})

    assert checked.faults == ()


def test_it_writes_an_archive_that_it_takes_back() -> None:
    plan = playbooks.plan()
    checked = check_upload({"plan.zip": to_zip(plan)})

    assert checked.plan is not None
    assert checked.plan.sha256 == plan.sha256
    assert to_zip(plan) == to_zip(checked.plan)


@pytest.mark.parametrize(
    ("uploads", "code"),
    [
        ({"a.zip": b"PK not really"}, "zip_broken"),
        ({"a.zip": zipped({"plan.toml": b"a" * (MAX_TOTAL_BYTES + 1)})}, "zip_too_large"),
        ({"a.zip": zipped({f"{n}.toml": b"" for n in range(100)})}, "zip_too_large"),
        ({"a.zip": zipped({"x/plan.toml": b"", "y/plan.toml": b""})}, "file_twice"),
        ({"plan.xlsx": b"PK"}, "not_toml_file"),
        ({"../../plan.toml": b"a = 1"}, "extra_forbidden"),
        ({"plan.toml": b"#" * 600_000}, "file_too_large"),
    ],
)
def test_it_refuses_a_hostile_upload(uploads: dict[str, bytes], code: str) -> None:
    checked = check_upload(uploads)

    assert checked.plan is None
    assert code in {fault.code for fault in checked.faults}
    assert all("/" not in fault.file for fault in checked.faults)


def test_it_refuses_an_archive_that_lies_about_its_sizes() -> None:
    honest = zipped({"plan.toml": b"a" * 600_000})
    # the size of the entry in the central directory, rewritten to something small
    lying = honest.replace((600_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))

    checked = check_upload({"a.zip": lying})

    assert lying != honest
    assert checked.plan is None


def test_it_refuses_a_locked_archive() -> None:
    data = bytearray(zipped({"plan.toml": b"a = 1"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1

    checked = check_upload({"a.zip": bytes(data)})

    assert "zip_locked" in {fault.code for fault in checked.faults}


def test_it_has_words_for_every_code_that_the_program_raises() -> None:
    source = Path(playbooks.PLAYBOOKS.parent / "src" / "fangxian")
    raised: set[str] = set()
    for path in [*source.glob("duties/*.py"), *source.glob("*/playbook.py")]:
        text = path.read_text()
        raised |= set(re.findall(r'\bfault\("(\w+)"', text))
        raised |= set(re.findall(r'\bFlaw\([^")]*"\w+", [^"]*?(?:"\w+"[^"]*?)*?, "(\w+)", ', text))
        raised |= set(re.findall(r'SourceFault\(\w+, [^"]*?"(\w+)"', text))

    assert {"window_overlap", "role_unknown", "zip_broken"} <= raised
    assert raised <= REASONS.keys()


def test_it_tells_the_key_regions_of_a_day() -> None:
    screening = playbooks.plan().read(ScreeningSection)
    when = {r.key: r.since for r in screening.key_regions}

    at_first = {region.key for region in screening.key_regions_at(when["hubei"])}
    in_march = {region.key for region in screening.key_regions_at(when["korea"])}

    assert at_first == {"hubei"}
    assert {"hubei", "korea", "italy", "iran", "japan"} <= in_march
    assert "france" not in in_march


@pytest.mark.parametrize(
    ("key", "country", "division", "covered"),
    [
        ("hubei", "CHN", "420106", True),
        ("hubei", "CHN", "310105", False),
        ("hubei", "KOR", None, False),
        ("wenzhou", "CHN", "330302", True),
        ("wenzhou", "CHN", "33", False),
        ("korea", "KOR", None, True),
        ("abroad", "BRA", None, True),
        ("abroad", "CHN", "420106", False),
    ],
)
def test_it_knows_what_a_region_covers(key: str, country: str, division: str | None, covered: bool) -> None:
    region = next(r for r in playbooks.plan().read(ScreeningSection).key_regions if r.key == key)

    assert region.covers(country=country, division=division) is covered
