"""Filters of residents' pages."""

from collections.abc import Mapping

from django import template

from fangxian.shared import clock

register = template.Library()


@register.filter
def in_language(texts: Mapping[str, str], short: str) -> str:
    """The text of a title in the page's language, else in English, else in Chinese."""
    return texts.get(short) or texts.get("en") or texts["zh"]


@register.filter
def when(value: int) -> str:
    """Microseconds UTC as the street's wall clock, the same in every language: 02-17 09:00."""
    return f"{clock.local(clock.from_us(value)):%m-%d %H:%M}"


@register.filter
def hour(value: int) -> str:
    return f"{clock.local(clock.from_us(value)):%H:%M}"


@register.filter
def down_from(quota: int) -> range:
    """The most one may choose first: most take it."""
    return range(quota, -1, -1)


@register.filter
def last_day(value: int) -> str:
    """The last local day before an instant that ends it: a deadline at midnight is the evening before."""
    return f"{clock.local(clock.from_us(value - 1)):%m-%d}"
