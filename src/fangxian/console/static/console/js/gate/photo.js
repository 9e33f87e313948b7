// The holder's photo, large beside the name: fetched while there is a network, drawn, and forgotten with the person.
// It is in the page's memory only, as the bytes of one picture.

import { el, say } from "../field/dom.js";
import { tablet } from "./engine.js";

const at = document.body.dataset;
const PATIENCE_MS = 4_000;
const OF_PEOPLE = new Set(["resident", "employee", "visitor", "courier"]);

let shown = { key: null, state: "none", picture: null };

// Which pass: by the id in its code, else by the number that only the server can look up.
function keyOf(person) {
  const { claims } = person.read;
  if (person.shown.plate || (claims && !OF_PEOPLE.has(claims.kind))) return null;
  if (claims) return { id: claims.id };
  return person.shown.number ? { number: person.shown.number } : null;
}

// Begin to fetch it; the places on the screen that show it fill themselves.
export function look(person) {
  const wanted = keyOf(person);
  forget();
  if (!wanted) return;
  const key = {};
  shown = { key, state: tablet.net === "there" ? "asked" : "away", picture: null };
  if (shown.state === "asked") fetchOne(wanted).then((got) => arrived(key, got));
}

export function forget() {
  for (const place of document.querySelectorAll("[data-face]")) place.remove();
  shown.picture?.close();
  shown = { key: null, state: "none", picture: null };
}

async function fetchOne(wanted) {
  try {
    const answer = await fetch(at.photo, {
      method: "POST", credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS),
      headers: { Authorization: `Bearer ${tablet.token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ guard: tablet.guard.staff, ...wanted }),
    });
    if (answer.status === 204) return { state: "missing", picture: null };
    if (!answer.ok) return { state: "away", picture: null };
    return { state: "there", picture: await createImageBitmap(await answer.blob()) };
  } catch {
    return { state: "away", picture: null };
  }
}

function arrived(key, got) {
  if (shown.key !== key) {
    got.picture?.close();
    return;
  }
  shown = { key, ...got };
  for (const place of document.querySelectorAll("[data-face]")) fill(place);
}

// The place for it, of one size whatever comes: a button must not move under a thumb.
export function photoPlace() {
  if (shown.state === "none") return null;
  const place = el("div", { class: "face", "data-face": shown.state });
  fill(place);
  return place;
}

// On the answer's screen the picture alone: what is to be compared otherwise was said before.
export function photoAgain() {
  return shown.state === "there" ? photoPlace() : null;
}

function fill(place) {
  place.dataset.face = shown.state;
  if (shown.state === "there") return place.replaceChildren(drawn(shown.picture));
  const sign = shown.state === "asked" ? "…" : "▤";
  return place.replaceChildren(el("span", { class: "sign", "aria-hidden": "true" }, sign), el("span", {}, say(`photo-${shown.state}`)));
}

function drawn(picture) {
  const canvas = el("canvas", { width: picture.width, height: picture.height, role: "img", "aria-label": say("photo") });
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas;
}
