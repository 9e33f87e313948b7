"""Volumes as people say them."""

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def volume(ml: int | None) -> str:
    """5 L, 1.5 L, 100 ml."""
    if ml is None:
        return ""
    if ml >= 1_000:
        return _("%(amount)s L") % {"amount": f"{ml / 1_000:g}"}
    return _("%(amount)s ml") % {"amount": ml}
