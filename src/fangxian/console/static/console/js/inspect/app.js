// The inspector's own program: today's places under a PIN, one walk at a time, and records and photos that wait, sealed,
// for the network.

import { age, el, moment, say, show, toast } from "../field/dom.js";
import { keepIn } from "../field/keep.js";
import * as line from "../field/line.js";
import { drawSetPin, drawUnlock } from "../field/pin.js";
import { newId, seal } from "../field/seal.js";
import { sessionOf } from "../field/session.js";
import { drawWalk, listOf, missing, score, setUp } from "./walk.js";

const at = document.body.dataset;
const store = keepIn("fangxian-inspect");
const pictures = keepIn("fangxian-inspect-photos");
// a walk and the camera in between: a lock after five minutes would ask for the PIN at every third photo
const IDLE_MS = 30 * 60_000;
const EVERY_MS = 30_000;
const LIST_AGE_US = 60_000_000;
const PATIENCE_MS = 15_000;
const PHOTO_PATIENCE_MS = 90_000;
const WRONG_CLOCK_US = 120_000_000;

let greeting = { net: navigator.onLine ? "asking" : "away" };
let busy = 0;

const photoQueue = line.queueOf(pictures, { path: at.photo, batch: 1, patience: PHOTO_PATIENCE_MS });
const recordQueue = line.queueOf({ ...store, waiting: ready }, { more: tokens });

const app = {
  pack: null,
  state: null,
  complain: (text) => toast(`✕ ${text}`),
  nowUs: () => Date.now() * 1000 + (app.pack?.offset_us ?? 0),
  save: () => save(),
  walkOf,
  keepPhoto,
  dropPhoto: (id) => Promise.all([pictures.takeBack(id), pictures.clearAnswers([id])]).then(drawBar),
  finish,
  leave() {
    app.state.at = null;
    save();
    draw();
  },
};

const session = sessionOf({
  store,
  app,
  idleMs: IDLE_MS,
  fresh: () => ({ walks: {}, labels: {}, at: null }),
  draw,
  greet: (said) => {
    greeting = said;
  },
  busy: () => busy > 0,
  // a walk that is in hand at the end of the shift is finished first
  inHand: () => app.state?.at,
});
const { save, putPack, lock, heldPack, takePack } = session;

const idOf = (place) => place.assignment || `at:${place.id}`;

function walkOf(place) {
  const made = () => ({ id: newId(), begun: Date.now() * 1000, answers: {}, judged: {}, measures: {}, note: "", signer: "", agrees: false, why: "", whole: false, finished: 0 });
  app.state.walks[idOf(place)] ??= made();
  return app.state.walks[idOf(place)];
}

// ---- what is kept ----------------------------------------------------------------------------------------------------

// A photo leaves this page sealed for the server; only its thumbnail stays, under the PIN, until the walk is finished.
async function keepPhoto({ jpeg, thumb }) {
  const id = newId();
  const sealed = await seal(app.pack, app.pack.id, id, { kind: "photo", jpeg });
  await pictures.add({ ...sealed, made_ms: Date.now() });
  drawBar();
  if (navigator.onLine) photoQueue.send().then(drawBar);
  return { id, thumb };
}

async function finish(place, walk) {
  busy += 1;
  try {
    walk.finished = Date.now() * 1000;
    const records = recordsOf(place, walk);
    const sealed = await Promise.all(records.map(async ({ id, photos, ...record }) => {
      app.state.labels[id] = place.name;
      const content = { ...record, photos, at_us: walk.finished, offset_us: app.pack.offset_us };
      return { ...(await seal(app.pack, app.pack.id, id, content)), photos: record.answers ? record.answers.flatMap((one) => one.photos ?? []) : photos, made_ms: Date.now() };
    }));
    const done = score(walk);
    const ids = records.map((one) => one.id);
    // what was found is sealed now: this device needs and keeps no more of it than that it was done
    app.state.walks[idOf(place)] = { id: walk.id, begun: walk.begun, finished: walk.finished, ids, ok: done.ok, all: done.all, answers: {}, judged: {}, measures: {} };
    app.state.at = null;
    await save(sealed);
  } finally {
    busy -= 1;
  }
  toast(`✓ ${say("kept", { where: place.name })}`);
  await draw();
  return sendAll();
}

// A re-inspection answers the items of what was put right; a whole walk every item of the list, and judges beside it.
function recordsOf(place, walk) {
  const whole = place.occasion !== "recheck" || walk.whole;
  const judged = place.findings.filter((one) => walk.judged[one.id]).map((one) => ({ ...one, ...walk.judged[one.id], note: walk.judged[one.id].note.trim() }));
  const alone = (one) => !whole && one.item && judged.filter((other) => other.item === one.item).length === 1;
  const ids = (photos) => photos.map((photo) => photo.id);
  const made = judged.filter((one) => !alone(one)).map((one) => ({ kind: "judge", id: newId(), finding: one.id, act: one.act, text: one.note, photos: ids(one.photos) }));
  for (const [measure, holds] of Object.entries(walk.measures)) made.push({ kind: "measure", id: newId(), measure, holds, photos: [] });
  const answers = whole
    ? listOf(place).items.map((item) => ({ item: item.key, ...walk.answers[item.key] })).map(({ item, result, spot, zone, note, photos }) => (
      result === "fault" ? { item, result, spot, zone, note: note.trim(), photos: ids(photos) } : { item, result }))
    : judged.filter(alone).map((one) => ({ item: one.item, result: one.act === "pass" ? "ok" : "fault", spot: one.spot, zone: one.zone, note: one.note, photos: ids(one.photos) }));
  if (!answers.length) return made;
  const signed = Boolean(walk.signer.trim() && walk.agrees);
  return [...made, {
    kind: "walk", id: walk.id, place: place.id, occasion: place.occasion, assignment: place.assignment, checklist: place.list, begun_us: walk.begun, answers, photos: [],
    signed_name: signed ? walk.signer.trim() : "", unsigned_reason: signed ? "" : walk.why.trim(), note: walk.note.trim(), offline: greeting.net !== "there" || !navigator.onLine,
  }];
}

// Records whose photos are all there, or were refused: a finding does not wait for a picture that cannot be read.
async function ready() {
  const waits = new Set((await pictures.waiting()).filter((item) => !item.refused).map((item) => item.id));
  return (await store.waiting()).filter((item) => !(item.photos ?? []).some((id) => waits.has(id)));
}

async function tokens(item) {
  const said = new Map((await pictures.answers()).map((answer) => [answer.id, answer.token]));
  return { photos: Object.fromEntries((item.photos ?? []).filter((id) => said.get(id)).map((id) => [id, said.get(id)])) };
}

// ---- screens ---------------------------------------------------------------------------------------------------------

// Whoever takes the phone out again wants to see what was assigned meanwhile.
async function unlock(held, pin) {
  if ((await session.unlock(held, pin)) && navigator.onLine) await sendAll(0);
}

async function draw() {
  await drawBar();
  const held = await heldPack();
  if (!held) return drawEmpty();
  if (!session.isOpen()) return drawUnlock((pin) => unlock(held, pin), session.forget);
  const inHand = app.pack.places.find((place) => idOf(place) === app.state.at);
  return inHand ? drawWalk(inHand) : drawList();
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

async function drawList() {
  const waits = new Set((await store.waiting()).map((item) => item.id));
  const rows = app.pack.places.map((place) => {
    const walk = app.state.walks[idOf(place)];
    const done = walk?.finished || place.done;
    const begin = () => {
      app.state.at = idOf(place);
      walkOf(place);
      save();
      drawWalk(place);
    };
    const inner = [el("strong", {}, place.name), stateOf(place, walk, waits), el("small", {}, [place.occasion_word, place.address].filter(Boolean).join(" · "))];
    return el("li", {}, done ? el("div", { class: "door-row long done" }, inner) : el("button", { type: "button", class: "door-row long", onclick: begin }, inner));
  });
  show(el("div", { class: "field-head" }, el("h1", {}, say("today")), el("p", {}, say("in-order-of-walk"))), rows.length ? el("ul", { class: "door-list places" }, rows) : el("p", { class: "empty" }, say("no-places")));
}

function stateOf(place, walk, waits) {
  if (walk?.finished) {
    const kept = walk.ids.some((id) => waits.has(id));
    const text = walk.all ? say("score", { ok: walk.ok, all: walk.all }) : say("judged");
    return kept ? el("span", { class: "badge due" }, `◷ ${text} · ${say("to-send")}`) : el("span", { class: "badge ok" }, `✓ ${text}`);
  }
  if (place.done) return el("span", { class: "badge ok" }, `✓ ${place.done.all ? say("score", place.done) : say("judged")}`);
  const answered = walk ? listOf(place).items.length - missing(place, walk).length : 0;
  return answered ? el("span", { class: "badge info" }, say("begun", { n: answered, of: listOf(place).items.length })) : el("span", { class: "badge unknown" }, `○ ${say("not-yet")}`);
}

// ---- the bar: network, what waits, age of the list, clock ----------------------------------------------------------------

async function drawBar() {
  const [items, photos] = [await store.waiting(), await pictures.waiting()];
  const away = greeting.net === "away" || !navigator.onLine;
  const net = document.getElementById("net");
  net.className = away ? "net away" : "net there";
  net.textContent = away ? `◷ ${say("net-away")}` : greeting.net === "signed-out" ? `! ${say("signed-out")}` : `✓ ${say("net-there")}`;
  document.getElementById("away").hidden = !away;
  const waiting = document.getElementById("waiting");
  waiting.textContent = say("waiting", { n: items.length, photos: photos.length });
  waiting.dataset.count = items.length + photos.length;
  document.getElementById("age").textContent = app.pack ? say("list-age", { age: age((app.nowUs() - app.pack.made_us) / 1000) }) : "";
  document.getElementById("send").hidden = !navigator.onLine || !(items.length + photos.length);
  document.getElementById("lock").hidden = !session.isOpen();
  document.getElementById("edited").hidden = !app.pack || !greeting.lists || app.pack.places.every((place) => place.list === greeting.lists[place.kind]);
  const wrong = document.getElementById("clock");
  const skew = greeting.skewUs ?? 0;
  wrong.hidden = Math.abs(skew) <= WRONG_CLOCK_US;
  if (!wrong.hidden) wrong.textContent = `! ${say(skew > 0 ? "clock-slow" : "clock-fast", { by: age(Math.abs(skew) / 1000) })}`;
  await drawAnswers(items, photos);
}

// What the server said: refusals with their reason, marks of what it took, photos that could not be kept.
async function drawAnswers(items, photos) {
  const place = document.getElementById("answers");
  const named = (id) => app.state?.labels[id] ?? say("one-record");
  const refused = [...items.map((one) => [one, named(one.id)]), ...photos.map((one) => [one, say("a-photo")])].filter(([one]) => one.refused);
  const marked = [...(await store.answers()).map((one) => [one, named(one.id)]), ...(await pictures.answers()).map((one) => [one, say("a-photo")])].filter(([one]) => one.marks.length);
  const lines = [
    ...refused.map(([one, name]) => el("li", {}, el("strong", {}, `✕ ${name}: `), one.refused)),
    ...marked.map(([one, name]) => el("li", {}, el("strong", {}, `! ${name}: `), one.marks.join(" "), ` ${moment(one.at * 1000)}`)),
  ];
  place.hidden = !lines.length;
  if (!lines.length) return place.replaceChildren();
  const again = refused.length ? el("button", { type: "button", class: "button small", onclick: () => Promise.all([store.forgive(), pictures.forgive()]).then(() => sendAll()) }, say("try-again")) : null;
  const seen = marked.length ? el("button", { type: "button", class: "button small", onclick: () => Promise.all([store.clearAnswers(), pictures.clearAnswers(marked.map(([one]) => one.id).filter((id) => !items.some((item) => item.photos?.includes(id))))]).then(drawBar) }, say("seen")) : null;
  place.open = true;
  return place.replaceChildren(el("summary", {}, say("answers", { n: lines.length })), el("ul", { class: "rows" }, lines), el("div", { class: "row" }, ...[again, seen].filter(Boolean)));
}

// ---- sending ---------------------------------------------------------------------------------------------------------

async function sendAll(oldest = LIST_AGE_US) {
  const before = await store.waiting();
  greeting = await photoQueue.send();
  if (greeting.net === "there") greeting = await recordQueue.send();
  const after = new Set((await store.waiting()).map((item) => item.id));
  const gone = before.filter((item) => !after.has(item.id));
  if (gone.length) {
    await pictures.clearAnswers(gone.flatMap((item) => item.photos ?? []));
    toast(`✓ ${say("sent", { n: gone.length })}`);
  }
  if (greeting.net !== "away") await session.endUnlessKnown();
  if (greeting.fault) app.complain(say("server-fault"));
  const anew = greeting.net === "there" && session.isOpen() && (gone.length || app.nowUs() - app.pack.made_us > oldest) && (await refresh());
  await drawBar();
  if (!(await heldPack()) && app.pack) return lock();
  if ((gone.length || anew) && session.isOpen() && !app.state.at) await drawList();
  return undefined;
}

// The list anew. What is in hand stays as it is, checklist included, until it is finished.
async function refresh() {
  const said = await line.read(at.list.replace(at.nowhere, app.pack.id), PATIENCE_MS);
  if (!said || !session.isOpen()) return false;
  const begun = (place) => app.state.walks[idOf(place)] && !app.state.walks[idOf(place)].finished;
  const inHand = new Map(app.pack.places.filter(begun).map((place) => [idOf(place), place]));
  const places = said.list.places.map((place) => inHand.get(idOf(place)) ?? place);
  places.push(...[...inHand.values()].filter((place) => !places.includes(place)));
  app.pack = { ...app.pack, ...said.list, places, lists: { ...app.pack.lists, ...said.list.lists }, offset_us: said.server_us - Date.now() * 1000 };
  await putPack(await store.getPack());
  return true;
}

setUp(app);
document.getElementById("send").addEventListener("click", () => sendAll());
document.getElementById("lock").addEventListener("click", lock);
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, session.touched, { passive: true });
window.addEventListener("online", () => sendAll());
window.addEventListener("offline", () => {
  greeting = { ...greeting, net: "away" };
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
