"""Tags and filters of the console's own look: signs with words, ages, rates and table heads."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.http import HttpRequest, QueryDict
from django.template import Context
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from fangxian.accounts.roles import Role
from fangxian.console import nav
from fangxian.console.words import BADGES, EVENTS, languages, territories
from fangxian.duties.gap_queries import Event
from fangxian.duties.models import Cause
from fangxian.shared import clock

register = template.Library()


@register.simple_tag
def badge(kind: str, word: str = "") -> SafeString:
    """A state as sign and word; `kind` is a key of words.BADGES, `word` replaces its usual word."""
    style = BADGES[str(kind)]
    return format_html(
        '<span class="badge {}"><span aria-hidden="true">{}</span> {}</span>', style.css, style.sign, word or style.word
    )


@register.filter
def age(span: timedelta | float | None) -> str:
    """A span (timedelta or seconds) in its one or two largest units: 2天3小时, 47分钟."""
    if span is None:
        return ""
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    minutes = max(int(seconds // 60), 0)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        parts = [ngettext("%d day", "%d days", days) % days]
        if hours:
            parts.append(ngettext("%d hour", "%d hours", hours) % hours)
    elif hours:
        parts = [ngettext("%d hour", "%d hours", hours) % hours]
        if minutes:
            parts.append(_("%d min") % minutes)
    else:
        parts = [_("%d min") % minutes]
    # Translators: joins "2 days" and "3 hours"; Chinese needs nothing between them.
    return _("%(large)s %(small)s") % {"large": parts[0], "small": parts[1]} if len(parts) == 2 else parts[0]


@register.filter
def moment(value: datetime | int | None) -> str:
    """An instant (aware datetime or microseconds UTC) as the street's wall clock shows it, without the year."""
    if value is None:
        return ""
    at = clock.local(clock.from_us(value) if isinstance(value, int) else value)
    # Translators: Django date format of an instant in lists, for example 2月17日 09:05.
    return date_format(at, _("j M H:i"))


@register.filter
def clock_time(value: int) -> str:
    """Microseconds UTC as the street's wall clock, hours and minutes alone."""
    return f"{clock.local(clock.from_us(value)):%H:%M}"


@register.filter
def of_day(minutes: int) -> str:
    """Minutes of the local day as a clock shows them: 09:00."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


@register.filter
def day(value: datetime | int | None) -> str:
    if value is None:
        return ""
    at = clock.local(clock.from_us(value) if isinstance(value, int) else value)
    return date_format(at, "Y-m-d")


@register.filter
def number(value: int | None) -> str:
    """Thousands in groups of three; nothing known is a dash."""
    return "–" if value is None else f"{value:,}"


@register.filter
def yuan(fen: int | None) -> str:
    """Money of fen in yuan with two decimals; nothing known is a dash."""
    return "–" if fen is None else f"{fen // 100:,}.{fen % 100:02}"


@register.filter
def rate(covered: int, expected: int) -> str:
    """Coverage in percent, rounded down, so that 100 % is only ever shown when nothing is missing."""
    if not expected:
        return "–"
    tenths = covered * 1000 // expected
    return "100%" if covered >= expected else f"{tenths // 10}.{tenths % 10}%"


@register.filter
def say(title: Mapping[str, str]) -> str:
    """A title of the plan in the reader's language."""
    return title.get((get_language() or "zh").split("-")[0]) or title["en"]


@register.filter
def age_us(span: int) -> str:
    return age(span / clock.SECOND_US)


@register.filter
def role(value: str) -> str:
    return str(Role(value).label) if value in Role.values else value


@register.filter
def event_word(event: Event) -> str:
    """What happened to a gap, in words."""
    if event.what == "lapsed" and event.text == Cause.UNKNOWN:
        return _("It was due while our own connection was down")
    return str(EVENTS.get(event.what, event.what))


@register.filter
def dial(phone: str) -> str:
    """A telephone number as a link can carry it."""
    return "".join(char for char in phone if char.isdigit() or char == "+")


@register.filter
def country(code: str) -> str:
    """The name of a country (ISO 3166-1 alpha-2) in the reader's language."""
    return territories().get(code, code)


@register.filter
def language(code: str) -> str:
    """The name of a language (BCP 47) in the reader's language."""
    return languages().get(code.split("-")[0], code)


@register.filter
def item(values: Sequence[str], position: int) -> str:
    """The value at a position of a list that runs beside another one."""
    return values[position] if position < len(values) else ""


@register.filter
def is_group(field: BoundField) -> bool:
    return isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def described(field: BoundField) -> SafeString:
    """The widget, tied to its help and errors for a screen reader."""
    attrs: dict[str, Any] = {}
    if field.help_text or field.errors:
        attrs["aria-describedby"] = f"{field.auto_id}_note"
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)


def _query(context: Context, changes: Mapping[str, object]) -> str:
    request: HttpRequest = context["request"]
    query = QueryDict(request.GET.urlencode(), mutable=True)
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: object) -> str:
    """The present query string with some values changed (an empty value removes one)."""
    return _query(context, changes)


@register.simple_tag(takes_context=True)
def sort_head(context: Context, key: str, label: str, css: str = "") -> SafeString:
    """A table head that sorts by `key`; a second press turns the order. The view reads ?sort=key or ?sort=-key."""
    present = str(context.get("sort", ""))
    target = f"-{key}" if present == key else key
    sorted_now = present.lstrip("-") == key
    order = "" if not sorted_now else ("descending" if present.startswith("-") else "ascending")
    arrow = {"": "", "ascending": " ▲", "descending": " ▼"}[order]
    link = format_html('<a href="{}">{}{}</a>', _query(context, {"sort": target, "page": ""}), label, arrow)
    if order:
        return format_html('<th scope="col" class="{}" aria-sort="{}">{}</th>', css, order, link)
    return format_html('<th scope="col" class="{}">{}</th>', css, link)


@register.inclusion_tag("console/components/nav.html", takes_context=True)
def console_nav(context: Context) -> dict[str, object]:
    return {"entries": nav.entries(context["request"])}


@register.simple_tag
def street_name() -> str:
    """The name of the street that this database serves, empty before the first run."""
    return nav.street_name()
