// What is known at this gate without the network: the lists of the bundle, and what happened here since it was made.

import { fromBase64 } from "../field/seal.js";
import { importKeys } from "./cose.js";
import { windowOn } from "./decide.js";
import * as store from "./store.js";

const ZONE_S = 8 * 3600;
const DAY_S = 86_400;
const ID_BYTES = 16;
const HASH_BYTES = 9;
const KINDS = { R: "resident", E: "employee", V: "visitor", C: "courier", T: "vehicle" };

// Ids end to end, as gates/queries/bundle.py packs them.
function unpacked(packed) {
  const bytes = fromBase64(packed);
  const ids = new Set();
  for (let at = 0; at < bytes.length; at += ID_BYTES) {
    ids.add(Array.from(bytes.subarray(at, at + ID_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
  return ids;
}

export function localDay(us) {
  return Math.floor((us / 1e6 + ZONE_S) / DAY_S);
}

export function localMinute(us) {
  return Math.floor(((us / 1e6 + ZONE_S) % DAY_S) / 60);
}

export class Ledger {
  constructor() {
    this.rows = new Map();
    this.cards = new Map();
    this.cardKey = null;
  }

  async load(bundle) {
    this.bundle = bundle;
    this.keys = await importKeys(bundle.keys);
    this.notInForce = new Map();
    for (const id of unpacked(bundle.not_in_force.s)) this.notInForce.set(id, "suspended");
    for (const id of unpacked(bundle.not_in_force.r)) this.notInForce.set(id, "revoked");
    for (const name of ["held", "declared", "inside", "used", "no_outings"]) this[name] = unpacked(bundle[name]);
    this.windows = new Map();
    for (const [firm, ...window] of bundle.windows ?? []) this.windows.set(firm, [...(this.windows.get(firm) ?? []), window]);
    this.rows = new Map((await store.ledger()).map((row) => [row.key, row]));
  }

  async loadCards(cards) {
    this.cardKey = await crypto.subtle.importKey("raw", fromBase64(cards.key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    this.cards = new Map(cards.rows.map(([hash, ...row]) => [hash, row]));
  }

  // What a typed number or plate stands for, or null.
  async card(typed) {
    if (!this.cardKey) return null;
    const made = new Uint8Array(await crypto.subtle.sign("HMAC", this.cardKey, new TextEncoder().encode(typed)));
    const row = this.cards.get(btoa(String.fromCharCode(...made.subarray(0, HASH_BYTES))));
    if (!row) return null;
    const [id, kind, placeId, gateId, enterpriseId, zone, from, until, slotFrom, slotUntil, once] = row;
    return {
      id, kind: KINDS[kind], place_id: placeId, gate_id: gateId, enterprise_id: enterpriseId, zone, from_us: from * 1e6,
      until_us: until * 1e6, slot_from: slotFrom, slot_until: slotUntil, once, name: "", company: "",
    };
  }

  // The pass as decide.js wants it.
  permit(claims, gate, atUs) {
    const here = this.bundle.line.includes(claims.place_id);
    const windows = claims.kind === "employee" ? this.windows.get(claims.enterprise_id) : null;
    const [, , windowFrom, windowUntil, closed] = (windows && windowOn(windows, localDay(atUs))) ?? [];
    const planned = { window_from: windowFrom ?? null, window_until: windowUntil ?? null, window_closed: closed ?? false };
    return { ...claims, ...planned, status: this.notInForce.get(claims.id) ?? "live", place_ids: here ? [gate.place_id] : [claims.place_id] };
  }

  state(claims, gate, atUs) {
    if (!claims) return { known: false };
    const here = gate.gate_id === this.bundle.gate.gate_id;
    const row = this.rows.get(`${claims.id}:${gate.inside_of}`);
    const inside = row ? row.inside : here && this.inside.has(claims.id) ? true : null;
    return {
      inside, held: this.held.has(claims.id), declaration_ok: this.declared.has(claims.id), known: true,
      uses: (this.used.has(claims.id) ? 1 : 0) + (row?.uses ?? 0),
      outings_used: this.no_outings.has(claims.id) ? this.bundle.plan.outings : (row?.outings ?? 0),
      entries_today: this.entriesToday(atUs),
    };
  }

  entriesToday(atUs) {
    const today = localDay(atUs);
    const base = localDay(this.bundle.made_us) === today ? this.bundle.entries_today : 0;
    let here = 0;
    for (const row of this.rows.values()) if (localDay(row.at_us) === today) here += row.entries;
    return base + here;
  }

  insideCount() {
    let count = this.bundle.inside_count;
    for (const row of this.rows.values()) {
      if (row.inside_of !== this.bundle.gate.inside_of) continue;
      if (row.inside !== this.inside.has(row.id)) count += row.inside ? 1 : -1;
    }
    return Math.max(0, count);
  }

  // What an admission changes. The caller keeps the row that is returned together with the record.
  admitted(claims, gate, direction, atUs) {
    const key = `${claims.id}:${gate.inside_of}`;
    const before = this.rows.get(key) ?? { entries: 0, uses: 0, outings: 0 };
    const entering = direction === "in";
    const row = {
      key, id: claims.id, inside_of: gate.inside_of, inside: entering, at_us: atUs, entries: before.entries + (entering ? 1 : 0),
      uses: before.uses + (entering && claims.once ? 1 : 0), outings: before.outings + (!entering && claims.kind === "resident" ? 1 : 0),
    };
    this.rows.set(key, row);
    return row;
  }
}
