// The screens around a pack's PIN: choosing one, entering it, and throwing the pack away.

import { el, say, show } from "./dom.js";
import { isWeakPin, keyFromPin, open } from "./vault.js";

const MOST_TRIES = 5;

function pinField(label) {
  return el("input", { type: "password", class: "pin", inputmode: "numeric", autocomplete: "off", maxlength: 32, "aria-label": label, placeholder: label });
}

// `take(pin)` fetches the pack; what it throws is shown.
export function drawSetPin(take, complain) {
  const one = pinField(say("pin-new"));
  const two = pinField(say("pin-again"));
  const button = el("button", { type: "submit", class: "button primary wide" }, say("take-pack"));
  const form = el("form", { class: "panel stack" }, el("h1", {}, say("pin-new")), el("p", {}, say("pin-why")), one, two, button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isWeakPin(one.value)) return complain(say("pin-weak"));
    if (one.value !== two.value) return complain(say("pin-differs"));
    button.disabled = true;
    try {
      await take(one.value);
    } catch (error) {
      complain(error.message || say("need-network"));
      button.disabled = false;
    }
    return undefined;
  });
  show(form);
  one.focus();
}

// `unlock(pin)` tries it, `forget()` throws the pack away.
export function drawUnlock(unlock, forget) {
  const pin = pinField(say("pin"));
  const button = el("button", { type: "submit", class: "button primary wide" }, say("unlock"));
  const form = el("form", { class: "panel stack" }, el("h1", {}, say("locked")), pin, button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    await unlock(pin.value);
    button.disabled = false;
    pin.value = "";
  });
  show(form, el("details", { class: "dialog" }, el("summary", {}, say("forgot")), el("div", {}, el("p", {}, say("forgot-why")), el("button", { type: "button", class: "button danger", onclick: forget }, say("drop-pack")))));
  pin.focus();
}

// { key, pack } when the PIN is right. Else { left }: how many tries there still are; at none the pack is thrown away.
export async function tryPin(store, held, pin) {
  const key = await keyFromPin(pin, held.salt, held.iterations);
  try {
    return { key, pack: await open(key, `pack:${held.id}`, held.box) };
  } catch {
    const tries = held.tries + 1;
    if (tries >= MOST_TRIES) {
      await store.dropPack();
      return { left: 0 };
    }
    held.tries = tries;
    await store.putPack(held);
    return { left: MOST_TRIES - tries };
  }
}
