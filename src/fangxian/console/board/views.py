"""The board: three numbers, by place, down to the named ones that are missing."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from fangxian.accounts import access
from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.command import queries as command
from fangxian.console.board import pieces as parts
from fangxian.console.board.pieces import Piece
from fangxian.console.board.shape import Shown, kind_tabs, shown, sort_rows
from fangxian.console.gaps.lines import Cursor, gap_page
from fangxian.console.trail import crumbs
from fangxian.console.view import Who, staff_view
from fangxian.duties.gap_queries import in_place
from fangxian.places.models import Place, PlaceKind

BOARD_KINDS = (
    PlaceKind.CITY, PlaceKind.DISTRICT, PlaceKind.STREET, PlaceKind.NEIGHBOURHOOD, PlaceKind.GRID, PlaceKind.BUILDING,
)  # fmt: skip


@staff_view(Capability.BOARD)
def home(request: HttpRequest, who: Who) -> HttpResponse:
    """The board of whatever this person holds; a choice where that is several places."""
    tops = [top for top in access.root_places(who.held) if top.kind in BOARD_KINDS]
    if len(tops) == 1:
        return redirect("board:place", tops[0].id)
    return render(request, "console/board/tops.html", {"tops": tops})


def _board_place(who: Who, place_id: UUID) -> Place:
    place = who.place(place_id)
    if place.kind not in BOARD_KINDS:
        raise NotFoundError
    return place


def _shown(who: Who, place: Place) -> Shown:
    return shown(command.board(place, who.now), who.now, get_language() or "zh-hans")


@staff_view(Capability.BOARD)
@require_safe
def place(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    found = _board_place(who, place_id)
    board, sort = _shown(who, found), request.GET.get("sort", "")
    context = {
        "board": board, "rows": sort_rows(board.rows, sort), "sort": sort,
        "version": parts.version(parts.of_board(board), get_language() or ""),
        "crumbs": crumbs(found, who.held, "board:place"), "gaps_reach": who.reach(Capability.GAPS).holds(found),
    }  # fmt: skip
    if not board.rows and context["gaps_reach"]:
        kind = request.GET.get("kind", "")
        cursor = Cursor.read(request.GET.get("page", ""))
        context["missing"] = gap_page(in_place(found), who.now, kind=kind, after=cursor)
        context["tabs"] = kind_tabs(kind)
    return render(request, "console/board/board.html", context)


@staff_view(Capability.BOARD)
@require_safe
def wall(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    board = _shown(who, _board_place(who, place_id))
    context = {"board": board, "version": parts.version(parts.of_wall(board), get_language() or "")}
    return render(request, "console/board/wall.html", context)


def _changes(request: HttpRequest, board: Shown, pieces: list[Piece]) -> HttpResponse:
    """304 while nothing changed since the reader's version, else the changed pieces alone, under the new version."""
    now_version = parts.version(pieces, get_language() or "")
    seen = request.headers.get("If-None-Match", "").strip().removeprefix("W/").strip('"')
    since = seen or request.GET.get("since", "")
    if since == now_version:
        answer = HttpResponse(status=304)
    else:
        context = {"board": board, "pieces": parts.changed_since(pieces, since)}
        answer = render(request, "console/board/pieces.html", context)
    answer["ETag"] = f'"{now_version}"'
    patch_vary_headers(answer, ["Accept-Language", "Cookie"])
    return answer


@staff_view(Capability.BOARD)
@require_safe
def fragments(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    board = _shown(who, _board_place(who, place_id))
    return _changes(request, board, parts.of_board(board))


@staff_view(Capability.BOARD)
@require_safe
def wall_fragments(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    board = _shown(who, _board_place(who, place_id))
    return _changes(request, board, parts.of_wall(board))
