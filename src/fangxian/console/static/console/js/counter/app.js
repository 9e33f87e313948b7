// The counter's own program: a list of called numbers under a PIN, and hand-overs that wait, sealed, for the network.

import { age, el, moment, say, show, toast } from "../field/dom.js";
import { keepIn } from "../field/keep.js";
import * as line from "../field/line.js";
import { drawSetPin, drawUnlock } from "../field/pin.js";
import { newId, seal } from "../field/seal.js";
import { sessionOf } from "../field/session.js";
import * as camera from "../gate/camera.js";
import { listen } from "../gate/wedge.js";
import { drawDesk, scanned, setUp } from "./desk.js";

const at = document.body.dataset;
const store = keepIn("fangxian-counter");
const queue = line.queueOf(store);
const IDLE_MS = 20 * 60_000;
const EVERY_MS = 30_000;
const LIST_AGE_US = 110_000_000;
// how long people stand and wait for the server before the counter decides by its list
const PATIENCE_MS = 4_000;
const WRONG_CLOCK_US = 120_000_000;
const RECENT = 20;

let greeting = { net: navigator.onLine ? "asking" : "away" };
let handing = 0;

const app = {
  pack: null,
  state: null,
  complain: (text) => toast(`✕ ${text}`),
  // The street's time by this device: its own clock, put right by what the server said last.
  nowUs: () => Date.now() * 1000 + (app.pack?.offset_us ?? 0),
  refresh,
  handOut,
};

const session = sessionOf({
  store,
  app,
  idleMs: IDLE_MS,
  fresh: () => ({ done: {}, labels: {}, recent: [] }),
  draw,
  greet: (said) => {
    greeting = said;
  },
  // not while something is being handed out: it is sealed by what the pack holds
  busy: () => handing > 0,
  onLock: camera.stop,
});
const { save, putPack, lock, heldPack, takePack } = session;

// ---- screens ------------------------------------------------------------------------------------------------------

async function draw() {
  await drawBar();
  const held = await heldPack();
  if (!held) return drawEmpty();
  if (!session.isOpen()) return drawUnlock((pin) => session.unlock(held, pin), session.forget);
  return drawDesk();
}

function drawEmpty() {
  const there = greeting.net === "there";
  const way = there
    ? el("button", { type: "button", class: "button primary wide", onclick: () => drawSetPin(takePack, app.complain) }, say("take-pack"))
    : greeting.net === "signed-out"
      ? el("a", { class: "button primary wide", href: at.signIn }, say("sign-in"))
      : el("p", { class: "said" }, say("need-network"));
  show(el("section", { class: "panel" }, el("h1", {}, say("no-pack")), el("p", {}, say("no-pack-why")), way, there ? el("a", { class: "button wide", href: at.pages }, say("to-pages")) : null));
}

// ---- handing out ----------------------------------------------------------------------------------------------------

async function sealed(id, record) {
  return { ...(await seal(app.pack, app.pack.id, id, record)), made_ms: Date.now() };
}

// With the network the server decides at once; without an answer the list has decided, and the fact waits, sealed.
async function handOut(...order) {
  handing += 1;
  try {
    return await decideAndKeep(...order);
  } finally {
    handing -= 1;
  }
}

async function decideAndKeep(voucher, items, collector, fen) {
  const made = Date.now() * 1000;
  const records = items.map((item) => ({ id: newId(), record: { kind: "hand", ...item, identity: true, collector, at_us: made, offline: false } }));
  let answers = null;
  if (greeting.net === "there" && navigator.onLine) {
    answers = await line.sendNow(greeting, await Promise.all(records.map(async ({ id, record }) => bare(await sealed(id, record)))), PATIENCE_MS);
    if (!answers) greeting = { net: "away" };
  }
  const decided = new Map((answers ?? []).map((one) => [one.id, one]));
  const refused = [...decided.values()].filter((one) => one.status === "refused");
  const kept = records.filter(({ id }) => decided.get(id)?.status !== "refused");
  const waiting = kept.filter(({ id }) => !decided.has(id));
  for (const { id, record } of kept) {
    app.state.done[record.call] = { us: app.nowUs(), waits: !decided.has(id) };
    app.state.labels[id] = voucher;
  }
  const book = kept.map(({ id, record }) => decided.get(id)?.money_fen ?? record.money_fen ?? 0);
  const taken = kept.length === records.length && !decided.size ? fen : book.reduce((sum, one) => sum + one, 0);
  if (kept.length) app.state.recent = [{ voucher, us: app.nowUs(), fen: taken, for: collector }, ...app.state.recent].slice(0, RECENT);
  await save(await Promise.all(waiting.map(({ id, record }) => sealed(id, { ...record, offline: true }))));
  drawBar();
  const marks = [...decided.values()].filter((one) => one.status !== "refused").flatMap((one) => one.marks);
  return { fen: taken, pieces: kept.reduce((sum, { record }) => sum + record.quantity, 0), refused, waits: waiting.length > 0, marks };
}

const bare = ({ id, pack, key: keyId, point, nonce, data }) => ({ id, pack, key: keyId, point, nonce, data });

// The list anew. What waits here is newer than the server's list; once nothing waits, the server's list is right.
async function refresh() {
  if (!session.isOpen() || !navigator.onLine) return false;
  const said = await line.read(at.list.replace(at.nowhere, app.pack.id), PATIENCE_MS);
  if (!said || !session.isOpen()) return false;
  app.pack.list = said.list;
  app.pack.offset_us = said.server_us - Date.now() * 1000;
  if (!(await store.waiting()).length) {
    const open_ = new Set(said.list.lines.filter((one) => one.status === "called").map((one) => one.call));
    for (const call of Object.keys(app.state.done)) if (open_.has(call)) delete app.state.done[call];
    await save();
  }
  await putPack(await store.getPack());
  return true;
}

// ---- the bar: network, what waits, age of the list, clock ---------------------------------------------------------------

async function drawBar() {
  const items = await store.waiting();
  const away = greeting.net === "away" || !navigator.onLine;
  const net = document.getElementById("net");
  net.className = away ? "net away" : "net there";
  net.textContent = away ? `◷ ${say("net-away")}` : greeting.net === "signed-out" ? `! ${say("signed-out")}` : `✓ ${say("net-there")}`;
  document.getElementById("away").hidden = !away;
  document.getElementById("where").textContent = app.pack?.list.place ?? "";
  document.getElementById("waiting").textContent = say("waiting", { n: items.length });
  document.getElementById("waiting").dataset.count = items.length;
  document.getElementById("age").textContent = app.pack ? say("list-age", { age: age((app.nowUs() - app.pack.list.made_us) / 1000) }) : "";
  document.getElementById("send").hidden = !items.length || away;
  document.getElementById("lock").hidden = !session.isOpen();
  document.getElementById("untrained").hidden = !app.pack || app.pack.trained;
  const wrong = document.getElementById("clock");
  const skew = greeting.skewUs ?? 0;
  wrong.hidden = Math.abs(skew) <= WRONG_CLOCK_US;
  if (!wrong.hidden) wrong.textContent = `! ${say(skew > 0 ? "clock-slow" : "clock-fast", { by: age(Math.abs(skew) / 1000) })}`;
  await drawAnswers(items);
}

// What the server said to hand-overs that waited: those it refused, and those that contradict the book.
async function drawAnswers(items) {
  const place = document.getElementById("answers");
  const named = (one) => app.state?.labels[one.id] ?? one.voucher ?? say("one-record");
  const refused = items.filter((item) => item.refused);
  const marked = await store.answers();
  const lines = [
    ...refused.map((one) => el("li", {}, el("strong", {}, `✕ ${named(one)}: `), one.refused)),
    ...marked.map((one) => el("li", { class: "text-gap" }, el("strong", {}, `! ${named(one)}: `), one.marks.join(" "), one.code === "double" ? ` ${moment(one.at * 1000)}` : "")),
  ];
  place.hidden = !lines.length;
  if (!lines.length) return place.replaceChildren();
  const again = refused.length ? el("button", { type: "button", class: "button small", onclick: () => store.forgive().then(sendAll) }, say("try-again")) : null;
  const seen = marked.length ? el("button", { type: "button", class: "button small", onclick: () => store.clearAnswers().then(drawBar) }, say("seen")) : null;
  place.open = true;
  return place.replaceChildren(el("summary", {}, say("answers", { n: lines.length })), el("ul", { class: "rows" }, lines), el("div", { class: "row" }, ...[again, seen].filter(Boolean)));
}

// ---- sending --------------------------------------------------------------------------------------------------------

async function sendAll() {
  const before = (await store.waiting()).length;
  greeting = await queue.send();
  if (greeting.net !== "away") await session.endUnlessKnown();
  const after = (await store.waiting()).length;
  if (after < before) toast(`✓ ${say("sent", { n: before - after })}`);
  if (greeting.fault) app.complain(say("server-fault"));
  const old = app.pack && app.nowUs() - app.pack.list.made_us > LIST_AGE_US;
  if (greeting.net === "there" && (old || after < before)) await refresh();
  await drawBar();
  if (!(await heldPack()) && app.pack) lock();
}

setUp(app);
listen(scanned);
document.getElementById("send").addEventListener("click", sendAll);
document.getElementById("lock").addEventListener("click", lock);
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, session.touched, { passive: true });
window.addEventListener("online", sendAll);
window.addEventListener("offline", () => {
  greeting = { net: "away" };
  drawBar();
});
setInterval(async () => {
  const held = await heldPack();
  if (held) await store.putPack({ ...held, seen_ms: Math.max(Date.now(), held.seen_ms) });
  if (!held && app.pack) return lock();
  return navigator.onLine ? sendAll() : drawBar();
}, EVERY_MS);

if ("serviceWorker" in navigator) navigator.serviceWorker.register(at.worker, { scope: at.scope });

await draw();
await sendAll();
// Only the page without a list says something else once it is known who is there; a PIN being typed stays untouched.
if (!session.isOpen() && !(await store.getPack())) await draw();
