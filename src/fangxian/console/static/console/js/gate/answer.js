// The answer over the whole screen: a colour, a shape, a word and a sound; and the list of those who wait for a second reading.

import { el, say } from "../field/dom.js";
import { bundle, NEVER_OVERRIDDEN, nowUs, tablet } from "./engine.js";
import { photoAgain } from "./photo.js";
import { sound } from "./sound.js";
import * as store from "./store.js";

const SIGNS = { admit: "✓", refuse: "✕", hold: "II", refer: "✚" };
const GONE_MS = 2_500;
// A fever that no second reading has settled; the last two are told of one that was seen at another gate, too.
const FEVERS = new Set(["fever", "second_too_soon", "second_not_axillary"]);
// What one more word of the guard settles.
const SETTLED_BY = {
  already_inside: { again: true },
  already_outside: { again: true },
  no_declaration: { declared: true },
  no_mask: { mask: true },
  not_confirmed: { identity: true },
  no_occupants: { occupants: 1 },
};
const REASONS = ["reason-host", "reason-known", "reason-urgent", "reason-told"];

const codes = JSON.parse(document.getElementById("codes").textContent);
let leaving = null;

export async function loadHeld() {
  tablet.held = (await store.get("held")) ?? [];
}

function remainingMs(one) {
  return one.firstUs / 1000 + bundle().plan.rest_minutes * 60_000 - nowUs() / 1000;
}

function clockFace(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function clockTime(minute) {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

// `back`: draw the screen again; `onsecond`: the second reading of one of them.
export function heldStrip(back, onsecond) {
  const { held } = tablet;
  if (!held.length) return null;
  const chip = (one) => el("button", { type: "button", class: "held", "data-held": one.no, onclick: () => onsecond(one) }, el("b", {}, say("held-no", { n: one.no })), el("span", { "data-until": one.firstUs }, countdown(one)));
  return el("div", { class: "held-strip" }, el("h2", {}, say("held-list", { n: held.length })), held.map(chip));
}

function countdown(one) {
  const left = remainingMs(one);
  return left > 0 ? say("held-left", { time: clockFace(left) }) : say("held-due");
}

setInterval(() => {
  for (const place of document.querySelectorAll("[data-until]")) {
    const one = tablet.held.find((row) => String(row.firstUs) === place.dataset.until);
    if (one) {
      place.textContent = countdown(one);
      place.parentElement.classList.toggle("due", remainingMs(one) <= 0);
    }
  }
}, 1_000);

// The check of a second reading, for one of those who were held.
export function second(one, value) {
  return { ...one.shown, direction: one.direction, temp: value, method: "axillary", mask: true, identity: true, declared: one.declared, occupants: one.occupants, first: one.firstId, firstUs: one.firstUs, again: one.again };
}

async function keepHeld(answer, input) {
  const { held } = tablet;
  if (FEVERS.has(answer.code) && !answer.record.first) {
    const { token, number, plate } = input;
    const no = held.reduce((most, one) => Math.max(most, one.no), 0) + 1;
    held.push({
      no, shown: token ? { token } : number ? { number } : { plate }, direction: answer.record.dir, firstId: answer.record.id, pass: answer.pass,
      firstUs: answer.record.at + tablet.offsetUs, declared: input.declared, occupants: input.occupants, again: input.again,
    });
  } else if (["second_ok", "fever_again"].includes(answer.code)) {
    tablet.held = held.filter((one) => one.firstId !== answer.record.first);
  } else {
    return;
  }
  await store.put("held", tablet.held);
}

// `ask(more)`: ask again with what the guard added; `next()`: the next person.
export async function answerFor(answer, input, { ask, next }) {
  clearTimeout(leaving);
  await keepHeld(answer, input);
  sound(answer.outcome);
  const [title, step] = codes[answer.code] ?? [answer.code, ""];
  const place = document.getElementById("answer");
  const exit = answer.outcome === "admit" && answer.record.dir === "out";
  const no = answer.code === "fever" ? tablet.held.at(-1)?.no : null;
  place.className = `answer ${answer.outcome}`;
  place.dataset.code = answer.code;
  place.dataset.id = answer.record.id;
  place.replaceChildren(
    el("div", { class: "signs" }, exit ? null : photoAgain(), el("div", { class: "sign", "aria-hidden": "true" }, el("span", {}, SIGNS[answer.outcome]))),
    el("h1", {}, say(exit ? "answer-exit" : `answer-${answer.outcome}`)),
    el("p", { class: "who" }, [answer.name, answer.company].filter(Boolean).join(" · "), answer.zone ? el("span", { class: `zone zone-${answer.zone}` }, el("b", {}, answer.zone), say(`zone-${answer.zone}`)) : null),
    el("p", { class: "title" }, title),
    el("p", { class: "step" }, step),
    answer.slot ? el("p", { class: "number" }, say("come-at", { time: answer.slot.map(clockTime).join("–") })) : "",
    no ? el("p", { class: "number" }, say("held-number", { n: no })) : "",
    answer.referral ? el("p", { class: "number" }, say("case-number", { number: answer.referral })) : answer.outcome === "refer" ? el("p", { class: "number" }, say("case-later")) : "",
    answer.offline ? el("p", { class: "by-tablet" }, `◷ ${say("decided-here")}`) : "",
    choices(answer, ask, next),
  );
  place.hidden = false;
  place.querySelector(".next").focus({ preventScroll: true });
  if (answer.outcome === "admit") leaving = setTimeout(() => (place.dataset.id === answer.record.id && !place.hidden ? next() : undefined), GONE_MS);
}

function choices(answer, ask, next) {
  const settled = SETTLED_BY[answer.code];
  const letIn = answer.outcome !== "admit" && answer.outcome !== "refer" && !NEVER_OVERRIDDEN.has(answer.code);
  return el("div", { class: "choices" },
    settled ? el("button", { type: "button", class: "big", id: "settle", onclick: () => ask(settled) }, `✓ ${say(`settle-${answer.code}`)}`) : null,
    letIn ? el("button", { type: "button", class: "big", id: "override", onclick: () => drawReasons(ask) }, `! ${say("override")}`) : null,
    el("button", { type: "button", class: "big next", onclick: next }, `${say("next")} →`));
}

// An admission against the decision is an action of its own, with a reason and the guard's name.
function drawReasons(ask) {
  const place = document.getElementById("answer");
  const own = el("input", { maxlength: 200, "aria-label": say("reason-own"), placeholder: say("reason-own"), autocomplete: "off" });
  const form = el("form", { class: "reasons" }, el("h2", {}, say("override-why", { name: tablet.guard.name })), REASONS.map((word) => el("button", { type: "button", class: "big", onclick: () => ask({ override: say(word) }) }, say(word))), own, el("button", { type: "submit", class: "big" }, `! ${say("override")}`));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (own.value.trim().length >= 2) ask({ override: own.value.trim() });
  });
  place.querySelector(".choices").before(form);
  place.querySelector("#override").remove();
  own.scrollIntoView({ block: "nearest" });
}
