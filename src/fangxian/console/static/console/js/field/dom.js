// Small pieces that every screen of the phone's program uses. All text comes from the page, in the person's language.

const wordBook = new Map();
for (const entry of document.getElementById("words").content.querySelectorAll("[data-word]")) {
  wordBook.set(entry.dataset.word, entry.textContent.trim());
}

// say("waiting", { n: 3 }): a text of the page with its {n} filled in.
export function say(key, values = {}) {
  let text = wordBook.get(key) ?? key;
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, String(value));
  return text;
}

// el("button", { class: "button", onclick }, "text", child, ...): content is always text or nodes, never HTML.
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value") made.value = value;
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...present(children));
  return made;
}

// Children may be given as lists, and left out by null: what append() itself would write out as text.
function present(children) {
  return children.flat().filter((child) => child !== undefined && child !== null && child !== false);
}

export function show(...children) {
  document.getElementById("screen").replaceChildren(...present(children));
  window.scrollTo(0, 0);
}

let fading;
export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => (place.hidden = true), 2500);
}

// A row of buttons of which one is chosen. `choices`: [value, label] pairs.
export function segments(label, choices, chosen, onchange, css = "segments") {
  const row = el("div", { class: css, role: "group", "aria-label": label });
  for (const [value, text] of choices) {
    const button = el("button", { type: "button", "aria-pressed": String(value === chosen) }, text);
    if (css === "big-choices") button.className = "big-choice";
    button.addEventListener("click", () => {
      for (const other of row.children) other.setAttribute("aria-pressed", String(other === button));
      onchange(value);
    });
    row.append(button);
  }
  return row;
}

const STREET_ZONE = "Asia/Shanghai";
const timeOfDay = new Intl.DateTimeFormat("en-GB", { timeZone: STREET_ZONE, hour: "2-digit", minute: "2-digit" });
const dayOf = new Intl.DateTimeFormat("en-CA", { timeZone: STREET_ZONE, year: "numeric", month: "2-digit", day: "2-digit" });

// Microseconds as the street's wall clock shows them: the time alone for today.
export function moment(us, nowMs = Date.now()) {
  const at = new Date(us / 1000);
  const day = dayOf.format(at);
  const time = timeOfDay.format(at);
  return day === dayOf.format(new Date(nowMs)) ? time : `${day.slice(5)} ${time}`;
}

// The instant (ms) of that hour in Shanghai, `days` after the day of `nowMs`. The zone has had no summer time since 1991.
export function streetHour(nowMs, days, hour) {
  const [year, month, day] = dayOf.format(new Date(nowMs)).split("-").map(Number);
  return Date.UTC(year, month - 1, day + days, hour - 8);
}

export function age(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60000));
  if (minutes < 60) return say("minutes", { n: minutes });
  return say("hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
}
