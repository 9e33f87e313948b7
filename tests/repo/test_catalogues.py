"""The translations are complete: what the sources say and what the catalogues hold is the same, and all of it said."""

import io
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.template import base as template_base
from django.utils.translation.template import templatize

from tests.support.repository import ROOT, SOURCE

PACKAGES = sorted(file.parent.name for file in SOURCE.glob("*/__init__.py"))
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%\([a-zA-Z_]\w*\)[sd]|%[sd]|\{[a-zA-Z_]\w*\}")
Key = tuple[str | None, str]


def _messages(kind: str, text: str) -> set[Key]:
    found = extract(kind, io.BytesIO(text.encode()), keywords=KEYWORDS)
    return {(context, message if isinstance(message, str) else message[0]) for _, message, _, context in found}


@cache
def said(package: str, domain: str) -> frozenset[Key]:
    """What the sources of a package ask to be translated."""
    found: set[Key] = set()
    folder = SOURCE / package
    if domain == "djangojs":
        for file in folder.rglob("static/**/*.js"):
            found |= _messages("javascript", file.read_text("utf-8"))
        return frozenset(found)
    for file in folder.rglob("*.py"):
        found |= _messages("python", file.read_text("utf-8"))
    for pattern in ("*.html", "*.txt"):
        for file in folder.rglob(f"templates/**/{pattern}"):
            # As makemessages reads them, but for the mark of a template's own origin.
            found |= _messages("python", templatize(file.read_text("utf-8"), origin=str(file)))
    return frozenset(found)


def catalogue_file(package: str, domain: str, language: str) -> Path:
    return SOURCE / package / "locale" / language / "LC_MESSAGES" / f"{domain}.po"


def catalogue(package: str, domain: str, language: str) -> Catalog:
    file = catalogue_file(package, domain, language)
    if not file.exists():
        return Catalog(locale=language)
    with file.open("rb") as source:
        return read_po(source, locale=language, domain=domain)


def keys(held: Catalog) -> list[Key]:
    return [
        (message.context, message.id if isinstance(message.id, str) else message.id[0])
        for message in held
        if message.id
    ]


# what residents read comes in the languages of the quarter, the desk's pages in Chinese and English
MORE_LANGUAGES = {"resident": ("ja", "ko")}
CASES = [
    (package, domain, language)
    for package in PACKAGES
    for domain in ("django", "djangojs")
    for language in ("zh_Hans", *MORE_LANGUAGES.get(package, ()))
]


@pytest.mark.parametrize(("package", "domain", "language"), CASES)
def test_the_catalogue_holds_what_the_sources_say(package: str, domain: str, language: str) -> None:
    held = set(keys(catalogue(package, domain, language)))
    assert (said(package, domain) - held, held - said(package, domain)) == (set(), set()), "run script/messages"


@pytest.mark.parametrize(("package", "domain", "language"), CASES)
def test_every_message_is_translated(package: str, domain: str, language: str) -> None:
    missing = []
    for message in catalogue(package, domain, language):
        if not message.id:
            continue
        said_in_it = [message.string] if isinstance(message.string, str) else list(message.string)
        if message.fuzzy or not all(said_in_it):
            missing.append(message.id)
    assert missing == []


@pytest.mark.parametrize(("package", "domain", "language"), CASES)
def test_the_translation_fills_in_the_same_values(package: str, domain: str, language: str) -> None:
    wrong = []
    for message in catalogue(package, domain, language):
        if not message.id:
            continue
        # These languages have one form for all numbers; it follows the plural, which names the number.
        source = message.id if isinstance(message.id, str) else message.id[-1]
        target = message.string if isinstance(message.string, str) else message.string[0]
        if Counter(PLACEHOLDER.findall(source)) != Counter(PLACEHOLDER.findall(target)):
            wrong.append(message.id)
    assert wrong == []


@pytest.mark.parametrize(("package", "domain", "language"), CASES)
def test_no_message_stands_twice(package: str, domain: str, language: str) -> None:
    file = catalogue_file(package, domain, language)
    if not file.exists():
        return
    blocks = re.findall(r'((?:^msgctxt .*\n(?:^".*\n)*)?^msgid .*\n(?:^".*\n)*)', file.read_text("utf-8"), re.MULTILINE)
    assert [block for block, count in Counter(blocks).items() if count > 1] == []


def test_templates_are_read_as_the_program_reads_them() -> None:
    """`templatize` is Django's own; this fails when a tag is taken for text."""
    assert template_base.BLOCK_TAG_START == "{%"
    text = templatize('{% load i18n %}{% translate "Gap" %}{% blocktranslate %}{{ n }} doors{% endblocktranslate %}')
    assert _messages("python", text) == {(None, "Gap"), (None, "%(n)s doors")}


def test_no_catalogue_lies_outside_a_package() -> None:
    allowed = {catalogue_file(package, domain, language) for package, domain, language in CASES}
    assert set((ROOT / "src").rglob("*.po")) <= allowed
