// The screen a guard works on: the pass on one side, the temperature on the other. A scan and one tap are the usual case;
// the tap on the temperature also says that the mask is on and that the person is the one on the pass.

import { age, el, say, show, toast } from "../field/dom.js";
import { answerFor, heldStrip, loadHeld, second } from "./answer.js";
import * as camera from "./camera.js";
import * as engine from "./engine.js";
import { drawParcels } from "./parcels.js";
import { shelf } from "./shelf.js";
import * as photo from "./photo.js";
import { drawVisitor } from "./visitor.js";

const { tablet } = engine;
const QUICK = [36.0, 36.2, 36.4, 36.5, 36.6, 36.7, 36.8, 37.0, 37.2];
const MOST_OCCUPANTS = 7;
const LONG_NAME = 6;
const SETTLED_ALREADY = new Set(["wrong_clock"]);
const PASS_NUMBER = /^[0-9A-Z]{8,12}$/;

let hooks = { lock: () => {}, redraw: () => {} };
let person = null;
let queue = 0;
let busy = false;

export function setUp(given) {
  hooks = given;
  tablet.changed = () => (tablet.token ? drawBar() : hooks.redraw());
  setInterval(drawBar, 1_000);
  loadHeld();
}

const complain = (text) => toast(`✕ ${text}`);
const folded = (text) => text.toUpperCase().replaceAll(/[\s·.•-]/g, "");

export function drawMain() {
  document.getElementById("answer").hidden = true;
  show(el("div", { class: "work" }, personPanel(), temperaturePanel()));
  drawBar();
}

export function next() {
  person = null;
  photo.forget();
  drawMain();
}

// ---- the pass -----------------------------------------------------------------------------------------------------------

export async function scanned(text) {
  const shown = PASS_NUMBER.test(text) ? { number: text } : { token: text };
  await take(shown);
}

async function take(shown) {
  if (busy) return;
  const read = await engine.readShown(shown);
  person = { shown, read, mask: true, identity: true, occupants: shown.plate || read.claims?.kind === "vehicle" ? 1 : undefined };
  if (engine.direction() === "out" || refusedAnyway(shown, read)) return submit({});
  photo.look(person);
  return drawMain();
}

// What no temperature can change is answered at once. Who is too early, or finds the place full, is measured all the same:
// the decision asks for the reading before the count, here and on the server. A number that only the server knows is asked there first.
function refusedAnyway(shown, read) {
  if (!shown.token && !read.claims && tablet.net === "there") return false;
  const best = { at: Date.now() * 1000, dir: "in", mask: true, temp: 36.5, identity: true, declared: true, again: true, occupants: 1, gate: engine.gate().gate_id, plate: shown.plate };
  const { outcome, code } = engine.decideHere(best, read);
  return outcome === "refuse" || SETTLED_ALREADY.has(code);
}

function personPanel() {
  const head = person ? known() : waitingForOne();
  return el("section", { class: `panel-who${person ? " has" : ""}` }, head);
}

function waitingForOne() {
  const video = el("video", { "data-camera": true, playsinline: true, muted: true, hidden: !camera.running() });
  camera.show(video);
  const look = async () => {
    if (camera.running()) {
      camera.stop();
      return drawMain();
    }
    try {
      await camera.start(video, scanned);
      return drawMain();
    } catch {
      return complain(say("no-camera"));
    }
  };
  return [
    el("h1", { class: "ask" }, el("span", { class: "mark", "aria-hidden": "true" }, "▣"), say("scan")),
    video,
    el("div", { class: "ways" },
      el("button", { type: "button", class: "big", onclick: look, "aria-pressed": String(camera.running()), id: "camera" }, `◉ ${say("camera")}`),
      el("button", { type: "button", class: "big", onclick: () => drawEntry("number"), id: "number" }, `⌨ ${say("number")}`),
      el("button", { type: "button", class: "big", onclick: () => drawEntry("plate"), id: "plate" }, `▭ ${say("plate")}`),
      el("button", { type: "button", class: "big", onclick: () => drawVisitor(next, (number) => take({ number })), id: "visitor" }, `☎ ${say("visitor")}`),
      el("button", { type: "button", class: "big", onclick: () => drawParcels(next), id: "parcel" }, `▤ ${say("parcels")}`)),
    heldStrip(() => drawMain(), drawSecond),
  ];
}

function zoneMark(zone) {
  return zone ? el("span", { class: `zone zone-${zone}` }, el("b", {}, zone), say(`zone-${zone}`)) : null;
}

function known() {
  const claims = person.read.claims ?? {};
  const set = (name) => () => {
    person[name] = !person[name];
    drawMain();
  };
  const toggle = (name) =>
    el("button", { type: "button", class: person[name] ? "toggle yes" : "toggle no", "aria-pressed": String(person[name]), onclick: set(name), id: name }, person[name] ? `✓ ${say(`${name}-yes`)}` : `✕ ${say(`${name}-no`)}`);
  return [
    el("div", { class: "holder" },
      photo.photoPlace(),
      el("div", { class: "holder-words" },
        el("p", { class: "kind" }, claims.kind ? say(`kind-${claims.kind}`) : say("checked-by-server")),
        el("h1", { class: claims.name?.length > LONG_NAME ? "name long" : "name" }, claims.name || person.shown.plate || person.shown.number || say("no-name")),
        el("p", { class: "company" }, claims.company ?? ""),
        zoneMark(claims.zone))),
    el("div", { class: "toggles" }, toggle("mask"), person.occupants === undefined ? toggle("identity") : occupants()),
    el("button", { type: "button", class: "big quiet", onclick: next, id: "cancel" }, `‹ ${say("cancel")}`),
  ];
}

function occupants() {
  const set = (count) => () => {
    person.occupants = count;
    drawMain();
  };
  const counts = Array.from({ length: MOST_OCCUPANTS }, (_, index) => index + 1);
  return el("div", { class: "counts", role: "group", "aria-label": say("occupants") }, el("span", {}, say("occupants")), counts.map((count) => el("button", { type: "button", "aria-pressed": String(count === person.occupants), onclick: set(count) }, count)));
}

// ---- typed by hand --------------------------------------------------------------------------------------------------------

function drawEntry(kind) {
  const field = el("input", { id: "typed", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: kind === "plate" ? 12 : 1000, "aria-label": say(kind) });
  const form = el("form", { class: "card" }, el("h1", {}, say(kind)), field, kind === "plate" ? el("p", {}, say("plate-example")) : null, el("div", { class: "ways" }, el("button", { type: "button", class: "big quiet", onclick: next }, `‹ ${say("cancel")}`), el("button", { type: "submit", class: "big primary" }, `✓ ${say("check")}`)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (kind === "number" && text.startsWith("FX1:")) return take({ token: text });
    const typed = folded(text);
    if (typed.length < 5) return complain(say("too-short"));
    return take({ [kind]: typed });
  });
  show(form);
  field.focus();
}

// ---- the temperature -------------------------------------------------------------------------------------------------------

function temperaturePanel() {
  if (engine.direction() === "out") return el("section", { class: "panel-heat" }, el("p", { class: "ask-small" }, say("out-no-reading")));
  const tap = (value) => () => submit({ temp: value, method: "forehead" });
  const ready = Boolean(person);
  const buttons = QUICK.map((value) => el("button", { type: "button", class: value >= 37 ? "heat high" : "heat", disabled: !ready, onclick: tap(value) }, value.toFixed(1)));
  const other = el("button", { type: "button", class: "heat other", disabled: !ready, id: "keypad", onclick: () => drawKeypad((value) => submit({ temp: value, method: "forehead" }), drawMain) }, `⌨ ${say("other-reading")}`);
  const unasked = engine.bundle().plan.ask_temperature ? null : el("button", { type: "button", class: "heat other", disabled: !ready, onclick: () => submit({}) }, `✓ ${say("no-reading")}`);
  return el("section", { class: "panel-heat" }, el("p", { class: "ask-small" }, say(ready ? "tap-reading" : "tap-later")), el("div", { class: "heats" }, buttons, other, unasked));
}

function drawKeypad(onvalue, back, title = say("reading")) {
  let typed = "";
  const shown = el("output", { class: "reading" }, "–– . –");
  const press = (key) => () => {
    typed = key === "⌫" ? typed.slice(0, -1) : (typed + key).slice(0, 3);
    shown.textContent = `${(typed.slice(0, 2) || "").padEnd(2, "–")} . ${typed[2] ?? "–"} ℃`;
    enter.disabled = typed.length < 3;
  };
  const enter = el("button", { type: "button", class: "big primary", disabled: true, id: "enter", onclick: () => onvalue(Number(typed) / 10) }, `✓ ${say("enter")}`);
  const keys = [..."123456789"].map((key) => el("button", { type: "button", onclick: press(key) }, key));
  keys.push(el("button", { type: "button", onclick: back, "aria-label": say("back") }, "‹"), el("button", { type: "button", onclick: press("0") }, "0"), el("button", { type: "button", onclick: press("⌫"), "aria-label": say("erase") }, "⌫"));
  show(el("section", { class: "card" }, el("h1", {}, title), shown, el("div", { class: "pad" }, keys), enter));
}

function drawSecond(held) {
  drawKeypad((value) => run(second(held, value)), drawMain, say("second-reading", { n: held.no }));
}

// ---- asking ---------------------------------------------------------------------------------------------------------------

function submit(more) {
  const { shown, mask, identity, occupants: count } = person;
  const entering = engine.direction() === "in";
  const seen = entering ? { mask, identity: count === undefined ? identity : undefined, occupants: count } : {};
  return run({ ...shown, ...seen, ...more });
}

async function run(input) {
  if (busy) return;
  busy = true;
  try {
    const answer = await engine.check(input);
    answerFor(answer, input, { ask: (more) => run({ ...input, ...more }), next });
  } catch (error) {
    if (!(error instanceof engine.RevokedError)) throw error;
  } finally {
    busy = false;
    drawBar();
  }
}

// ---- the bar ----------------------------------------------------------------------------------------------------------------

function choice(value, sign) {
  const press = async () => {
    await engine.choose({ direction: value });
    next();
  };
  return el("button", { type: "button", "aria-pressed": String(engine.direction() === value), onclick: press, "data-direction": value }, `${sign} ${say(value)}`);
}

let barSays = "";
function drawBar() {
  const bar = document.getElementById("bar");
  bar.hidden = !(tablet.token && tablet.guard);
  if (bar.hidden) return;
  const gate = engine.gate();
  const away = tablet.net !== "there";
  const wrong = engine.clockIsWrong();
  const listAge = age(engine.listAgeMs());
  const estimate = queue ? null : engine.estimatedQueue();
  const facts = [estimate?.waiting, estimate?.minutes, engine.direction(), gate.gate_id, away, tablet.waiting + shelf.errands, listAge, queue, engine.ratePerMinute(), engine.insideNow(), wrong, tablet.fault, tablet.contradictions, tablet.guard.name].join("|");
  if (facts === barSays && bar.childElementCount) return;
  barSays = facts;
  const count = (change) => () => {
    queue = Math.max(0, queue + change);
    drawBar();
  };
  const rate = engine.ratePerMinute();
  const doors = engine.gates();
  const step = () => engine.choose({ gateId: doors[(doors.indexOf(gate) + 1) % doors.length].gate_id }).then(next);
  bar.replaceChildren(
    el("div", { class: "bar-line" },
      doors.length > 1 ? el("button", { type: "button", class: "gate-name", onclick: step, id: "gate-choice" }, `⇄ ${gate.name}`) : el("strong", { class: "gate-name" }, gate.name),
      gate.direction === "both" ? el("div", { class: "switch", role: "group", "aria-label": say("direction") }, choice("in", "→"), choice("out", "←")) : el("strong", {}, say(gate.direction)),
      el("span", { class: away ? "net away" : "net there", id: "net" }, away ? `◷ ${say("net-away")}` : `✓ ${say("net-there")}`),
      el("button", { type: "button", class: "guard", onclick: hooks.lock, id: "lock" }, `☻ ${tablet.guard.name} · ${say("lock")}`)),
    el("div", { class: "bar-line figures" },
      el("span", {}, `${say("queue")} `, el("button", { type: "button", onclick: count(-1), "aria-label": say("queue-less") }, "−"), el("b", { id: "queue" }, queue), el("button", { type: "button", onclick: count(1), "aria-label": say("queue-more") }, "+"), queue && rate ? ` ${say("queue-wait", { n: Math.ceil(queue / rate) })}` : "",
        estimate ? el("span", { id: "estimate" }, ` ${say("queue-estimate", { n: estimate.waiting })}${estimate.waiting ? ` ${say("queue-wait", { n: estimate.minutes })}` : ""}`) : ""),
      el("span", {}, `${say("rate")} `, el("b", { id: "rate" }, rate)),
      el("span", {}, `${say("inside")} `, el("b", { id: "inside" }, engine.insideNow())),
      el("span", {}, `${say("to-send")} `, el("b", { id: "waiting", "data-count": tablet.waiting + shelf.errands }, tablet.waiting + shelf.errands)),
      el("span", { class: away ? "stale" : "" }, say("list-age", { age: listAge }))),
    warnings(wrong),
  );
}

function warnings(wrong) {
  const lines = [
    wrong ? say(tablet.clockUnknown ? "clock-unknown" : "clock-wrong") : "",
    tablet.fault ? say("fault") : "",
    tablet.contradictions ? say("contradictions", { n: tablet.contradictions }) : "",
  ].filter(Boolean);
  return el("div", { class: "warnings" }, lines.map((line) => el("p", {}, `! ${line}`)));
}
