"""Records sealed for the server's key."""

from dataclasses import replace

import pytest
from django.test import override_settings

from fangxian.shared import sealing
from fangxian.shared.sealing import UnsealError, open_record, seal_record

NONCE = b"n" * 12
KEYS = {2: b"b" * 32, 1: b"a" * 32}


@pytest.fixture(autouse=True)
def two_keys() -> object:
    with override_settings(FIELD_KEYS=KEYS):
        yield


def test_what_a_device_seals_opens_with_its_name() -> None:
    sealed = seal_record("王敏在家".encode(), b"pack:record", NONCE)
    assert open_record(sealed, b"pack:record").decode() == "王敏在家"
    assert "王敏".encode() not in sealed.ciphertext


def test_it_opens_as_nothing_else() -> None:
    sealed = seal_record(b"x", b"pack:record", NONCE)
    with pytest.raises(UnsealError):
        open_record(sealed, b"pack:other")


def test_a_changed_byte_is_noticed() -> None:
    sealed = seal_record(b"x", b"aad", NONCE)
    with pytest.raises(UnsealError):
        open_record(replace(sealed, ciphertext=sealed.ciphertext[:-1] + b"\x00"), b"aad")


@pytest.mark.parametrize("point", [b"", b"\x04" + b"\x00" * 64, b"\x04" + b"\xff" * 64, b"\x00" * 65])
def test_a_point_that_is_not_on_the_curve_is_refused(point: bytes) -> None:
    sealed = seal_record(b"x", b"aad", NONCE)
    with pytest.raises(UnsealError):
        open_record(replace(sealed, point=point), b"aad")


def test_an_older_key_still_opens_and_a_lost_one_does_not() -> None:
    with override_settings(FIELD_KEYS={1: KEYS[1]}):
        sealed = seal_record(b"x", b"aad", NONCE)
    assert open_record(sealed, b"aad") == b"x"
    with override_settings(FIELD_KEYS={2: KEYS[2]}), pytest.raises(UnsealError):
        open_record(sealed, b"aad")


def test_the_pair_is_the_same_in_every_process_and_differs_by_key() -> None:
    assert sealing.public_key() == sealing.public_key()
    with override_settings(FIELD_KEYS={1: KEYS[1]}):
        other = sealing.public_key()
    assert other != sealing.public_key()


def test_what_is_not_base64_is_refused() -> None:
    assert sealing.from_text(sealing.to_text(b"abc")) == b"abc"
    with pytest.raises(UnsealError):
        sealing.from_text("?")
