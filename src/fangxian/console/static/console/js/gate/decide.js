// The decision at a gate, as fangxian/gates/rules.py makes it, for a device without a network. One table of cases
// (tests/support/gate_cases.json) runs against both. Field names are those of the Python side; a field that is
// missing says the same as null there. Instants are microseconds, which a number holds exactly until the year 2255.

const MINUTE_US = 60_000_000;
const HIGHEST_DECIDEC = 420;

const admit = (code) => ({ outcome: "admit", code });
const refuse = (code) => ({ outcome: "refuse", code });
const hold = (code) => ({ outcome: "hold", code });
const refer = (code) => ({ outcome: "refer", code });

// Admit, refuse, hold or refer, and why: the first thing that is wrong, in the order a guard asks.
export function decide(plan, gate, permit, seen, state) {
  if (gate.is_open === false) return refuse("gate_closed");
  if (gate.direction !== "both" && gate.direction !== seen.direction) return refuse("wrong_direction");
  if (seen.direction === "out") return leaving(plan, permit, seen, state);
  if (seen.problem) return seen.problem === "wrong_clock" ? hold("wrong_clock") : refuse(seen.problem);
  if (!permit) return withoutPass(seen, state);
  return (
    passFault(gate, permit, seen) ??
    heldFault(permit, state) ??
    bodyFault(plan, seen) ??
    personFault(plan, permit, seen, state) ??
    countFault(plan, gate, permit, seen, state) ??
    admit(seen.second_of_us == null ? "ok" : "second_ok")
  );
}

export function feverWaitOver(plan, firstUs, atUs) {
  return atUs - firstUs >= plan.rest_minutes * MINUTE_US;
}

// Whether a fever is still to be measured a second time, and this was not that: nobody's reason lets in on it.
export function isUnsettled(plan, seen) {
  return seen.second_of_us != null && temperatureFault(plan, seen) !== null;
}

// Between which minutes of the local day the holder is to arrive: the enterprise's window by a plan goes before the slot on
// the pass. Null: at any time.
export function slotOf(permit) {
  if (permit.window_from != null) return [permit.window_from, permit.window_until];
  return permit.slot_from == null ? null : [permit.slot_from, permit.slot_until];
}

// The window that holds on a day, of rows [from day, until day, from minute, until minute, nobody comes]; days are counted from 1970.
export function windowOn(windows, day) {
  return windows.find(([since, until]) => since <= day && day <= until) ?? null;
}

function leaving(plan, permit, seen, state) {
  const resident = permit?.kind === "resident";
  if (state.held && (!permit || resident)) return refuse("held_here");
  if (resident && plan.outings > 0 && (state.outings_used ?? 0) >= plan.outings) return hold("no_outings");
  if (state.inside === false && !seen.again) return hold("already_outside");
  return admit("exit");
}

function withoutPass(seen, state) {
  if (!seen.plate) return refuse("no_pass");
  return hold(state.known === false ? "unknown_vehicle" : "no_pass");
}

function passFault(gate, permit, seen) {
  const inner = gate.inner_enterprise;
  if (permit.status !== "live") return refuse(permit.status === "revoked" ? "revoked" : "suspended");
  if (seen.at_us < permit.from_us) return refuse("not_yet");
  if (seen.at_us >= permit.until_us) return refuse("expired");
  if (!permit.place_ids.includes(gate.place_id)) return refuse("wrong_place");
  if (permit.gate_id && permit.gate_id !== gate.gate_id && !inner) return refuse("wrong_gate");
  if (gate.zones && permit.zone && !gate.zones.includes(permit.zone)) return refuse("wrong_zone");
  if (inner && permit.enterprise_id !== inner) return refuse("wrong_company");
  return null;
}

function heldFault(permit, state) {
  return state.held && permit.kind !== "resident" ? refuse("held_here") : null;
}

// A fever outranks a missing mask: somebody who is turned away is still measured.
function bodyFault(plan, seen) {
  const reading = temperatureFault(plan, seen);
  const fever = reading?.code === "fever" || reading?.code === "fever_again";
  if (plan.ask_mask && !seen.mask && !fever) return seen.mask == null ? hold("no_mask") : refuse("no_mask");
  return reading;
}

function temperatureFault(plan, seen) {
  const second = seen.second_of_us != null;
  if (seen.decidec == null) return plan.ask_temperature || second ? hold("no_temperature") : null;
  if (seen.decidec < plan.lowest_decidec || seen.decidec > HIGHEST_DECIDEC) return hold("odd_temperature");
  const fever = seen.decidec >= plan.fever_decidec;
  if (!second) return fever ? hold("fever") : null;
  if (seen.method !== "axillary") return hold("second_not_axillary");
  if (!feverWaitOver(plan, seen.second_of_us, seen.at_us)) return hold("second_too_soon");
  return fever ? refer("fever_again") : null;
}

function personFault(plan, permit, seen, state) {
  if (permit.kind === "vehicle") {
    if (seen.occupants == null) return hold("no_occupants");
  } else if (!seen.identity) {
    return seen.identity == null ? hold("not_confirmed") : refuse("not_the_holder");
  }
  return plan.ask_declaration && !state.declaration_ok && !seen.declared ? hold("no_declaration") : null;
}

function countFault(plan, gate, permit, seen, state) {
  if (permit.window_closed) return hold("not_today");
  const begins = slotOf(permit)?.[0];
  if (begins != null && seen.minute < begins - plan.early_minutes) return hold("too_early");
  if (permit.once && (state.uses ?? 0) > 0 && !gate.inner_enterprise) return refuse("used_up");
  if (state.inside && !seen.again) return hold("already_inside");
  if (gate.day_cap != null && (state.entries_today ?? 0) >= gate.day_cap) return hold("full");
  return null;
}
