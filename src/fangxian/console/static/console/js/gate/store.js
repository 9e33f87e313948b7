// What this tablet keeps. Everything that says something about a person, and the tablet's own token, is shut under a key
// that the browser keeps and never hands out; ids of passes inside are random numbers and lie open.

import { openDB } from "../../../vendor/idb/idb.js";
import { open as openBox, shut } from "../field/vault.js";

const database = openDB("fangxian-gate", 2, {
  upgrade(db, from) {
    if (from < 2) db.createObjectStore("errands", { keyPath: "id" });
    if (from >= 1) return;
    db.createObjectStore("keys");
    db.createObjectStore("boxes");
    db.createObjectStore("guards", { keyPath: "staff" });
    db.createObjectStore("queue", { keyPath: "id" });
    db.createObjectStore("ledger", { keyPath: "key" });
  },
});

async function ownKey() {
  const db = await database;
  const kept = await db.get("keys", "own");
  if (kept) return kept;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const tx = db.transaction("keys", "readwrite", { durability: "strict" });
  const other = await tx.store.get("own");
  if (!other) await tx.store.put(made, "own");
  await tx.done;
  return other ?? made;
}
const key = ownKey();

// put("bundle", value), get("bundle"): one shut box of that name.
export async function put(name, value) {
  const box = await shut(await key, `box:${name}`, value);
  await (await database).put("boxes", box, name);
}

export async function get(name) {
  const box = await (await database).get("boxes", name);
  return box ? openBox(await key, `box:${name}`, box) : null;
}

// ---- guards: a PIN of this tablet for each ---------------------------------------------------------------------------

export async function guards() {
  const rows = await (await database).getAll("guards");
  return Promise.all(rows.map(async (row) => ({ ...row, name: await openBox(await key, `guard:${row.staff}`, row.box) })));
}

export async function putGuard({ name, ...row }) {
  const box = await shut(await key, `guard:${row.staff}`, name);
  await (await database).put("guards", { ...row, box });
}

export async function dropGuard(staff) {
  await (await database).delete("guards", staff);
}

// ---- records that wait ----------------------------------------------------------------------------------------------

export async function enqueue(record, change) {
  const box = await shut(await key, `record:${record.id}`, record);
  const tx = (await database).transaction(["queue", "ledger"], "readwrite", { durability: "strict" });
  tx.objectStore("queue").put({ id: record.id, box });
  if (change) tx.objectStore("ledger").put(change);
  await tx.done;
}

export async function countWaiting() {
  return (await database).count("queue");
}

// The oldest records first: their ids begin with their time.
export async function waiting(most) {
  const rows = await (await database).getAll("queue", null, most);
  return Promise.all(rows.map(async (row) => openBox(await key, `record:${row.id}`, row.box)));
}

export async function settled(ids) {
  const tx = (await database).transaction("queue", "readwrite", { durability: "strict" });
  for (const id of ids) tx.store.delete(id);
  await tx.done;
}

// ---- parcels that were left or handed over, and wait to be sent -------------------------------------------------------

export async function addErrand(record) {
  const box = await shut(await key, `errand:${record.id}`, record);
  const tx = (await database).transaction("errands", "readwrite", { durability: "strict" });
  tx.store.put({ id: record.id, box });
  await tx.done;
}

export async function countErrands() {
  return (await database).count("errands");
}

export async function errands(most) {
  const rows = await (await database).getAll("errands", null, most);
  return Promise.all(rows.map(async (row) => openBox(await key, `errand:${row.id}`, row.box)));
}

export async function settledErrands(ids) {
  const tx = (await database).transaction("errands", "readwrite", { durability: "strict" });
  for (const id of ids) tx.store.delete(id);
  await tx.done;
}

// ---- who is inside, by this tablet ------------------------------------------------------------------------------------

export async function ledger() {
  return (await database).getAll("ledger");
}

export async function putLedger(change) {
  await (await database).put("ledger", change);
}

export async function forgetLedger(beforeUs) {
  const tx = (await database).transaction("ledger", "readwrite");
  for (const row of await tx.store.getAll()) if (row.at_us < beforeUs) tx.store.delete(row.key);
  await tx.done;
}

// A tablet that was revoked keeps nothing but what it still owes the server, which nobody can open elsewhere.
export async function wipe() {
  const tx = (await database).transaction(["boxes", "guards", "ledger"], "readwrite", { durability: "strict" });
  for (const name of ["boxes", "guards", "ledger"]) tx.objectStore(name).clear();
  await tx.done;
}
