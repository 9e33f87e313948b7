"""Filters of the pages of a round at the committee."""

from collections.abc import Mapping

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from fangxian.console.templatetags.ui import say
from fangxian.masks.models import Round
from fangxian.masks.queries import registrations
from fangxian.places.models import Place
from fangxian.shared import clock

register = template.Library()


@register.filter
def goods(wants: Mapping[str, int], round: Round) -> str:
    """What is wanted or called, in the reader's language; no query where the round's variants were prefetched."""
    titles = {variant.key: say(variant.title) for variant in round.variants.all()}
    return _(", ").join(f"{titles.get(key, key)} × {count}" for key, count in wants.items() if count) or "–"


@register.filter
def spoken(place: Place | None) -> str:
    return registrations.spoken(place) if place is not None else "–"


@register.filter
def last_day(until_us: int) -> str:
    """The day that ends at an instant."""
    # Translators: Django date format of a day in a sentence, for example 2月19日.
    return date_format(clock.local(clock.from_us(until_us - 1)), _("j M"))
