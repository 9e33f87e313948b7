// What lies at the hand-over point, by the server's list and by what was done here since; it works without the network.

import { newId } from "../field/seal.js";
import * as store from "./store.js";

const at = document.body.dataset;
const BATCH = 100;
const LIST_EVERY_MS = 60_000;
const DOORS_EVERY_MS = 30 * 60_000;

export const shelf = { doors: [], parcels: [], errands: 0, refused: [], changed: () => {} };

let doorsAt = -Infinity;
let listAt = -Infinity;

export async function load() {
  const [doors, parcels] = await Promise.all(["doors", "parcels"].map(store.get));
  shelf.doors = doors ?? [];
  shelf.parcels = parcels ?? [];
  shelf.errands = await store.countErrands();
}

export function forget() {
  Object.assign(shelf, { doors: [], parcels: [] });
  doorsAt = listAt = -Infinity;
}

async function keep(record) {
  const id = newId();
  shelf.errands += 1; // before it is stored: a list that is on its way does not know of it
  await store.addErrand({ ...record, id });
  await store.put("parcels", shelf.parcels);
  shelf.changed();
}

export function leave({ door, where, company, code, shelf: place, guard, atUs, minutes }) {
  const parcel = newId();
  shelf.parcels.push({ id: parcel, where, company, shelf: place, code, left_us: atUs, until_us: atUs + minutes * 60e6 });
  return keep({ what: "left", parcel, guard, at: atUs, door, company, shelf: place, code });
}

export function handOver(parcel, { to, compared, guard, atUs }) {
  shelf.parcels = shelf.parcels.filter((one) => one.id !== parcel.id);
  return keep({ what: "taken", parcel: parcel.id, guard, at: atUs, to, compared });
}

// Send what waits, and take the server's list once nothing does. `ask(path, options)` throws when it cannot be reached.
export async function sync(ask) {
  if (!shelf.errands && performance.now() - listAt < LIST_EVERY_MS) return;
  for (;;) {
    const items = await store.errands(BATCH);
    const said = await ask(at.parcels, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ items }) });
    const settled = said.results.map((one) => one.id);
    await store.settledErrands(settled);
    shelf.errands -= settled.length;
    shelf.refused.push(...said.results.filter((one) => one.status === "refused").map((one) => one.error));
    if (!shelf.errands) {
      shelf.parcels = said.parcels;
      listAt = performance.now();
      break;
    }
    if (!settled.length) break;
  }
  await store.put("parcels", shelf.parcels);
  if (performance.now() - doorsAt > DOORS_EVERY_MS) {
    shelf.doors = (await ask(at.doors, {})).doors;
    await store.put("doors", shelf.doors);
    doorsAt = performance.now();
  }
  shelf.changed();
}
