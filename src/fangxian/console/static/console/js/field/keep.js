// What a device of an offline page keeps: one locked pack, the locked state of the work, sealed records that wait, and
// the answers to them. Each page has its own database.

import { openDB } from "../../../vendor/idb/idb.js";

const CURRENT = "current";

export function keepIn(name) {
  const database = openDB(name, 1, {
    upgrade(db) {
      db.createObjectStore("pack");
      db.createObjectStore("state");
      db.createObjectStore("queue", { keyPath: "id" });
      db.createObjectStore("answers", { keyPath: "id" });
    },
  });

  async function getPack() {
    return (await database).get("pack", CURRENT);
  }

  async function putPack(pack) {
    await (await database).put("pack", pack, CURRENT);
  }

  // The pack and the state of the work go; sealed records that wait stay.
  async function dropPack() {
    const tx = (await database).transaction(["pack", "state"], "readwrite");
    await Promise.all([tx.objectStore("pack").clear(), tx.objectStore("state").clear(), tx.done]);
  }

  async function getState() {
    return (await database).get("state", CURRENT);
  }

  // A record (or several) and the state that shows it are kept together or not at all.
  async function putState(box, sealed) {
    const tx = (await database).transaction(["state", "queue"], "readwrite", { durability: "strict" });
    await Promise.all([
      tx.objectStore("state").put(box, CURRENT),
      ...[sealed ?? []].flat().map((one) => tx.objectStore("queue").put(one)),
      tx.done,
    ]);
  }

  async function waiting() {
    return (await database).getAll("queue");
  }

  // A sealed record that changes nothing in the state; taking it back before it was sent.
  async function add(sealed) {
    const tx = (await database).transaction("queue", "readwrite", { durability: "strict" });
    await Promise.all([tx.store.put(sealed), tx.done]);
  }

  async function takeBack(id) {
    await (await database).delete("queue", id);
  }

  // Take in the server's answers: what it holds leaves the queue, what it refused stays with the reason.
  async function settle(answers) {
    const tx = (await database).transaction(["queue", "answers"], "readwrite", { durability: "strict" });
    for (const answer of answers) {
      if (answer.status === "refused") {
        const item = await tx.objectStore("queue").get(answer.id);
        if (item) await tx.objectStore("queue").put({ ...item, refused: answer.reason });
      } else {
        await tx.objectStore("queue").delete(answer.id);
        // a token is wanted by a record that is sent later
        if (answer.marks.length || answer.token) await tx.objectStore("answers").put({ ...answer, at: Date.now() });
      }
    }
    await tx.done;
  }

  // Try what was refused once more.
  async function forgive() {
    const tx = (await database).transaction("queue", "readwrite");
    for (const item of await tx.store.getAll()) {
      if (item.refused) {
        delete item.refused;
        await tx.store.put(item);
      }
    }
    await tx.done;
  }

  async function answers() {
    return (await database).getAll("answers");
  }

  async function clearAnswers(ids = null) {
    if (ids === null) return (await database).clear("answers");
    const tx = (await database).transaction("answers", "readwrite");
    return Promise.all([...ids.map((id) => tx.store.delete(id)), tx.done]);
  }

  return { getPack, putPack, dropPack, getState, putState, waiting, add, takeBack, settle, forgive, answers, clearAnswers };
}
