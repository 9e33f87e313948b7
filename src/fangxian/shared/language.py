"""The street's own language, in which words are stored."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise


@contextmanager
def street_language() -> Iterator[None]:
    """What is stored is written in the language of the street, whoever's request or process this is."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


def in_street_words(words: Promise) -> str:
    """`words` as they are stored."""
    with street_language():
        return str(words)
