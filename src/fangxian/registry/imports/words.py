"""What is said about rows and sheets that are no data."""

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.registry.imports.tables import NoteKind

_WORDS: dict[NoteKind, Promise] = {
    NoteKind.SHEET_LEFT_OUT: gettext_lazy("left out: no row of headings that fits such a list"),
    NoteKind.SHEET_EMPTY: gettext_lazy("left out: headings without rows"),
    NoteKind.HEADER_REPEATED: gettext_lazy("the headings again"),
    NoteKind.FOOTER: gettext_lazy("a line below the list"),
    NoteKind.GROUP_LABEL: gettext_lazy("the heading of a group, read for the rows below it"),
}


def note_text(note: Sequence[object]) -> str:
    """A note as it is kept with the batch: kind, sheet, row (0 for a whole sheet)."""
    kind, sheet, row = note
    what = str(_WORDS[NoteKind(str(kind))])
    if row:
        return _("Sheet %(sheet)s, row %(row)s: %(what)s") % {"sheet": sheet or "1", "row": row, "what": what}
    return _("Sheet %(sheet)s: %(what)s") % {"sheet": sheet or "1", "what": what}
