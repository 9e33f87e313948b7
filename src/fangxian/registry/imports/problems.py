"""Why a whole file is not taken."""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class FileProblem(StrEnum):
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    EXTENSION = "extension"
    NOT_A_WORKBOOK = "not_a_workbook"
    WEB_PAGE = "web_page"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    UNPACKS_TOO_LARGE = "unpacks_too_large"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_WIDE = "too_wide"
    ENCODING = "encoding"
    NO_HEADER = "no_header"
    NO_ROWS = "no_rows"


MESSAGES: dict[FileProblem, Promise] = {
    FileProblem.EMPTY: _("The file is empty. Nothing was taken. Save the list again and send it."),
    FileProblem.TOO_LARGE: _(
        "The file is larger than 20 MB. Nothing was taken. Remove pictures, or split the list and send the parts."
    ),
    FileProblem.EXTENSION: _("Only .xlsx, .xls, .ods and .csv can be read. Nothing was taken. Save the list as .xlsx."),
    FileProblem.NOT_A_WORKBOOK: _(
        "This is not a spreadsheet, whatever its name says. Nothing was taken. Open it, save it as .xlsx and send that."
    ),
    FileProblem.WEB_PAGE: _(
        "This is a web page with the name of a spreadsheet, as some systems export it. Nothing was taken. "
        "Open it in a spreadsheet program, save it as .xlsx and send that."
    ),
    FileProblem.ENCRYPTED: _("The file is locked with a password. Nothing was taken. Remove the password and send it."),
    FileProblem.DAMAGED: _("The file is damaged. Nothing was taken. Open it, save it again and send it."),
    FileProblem.UNPACKS_TOO_LARGE: _(
        "The file unpacks to far more than a list of residents can hold. Nothing was taken. "
        "Copy the list into a new workbook and send that."
    ),
    FileProblem.TOO_MANY_ROWS: _(
        "The list has more than 200,000 rows. Nothing was taken. Split it and send the parts one after the other."
    ),
    FileProblem.TOO_WIDE: _(
        "A sheet has cells far to the right of the list. Nothing was taken. Delete the stray cells and send it again."
    ),
    FileProblem.ENCODING: _(
        "The characters of this .csv cannot be read. Nothing was taken. Save the list as .xlsx, or as CSV UTF-8."
    ),
    FileProblem.NO_HEADER: _(
        "No sheet has a row of headings that fits such a list. Nothing was taken. "
        "Put the headings in one row above the data, for instance 姓名, 身份证号, 联系电话, 住址."
    ),
    FileProblem.NO_ROWS: _("There are headings but no rows below them. Nothing was taken."),
}


class UnreadableFileError(Exception):
    """The file as a whole cannot be taken; `str(error)` is for the sender, in the language of the moment."""

    def __init__(self, problem: FileProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem

    def __str__(self) -> str:
        return str(MESSAGES[self.problem])
