"""The ``masks`` section of a playbook: goods, quotas, windows and policy of a round, and the answers about it."""

from __future__ import annotations

from datetime import time
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from fangxian.duties.plan_schema import Frozen, Key, Section, SectionSpec, Text, Words, fault

DOORS = "mask-doors"
SPECIAL = "mask-special"
DELIVER = "mask-deliver"
CALLED = "mask-called"
ARRIVED = "mask-arrived"
CLOSE = "mask-close"

Quota = Annotated[int, Field(ge=1, le=100)]


class VariantRule(Frozen):
    """A kind of the goods. `quota` is what one residential address may have in a round."""

    key: Annotated[str, Field(pattern=r"^[a-z0-9]{1,16}$")]
    title: Text
    quota: Quota


class GoodsRule(Frozen):
    """What is given out: masks, test kits, a medicine."""

    key: Key
    title: Text
    variants: Annotated[tuple[VariantRule, ...], Field(min_length=1, max_length=4)]
    source: Words | None = None
    confirmed: bool = True

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        keys = [variant.key for variant in self.variants]
        if len(keys) != len(set(keys)):
            raise fault("key_twice", key=next(key for key in keys if keys.count(key) > 1))
        return self


class Answer(Frozen):
    """One question about a round with its answer: the same list at the desk, on the phone and on the page."""

    question: Text
    answer: Text


NOTICE = Text(
    zh=(
        "登记时间：{begin}至{end}。可到居委会登记台、打电话或扫描本信上的二维码登记。每个居住地址登记一次：{wants}。"
        "{sale}起按号叫号，叫到您的号之前请不要去药店排队。行动不便的，给居委会打一个电话即可。"
    ),
    en=(
        "Registration from {begin} to {end}: at the committee's desk, by telephone, or with the code on this letter. "
        "One registration for each address: {wants}. Numbers are called from {sale}; please do not queue before yours "
        "is called. Whoever cannot leave home calls the committee once."
    ),
    ja=(
        "登録期間：{begin}から{end}まで。居民委員会の窓口、電話、またはこの手紙のコードで登録できます。"
        "1つの住所につき1回です：{wants}。{sale}から順に番号が呼ばれます。呼ばれるまで薬局に並ばないでください。"
        "外出できない方は居民委員会に電話を1本ください。"
    ),
    ko=(
        "등록 기간: {begin}부터 {end}까지. 주민위원회 창구, 전화, 또는 이 편지의 코드로 등록할 수 있습니다. "
        "한 주소당 한 번입니다: {wants}. {sale}부터 번호를 부릅니다. 번호가 불리기 전에는 약국에 줄을 서지 마세요. "
        "거동이 불편하시면 주민위원회에 전화 한 통만 주세요."
    ),
)
"""What the letter to a door says; the braces are filled in from the round."""


class MasksSection(Section):
    """Defaults are what holds while a plan does not have the section. A round copies these figures when it is made."""

    section: ClassVar[str] = "masks"

    policy: Literal["queue", "lottery", "odd_even", "birth_year"] = "queue"
    register_days: Annotated[int, Field(ge=1, le=60)] = 10
    register_from: time = time(9)
    register_until: time = time(17)
    staff_after_hours: Annotated[int, Field(ge=0, le=720)] = 48
    sale_after_days: Annotated[int, Field(ge=0, le=60)] = 1
    sale_days: Annotated[int, Field(ge=1, le=90)] = 14
    reserve_percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 5.0
    collect_days: Annotated[int, Field(ge=1, le=30)] = 2
    open_from: time = time(9)
    open_until: time = time(17)
    slot_minutes: Annotated[int, Field(ge=5, le=240)] = 30
    slot_people: Annotated[int, Field(ge=1, le=500)] = 20
    close_by: time = time(20)
    call_at: time = time(21)
    special_age: Annotated[int, Field(ge=50, le=120)] = 80
    call_hours: Annotated[int, Field(ge=1, le=240)] = 36
    training: str = "mask-round"
    notice: Text = NOTICE
    goods: tuple[GoodsRule, ...] = ()
    answers: tuple[Answer, ...] = ()

    @model_validator(mode="after")
    def _hours(self) -> Self:
        if self.open_from >= self.open_until:
            raise fault("window_backwards", start=f"{self.open_from:%H:%M}", end=f"{self.open_until:%H:%M}")
        return self


def _cohorts(section: MasksSection) -> tuple[str, ...]:
    return (DOORS, SPECIAL, DELIVER, CALLED, ARRIVED, CLOSE)


SECTIONS = (SectionSpec(MasksSection, cohorts=_cohorts, required=False),)
