"""What a guard in the cold reads aloud for each decision: what it is, and what to do next."""

from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fangxian.gates.rules import Code


class Words(NamedTuple):
    title: Promise
    next_step: Promise


WORDS: Final[dict[Code, Words]] = {
    Code.OK: Words(_("Please come in."), _("Next person, please.")),
    Code.EXIT: Words(_("Please go out."), _("Next person, please.")),
    Code.SECOND_OK: Words(
        _("The second reading is normal. Please come in."), _("Note the time, and let the person out of the hold area.")
    ),
    Code.OVERRIDDEN: Words(
        _("Let in by the guard's own decision."), _("The reason and your name are on record. Next person, please.")
    ),
    Code.GATE_CLOSED: Words(_("This gate is closed."), _("Send the person to the nearest open gate.")),
    Code.WRONG_DIRECTION: Words(
        _("This gate is one-way, and this is the other way."), _("Send the person to the gate for this direction.")
    ),
    Code.NO_PASS: Words(
        _("There is no pass."), _("Ask for the pass or its number. Visitors ring their host; others register first.")
    ),
    Code.UNREADABLE: Words(
        _("The code cannot be read."), _("Turn up the screen's brightness and scan again, or type the pass number.")
    ),
    Code.FOREIGN_CODE: Words(
        _("This code is not a pass of this street."), _("Ask for the pass, and scan its code or type its number.")
    ),
    Code.FORGED: Words(
        _("The pass has been altered or forged."),
        _("Do not let the person in. Call the security desk, and stay polite."),
    ),
    Code.WRONG_KEY: Words(
        _("The signature of this pass is not accepted."),
        _("Do not let the person in. A new pass is issued at the desk."),
    ),
    Code.UNKNOWN_PASS: Words(
        _("The system does not know this pass."),
        _("Check the number once more; otherwise a pass is issued at the desk."),
    ),
    Code.NOT_YET: Words(
        _("The pass is not valid yet."), _("Tell the person from when it is valid, and to come back then.")
    ),
    Code.EXPIRED: Words(_("The pass has expired."), _("A new pass is issued at the desk or by the company.")),
    Code.SUSPENDED: Words(
        _("The pass is suspended."),
        _("Ask the person to ring whoever issued the pass. Do not discuss the reason here."),
    ),
    Code.REVOKED: Words(
        _("The pass has been withdrawn."), _("Do not let the person in. Ask for the newer pass, if there is one.")
    ),
    Code.WRONG_PLACE: Words(
        _("The pass is for another compound or building."),
        _("Read the place on the pass aloud, and show the way there."),
    ),
    Code.WRONG_GATE: Words(
        _("The pass is for another gate here."), _("Read the gate on the pass aloud, and show the way there.")
    ),
    Code.WRONG_ZONE: Words(
        _("This door is not for the floors on the pass."), _("Show the way to the door with the letter on the pass.")
    ),
    Code.WRONG_COMPANY: Words(
        _("The pass is from another company."), _("Visitors of this company wait here until somebody fetches them.")
    ),
    Code.TOO_EARLY: Words(
        _("It is before the arrival slot."),
        _("Ask the person to wait aside, a metre apart, and scan again in the slot."),
    ),
    Code.NOT_TODAY: Words(
        _("By the plan of arrivals nobody of this company comes today."),
        _("Ask the person to call the company, or the manager of the building."),
    ),
    Code.NO_MASK: Words(
        _("A mask is needed."), _("Ask the person to put on a mask over mouth and nose, then check again.")
    ),
    Code.NO_TEMPERATURE: Words(_("The temperature is missing."), _("Measure the temperature, then go on.")),
    Code.ODD_TEMPERATURE: Words(
        _("This reading cannot be right."),
        _("Wait a moment out of the wind, then measure again, at the wrist if need be."),
    ),
    Code.FEVER: Words(
        _("Fever. Please wait in the hold area."),
        _("Lead the person to the hold area. Measure again under the arm when the rest is over."),
    ),
    Code.FEVER_AGAIN: Words(
        _("Fever again. The person is referred to the health centre."),
        _("Keep the person in the hold area, write down the referral number, and ring the health centre."),
    ),
    Code.SECOND_TOO_SOON: Words(
        _("It is too soon for the second reading."), _("Let the person rest until the time shown, then measure again.")
    ),
    Code.SECOND_NOT_AXILLARY: Words(
        _("The second reading must be under the arm."), _("Take the clinical thermometer, and measure under the arm.")
    ),
    Code.NOT_CONFIRMED: Words(
        _("Person and pass have not been compared."), _("Compare name, company and face with the pass, then confirm.")
    ),
    Code.NOT_THE_HOLDER: Words(
        _("This is not the holder of the pass."),
        _("Do not let the person in. Passes are not lent; ask for the own pass."),
    ),
    Code.NO_DECLARATION: Words(
        _("The health declaration is missing or out of date."),
        _("Ask the questions now and tick the answer, or let the person fill it in on the phone."),
    ),
    Code.HELD_HERE: Words(
        _("This person is under observation and cannot pass."),
        _("Ask the person kindly to go back, and ring the neighbourhood committee."),
    ),
    Code.ALREADY_INSIDE: Words(
        _("The pass was used to enter and has not left."),
        _("Ask who holds it. If it is the right person, confirm again."),
    ),
    Code.ALREADY_OUTSIDE: Words(
        _("The pass has already left."), _("Ask how the person came in. If it is the right person, confirm again.")
    ),
    Code.USED_UP: Words(_("This pass was good for one entry, and has been used."), _("The host asks for a new pass.")),
    Code.NO_OUTINGS: Words(
        _("The household has no outing left."),
        _("Tell the person when the next one is due. For a doctor or an emergency, let out with the reason."),
    ),
    Code.FULL: Words(
        _("This gate has let in all it may today."), _("Ask the person to wait, and ring the gate's manager.")
    ),
    Code.WRONG_CLOCK: Words(
        _("The clock of this device is wrong."),
        _("Set the device's clock or connect it to the network, then check again."),
    ),
    Code.UNKNOWN_VEHICLE: Words(
        _("The register does not know this vehicle."),
        _("Ask for driver, host and purpose, and write them down; then the desk decides."),
    ),
    Code.NO_OCCUPANTS: Words(
        _("The people in the vehicle have not been counted."), _("Count everybody in the vehicle, and type the number.")
    ),
}
