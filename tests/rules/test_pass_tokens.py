"""The signed text in a pass's code: what goes in comes out, and nothing else is believed."""

from dataclasses import replace
from uuid import UUID

import base45
import cbor2
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from fangxian.gates import tokens
from fangxian.gates.models import PassKind
from fangxian.gates.rules import Code
from fangxian.gates.tokens import Claims, Signer, TokenError, Unverified
from fangxian.shared.clock import SECOND_US

KEY = Signer(7, tokens.new_private_key())
OTHER = Signer(8, tokens.new_private_key())
KEYS = {key.kid: key.private.public_key() for key in (KEY, OTHER)}
CLAIMS = Claims(
    pass_id=UUID(int=1), kind=PassKind.EMPLOYEE, place_id=UUID(int=2), name="李雷", company="银杏贸易有限公司",
    zone="Y", from_us=1_581_900_000 * SECOND_US, until_us=1_584_500_000 * SECOND_US, slot_from=480, slot_until=510,
    enterprise_id=UUID(int=3),
)  # fmt: skip
FULL = replace(CLAIMS, gate_id=UUID(int=(1 << 128) - 1), once=True)


def refused(text: str, keys: dict[int, tokens.PublicKey] | None = None) -> Code:
    with pytest.raises(TokenError) as caught:
        tokens.verify(text, KEYS if keys is None else keys)
    return caught.value.code


def parts_of(token: str) -> list[object]:
    return list(cbor2.loads(base45.b45decode(token.removeprefix(tokens.PREFIX))).value)


def packed(parts: object) -> str:
    return tokens.PREFIX + base45.b45encode(cbor2.dumps(parts)).decode()


@pytest.mark.parametrize("kind", list(PassKind))
def test_it_reads_back_what_was_signed(kind: PassKind) -> None:
    for claims in (replace(CLAIMS, kind=kind), replace(FULL, kind=kind), Claims(UUID(int=1), kind, UUID(int=2))):
        assert tokens.verify(tokens.sign(claims, KEY), KEYS) == claims


def test_it_reads_without_believing() -> None:
    token = tokens.sign(CLAIMS, KEY)
    found = tokens.read(token)
    assert isinstance(found, Unverified)
    assert (found.kid, found.claims) == (7, CLAIMS)


def test_a_pass_that_ended_long_ago_still_verifies() -> None:
    """Whether it is in force is decided by the rules, which know the hour at the gate."""
    old = replace(CLAIMS, from_us=SECOND_US, until_us=2 * SECOND_US)
    assert tokens.verify(tokens.sign(old, KEY), KEYS) == old


def test_every_live_key_verifies_and_a_removed_one_does_not() -> None:
    first, second = tokens.sign(CLAIMS, KEY), tokens.sign(CLAIMS, OTHER)
    assert tokens.verify(first, KEYS) == tokens.verify(second, KEYS)
    left = {8: KEYS[8]}
    assert refused(first, left) == Code.WRONG_KEY
    assert tokens.verify(second, left) == CLAIMS


def test_a_key_of_the_same_number_from_elsewhere_is_a_forgery() -> None:
    assert refused(tokens.sign(CLAIMS, Signer(7, tokens.new_private_key()))) == Code.FORGED


def test_changed_claims_are_a_forgery() -> None:
    header, unprotected, _payload, signature = parts_of(tokens.sign(CLAIMS, KEY))
    payload = parts_of(tokens.sign(replace(CLAIMS, name="韩梅梅"), KEY))[2]
    assert refused(packed(cbor2.CBORTag(18, [header, unprotected, payload, signature]))) == Code.FORGED


@pytest.mark.parametrize("signature", [b"\0" * 64, b"\xff" * 64])
def test_a_signature_of_zeros_or_of_more_than_the_curve_is_a_forgery(signature: bytes) -> None:
    parts = parts_of(tokens.sign(CLAIMS, KEY))
    assert refused(packed(cbor2.CBORTag(18, [*parts[:3], signature]))) == Code.FORGED


@pytest.mark.parametrize("algorithm", [-8, -35, 5, "none", None])
def test_another_algorithm_is_not_read(algorithm: object) -> None:
    parts = parts_of(tokens.sign(CLAIMS, KEY))
    header = cbor2.dumps({1: algorithm, 4: b"\x07"})
    assert refused(packed(cbor2.CBORTag(18, [header, *parts[1:]]))) == Code.UNREADABLE


def test_every_shortened_code_is_refused() -> None:
    token = tokens.sign(CLAIMS, KEY)
    for end in range(len(token)):
        expected = Code.FOREIGN_CODE if end < len(tokens.PREFIX) else Code.UNREADABLE
        assert refused(token[:end]) == expected


def test_bytes_after_the_end_are_refused() -> None:
    token = tokens.sign(CLAIMS, KEY)
    raw = base45.b45decode(token.removeprefix(tokens.PREFIX)) + b"\0"
    assert refused(tokens.PREFIX + base45.b45encode(raw).decode()) == Code.UNREADABLE


@pytest.mark.parametrize(
    "text", ["HC1:6BFOXN*TS0BI$ZD4N9:9S6RCVN5+O30K3", "https://example.org/?p=1", "", "fx1:ABC", "310105199001010012"]
)
def test_codes_of_other_systems_are_named_as_such(text: str) -> None:
    assert refused(text) == Code.FOREIGN_CODE


def test_a_very_long_text_is_not_decoded() -> None:
    assert refused(tokens.PREFIX + "A" * 5_000_000) == Code.UNREADABLE


@pytest.mark.parametrize("claims", [CLAIMS, FULL])
@pytest.mark.parametrize("character", ["国", "é", "𠮷", "x"])
def test_the_longest_names_stay_within_version_12_at_level_m(claims: Claims, character: str) -> None:
    token = tokens.sign(replace(claims, name=character * 80, company=character * 80), KEY)
    code = segno.make(token, error="m", boost_error=False, micro=False)
    assert int(code.version) <= 12
    assert code.mode == "alphanumeric"
    read = tokens.verify(token, KEYS)
    assert 50 <= len(read.name.encode()) <= 60
    assert set(read.name) == {character}


def test_a_name_and_company_of_60_bytes_are_whole_where_nothing_else_takes_the_room() -> None:
    plain = Claims(UUID(int=1), PassKind.EMPLOYEE, UUID(int=2), name="国" * 20, company="司" * 20,
                   from_us=CLAIMS.from_us, until_us=CLAIMS.until_us)  # fmt: skip
    token = tokens.sign(plain, KEY)
    assert tokens.verify(token, KEYS) == plain
    assert int(segno.make(token, error="m", boost_error=False, micro=False).version) <= 12


def test_names_are_cut_between_characters_and_composed() -> None:
    assert tokens.cut("国" * 21, 60) == "国" * 20
    assert tokens.cut("국", 60) == "국"
    assert tokens.cut("a国", 3) == "a"


@given(st.text(max_size=300))
def test_no_text_raises_anything_else(text: str) -> None:
    for one in (text, tokens.PREFIX + text):
        with pytest.raises(TokenError):
            tokens.verify(one, KEYS)


@given(st.binary(max_size=600))
def test_no_bytes_raise_anything_else(raw: bytes) -> None:
    with pytest.raises(TokenError):
        tokens.verify(tokens.PREFIX + base45.b45encode(raw).decode(), KEYS)


cbor_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | st.binary(max_size=20)
    | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-65545, 10) | st.text(max_size=3), inner, max_size=5)
        | st.builds(cbor2.CBORTag, st.integers(0, 300), inner)
    ),
    max_leaves=12,
)


@given(header=cbor_values, payload=cbor_values, signature=st.binary(min_size=64, max_size=64), tag=st.integers(0, 60))
def test_no_other_message_in_the_same_wrapping_raises_anything_else(
    header: object, payload: object, signature: bytes, tag: int
) -> None:
    parts = [cbor2.dumps(header), {}, cbor2.dumps(payload), signature]
    for one in (parts, cbor2.CBORTag(tag, parts), [header, {}, payload, signature]):
        with pytest.raises(TokenError):
            tokens.verify(packed(one), KEYS)


@given(st.dictionaries(st.sampled_from([4, 5, 7, *range(-65545, -65536)]), cbor_values, max_size=12))
def test_odd_claims_under_a_good_signature_are_unreadable(claims: dict[int, object]) -> None:
    good = cbor2.loads(parts_of(tokens.sign(CLAIMS, KEY))[2])  # type: ignore[arg-type]  # the payload is bytes
    header = cbor2.dumps({1: -7, 4: b"\x07"})
    payload = cbor2.dumps(good | claims)
    text = packed(cbor2.CBORTag(18, [header, {}, payload, b"\0" * 64]))
    assert refused(text) in (Code.UNREADABLE, Code.FORGED)


@given(place=st.integers(0, 2_000), char=st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"))
def test_one_changed_character_is_never_believed(place: int, char: str) -> None:
    token = tokens.sign(CLAIMS, KEY)
    at = len(tokens.PREFIX) + place % (len(token) - len(tokens.PREFIX))
    changed = token[:at] + char + token[at + 1 :]
    if changed != token:
        assert refused(changed) in (Code.UNREADABLE, Code.FORGED, Code.WRONG_KEY)


@pytest.mark.parametrize("head", [b"\x81", b"\xd8\x20", b"\xa1"])
def test_deep_nesting_is_unreadable(head: bytes) -> None:
    assert refused(tokens.PREFIX + base45.b45encode(head * (640 // len(head))).decode()) == Code.UNREADABLE
