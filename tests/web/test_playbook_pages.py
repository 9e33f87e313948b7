import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.console.view import EPOCH_KEY, SIGNED_IN_KEY
from fangxian.duties import plan_queries
from fangxian.duties.actions import apply_playbook, bring_into_force, due_playbook
from fangxian.duties.models import Playbook, Rule
from fangxian.duties.plan_check import check_files
from fangxian.duties.plan_files import to_zip
from fangxian.duties.plan_schema import Plan
from fangxian.duties.sections import ChecklistItem, ChecklistSection, ThresholdsSection
from fangxian.screening.playbook import ScreeningSection
from fangxian.shared import clock
from tests.support import playbooks
from tests.support.factories import Street, make_staff, make_street

NOW = datetime(2020, 2, 18, 1, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_nine() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False), translation.override("en"):
        yield


@pytest.fixture
def street() -> Street:
    return make_street(1, NOW)


def signed_in(staff: Staff) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[EPOCH_KEY] = staff.session_epoch
    session[SIGNED_IN_KEY] = clock.to_us(NOW)
    session.save()
    return client


@pytest.fixture
def admin(street: Street) -> Client:
    return signed_in(make_staff(Role.ADMINISTRATOR, street.street, "管理员", NOW))


@pytest.fixture
def covid(street: Street) -> Plan:
    plan = playbooks.plan()
    apply_playbook(plan=plan, effective_at=EARLIER, by="test", now=EARLIER)
    return plan


def upload(client: Client, files: dict[str, bytes]) -> HttpResponse:
    uploads = [SimpleUploadedFile(name, data) for name, data in files.items()]
    return client.post(reverse("playbooks:check"), {"playbook": uploads})


def proposal(answer: HttpResponse) -> str:
    found = re.search(r'name="proposal" value="([^"]+)"', answer.content.decode())
    assert found is not None, answer.content.decode()[:2000]
    return found.group(1)


def in_force() -> Plan:
    held = plan_queries.plan_in_force(NOW)
    assert held is not None
    return held[1]


def test_it_brings_an_uploaded_plan_into_force_after_a_comparison(admin: Client) -> None:
    compared = upload(admin, playbooks.files())

    assert compared.status_code == 200
    assert not Playbook.objects.exists()
    answer = admin.post(
        reverse("playbooks:apply"), {"proposal": proposal(compared), "when": "now", "reason": "市里通知"}, follow=True
    )
    assert "43 duties appear" in answer.content.decode()
    assert in_force().sha256 == playbooks.plan().sha256
    assert "are being set up" in answer.content.decode()
    assert "are being set up" in admin.get(reverse("playbooks:progress")).content.decode()
    waiting = due_playbook(NOW)
    assert waiting is not None
    bring_into_force(playbook=waiting, by="worker", now=NOW)
    assert admin.get(reverse("playbooks:progress")).content.decode().strip() == ""
    assert "are being set up" not in admin.get(reverse("playbooks:home")).content.decode()
    assert Rule.objects.filter(active=True).count() == 43
    assert Playbook.objects.get().reason == "市里通知"
    assert Entry.objects.filter(act="duties.playbook.applied").exists()


def test_it_takes_one_zip_and_gives_one_back(admin: Client, covid: Plan) -> None:
    files = playbooks.edited("rules.toml", "grace_minutes = 60", "grace_minutes = 75")
    changed = check_files(files).plan
    assert changed is not None

    compared = upload(admin, {"预案.zip": to_zip(changed)})
    assert "60" in compared.content.decode()
    assert "75" in compared.content.decode()
    admin.post(reverse("playbooks:apply"), {"proposal": proposal(compared), "when": "now", "reason": "放宽"})

    row = Playbook.objects.get(sha256=changed.sha256)
    answer = admin.get(reverse("playbooks:download", args=[row.id]))
    assert answer["Content-Type"] == "application/zip"
    inside = zipfile.ZipFile(io.BytesIO(answer.content))
    again = check_files({name.rpartition("/")[2]: inside.read(name) for name in inside.namelist()})
    assert again.plan is not None
    assert again.plan.sha256 == changed.sha256


def test_it_shows_every_fault_and_changes_nothing(admin: Client, covid: Plan) -> None:
    files = playbooks.edited("rules.toml", 'role = "grid_worker"', 'role = "nobody"')
    line = playbooks.line_of("rules.toml", 'role = "grid_worker"')

    answer = upload(admin, files)

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "there is no role “nobody”" in page
    assert f">{line}<" in page
    assert in_force().sha256 == covid.sha256
    assert "proposal" not in page


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "This field is required"),
        ({"a.zip": b"not a zip"}, "cannot be opened"),
        ({"plan.toml": b"name = "}, "not valid TOML"),
        ({"roster.xlsx": b"PK"}, "not a .toml file"),
        ({"plan.toml": b"#" * 3_000_000}, "larger than"),
        ({"plan.toml": b"#" * (100 << 20)}, "larger than"),
        ({"bomb.zip": zipped({"plan.toml": b" " * (64 << 20)})}, "too large"),
        ({"a.zip": zipped({"../../etc/<b>passwd</b>.txt": b"x"})}, "not a .toml file"),
    ],
)
def test_it_says_what_is_wrong_with_an_upload(admin: Client, files: dict[str, bytes], said: str) -> None:
    answer = upload(admin, files)

    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Playbook.objects.exists()


def test_it_escapes_what_a_hostile_file_says(admin: Client) -> None:
    files = playbooks.edited("rules.toml", 'cohort = "round-doors"', 'cohort = "<script>alert(1)</script>"')

    page = upload(admin, files).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_it_applies_at_a_later_time(admin: Client, covid: Plan) -> None:
    compared = upload(admin, playbooks.files(playbooks.INFLUENZA))
    when = {"when": "at", "at": "2020-02-19T08:00", "reason": "流感季"}
    answer = admin.post(reverse("playbooks:apply"), {"proposal": proposal(compared), **when}, follow=True)

    assert "waits for its time" in answer.content.decode()
    assert in_force().sha256 == covid.sha256
    held = plan_queries.plan_in_force(datetime(2020, 2, 19, 0, 0, tzinfo=UTC))
    assert held is not None
    assert held[0].name == playbooks.INFLUENZA


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"when": "at", "at": "2020-02-18T08:59", "reason": "x"}, "has passed"),
        ({"when": "at", "at": "", "reason": "x"}, "Give the time"),
        ({"when": "now", "reason": ""}, "required"),
        ({"when": "now", "reason": "x" * 201}, "200"),
    ],
)
def test_it_asks_again_when_the_time_or_the_reason_is_missing(
    admin: Client, covid: Plan, when: dict[str, str], said: str
) -> None:
    compared = upload(admin, playbooks.files(playbooks.INFLUENZA))

    answer = admin.post(reverse("playbooks:apply"), {"proposal": proposal(compared), **when})

    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert Playbook.objects.count() == 1


def test_it_refuses_a_proposal_that_was_tampered_with_or_is_old(admin: Client, covid: Plan) -> None:
    sealed = proposal(upload(admin, playbooks.files(playbooks.INFLUENZA)))
    decision = {"when": "now", "reason": "x"}

    admin.post(reverse("playbooks:apply"), {"proposal": sealed[:-2] + "xx", **decision})
    admin.post(reverse("playbooks:apply"), decision)
    with time_machine.travel(NOW + timedelta(hours=5), tick=False):
        admin.post(reverse("playbooks:apply"), {"proposal": sealed, **decision})

    assert Playbook.objects.count() == 1


def test_it_compares_again_when_another_version_came_between(admin: Client, covid: Plan) -> None:
    compared = upload(admin, playbooks.files(playbooks.INFLUENZA))
    between = playbooks.check_edited("rules.toml", "grace_minutes = 60", "grace_minutes = 75").plan
    assert between is not None
    apply_playbook(plan=between, effective_at=NOW, by="test", now=NOW)
    decision = {"when": "now", "reason": "x"}

    answer = admin.post(reverse("playbooks:apply"), {"proposal": proposal(compared), **decision})

    assert answer.status_code == 409
    assert in_force().sha256 == between.sha256
    admin.post(reverse("playbooks:apply"), {"proposal": proposal(answer), **decision})
    assert in_force().head.name == playbooks.INFLUENZA


def test_it_changes_a_threshold_by_a_form(admin: Client, covid: Plan) -> None:
    address = reverse("playbooks:threshold", args=["fever_celsius"])
    assert "37.3" in admin.get(address).content.decode()

    compared = admin.post(address, {"value": "37.0", "when": "now", "reason": "区里要求", "confirmed": "on"})
    assert compared.status_code == 200
    assert in_force().read(ThresholdsSection).value("fever_celsius") == 37.3
    admin.post(reverse("playbooks:apply"), {"proposal": proposal(compared)})

    assert in_force().read(ThresholdsSection).value("fever_celsius") == 37.0
    assert in_force().head.version == "2020.02.18-1"
    assert [row.reason for row in Playbook.objects.order_by("id")] == ["", "区里要求"]


@pytest.mark.parametrize("value", ["373", "", "hot", "nan", "-1"])
def test_it_refuses_a_threshold_that_cannot_be(admin: Client, covid: Plan, value: str) -> None:
    address = reverse("playbooks:threshold", args=["fever_celsius"])

    answer = admin.post(address, {"value": value, "when": "now", "reason": "x"})

    assert answer.status_code == 400
    assert Playbook.objects.count() == 1


def test_it_does_not_undo_a_change_that_came_between(admin: Client, covid: Plan) -> None:
    compared = admin.post(
        reverse("playbooks:threshold", args=["fever_celsius"]), {"value": "37.0", "when": "now", "reason": "a"}
    )
    other = admin.post(
        reverse("playbooks:threshold", args=["observation_days"]), {"value": "21", "when": "now", "reason": "b"}
    )
    admin.post(reverse("playbooks:apply"), {"proposal": proposal(other)})

    answer = admin.post(reverse("playbooks:apply"), {"proposal": proposal(compared)}, follow=True)

    assert "Make the change again" in answer.content.decode()
    assert in_force().read(ThresholdsSection).value("observation_days") == 21
    assert in_force().read(ThresholdsSection).value("fever_celsius") == 37.3


REGION = {
    "key": "shandong", "title_zh": "山东", "title_en": "Shandong", "kind": "china", "code": "37",
    "since": "2020-02-20T00:00", "until": "", "when": "now", "reason": "市疾控通报",
}  # fmt: skip


def test_it_adds_a_key_region_from_a_date(admin: Client, covid: Plan) -> None:
    compared = admin.post(reverse("playbooks:new-region"), REGION)
    admin.post(reverse("playbooks:apply"), {"proposal": proposal(compared)})

    found = in_force().read(ScreeningSection)
    first = datetime(2020, 2, 19, 16, 0, tzinfo=UTC)  # midnight in Shanghai
    assert "shandong" in {r.key for r in found.key_regions_at(first)}
    assert "shandong" not in {r.key for r in found.key_regions_at(first - timedelta(seconds=1))}


def test_it_ends_a_key_region(admin: Client, covid: Plan) -> None:
    address = reverse("playbooks:region", args=["wenzhou"])
    page = admin.get(address).content.decode()
    assert "2020-02-05T00:00" in page
    ended = {**REGION, "title_zh": "浙江温州", "title_en": "Wenzhou", "code": "3303", "since": "2020-02-05T00:00"}

    compared = admin.post(address, {**ended, "until": "2020-03-01T00:00"})
    admin.post(reverse("playbooks:apply"), {"proposal": proposal(compared)})

    region = next(r for r in in_force().read(ScreeningSection).key_regions if r.key == "wenzhou")
    assert region.until == datetime(2020, 2, 29, 16, 0, tzinfo=UTC)
    assert len(in_force().read(ScreeningSection).key_regions) == len(covid.read(ScreeningSection).key_regions)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": "ABC"}, "does not fit"),
        ({"kind": "country", "code": "37"}, "does not fit"),
        ({"until": "2020-02-19T00:00"}, "ends before it begins"),
        ({"key": "hubei"}, "is taken"),
        ({"key": "Shan Dong"}, "Small letters"),
        ({"code": "42"}, "already in force"),
        ({"title_en": ""}, "required"),
    ],
)
def test_it_refuses_a_region_that_cannot_be(admin: Client, covid: Plan, change: dict[str, str], said: str) -> None:
    answer = admin.post(reverse("playbooks:new-region"), {**REGION, **change})

    assert answer.status_code == 400
    assert said in answer.content.decode()


ITEM = {
    "key": "A6", "area": "A", "title_zh": "访客车辆", "title_en": "Visitors' cars", "criterion_zh": "登记车牌",
    "criterion_en": "plates noted", "severity": "amber", "where": ["building"], "when": "now", "reason": "巡查发现",
}  # fmt: skip


def test_it_adds_changes_and_takes_out_a_checklist_item(admin: Client, covid: Plan) -> None:
    def decide(answer: HttpResponse) -> None:
        admin.post(reverse("playbooks:apply"), {"proposal": proposal(answer)})

    decide(admin.post(reverse("playbooks:new-item"), ITEM))
    assert len(in_force().read(ChecklistSection).items_at("building")) == 23
    address = reverse("playbooks:item", args=["A6"])
    assert "登记车牌" in admin.get(address).content.decode()
    decide(admin.post(address, {**ITEM, "severity": "red"}))
    assert in_force().read(ChecklistSection).items[-1].severity == "red"
    decide(admin.post(address, {**ITEM, "drop": "1"}))
    assert [i.key for i in in_force().read(ChecklistSection).items] == [
        i.key for i in covid.read(ChecklistSection).items
    ]
    assert Playbook.objects.count() == 4


def test_it_keeps_and_changes_where_an_item_is_looked_at_how_and_what_it_suspends(admin: Client, covid: Plan) -> None:
    def item(key: str) -> ChecklistItem:
        return next(i for i in in_force().read(ChecklistSection).items if i.key == key)

    address = reverse("playbooks:item", args=["A2"])
    was = item("A2")
    shown = admin.get(address).context["form"].initial
    assert was.guidance is not None
    assert (shown["where"], shown["suspends"], shown["guidance_en"]) == (["building"], "zone", was.guidance.en)
    kept = {**shown, "source": "", "severity": "amber", "when": "now", "reason": "巡查发现"}
    admin.post(reverse("playbooks:apply"), {"proposal": proposal(admin.post(address, kept))})
    assert (item("A2").severity, item("A2").guidance, item("A2").suspends) == ("amber", was.guidance, "zone")
    new = {
        **kept, "where": ["building", "compound"], "suspends": "building", "guidance_zh": "看车库口",
        "guidance_en": "look at the garage",
    }  # fmt: skip
    admin.post(reverse("playbooks:apply"), {"proposal": proposal(admin.post(address, new))})
    changed = item("A2")
    assert changed.guidance is not None
    assert (changed.at, changed.suspends, changed.guidance.zh) == (("building", "compound"), "building", "看车库口")
    bare = {**new, "suspends": "", "guidance_zh": "", "guidance_en": ""}
    admin.post(reverse("playbooks:apply"), {"proposal": proposal(admin.post(address, bare))})
    assert (item("A2").guidance, item("A2").suspends) == (None, None)


def test_it_refuses_guidance_in_one_language(admin: Client, covid: Plan) -> None:
    answer = admin.post(reverse("playbooks:new-item"), {**ITEM, "guidance_zh": "看车库口"})

    assert answer.status_code == 400
    assert "both languages" in answer.content.decode()


def test_it_refuses_a_number_that_is_taken(admin: Client, covid: Plan) -> None:
    answer = admin.post(reverse("playbooks:new-item"), {**ITEM, "key": "A1"})

    assert answer.status_code == 400
    assert "is taken" in answer.content.decode()


@pytest.mark.parametrize("show", ["duties", "thresholds", "regions", "checklist", "hygiene", "retention", "versions"])
def test_it_shows_every_part_of_the_plan_in_few_queries(
    admin: Client, covid: Plan, show: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(12):
        answer = admin.get(reverse("playbooks:home"), {"show": show})

    page = answer.content.decode()
    assert answer.status_code == 200
    wanted = {"duties": "every 2 hours from 08:00", "thresholds": "37.3", "regions": "Hubei", "checklist": "A1",
              "hygiene": "500 mg/L", "retention": "90 days", "versions": "2020.02.16"}  # fmt: skip
    assert wanted[show] in page
    if show in {"thresholds", "checklist", "retention"}:
        assert "to be confirmed" in page


def test_it_marks_which_regions_are_watched_today(admin: Client, covid: Plan) -> None:
    page = admin.get(reverse("playbooks:home"), {"show": "regions"}).content.decode()

    assert page.count("Watched</span>") == 3
    assert page.count("Not yet</span>") == 9


def test_it_offers_the_shipped_plans_to_an_empty_street(admin: Client) -> None:
    page = admin.get(reverse("playbooks:home")).content.decode()
    assert "No plan is in force yet" in page

    compared = admin.post(reverse("playbooks:shipped", args=["influenza-school"]))

    assert "influenza" in compared.content.decode()
    assert admin.post(reverse("playbooks:shipped", args=["nothing"])).status_code == 404


def test_it_says_what_a_version_changed(
    admin: Client, covid: Plan, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    compared = admin.post(
        reverse("playbooks:threshold", args=["fever_celsius"]), {"value": "37.0", "when": "now", "reason": "区里要求"}
    )
    admin.post(reverse("playbooks:apply"), {"proposal": proposal(compared)})
    row = Playbook.objects.get(reason="区里要求")

    with django_assert_max_num_queries(12):
        page = admin.get(reverse("playbooks:version", args=[row.id])).content.decode()

    assert "37.3" in page
    assert "区里要求" in page
    assert re.search(r"<dd>[^<]* · 管理员</dd>", page)
    assert admin.get(reverse("playbooks:version", args=[row.id + 99])).status_code == 404


def test_it_goes_back_to_an_earlier_version(admin: Client, covid: Plan) -> None:
    changed = admin.post(
        reverse("playbooks:threshold", args=["fever_celsius"]), {"value": "37.0", "when": "now", "reason": "试行"}
    )
    admin.post(reverse("playbooks:apply"), {"proposal": proposal(changed)})
    first = Playbook.objects.get(sha256=covid.sha256)
    assert "Go back" in admin.get(reverse("playbooks:version", args=[first.id])).content.decode()

    compared = admin.post(reverse("playbooks:again", args=[first.id]))
    decision = {"proposal": proposal(compared), "when": "now", "reason": "恢复原标准"}
    admin.post(reverse("playbooks:apply"), decision)

    assert in_force().read(ThresholdsSection).value("fever_celsius") == 37.3
    assert Playbook.objects.count() == 3
    assert admin.post(reverse("playbooks:again", args=[first.id + 99])).status_code == 404


@pytest.mark.parametrize(
    "name", ["playbooks:threshold", "playbooks:region", "playbooks:item"]
)  # fmt: skip
def test_it_knows_no_value_of_another_name(admin: Client, covid: Plan, name: str) -> None:
    assert admin.get(reverse(name, args=["nothing"])).status_code == 404


def test_it_lets_nobody_else_in(street: Street, covid: Plan) -> None:
    secretary = signed_in(make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[0], now=NOW))
    leader = signed_in(make_staff(Role.STREET_LEADER, street.street, now=NOW))
    # an administrator of one neighbourhood does not decide for the street
    partial = signed_in(make_staff(Role.ADMINISTRATOR, street.neighbourhoods[0], now=NOW))

    for client in (secretary, leader, partial):
        assert client.get(reverse("playbooks:home")).status_code == 403
        assert client.post(reverse("playbooks:apply"), {"proposal": "x"}).status_code == 403
        assert upload(client, playbooks.files()).status_code == 403
    assert Client().get(reverse("playbooks:home")).status_code == 302
