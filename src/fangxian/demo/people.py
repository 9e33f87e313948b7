"""Who lives there: households by the make-up of each kind of compound, with names, documents, telephones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from fangxian.demo import names
from fangxian.demo.ground import GUBEI
from fangxian.demo.issuing import Numbers
from fangxian.demo.street import Compound, CompoundKind, Document, Dwelling, Household, Person


@dataclass(frozen=True)
class MakeUp:
    """One kind of household: how common, the age of its head, who lives with the head."""

    weight: float
    head: tuple[int, int]
    others: tuple[str, ...] = ()


LOCAL = (
    MakeUp(0.37, (62, 88), ("spouse",)),
    MakeUp(0.19, (65, 94)),
    MakeUp(0.09, (62, 80), ("spouse", "child", "grandchild")),
    MakeUp(0.05, (30, 45), ("spouse", "child", "parent")),
    MakeUp(0.13, (28, 52), ("spouse", "child")),
    MakeUp(0.05, (42, 59), ("spouse",)),
    MakeUp(0.04, (22, 34)),
    MakeUp(0.04, (22, 36), ("flatmate", "flatmate")),
    MakeUp(0.04, (75, 92), ("child",)),
)
GUBEI_CHINESE = (
    MakeUp(0.15, (62, 84), ("spouse",)),
    MakeUp(0.06, (65, 90)),
    MakeUp(0.16, (62, 78), ("spouse", "child", "grandchild")),
    MakeUp(0.20, (30, 50), ("spouse", "child")),
    MakeUp(0.18, (32, 48), ("spouse", "child", "child")),
    MakeUp(0.12, (28, 59), ("spouse",)),
    MakeUp(0.07, (24, 45)),
    MakeUp(0.06, (24, 36), ("flatmate", "flatmate")),
)
FOREIGN = (
    MakeUp(0.38, (34, 54), ("spouse", "child", "child")),
    MakeUp(0.29, (30, 52), ("spouse", "child")),
    MakeUp(0.13, (28, 58), ("spouse",)),
    MakeUp(0.04, (60, 72), ("spouse",)),
    MakeUp(0.16, (25, 60)),
)
NATIONALITIES = {
    "JP": 0.415, "KR": 0.275, "US": 0.07, "TW": 0.055, "HK": 0.03, "FR": 0.03, "DE": 0.03, "SG": 0.03, "GB": 0.02,
    "AU": 0.02, "IT": 0.01, "IN": 0.015,
}  # fmt: skip
LANGUAGES = {"JP": "ja", "KR": "ko", "CN": "zh", "TW": "zh", "HK": "zh"}
FOREIGN_IN_GUBEI = {
    CompoundKind.INTERNATIONAL: 0.79, CompoundKind.SERVICED: 0.82, CompoundKind.VILLA: 0.7, CompoundKind.SLAB: 0.08,
}  # fmt: skip
FOREIGN_ELSEWHERE = {CompoundKind.SERVICED: 0.3, CompoundKind.VILLA: 0.2, CompoundKind.TOWER: 0.02}
RELATIONS = {"spouse": "配偶", "child": "子女", "parent": "父母", "grandchild": "孙子女", "flatmate": "合租"}
ORIGINS = (
    ("湖北武汉", 0.05), ("湖北黄冈", 0.03), ("浙江温州", 0.06), ("浙江台州", 0.04), ("江苏", 0.22), ("安徽", 0.2),
    ("浙江", 0.14), ("江西", 0.08), ("河南", 0.08), ("四川", 0.05), ("山东", 0.05),
)  # fmt: skip
ABROAD = {"JP": "日本", "KR": "韩国"}
RECENT_ARRIVALS = 0.06
KEEP_THEIR_NAME = frozenset({"CN", "TW", "HK", "KR"})


class People:
    """Draws persons; one of these for the whole street, so that nothing is given twice."""

    def __init__(self, rng: Random, numbers: Numbers, reference: date) -> None:
        self._rng = rng
        self._numbers = numbers
        self._reference = reference

    def households(self, compounds: Sequence[Compound], occupied: int) -> list[Household]:
        """One household for each dwelling, `occupied` of them with members."""
        dwellings = [
            Dwelling(compound, block, room)
            for compound in compounds
            for block in compound.blocks
            for room in block.rooms
        ]
        vacant = set(self._rng.sample(range(len(dwellings)), max(len(dwellings) - occupied, 0)))
        return [
            Household(dwelling, () if index in vacant else self._members(dwelling.compound))
            for index, dwelling in enumerate(dwellings)
        ]

    def person(
        self, *, nationality: str, sex: str, age: int, relation: str, family: str = "", arrives: bool = False
    ) -> Person:
        rng = self._rng
        born = date(self._reference.year - age, 1, 1) - timedelta(days=rng.randrange(1, 366))
        name = names.of(rng, nationality, sex, born.year, family)
        document, number = self._document(nationality, sex, born)
        arrived, origin = self._arrival(nationality) if arrives else (None, "")
        return Person(
            name=name.full, reading=name.reading, sex=sex, born=born, nationality=nationality, document=document,
            number=number, phone=self._phone(age), language=LANGUAGES.get(nationality, "en"), relation=relation,
            arrived=arrived, origin=origin,
        )  # fmt: skip

    def _members(self, compound: Compound) -> tuple[Person, ...]:
        rng = self._rng
        gubei = compound.neighbourhood[-3:] in GUBEI
        foreign = rng.random() < (FOREIGN_IN_GUBEI if gubei else FOREIGN_ELSEWHERE).get(compound.kind, 0.0)
        make_ups = FOREIGN if foreign else GUBEI_CHINESE if gubei else LOCAL
        nationality = rng.choices(*_columns(NATIONALITIES))[0] if foreign else "CN"
        make_up = rng.choices(make_ups, [one.weight for one in make_ups])[0]
        arrives = rng.random() < RECENT_ARRIVALS
        age = rng.randint(*make_up.head)
        sex = "male" if rng.random() < (0.75 if make_up.others else 0.5) else "female"
        head = self.person(nationality=nationality, sex=sex, age=age, relation="户主", arrives=arrives)
        family = _family_of(head)
        return (head, *(self._other(head, age, role, family, arrives) for role in make_up.others))

    def _other(self, head: Person, head_age: int, role: str, family: str, arrives: bool) -> Person:
        rng = self._rng
        opposite = "female" if head.sex == "male" else "male"
        sex = opposite if role == "spouse" else rng.choice(("male", "female"))
        age = {
            "spouse": head_age + rng.randint(-4, 2),
            "child": head_age - rng.randint(24, 36),
            "parent": head_age + rng.randint(22, 32),
            "grandchild": head_age - rng.randint(50, 64),
            "flatmate": head_age + rng.randint(-4, 4),
        }[role]
        # a Chinese or Korean wife keeps her name; a child carries the head's, as does a Japanese family
        shares = role in {"child", "grandchild"} or (role == "spouse" and head.nationality not in KEEP_THEIR_NAME)
        return self.person(
            nationality=head.nationality, sex=sex, age=max(min(age, 101), 0), relation=RELATIONS[role],
            family=family if shares else "", arrives=arrives,
        )  # fmt: skip

    def _document(self, nationality: str, sex: str, born: date) -> tuple[Document, str]:
        if nationality == "CN":
            return Document.RESIDENT_ID, self._numbers.resident_id(sex, born)
        if nationality == "TW":
            return Document.TAIWAN, self._numbers.taiwan_permit()
        if nationality == "HK":
            return Document.HOME_RETURN, self._numbers.home_return_permit()
        return Document.PASSPORT, self._numbers.passport(nationality)

    def _phone(self, age: int) -> str:
        share = 0.0 if age < 12 else 0.93 if age < 70 else 0.7 if age < 82 else 0.35
        return self._numbers.mobile() if self._rng.random() < share else ""

    def _arrival(self, nationality: str) -> tuple[date | None, str]:
        origin = (
            ABROAD.get(nationality)
            or self._rng.choices([name for name, _ in ORIGINS], [weight for _, weight in ORIGINS])[0]
        )
        return self._reference - timedelta(days=self._rng.randint(1, 20)), origin


def _family_of(person: Person) -> str:
    if person.nationality in names.LATIN_FAMILIES:
        return person.name.rsplit(" ", 1)[1]
    if person.nationality == "JP":
        return person.name.split(" ", 1)[0]
    two = person.name[:2]
    return two if two in names.CHINESE_FAMILIES_TWO else person.name[:1]


def _columns(weights: dict[str, float]) -> tuple[list[str], list[float]]:
    return list(weights), list(weights.values())
