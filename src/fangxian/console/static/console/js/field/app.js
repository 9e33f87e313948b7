// The phone's own program: a locked day pack, a queue of sealed records, and a line to the server when there is one.

import { age, el, moment, say, segments, show, toast } from "./dom.js";
import { doorList } from "./doors.js";
import { areaList, dutyList, vehicleList } from "./others.js";
import { drawSetPin, drawUnlock, tryPin } from "./pin.js";
import { newId, seal } from "./seal.js";
import * as store from "./store.js";
import * as sync from "./sync.js";
import { ITERATIONS, keyFromPin, newSalt, open, shut } from "./vault.js";

const at = document.body.dataset;
const IDLE_MS = 5 * 60_000;
const SEND_EVERY_MS = 60_000;
const WRONG_CLOCK_US = 120_000_000;

let key = null;
let idle = null;
let greeting = { net: navigator.onLine ? "asking" : "away" };
let saving = Promise.resolve();
const endedPacks = new Set();

const app = {
  pack: null,
  state: null,
  tab: "doors",
  filter: "owed",
  round: 0,

  // The street's time by this phone: its own clock, put right by what the server said when the pack was taken.
  now: () => Date.now() + (app.pack ? app.pack.offset_us / 1000 : 0),
  defaultTry: () => app.now() + app.pack.retry_hours * 3_600_000,
  home: () => drawHome(),
  complain: (text) => toast(`✕ ${text}`),
  keepDraft(id, draft) {
    app.state.drafts[id] = draft;
    saveState();
  },
  // Seal a finished record and keep it with the state that shows it.
  async keep(content, atUs, label) {
    const id = newId();
    const record = { ...content, at_us: atUs, offset_us: app.pack.offset_us };
    const sealed = await seal(app.pack, app.pack.id, id, record);
    app.state.labels[id] = label;
    await saveState({ ...sealed, made_ms: Date.now() });
    toast(`✓ ${say("recorded", { what: label })}`);
    drawBar();
    if (navigator.onLine) sendSoon();
  },
};

function freshState() {
  return { doors: {}, vehicles: {}, areas: {}, duties: {}, drafts: {}, labels: {} };
}

// One after another: a slower write of an older state must not come last.
function saveState(sealed) {
  saving = saving.catch(() => {}).then(async () => {
    if (key && app.pack) await store.putState(await shut(key, `state:${app.pack.id}`, app.state), sealed);
  });
  return saving;
}

function touched() {
  clearTimeout(idle);
  if (key) idle = setTimeout(lock, IDLE_MS);
}

function lock() {
  key = null;
  app.pack = null;
  app.state = null;
  draw();
}

function correctedNow(held) {
  return Math.max(Date.now(), held.seen_ms ?? 0) * 1000 + held.offset_us;
}

// A pack whose shift is over, or whose owner's sessions were ended, is thrown away. What waits stays sealed.
async function heldPack() {
  const held = await store.getPack();
  if (!held) return null;
  const ended = endedPacks.has(held.id);
  if (ended || correctedNow(held) >= held.expires_us) {
    await store.dropPack();
    key = null;
    app.pack = null;
    toast(say(ended ? "session-ended" : "shift-over"));
    return null;
  }
  return held;
}

// ---- screens ------------------------------------------------------------------------------------------------------

async function draw() {
  await drawBar();
  const held = await heldPack();
  if (!held) return drawEmpty();
  if (!key) return drawUnlock((pin) => unlock(held, pin), forget);
  return drawHome();
}

function drawEmpty() {
  const there = greeting.net === "there";
  show(
    el(
      "section",
      { class: "panel" },
      el("h1", {}, say("no-pack")),
      el("p", {}, say("no-pack-why")),
      there
        ? el("button", { type: "button", class: "button primary wide", onclick: () => drawSetPin(takePack, app.complain) }, say("take-pack"))
        : greeting.net === "signed-out"
          ? el("a", { class: "button primary wide", href: at.signIn }, say("sign-in"))
          : el("p", { class: "said" }, say("need-network")),
      there ? el("a", { class: "button wide", href: at.today }, say("to-pages")) : null,
    ),
  );
}

async function takePack(pin) {
  greeting = await sync.hello();
  if (greeting.net !== "there") throw new Error(say(greeting.net === "away" ? "need-network" : "sign-in-first"));
  const pack = await sync.takePack(greeting, { grounds: new URLSearchParams(location.search).getAll("at") });
  const salt = newSalt();
  key = await keyFromPin(pin, salt, ITERATIONS);
  app.pack = pack;
  app.state = freshState();
  app.round = 0;
  const { id, staff, epoch, issued_us, expires_us, offset_us } = pack;
  const box = await shut(key, `pack:${id}`, pack);
  await store.putPack({ id, staff, epoch, issued_us, expires_us, offset_us, salt, iterations: ITERATIONS, box, tries: 0, seen_ms: Date.now() });
  await saveState();
  navigator.storage?.persist?.();
  touched();
  await draw();
}

async function forget() {
  await store.dropPack();
  lock();
}

async function unlock(held, pin) {
  const tried = await tryPin(store, held, pin);
  if (tried.left) return app.complain(say("wrong-pin", { n: tried.left }));
  if (!tried.key) {
    toast(say("too-many"));
    return draw();
  }
  key = tried.key;
  app.pack = tried.pack;
  const box = await store.getState();
  app.state = box ? await open(key, `state:${held.id}`, box) : freshState();
  await store.putPack({ ...held, tries: 0, seen_ms: Math.max(Date.now(), held.seen_ms) });
  touched();
  return draw();
}

function drawHome() {
  if (!app.pack) return draw();
  const round = app.pack.rounds[app.round];
  const tabs = [["doors", say("doors")], ["vehicles", say("vehicles")], ["areas", say("areas")], ["duties", say("duties")]];
  const body = { doors: () => (round ? doorList(app, round) : noRound()), vehicles: () => (round ? vehicleList(app, round) : noRound()), areas: () => areaList(app), duties: () => dutyList(app) };
  const bar = el("nav", { class: "tabs", "aria-label": say("menu") });
  for (const [name, label] of tabs) {
    const press = () => {
      app.tab = name;
      drawHome();
    };
    bar.append(el("button", { type: "button", "aria-pressed": String(app.tab === name), onclick: press }, label));
  }
  show(bar, roundChoice(), ...body[app.tab]());
  return drawBar();
}

function noRound() {
  return [el("p", { class: "empty" }, say("no-round"))];
}

function roundChoice() {
  if (app.pack.rounds.length < 2 || !["doors", "vehicles"].includes(app.tab)) return "";
  return segments(say("round"), app.pack.rounds.map((round, index) => [index, round.title]), app.round, (index) => {
    app.round = index;
    drawHome();
  });
}

// ---- the bar: network, what waits, age of the pack, clock -----------------------------------------------------------

async function drawBar() {
  const items = await store.waiting();
  const held = await store.getPack();
  const away = greeting.net === "away" || !navigator.onLine;
  const net = document.getElementById("net");
  net.className = away ? "net away" : "net there";
  net.textContent = away ? `◷ ${say("net-away")}` : greeting.net === "signed-out" ? `! ${say("signed-out")}` : `✓ ${say("net-there")}`;
  document.getElementById("away").hidden = !away;
  document.getElementById("waiting").textContent = say("waiting", { n: items.length });
  document.getElementById("waiting").dataset.count = items.length;
  document.getElementById("age").textContent = held ? say("pack-age", { age: age(correctedNow(held) / 1000 - held.issued_us / 1000), end: moment(held.expires_us) }) : "";
  document.getElementById("send").hidden = !items.length || away;
  document.getElementById("lock").hidden = !key;
  drawClock(held);
  await drawAnswers(items);
}

function drawClock(held) {
  const skew = greeting.skewUs ?? held?.offset_us ?? 0;
  const wrong = document.getElementById("clock");
  wrong.hidden = Math.abs(skew) <= WRONG_CLOCK_US;
  if (!wrong.hidden) wrong.textContent = `! ${say(skew > 0 ? "clock-slow" : "clock-fast", { by: age(Math.abs(skew) / 1000) })}`;
}

// What the server said to records: refusals with their reason, and marks of those it took.
async function drawAnswers(items) {
  const place = document.getElementById("answers");
  const named = (id) => app.state?.labels[id] ?? say("one-record");
  const refused = items.filter((item) => item.refused);
  const marked = await store.answers();
  const lines = [
    ...refused.map((item) => el("li", {}, el("strong", {}, `✕ ${named(item.id)}: `), item.refused)),
    ...marked.map((answer) => el("li", {}, el("strong", {}, `! ${named(answer.id)}: `), answer.marks.join(" · "))),
  ];
  place.hidden = !lines.length;
  if (!lines.length) return place.replaceChildren();
  const again = refused.length ? el("button", { type: "button", class: "button small", onclick: () => store.forgive().then(sendNow) }, say("try-again")) : null;
  const seen = marked.length ? el("button", { type: "button", class: "button small", onclick: () => store.clearAnswers().then(drawBar) }, say("seen")) : null;
  return place.replaceChildren(el("summary", {}, say("answers", { n: lines.length })), el("ul", { class: "rows" }, lines), el("div", { class: "row" }, again, seen));
}

// ---- sending --------------------------------------------------------------------------------------------------------

let soon = null;
function sendSoon() {
  clearTimeout(soon);
  soon = setTimeout(sendNow, 1500);
}

async function sendNow() {
  const before = (await store.waiting()).length;
  greeting = await sync.send();
  const held = await store.getPack();
  if (held && greeting.net !== "away" && !(await sync.packLives(held.id))) endedPacks.add(held.id);
  const after = (await store.waiting()).length;
  if (after < before) toast(`✓ ${say("sent", { n: before - after })}`);
  if (greeting.fault) app.complain(say("server-fault"));
  await drawBar();
  if (!(await heldPack()) && app.pack) lock();
}

document.getElementById("send").addEventListener("click", sendNow);
document.getElementById("lock").addEventListener("click", lock);
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, touched, { passive: true });
window.addEventListener("online", sendNow);
window.addEventListener("offline", () => {
  greeting = { net: "away" };
  drawBar();
});
setInterval(async () => {
  const held = await heldPack();
  if (held) await store.putPack({ ...held, seen_ms: Math.max(Date.now(), held.seen_ms) });
  if (!held && app.pack) return lock();
  const items = await store.waiting();
  if (navigator.onLine && (items.some((item) => !item.refused) || greeting.net !== "there")) return sendNow();
  return drawBar();
}, SEND_EVERY_MS);

if ("serviceWorker" in navigator) navigator.serviceWorker.register(at.worker, { scope: at.scope });

await draw();
await sendNow();
// Only the page without a pack says something else once it is known who is there; a PIN being typed stays untouched.
if (!key && !(await store.getPack())) await draw();
