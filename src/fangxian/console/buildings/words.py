"""What is said about the doors of a building."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fangxian.workplaces.doors import DoorFault

DOOR_WORDS: Mapping[DoorFault, Promise] = {
    DoorFault.NO_ENTRANCE: _("No entrance is open."),
    DoorFault.ENTRANCES: _("More than one entrance is open."),
    DoorFault.NO_EXIT: _("No exit is open."),
    DoorFault.EXITS: _("More than one exit is open."),
    DoorFault.SAME_DOOR: _("People come in and go out by the same door."),
}
