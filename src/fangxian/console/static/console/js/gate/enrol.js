// Before the first check: the tablet's own token, and a guard with a PIN that counts on this tablet only.

import { el, say, show, toast } from "../field/dom.js";
import { ITERATIONS, isWeakPin, keyFromPin, newSalt, open, shut } from "../field/vault.js";
import * as camera from "./camera.js";
import { RevokedError, enrol, tablet } from "./engine.js";
import { wake } from "./sound.js";
import * as store from "./store.js";

const at = document.body.dataset;
const MOST_TRIES = 5;
const PIN_DIGITS = 6;
const TOKEN = /fxd_[A-Za-z0-9_-]{20,}/;

const complain = (text) => toast(`✕ ${text}`);

// ---- the tablet ---------------------------------------------------------------------------------------------------------

export function drawEnrol(done) {
  const field = el("input", { type: "password", autocomplete: "off", "aria-label": say("token"), placeholder: "fxd_…", id: "token" });
  const button = el("button", { type: "submit", class: "big primary" }, say("register"));
  const form = el("form", { class: "card" }, el("h1", {}, say("not-registered")), el("p", {}, say("not-registered-why")), field, button);
  const take = async (text) => {
    const token = TOKEN.exec(text)?.[0];
    if (!token) return complain(say("token-odd"));
    button.disabled = true;
    try {
      await enrol(token);
      camera.stop();
      return done();
    } catch (error) {
      complain(say(error instanceof RevokedError ? "token-unknown" : "need-network"));
      button.disabled = false;
      return undefined;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(field.value);
  });
  const video = el("video", { "data-camera": true, playsinline: true, muted: true, hidden: true });
  const look = async () => {
    try {
      await camera.start(video, take);
      video.hidden = false;
    } catch {
      complain(say("no-camera"));
    }
  };
  form.append(el("button", { type: "button", class: "big", onclick: look }, `▣ ${say("scan-token")}`), video);
  if (tablet.waiting) form.append(el("p", {}, say("waiting-kept", { n: tablet.waiting })));
  show(form);
  if (TOKEN.test(location.hash)) {
    const given = location.hash;
    history.replaceState(null, "", location.pathname);
    take(given);
  }
}

// ---- guards ---------------------------------------------------------------------------------------------------------------

export async function drawGuards(done) {
  const rows = await store.guards();
  const tiles = rows.map((row) => el("button", { type: "button", class: "big", onclick: () => drawPin(row, done) }, `☻ ${row.name}`));
  show(
    el(
      "section",
      { class: "card" },
      el("h1", {}, say("who-guards")),
      el("div", { class: "tiles" }, tiles),
      el("button", { type: "button", class: tiles.length ? "big" : "big primary", onclick: () => addGuard(done), id: "add-guard" }, `＋ ${say("add-guard")}`),
      el("p", {}, say("add-guard-why")),
    ),
  );
}

function pinPad(title, text, onpin, back) {
  let pin = "";
  const dots = el("output", { class: "dots", "aria-live": "polite" }, "○".repeat(PIN_DIGITS));
  const press = (digit) => {
    wake();
    pin = digit === "⌫" ? pin.slice(0, -1) : pin + digit;
    dots.textContent = "●".repeat(pin.length) + "○".repeat(Math.max(0, PIN_DIGITS - pin.length));
    if (pin.length === PIN_DIGITS) onpin(pin);
  };
  const keys = [..."123456789"].map((digit) => el("button", { type: "button", onclick: () => press(digit) }, digit));
  keys.push(el("button", { type: "button", onclick: back, "aria-label": say("back") }, "‹"), el("button", { type: "button", onclick: () => press("0") }, "0"), el("button", { type: "button", onclick: () => press("⌫"), "aria-label": say("erase") }, "⌫"));
  show(el("section", { class: "card" }, el("h1", {}, title), text ? el("p", {}, text) : null, dots, el("div", { class: "pad" }, keys)));
}

function drawPin(row, done) {
  const again = () => drawGuards(done);
  pinPad(say("pin-of", { name: row.name }), "", async (pin) => {
    const key = await keyFromPin(pin, row.salt, row.iterations);
    try {
      await open(key, `pin:${row.staff}`, row.proof);
    } catch {
      const tries = row.tries + 1;
      if (tries >= MOST_TRIES) {
        await store.dropGuard(row.staff);
        complain(say("too-many"));
        return again();
      }
      await store.putGuard({ ...row, tries });
      complain(say("wrong-pin", { n: MOST_TRIES - tries }));
      return drawPin({ ...row, tries }, done);
    }
    await store.putGuard({ ...row, tries: 0 });
    tablet.guard = { staff: row.staff, name: row.name };
    return done();
  }, again);
}

// The guard signs in once with the account; from then on the PIN of this tablet is enough, with or without a network.
export async function addGuard(done) {
  let answer;
  try {
    answer = await fetch(at.hello, { redirect: "manual", cache: "no-store", headers: { Authorization: `Bearer ${tablet.token}` } });
  } catch {
    return complain(say("need-network"));
  }
  if (answer.type === "opaqueredirect") return location.assign(at.signIn);
  if (!answer.ok) {
    complain(say("not-your-gate"));
    return drawGuards(done);
  }
  return choosePin(await answer.json(), done);
}

function choosePin(person, done) {
  const retry = (word) => {
    complain(say(word));
    choosePin(person, done);
  };
  pinPad(say("pin-new", { name: person.name }), say("pin-why"), (pin) => {
    if (isWeakPin(pin)) return retry("pin-weak");
    return pinPad(say("pin-again"), "", async (second) => {
      if (second !== pin) return retry("pin-differs");
      await bind(person, pin);
      return done();
    }, () => choosePin(person, done));
  }, () => drawGuards(done));
}

async function bind(person, pin) {
  const salt = newSalt();
  const proof = await shut(await keyFromPin(pin, salt, ITERATIONS), `pin:${person.staff}`, person.staff);
  await store.putGuard({ staff: person.staff, name: person.name, salt, iterations: ITERATIONS, proof, tries: 0 });
  tablet.guard = { staff: person.staff, name: person.name };
  // the tablet is everybody's: the guard's own session must not stay open on it
  await fetch(at.signOut, { method: "POST", redirect: "manual", headers: { "X-CSRFToken": person.token } }).catch(() => {});
}
