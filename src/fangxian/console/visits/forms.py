"""Forms of the gate's desk. Addresses and names are posted, never put into an address of a page."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy

from fangxian.gates.models import Compared, PassKind
from fangxian.gates.queries.visits import Host

_KINDS = [(kind.value, kind.label) for kind in (PassKind.VISITOR, PassKind.COURIER)]


class FindForm(forms.Form):
    address = forms.CharField(
        label=gettext_lazy("Building and room of the host, or the name of a company"), max_length=80,
        help_text=gettext_lazy("Such as 3号楼 502室."),
    )  # fmt: skip


class _ForHost(forms.Form):
    host = forms.TypedChoiceField(label=gettext_lazy("Host"), coerce=UUID, widget=forms.RadioSelect)

    def __init__(self, hosts: Sequence[Host], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        choice = cast(forms.ChoiceField, self.fields["host"])
        choice.choices = [(str(host.id), host.where) for host in hosts]
        if len(hosts) == 1:
            choice.initial = str(hosts[0].id)


class AskForm(_ForHost):
    kind = forms.TypedChoiceField(label=gettext_lazy("Who is there"), choices=_KINDS, coerce=PassKind)
    name = forms.CharField(label=gettext_lazy("Visitor's name"), max_length=80)
    phone = forms.CharField(label=gettext_lazy("Visitor's phone"), max_length=40, required=False)
    purpose = forms.CharField(label=gettext_lazy("What for"), max_length=120, required=False)


class ParcelForm(_ForHost):
    shelf = forms.CharField(label=gettext_lazy("Shelf"), max_length=20)
    company = forms.CharField(label=gettext_lazy("Courier company"), max_length=40, required=False)
    code = forms.CharField(label=gettext_lazy("Pick-up code"), max_length=16, required=False)


class HandOverForm(forms.Form):
    """One button for each way to compare."""

    to = forms.CharField(max_length=80, required=False)
    compared = forms.TypedChoiceField(choices=Compared, coerce=Compared)
