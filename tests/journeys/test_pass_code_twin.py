"""A tablet without a network reads and believes the same codes as the server: both readers, the same texts."""

import base64
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import base45
import cbor2
from playwright.sync_api import Page

from fangxian.gates import tokens
from fangxian.gates.models import PassKind
from fangxian.gates.tokens import Claims, Signer
from fangxian.shared.clock import SECOND_US

KEY: Final = Signer(1, tokens.new_private_key())
OTHER: Final = Signer(2, tokens.new_private_key())
STRANGER: Final = Signer(1, tokens.new_private_key())
UNTRUSTED: Final = Signer(3, tokens.new_private_key())
TRUSTED: Final = {key.kid: key.private.public_key() for key in (KEY, OTHER)}

VERIFY_ALL = """async ({ keys, texts }) => {
  const { importKeys, verify } = await import("/static/console/js/gate/cose.js");
  const trusted = await importKeys(keys);
  return Promise.all(texts.map((text) => verify(text, trusted).catch((error) => error.code ?? String(error))));
}"""


def _jwk(key: Signer) -> dict[str, Any]:
    x, y = (base64.urlsafe_b64encode(half).rstrip(b"=").decode() for half in tokens.public_halves(key.private))
    return {"kid": key.kid, "x": x, "y": y}


def _in_the_browser(page: Page, texts: list[str]) -> list[Any]:
    found: list[Any] = page.evaluate(VERIFY_ALL, {"keys": [_jwk(KEY), _jwk(OTHER)], "texts": texts})
    return found


def _here(text: str) -> str | Claims:
    try:
        return tokens.verify(text, TRUSTED)
    except tokens.TokenError as error:
        return error.code.value


def _as_read(claims: Claims) -> dict[str, Any]:
    return {
        "id": claims.pass_id.hex, "kind": claims.kind.value, "place_id": claims.place_id.hex,
        "gate_id": claims.gate_id.hex if claims.gate_id else "",
        "enterprise_id": claims.enterprise_id.hex if claims.enterprise_id else "", "name": claims.name,
        "company": claims.company, "zone": claims.zone, "from_us": claims.from_us, "until_us": claims.until_us,
        "slot_from": claims.slot_from, "slot_until": claims.slot_until, "once": claims.once,
    }  # fmt: skip


def _claims(rng: random.Random) -> Claims:
    start = rng.randrange(1_500_000_000, 1_700_000_000)
    slot = rng.random() < 0.5
    return Claims(
        pass_id=UUID(int=rng.getrandbits(128) | 1),
        kind=rng.choice(list(PassKind)),
        place_id=UUID(int=rng.getrandbits(128) | 1),
        gate_id=UUID(int=rng.getrandbits(128) | 1) if rng.random() < 0.5 else None,
        enterprise_id=UUID(int=rng.getrandbits(128) | 1) if rng.random() < 0.5 else None,
        name=rng.choice(["李雷", "山田 太郎", "김수현", "Łukasz Żółć", "欧阳𠮷", "", "国" * 40]),
        company=rng.choice(["", "银杏贸易有限公司", "株式会社　高島屋", "司" * 40]),
        zone=rng.choice(["", "R", "Y", "B"]),
        from_us=start * SECOND_US,
        until_us=(start + rng.randrange(1, 10_000_000)) * SECOND_US,
        slot_from=480 if slot else None,
        slot_until=510 if slot else None,
        once=rng.random() < 0.5,
    )


def test_the_browser_reads_what_the_server_signed(visit: Callable[..., Page]) -> None:
    rng = random.Random(20200217)
    texts = [tokens.sign(_claims(rng), rng.choice([KEY, OTHER])) for _ in range(200)]
    expected = [_as_read(tokens.verify(text, TRUSTED)) for text in texts]
    assert _in_the_browser(visit("/sign-in/"), texts) == expected


def test_the_browser_refuses_what_the_server_refuses_and_for_the_same_reason(visit: Callable[..., Page]) -> None:
    rng = random.Random(20200218)
    good = tokens.sign(_claims(rng), KEY)
    raw = base45.b45decode(good.removeprefix(tokens.PREFIX))
    parts = cbor2.loads(raw).value
    payload = cbor2.loads(parts[2])
    odd = [(key, value) for key in payload for value in (None, 1.5, "?", [], [1, 1.5], True)]
    texts = [
        tokens.sign(_claims(rng), STRANGER),
        tokens.sign(_claims(rng), UNTRUSTED),
        *("HC1:6BFOXN*TS0BI$ZD", "", good.lower(), "https://example.org/"),
        *(_packed([cbor2.dumps(header), *parts[1:]]) for header in ({1: -8, 4: b"\x01"}, {1: -7, 4: b"\x01\x02"}, {})),
        *(_packed([*parts[:3], signature]) for signature in (b"\0" * 64, b"\xff" * 64, parts[3][:63], "")),
        *(_packed(parts[:3]), _text(raw + b"\0"), _text(b"\x81" * 600)),
        *(_packed([*parts[:2], cbor2.dumps(payload | {key: value}), parts[3]]) for key, value in odd),
        *(good[:end] for end in range(0, len(good), 7)),
    ]
    texts = [text for text in texts if text != good]
    expected = [_here(text) for text in texts]
    assert {"foreign_code", "unreadable", "wrong_key", "forged"} == set(expected)
    found = _in_the_browser(visit("/sign-in/"), texts)
    wrong = [(text, here, there) for text, here, there in zip(texts, expected, found, strict=True) if here != there]
    assert wrong == []


def test_whatever_was_changed_is_believed_by_neither(visit: Callable[..., Page]) -> None:
    """They may call it by different names, as each meets the fault at another place."""
    rng = random.Random(20200219)
    good = tokens.sign(_claims(rng), KEY)
    texts = [_changed(good, rng) for _ in range(300)]
    texts += [_text(rng.randbytes(rng.randrange(1, 300))) for _ in range(300)]
    texts = [text for text in texts if text != good]
    reasons = {"unreadable", "forged", "wrong_key"}
    for reader in (_in_the_browser(visit("/sign-in/"), texts), [_here(text) for text in texts]):
        assert [found for found in reader if found not in reasons] == []


def test_a_name_that_is_cut_is_cut_alike_for_both(visit: Callable[..., Page]) -> None:
    claims = replace(_claims(random.Random(1)), name="𠮷" * 40, company="é" * 80)
    text = tokens.sign(claims, KEY)
    (found,) = _in_the_browser(visit("/sign-in/"), [text])
    assert (found["name"], found["company"]) == (tokens.read(text).claims.name, tokens.read(text).claims.company)


def _text(raw: bytes) -> str:
    return tokens.PREFIX + base45.b45encode(raw).decode()


def _packed(parts: list[Any]) -> str:
    return _text(cbor2.dumps(cbor2.CBORTag(18, parts)))


def _changed(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(tokens.PREFIX), len(text))
    return text[:at] + rng.choice("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:") + text[at + 1 :]
