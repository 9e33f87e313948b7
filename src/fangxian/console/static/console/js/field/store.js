// What this phone keeps: one locked day pack, the locked state of the work, sealed records that wait, and answers to them.

import { openDB } from "../../../vendor/idb/idb.js";

const CURRENT = "current";

const database = openDB("fangxian-field", 1, {
  upgrade(db) {
    db.createObjectStore("pack");
    db.createObjectStore("state");
    db.createObjectStore("queue", { keyPath: "id" });
    db.createObjectStore("answers", { keyPath: "id" });
  },
});

export async function getPack() {
  return (await database).get("pack", CURRENT);
}

export async function putPack(pack) {
  await (await database).put("pack", pack, CURRENT);
}

// The pack and the state of the work go; sealed records that wait stay.
export async function dropPack() {
  const tx = (await database).transaction(["pack", "state"], "readwrite");
  await Promise.all([tx.objectStore("pack").clear(), tx.objectStore("state").clear(), tx.done]);
}

export async function getState() {
  return (await database).get("state", CURRENT);
}

// A record and the state that shows it are kept together or not at all.
export async function putState(box, sealed) {
  const tx = (await database).transaction(["state", "queue"], "readwrite", { durability: "strict" });
  await Promise.all([
    tx.objectStore("state").put(box, CURRENT),
    sealed ? tx.objectStore("queue").put(sealed) : undefined,
    tx.done,
  ]);
}

export async function waiting() {
  return (await database).getAll("queue");
}

// Take in the server's answers: what it holds leaves the queue, what it refused stays with the reason.
export async function settle(answers) {
  const tx = (await database).transaction(["queue", "answers"], "readwrite", { durability: "strict" });
  for (const answer of answers) {
    if (answer.status === "refused") {
      const item = await tx.objectStore("queue").get(answer.id);
      if (item) await tx.objectStore("queue").put({ ...item, refused: answer.reason });
    } else {
      await tx.objectStore("queue").delete(answer.id);
      if (answer.marks.length) await tx.objectStore("answers").put({ ...answer, at: Date.now() });
    }
  }
  await tx.done;
}

// Try what was refused once more.
export async function forgive() {
  const tx = (await database).transaction("queue", "readwrite");
  for (const item of await tx.store.getAll()) {
    if (item.refused) {
      delete item.refused;
      await tx.store.put(item);
    }
  }
  await tx.done;
}

export async function answers() {
  return (await database).getAll("answers");
}

export async function clearAnswers() {
  await (await database).clear("answers");
}
