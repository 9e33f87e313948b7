// A list under its PIN: taken, kept sealed, opened, locked after a while, and thrown away when its shift is over.

import { say, toast } from "./dom.js";
import * as line from "./line.js";
import { tryPin } from "./pin.js";
import { ITERATIONS, keyFromPin, newSalt, open, shut } from "./vault.js";

// `app` holds `pack`, `state` and `complain`. `fresh` makes a first state, `draw` shows what is there, `busy` says that
// something is being sealed by what the pack holds, `inHand` that something is to be finished before the list goes.
export function sessionOf({ store, app, idleMs, fresh, draw, greet, busy, inHand = () => false, onLock = () => {} }) {
  const ended = new Set();
  let key = null;
  let idle = null;
  let saving = Promise.resolve();

  function save(sealed) {
    saving = saving.catch(() => {}).then(async () => {
      if (key && app.pack) await store.putState(await shut(key, `state:${app.pack.id}`, app.state), sealed);
    });
    return saving;
  }

  async function putPack(held) {
    const { id, staff, epoch, issued_us, expires_us, offset_us } = app.pack;
    await store.putPack({ ...held, id, staff, epoch, issued_us, expires_us, offset_us, box: await shut(key, `pack:${id}`, app.pack), tries: 0, seen_ms: Date.now() });
  }

  function touched() {
    clearTimeout(idle);
    if (key) idle = setTimeout(lock, idleMs);
  }

  function lock() {
    if (busy()) return setTimeout(lock, 500);
    key = null;
    app.pack = null;
    app.state = null;
    onLock();
    return draw();
  }

  // A list whose shift is over, or whose owner's sessions were ended, is thrown away. What waits stays sealed.
  async function heldPack() {
    const held = await store.getPack();
    if (!held) return null;
    const over = ended.has(held.id);
    const lives = !over && Math.max(Date.now(), held.seen_ms) * 1000 + held.offset_us < held.expires_us;
    if (lives || busy() || (!over && key && inHand())) return held;
    await store.dropPack();
    key = null;
    app.pack = null;
    toast(say(over ? "session-ended" : "shift-over"));
    return null;
  }

  async function takePack(pin) {
    const greeting = await line.hello();
    greet(greeting);
    if (greeting.net !== "there") throw new Error(say(greeting.net === "away" ? "need-network" : "sign-in-first"));
    app.pack = await line.takePack(greeting, { at: new URLSearchParams(location.search).get("at") ?? "" });
    app.state = fresh();
    const salt = newSalt();
    key = await keyFromPin(pin, salt, ITERATIONS);
    await putPack({ salt, iterations: ITERATIONS });
    await save();
    navigator.storage?.persist?.();
    touched();
    await draw();
  }

  async function forget() {
    await store.dropPack();
    lock();
  }

  // Whether it is open now.
  async function unlock(held, pin) {
    const tried = await tryPin(store, held, pin);
    if (tried.left) {
      app.complain(say("wrong-pin", { n: tried.left }));
      return false;
    }
    if (!tried.key) {
      toast(say("too-many"));
      await draw();
      return false;
    }
    ({ key, pack: app.pack } = tried);
    const box = await store.getState();
    app.state = box ? await open(key, `state:${held.id}`, box) : fresh();
    await store.putPack({ ...held, tries: 0, seen_ms: Math.max(Date.now(), held.seen_ms) });
    touched();
    await draw();
    return true;
  }

  // The server was reached: a list that it no longer knows has ended.
  async function endUnlessKnown() {
    const held = await store.getPack();
    if (held && !(await line.packLives(held.id))) ended.add(held.id);
  }

  return { isOpen: () => key !== null, save, putPack, touched, lock, heldPack, takePack, forget, unlock, endUnlessKnown };
}
