"""Sending a list, and saying what its columns mean."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from fangxian.console.place_field import PlaceField, offer
from fangxian.places.models import Place
from fangxian.registry.imports.guards import MAX_BYTES
from fangxian.registry.imports.mapping import Column, header_key
from fangxian.registry.imports.problems import MESSAGES, FileProblem
from fangxian.registry.imports.rows import KINDS
from fangxian.registry.models import ImportKind
from fangxian.shared import clock


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label=_("What the list holds"), choices=ImportKind.choices)
    place = PlaceField(label=_("Where it is about"), help_text=_("Rows without an address of their own belong there."))
    file = forms.FileField(label=_("File"), help_text=_("Excel (.xlsx, .xls), .ods or .csv, at most 20 MB."))
    year = forms.IntegerField(
        label=_("Year of dates without one"), min_value=1990, max_value=2100, help_text=_("For dates such as 2月3日.")
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile] | None = None,
        *,
        places: Iterable[Place],
        kinds: Sequence[ImportKind],
        now: datetime,
    ) -> None:
        super().__init__(data, files, initial={"year": clock.local_day(now).year})
        offer(self, "place", places)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(one.value, one.label) for one in kinds]

    def clean_place(self) -> Place:
        place = self.cleaned_data["place"]
        if not isinstance(place, Place):
            raise forms.ValidationError(_("Choose the place that the list is about."))
        return place

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if file.size is not None and file.size > MAX_BYTES:
            # said before the content is read into memory
            raise forms.ValidationError(str(MESSAGES[FileProblem.TOO_LARGE]))
        return file


class ColumnsForm(forms.Form):
    """One choice a heading, in the order of the list."""

    def __init__(self, data: QueryDict | None = None, *, columns: Sequence[Column], kind: ImportKind) -> None:
        super().__init__(data)
        self.columns = columns
        choices = [("", _("not used")), *((one.key, one.label) for one in KINDS[kind].fields)]
        for number, column in enumerate(columns):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column.header, choices=choices, required=False, initial=column.field
            )

    def chosen(self) -> dict[str, str]:
        """Heading key to field."""
        data: dict[str, Any] = self.cleaned_data
        return {
            header_key(column.header): data.get(f"column_{number}", "") for number, column in enumerate(self.columns)
        }

    @property
    def lines(self) -> list[tuple[Column, forms.BoundField]]:
        return [(column, self[f"column_{number}"]) for number, column in enumerate(self.columns)]
