// One check after another: the server decides while it answers within two seconds, this tablet decides when it does not.
// Every record has an id of its own, so that one that was perhaps stored is simply sent again.

import { newId } from "../field/seal.js";
import { TokenError, verify } from "./cose.js";
import { decide, isUnsettled, slotOf } from "./decide.js";
import { Ledger, localMinute } from "./ledger.js";
import * as shelf from "./shelf.js";
import * as store from "./store.js";

const at = document.body.dataset;
const PATIENCE_MS = 2_000;
const SYNC_PATIENCE_MS = 20_000;
const BATCH = 200;
const BUNDLE_EVERY_MS = 60_000;
const CARDS_EVERY_MS = 30 * 60_000;
const MINUTE_MS = 60_000;
const QUEUE_HOLDS_MS = 3 * MINUTE_MS;
const JUMP_MS = 60_000;
const FEVER_PENDING_US = 86_400e6;
export const NEVER_OVERRIDDEN = new Set(["fever", "fever_again", "second_too_soon", "second_not_axillary", "held_here", "forged", "wrong_key"]);

export const tablet = {
  token: null,
  ledger: new Ledger(),
  guard: null,
  direction: "in",
  gateId: null,
  net: "away",
  offsetUs: 0,
  clockUnknown: false,
  waiting: 0,
  fault: false,
  contradictions: 0,
  recent: [],
  inside: null,
  queue: null,
  held: [], // who waits for a second reading: answer.js keeps it
  changed: () => {},
};

export class RevokedError extends Error {}

// The street's time by this tablet: its own clock, put right by what the server said last.
export const nowUs = () => Date.now() * 1000 + tablet.offsetUs;
export const bundle = () => tablet.ledger.bundle;
export const gates = () => (bundle() ? [bundle().gate, ...bundle().inner] : []);
export const gate = () => gates().find((one) => one.gate_id === tablet.gateId) ?? bundle()?.gate;
export const direction = () => (!gate() || gate().direction === "both" ? tablet.direction : gate().direction);
export const listAgeMs = () => Math.max(0, (nowUs() - bundle().made_us) / 1000);
export const insideNow = () => tablet.inside ?? tablet.ledger.insideCount();

export function clockIsWrong() {
  return tablet.clockUnknown || Math.abs(tablet.offsetUs) > (bundle()?.plan.clock_tolerance_minutes ?? 5) * MINUTE_MS * 1000;
}

export function ratePerMinute() {
  const since = performance.now() - MINUTE_MS;
  tablet.recent = tablet.recent.filter((when) => when > since);
  return tablet.recent.length;
}

// How many the server takes to be waiting here: { waiting, minutes }, or null while it says nothing or said it long ago.
export function estimatedQueue() {
  const fresh = tablet.net === "there" && performance.now() - bundleAt < QUEUE_HOLDS_MS;
  return fresh && gate() === bundle().gate ? tablet.queue : null;
}

// ---- the clock --------------------------------------------------------------------------------------------------------

let lastWall = Date.now();
let lastSteady = performance.now();

// A clock that somebody sets back while the page is open is put right by the one that nobody can set. A jump ahead may
// as well be a tablet that slept: only the server tells those apart.
async function watchClock() {
  const [wall, steady] = [Date.now(), performance.now()];
  const jump = wall - lastWall - (steady - lastSteady);
  [lastWall, lastSteady] = [wall, steady];
  if (jump < -JUMP_MS) tablet.offsetUs -= Math.round(jump) * 1000;
  if (bundle()) await store.put("clock", { seen_us: nowUs(), offset_us: tablet.offsetUs });
}

// ---- what the tablet holds ----------------------------------------------------------------------------------------------

export async function load() {
  const [token, kept, cards, clock, choice] = await Promise.all(["token", "bundle", "cards", "clock", "choice"].map(store.get));
  tablet.token = token;
  if (clock) {
    tablet.offsetUs = clock.offset_us;
    tablet.clockUnknown = nowUs() + JUMP_MS * 1000 < clock.seen_us;
  }
  if (choice) Object.assign(tablet, choice);
  if (kept) await tablet.ledger.load(kept);
  if (cards) await tablet.ledger.loadCards(cards);
  tablet.waiting = await store.countWaiting();
  await shelf.load();
}

export async function choose(choice) {
  Object.assign(tablet, choice);
  tablet.inside = null;
  await store.put("choice", { direction: tablet.direction, gateId: tablet.gateId });
}

async function ask(path, options, patience) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience);
  try {
    const headers = { Authorization: `Bearer ${tablet.token}`, ...options.headers };
    const answer = await fetch(path, { credentials: "omit", cache: "no-store", ...options, headers, signal: stop.signal });
    if (answer.status === 401) throw new RevokedError();
    if (!answer.ok) throw new Error(`${answer.status}`);
    return await answer.json();
  } finally {
    clearTimeout(timer);
  }
}

function heard(serverUs) {
  tablet.offsetUs = serverUs - Date.now() * 1000;
  tablet.clockUnknown = false;
}

// Take the token that the manager's page showed. Throws RevokedError when the server does not know it.
export async function enrol(token) {
  tablet.token = token;
  try {
    await fetchBundle();
  } catch (error) {
    tablet.token = null;
    throw error;
  }
  await store.put("token", token);
  navigator.storage?.persist?.();
}

let bundleAt = -Infinity;
let cardsAt = -Infinity;

async function fetchBundle() {
  const said = await ask(at.bundle, {}, SYNC_PATIENCE_MS);
  heard(said.server_us);
  await store.put("bundle", said.bundle);
  await store.forgetLedger(said.bundle.made_us);
  await tablet.ledger.load(said.bundle);
  tablet.inside = null;
  tablet.queue = said.queue;
  bundleAt = performance.now();
  if (performance.now() - cardsAt > CARDS_EVERY_MS) {
    const { cards } = await ask(at.cards, {}, SYNC_PATIENCE_MS);
    await store.put("cards", cards);
    await tablet.ledger.loadCards(cards);
    cardsAt = performance.now();
  }
}

// A tablet whose token is not taken any more throws away what it holds, and keeps what it still owes.
async function revoked() {
  await store.wipe();
  shelf.forget();
  Object.assign(tablet, { token: null, guard: null, net: "away" });
  location.reload(); // what the page still has in memory goes too
}

// ---- sending ------------------------------------------------------------------------------------------------------------

let running = null;
export function sync() {
  running ??= syncAll().finally(() => (running = null));
  return running;
}

async function syncAll() {
  if (!tablet.token) return;
  try {
    for (;;) {
      const items = await store.waiting(BATCH);
      if (!items.length) break;
      const said = await ask(at.checks, { method: "POST", body: JSON.stringify({ device_us: Date.now() * 1000, items }) }, SYNC_PATIENCE_MS);
      heard(said.server_us);
      const taken = said.items.filter((item) => item.status !== "failed");
      tablet.contradictions += taken.filter((item) => item.marks.some((mark) => mark !== "clock")).length;
      tablet.fault = taken.length < said.items.length;
      await store.settled(taken.map((item) => dashed(item.id)));
      tablet.waiting = await store.countWaiting();
      if (!taken.length) break;
    }
    if (!tablet.waiting && performance.now() - bundleAt > BUNDLE_EVERY_MS) await fetchBundle();
    await shelf.sync((path, options) => ask(path, options, SYNC_PATIENCE_MS));
    tablet.net = "there";
  } catch (error) {
    if (error instanceof RevokedError) return revoked();
    tablet.net = "away";
  }
  tablet.waiting = await store.countWaiting();
  tablet.changed();
}

const dashed = (id) => (id.includes("-") ? id : id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"));

export function start() {
  setInterval(watchClock, 5_000);
  setInterval(() => sync(), 10_000);
  window.addEventListener("online", () => sync());
  window.addEventListener("offline", () => {
    tablet.net = "away";
    tablet.changed();
  });
}

// ---- checks -------------------------------------------------------------------------------------------------------------

// What was shown, read on this tablet: { claims, problem } before anything else is asked. `shown`: { token | number | plate }.
export async function readShown(shown) {
  if (shown.token) {
    try {
      return { claims: await verify(shown.token.trim(), tablet.ledger.keys), problem: null };
    } catch (error) {
      if (error instanceof TokenError) return { claims: null, problem: error.code };
      throw error;
    }
  }
  const claims = await tablet.ledger.card(shown.number ?? shown.plate);
  return { claims, problem: shown.number && !claims ? "unknown_pass" : null };
}

// The tablet's own decision. `read` comes from readShown.
export function decideHere(record, read, firstUs) {
  const atUs = record.at + tablet.offsetUs;
  const { plan } = bundle();
  const here = gates().find((one) => one.gate_id === record.gate) ?? gate();
  const seen = {
    direction: record.dir, at_us: atUs, minute: localMinute(atUs), mask: record.mask, method: record.method, identity: record.identity,
    decidec: record.temp == null ? null : Math.round(record.temp * 10), declared: record.declared, plate: record.plate ?? "",
    problem: tablet.clockUnknown ? "wrong_clock" : read.problem, occupants: record.occupants, second_of_us: firstUs, again: record.again,
  };
  const permit = read.claims && !read.problem ? tablet.ledger.permit(read.claims, here, atUs) : null;
  const decision = decide(plan, here, permit, seen, tablet.ledger.state(read.claims, here, atUs));
  const unsettled = record.dir === "in" && isUnsettled(plan, seen);
  if (record.override && decision.outcome !== "admit" && !unsettled && !NEVER_OVERRIDDEN.has(decision.code)) return { outcome: "admit", code: "overridden" };
  return decision.code === "too_early" ? { ...decision, slot: slotOf(permit) } : decision;
}

// One person or vehicle. `input`: token | number | plate, mask, temp, method, identity, declared, occupants, first, firstUs,
// again, override, direction. Returns what is to be said, after the record is safe on the server or on this tablet.
export async function check(input) {
  const { firstUs, direction: asked, ...rest } = input;
  const record = { id: newId(), at: Date.now() * 1000, dir: asked ?? direction(), guard: tablet.guard?.staff ?? "", gate: gate().gate_id, ...rest };
  const began = performance.now();
  const read = await readShown(record);
  const fever = record.dir === "in" && record.first == null ? feverOf(record, read) : null;
  if (fever) record.first = fever.firstId;
  const mine = decideHere(record, read, fever?.firstUs ?? firstUs);
  const ms = performance.now() - began;
  tablet.recent.push(performance.now());
  const taken = tablet.net === "there" ? await askServer(record) : null;
  if (taken) return online(record, read, taken, ms);
  return offline(record, read, mine, ms);
}

// The fever of this pass that waits for its second reading, as far as this tablet knows.
function feverOf(record, read) {
  const same = (one) => (one.pass ? one.pass === read.claims?.id : ["token", "number", "plate"].some((name) => one.shown[name] && one.shown[name] === record[name]));
  return tablet.held.find((one) => nowUs() - one.firstUs < FEVER_PENDING_US && same(one));
}

async function askServer(record) {
  try {
    const said = await ask(at.checks, { method: "POST", body: JSON.stringify({ device_us: Date.now() * 1000, items: [record] }) }, PATIENCE_MS);
    heard(said.server_us);
    return said.items[0].status === "failed" ? null : said.items[0];
  } catch (error) {
    if (error instanceof RevokedError) {
      await store.enqueue({ ...record, offline: false });
      await revoked();
      throw error;
    }
    tablet.net = "away";
    return null;
  }
}

async function online(record, read, taken, ms) {
  if (taken.outcome === "admit" && read.claims) await store.putLedger(tablet.ledger.admitted(read.claims, gate(), record.dir, nowUs()));
  tablet.inside = taken.inside ?? tablet.inside;
  const claims = read.claims ?? {};
  return {
    record, ms, pass: read.claims?.id, offline: false, outcome: taken.outcome, code: taken.code, slot: taken.slot, referral: taken.referral, marks: taken.marks,
    name: taken.name || claims.name || "", company: taken.company || claims.company || "", zone: taken.zone || claims.zone || "", kind: taken.kind || claims.kind || "",
  };
}

async function offline(record, read, mine, ms) {
  const kept = { ...record, offline: true, said: mine.outcome, said_code: mine.code };
  const change = mine.outcome === "admit" && read.claims ? tablet.ledger.admitted(read.claims, gate(), record.dir, nowUs()) : null;
  await store.enqueue(kept, change);
  tablet.inside = null;
  tablet.waiting += 1;
  const { name = "", company = "", zone = "", kind = "" } = read.claims ?? {};
  return { record, ms, pass: read.claims?.id, offline: true, ...mine, name, company, zone, kind, referral: "", marks: [] };
}
