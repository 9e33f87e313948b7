// Somebody without a pass: find the host's door, ask by telephone (or wait for the link), and go on with the new pass.

import { el, say, show, toast } from "../field/dom.js";
import { tablet } from "./engine.js";

const at = document.body.dataset;
const LOOK_EVERY_MS = 5_000;
const complain = (text) => toast(`✕ ${text}`);

async function ask(path, content) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST", credentials: "omit", cache: "no-store", headers: { Authorization: `Bearer ${tablet.token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ guard: tablet.guard.staff, ...content }),
    });
  } catch {
    throw new Error(say("visit-network"));
  }
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

const trying = (work) => async (event) => {
  event?.preventDefault?.();
  try {
    await work();
  } catch (error) {
    complain(error.message);
  }
};

// `back()`: the main screen; `go(number)`: check the pass that was made.
export function drawVisitor(back, go) {
  const field = el("input", { id: "door", autocomplete: "off", maxlength: 80, "aria-label": say("visit-door"), placeholder: say("visit-door") });
  const found = el("div", { class: "tiles" });
  const search = trying(async () => {
    const { hosts } = await ask(at.hosts, { text: field.value.trim() });
    if (!hosts.length) complain(say("visit-nobody"));
    found.replaceChildren(...hosts.map((host) => el("button", { type: "button", class: "big", onclick: () => drawName(host, field.value.trim(), back, go) }, host.where)));
  });
  const form = el("form", { class: "card" }, el("h1", {}, say("visitor")), field, el("div", { class: "ways" }, el("button", { type: "button", class: "big quiet", onclick: back }, `‹ ${say("cancel")}`), el("button", { type: "submit", class: "big primary" }, say("visit-search"))), found);
  form.addEventListener("submit", search);
  show(form);
  field.focus();
}

function drawName(host, text, back, go) {
  const name = el("input", { id: "visitor-name", autocomplete: "off", maxlength: 80, "aria-label": say("visit-name"), placeholder: say("visit-name") });
  const phone = el("input", { autocomplete: "off", inputmode: "tel", maxlength: 40, "aria-label": say("visit-phone"), placeholder: say("visit-phone") });
  const send = (kind) => trying(async () => {
    const row = await ask(at.visits, { text, host: host.id, kind, name: name.value.trim(), phone: phone.value.trim() });
    drawWaiting(host, row, back, go);
  });
  show(el("section", { class: "card" }, el("h1", {}, host.where), name, phone, el("div", { class: "ways" }, el("button", { type: "button", class: "big primary", id: "ask-visitor", onclick: send("visitor") }, say("visit-ask")), el("button", { type: "button", class: "big", onclick: send("courier") }, say("visit-courier"))), el("button", { type: "button", class: "big quiet", onclick: back }, `‹ ${say("cancel")}`)));
  name.focus();
}

function drawWaiting(host, row, back, go) {
  const path = `${at.visits}${row.id}/`;
  const screen = el("section", { class: "card" }, el("h1", {}, host.where), el("p", {}, say("visit-call")));
  const settle = (said) => {
    if (said.status === "agreed") return go(said.number);
    complain(say("visit-declined"));
    return back();
  };
  const answer = (agree) => trying(async () => settle(await ask(path, { agree })));
  screen.append(el("div", { class: "ways" }, el("button", { type: "button", class: "big primary", id: "host-agrees", onclick: answer(true) }, `✓ ${say("visit-yes")}`), el("button", { type: "button", class: "big", onclick: answer(false) }, `✕ ${say("visit-no")}`)), el("button", { type: "button", class: "big quiet", onclick: back }, `‹ ${say("visit-later")}`));
  show(screen);
  const look = async () => {
    if (!screen.isConnected) return;
    const said = await ask(path, {}).catch(() => null);
    if (said && said.status !== "asked" && screen.isConnected) settle(said);
    else setTimeout(look, LOOK_EVERY_MS);
  };
  setTimeout(look, LOOK_EVERY_MS);
}
