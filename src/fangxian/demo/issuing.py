"""Identity numbers that are right by their check digits and belong to nobody (ranges: `data/README.md`)."""

from collections.abc import Iterator
from datetime import date
from itertools import product
from random import Random

from stdnum.cn import ric, uscc

SEQUENCES_MALE = range(901, 990, 2)
SEQUENCES_FEMALE = range(900, 990, 2)
# districts whose codes were valid throughout the last century, so that a birth date never contradicts the region
REGIONS_OLD = ("310105", "310104", "310106", "310107", "310110")
REGIONS_NEW = (
    "310105", "310104", "310106", "310107", "310110", "320102", "330102", "330203", "340104", "420103", "360102",
    "350203", "440303", "370202",
)  # fmt: skip
NEW_FROM_YEAR = 1983

MOBILE_PREFIXES = (
    "130", "131", "132", "133", "135", "136", "137", "138", "139", "150", "151", "152", "153", "155", "156", "157",
    "158", "159", "180", "181", "182", "183", "185", "186", "187", "188", "189", "199",
)  # fmt: skip

PLATE_SERIES = "XYZ"
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Numbers:
    """Gives every number once. The same seed gives the same numbers in the same order."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._identities: set[str] = set()
        self._mobiles = _shuffled_mobiles(rng)
        self._plates: set[str] = set()
        self._serial: dict[str, int] = {}

    def resident_id(self, sex: str, born: date) -> str:
        """An 18-digit resident identity number for `sex` ("male" or "female") and birth date."""
        sequences = SEQUENCES_MALE if sex == "male" else SEQUENCES_FEMALE
        regions = REGIONS_OLD if born.year < NEW_FROM_YEAR else REGIONS_NEW
        while True:
            body = f"{self._rng.choice(regions)}{born:%Y%m%d}{self._rng.choice(sequences)}"
            if body not in self._identities:
                self._identities.add(body)
                return body + str(ric.calc_check_digit(body + "0"))

    def mobile(self) -> str:
        return next(self._mobiles)

    def passport(self, nationality: str) -> str:
        serial = self._next(f"passport-{nationality}")
        shapes = {
            "JP": f"TT00{serial:05d}", "KR": f"M000{serial:05d}", "US": f"0000{serial:05d}", "GB": f"0001{serial:05d}",
            "FR": f"00ZZ{serial:05d}", "DE": f"C00Z{serial:05d}", "SG": f"K000{serial:04d}Z", "AU": f"PZ00{serial:05d}",
            "IT": f"YA00{serial:05d}", "IN": f"Z00{serial:05d}",
        }  # fmt: skip
        return shapes[nationality]

    def taiwan_permit(self) -> str:
        return f"000{self._next('taiwan'):05d}"

    def home_return_permit(self) -> str:
        """A Hong Kong or Macau resident's travel permit."""
        return f"H000{self._next('home-return'):05d}"

    def credit_code(self) -> str:
        """A unified social credit code: organisation part and whole both with their check characters."""
        organisation = f"DEM{self._next('uscc'):05d}"
        total = sum(
            weight * ORGANISATION_ALPHABET.index(sign)
            for weight, sign in zip(ORGANISATION_WEIGHTS, organisation, strict=True)
        )
        check = (11 - total % 11) % 11
        body = f"91310105{organisation}{'X' if check == 10 else check}"
        return body + str(uscc.calc_check_digit(body))

    def plate(self, province: str = "沪", *, electric: bool = False) -> str:
        while True:
            series = self._rng.choice(PLATE_SERIES)
            if electric:
                number = f"{province}{series}{self._rng.choice('DF')}{self._rng.randrange(100_000):05d}"
            else:
                number = f"{province}{series}{self._rng.choice(PLATE_LETTERS)}{self._rng.randrange(10_000):04d}"
            if number not in self._plates:
                self._plates.add(number)
                return number

    def _next(self, kind: str) -> int:
        self._serial[kind] = self._serial.get(kind, 0) + 1
        return self._serial[kind]


def _shuffled_mobiles(rng: Random) -> Iterator[str]:
    tails = [f"{prefix}0000{tail:04d}" for prefix, tail in product(MOBILE_PREFIXES, range(10_000))]
    rng.shuffle(tails)
    return iter(tails)
