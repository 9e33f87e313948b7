// The counter's screen: one field for scanner, keyboard and camera; then a big answer; then one tap to hand out.

import { el, moment, say, show } from "../field/dom.js";
import * as camera from "../gate/camera.js";
import { lookUp } from "./find.js";

const codes = JSON.parse(document.getElementById("codes").textContent);
const SIGNS = { ok: "✓", early: "◷", elsewhere: "→", double: "✕", lapsed: "✕", not_called: "✕", unknown: "?", wrong_code: "✕" };
const LOOK = { ok: "good", early: "soon", elsewhere: "away" };
const WORDS = { elsewhere: "wrong_pharmacy" };
const RECENT = 6;

export const yuan = (fen) => (fen / 100).toFixed(2);
const slot = (from, until) => `${moment(from)}–${moment(until).slice(-5)}`;

// so long after a character, Enter is the end of a scan and no wish to hand out
const SCAN_MS = 1_000;

let app = null;
let busy = false;
let typedAt = -SCAN_MS;

export function setUp(given) {
  app = given;
  document.addEventListener("keydown", noteKey, { capture: true });
}

function noteKey(event) {
  if (event.key.length === 1) typedAt = event.timeStamp;
  else if (event.key === "Enter" && event.target.id === "give" && event.timeStamp - typedAt < SCAN_MS) event.preventDefault();
}

export async function scanned(text) {
  if (!app.pack || busy || !text.trim()) return;
  busy = true;
  try {
    let found = await lookUp(app.pack.list, text, app.nowUs(), app.state.done);
    // what the list does not know may have been called since; what it knows is told at once
    if ((found.code === "not_called" || found.code === "unknown") && (await app.refresh())) {
      found = await lookUp(app.pack.list, text, app.nowUs(), app.state.done);
    }
    if (found.choices) drawChoices(found.choices);
    else drawFound(found);
  } finally {
    busy = false;
  }
}

export function drawDesk(below = null) {
  const field = el("input", { id: "typed", class: "typed", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", enterkeyhint: "search", maxlength: 100, "aria-label": say("number"), placeholder: say("number-example") });
  const form = el("form", { class: "scan" }, field,
    el("button", { type: "submit", class: "button primary" }, say("look")),
    el("button", { type: "button", class: "button", id: "camera", "aria-pressed": String(camera.running()), onclick: toggleCamera }, `◉ ${say("camera")}`));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value;
    field.value = "";
    scanned(text);
  });
  const video = el("video", { "data-camera": true, class: "camera", playsinline: true, muted: true, hidden: !camera.running() });
  camera.show(video);
  show(form, video, below ?? el("p", { class: "ask" }, say("scan")), below?.dataset.open ? null : recent());
  if (!below?.dataset.open) field.focus();
  return below;
}

async function toggleCamera() {
  if (camera.running()) {
    camera.stop();
    return drawDesk();
  }
  const video = el("video");
  try {
    await camera.start(video, scanned);
    return drawDesk();
  } catch {
    return app.complain(say("no-camera"));
  }
}

function recent() {
  const lines = app.state.recent.slice(0, RECENT);
  if (!lines.length) return null;
  return el("section", { class: "recent" }, el("h2", {}, say("recent")), el("ul", { class: "rows" },
    lines.map((one) => el("li", {}, el("strong", {}, one.voucher), ` ${moment(one.us)} · ${say("yuan", { n: yuan(one.fen) })}${one.for ? ` · ${one.for}` : ""}`))));
}

function drawChoices(vouchers) {
  drawDesk(el("section", { class: "found", "data-open": "1" }, el("h1", {}, say("which")), el("div", { class: "big-choices" },
    vouchers.map((voucher) => el("button", { type: "button", class: "big-choice", onclick: () => scanned(voucher) }, voucher)))));
}

function head(code, voucher, title) {
  return el("div", { class: `verdict ${LOOK[code] ?? "bad"}`, role: "status" }, el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[code] ?? "✕"),
    el("div", {}, el("h1", {}, title), el("p", { class: "voucher" }, voucher)));
}

function drawFound(found) {
  if (found.code === "ok" || found.code === "early") return drawOpen(found);
  const [title, then] = codes[WORDS[found.code] ?? found.code];
  const facts = {
    elsewhere: () => say("go-to", { where: found.where, slot: slot(found.from, found.until) }),
    double: () => say("collected-at", { time: moment(found.us), where: found.where || app.pack.list.place }),
    lapsed: () => say("lapsed-at", { time: moment(found.us) }),
  };
  return drawDesk(el("section", { class: "found" }, head(found.code, found.voucher, title), facts[found.code] ? el("p", { class: "fact" }, facts[found.code]()) : null, el("p", {}, then)));
}

// What may be handed out: whose it is, how many, what it costs, and one button.
function drawOpen(found) {
  const counts = new Map(found.lines.map((line) => [line.call, line.quantity]));
  const kind = (line) => app.pack.list.kinds[line.variant];
  const pieces = () => [...counts.values()].reduce((sum, count) => sum + count, 0);
  const fen = () => found.lines.reduce((sum, line) => sum + counts.get(line.call) * (kind(line).price_fen ?? 0), 0);
  const [first] = found.lines;
  const give = el("button", { type: "submit", class: "button primary give", id: "give" });
  const sum = () => {
    give.disabled = !pieces();
    give.textContent = `✓ ${say("give", { n: yuan(fen()) })}`;
  };
  const step = (line) => {
    const shown = el("output", { "aria-live": "polite" }, counts.get(line.call));
    const add = (change) => () => {
      counts.set(line.call, Math.min(line.quantity, Math.max(0, counts.get(line.call) + change)));
      shown.textContent = counts.get(line.call);
      sum();
    };
    return el("div", { class: "goods" }, el("strong", {}, kind(line).title), el("div", { class: "stepper" },
      el("button", { type: "button", onclick: add(-1), "aria-label": say("less", { goods: kind(line).title }) }, "−"), shown,
      el("button", { type: "button", onclick: add(1), "aria-label": say("more", { goods: kind(line).title }) }, "+")),
      el("span", {}, kind(line).price_fen === null ? say("no-price") : say("each", { n: yuan(kind(line).price_fen) })));
  };
  const name = el("input", { id: "collector", autocomplete: "off", maxlength: 80, "aria-label": say("collector") , placeholder: say("collector") });
  const neighbour = el("div", { class: "neighbour", hidden: true }, el("p", {}, say("collector-why", { name: first.name || found.voucher })), name);
  const other = el("button", { type: "button", class: "button", id: "neighbour", "aria-pressed": "false" }, say("neighbour"));
  other.addEventListener("click", () => {
    neighbour.hidden = !neighbour.hidden;
    other.setAttribute("aria-pressed", String(!neighbour.hidden));
    if (!neighbour.hidden) name.focus();
  });
  const form = el("form", { class: "open" },
    el("p", { class: "holder" }, el("strong", {}, first.name || say("no-name")), first.mask ? el("span", {}, say("document", { mask: first.mask })) : null),
    el("p", { class: "fact" }, say("slot", { slot: slot(first.slot_from_us, first.slot_until_us) }), first.deliver ? ` · ${say("deliver")}` : ""),
    found.lines.map(step), neighbour, give,
    el("div", { class: "row" }, other, el("button", { type: "button", class: "button", id: "cancel", onclick: () => drawDesk() }, say("cancel"))));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // the next person's code, scanned into the field of a name
    if (name.value.includes("#")) return scanned(name.value);
    if (!neighbour.hidden && !name.value.trim()) return app.complain(say("collector-missing"));
    if (give.disabled) return undefined;
    give.disabled = true;
    const items = found.lines.filter((line) => counts.get(line.call)).map((line) => ({
      call: line.call, variant: line.variant, quantity: counts.get(line.call),
      money_fen: kind(line).price_fen === null ? null : counts.get(line.call) * kind(line).price_fen,
    }));
    const answer = await app.handOut(found.voucher, items, neighbour.hidden ? "" : name.value.trim(), fen());
    return drawGiven(found.voucher, answer);
  });
  sum();
  drawDesk(el("section", { class: "found", "data-open": "1" }, head(found.code, found.voucher, say(found.code)), form));
  give.focus();
}

// `answer`: { fen, pieces, refused: [server's answers], waits }.
function drawGiven(voucher, answer) {
  const lines = answer.refused.map((one) => el("li", {}, one.reason, one.code === "double" && one.collected_us ? ` ${say("collected-at", { time: moment(one.collected_us), where: one.pharmacy })}` : one.code === "wrong_pharmacy" ? ` ${one.pharmacy}` : ""));
  const bad = lines.length ? el("div", { class: "verdict bad", role: "alert" }, el("span", { class: "sign", "aria-hidden": "true" }, "✕"), el("div", {}, el("h1", {}, say("not-given")), el("p", { class: "voucher" }, voucher), el("ul", {}, lines))) : null;
  const good = answer.pieces ? el("div", { class: "verdict good", role: "status" }, el("span", { class: "sign", "aria-hidden": "true" }, "✓"), el("div", {}, el("h1", {}, say("take", { n: yuan(answer.fen) })), el("p", { class: "voucher" }, `${voucher} · ${say("pieces", { n: answer.pieces })}`), answer.waits ? el("p", {}, say("waits")) : null, answer.marks.map((mark) => el("p", {}, `! ${mark}`)))) : null;
  drawDesk(el("section", { class: "found" }, bad, good));
}
