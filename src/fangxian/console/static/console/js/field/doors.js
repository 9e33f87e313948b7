// Doors: the list as one walks, and one door.

import { el, moment, say, segments, show, streetHour } from "./dom.js";

const DONE = new Set(["met", "vacant", "let"]);

export function stateOf(door, done) {
  const mine = done[door.id];
  return mine ? { ...door, ...mine } : door;
}

function matches(filter, door) {
  if (filter === "again") return door.state === "again" || door.state === "refused";
  return door.state === filter;
}

export function doorList(app, round) {
  const doors = round.doors.map((door) => stateOf(door, app.state.doors));
  const count = (filter) => doors.filter((door) => matches(filter, door)).length;
  const filters = ["owed", "again", "done"].map((key) => [key, `${say(`filter-${key}`)} ${count(key)}`]);
  const place = el("div");
  const draw = (filter) => {
    app.filter = filter;
    place.replaceChildren(...blocks(app, round, doors.filter((door) => matches(filter, door))));
  };
  draw(app.filter);
  return [segments(say("doors"), filters, app.filter, draw), place];
}

function blocks(app, round, doors) {
  if (!doors.length) return [el("p", { class: "empty" }, say("no-door"))];
  const groups = new Map();
  for (const door of doors) {
    const name = [door.compound, door.block].filter(Boolean).join(" ");
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(door);
  }
  return [...groups].flatMap(([name, rows]) => [
    el("h2", { class: "door-block" }, name, " ", el("small", { class: "soft" }, String(rows.length))),
    el("ul", { class: "door-list" }, rows.map((door) => el("li", {}, doorRow(app, round, door)))),
  ]);
}

function doorRow(app, round, door) {
  const people = door.people.length ? say("people", { n: door.people.length }) : say("nobody-registered");
  return el(
    "button",
    { type: "button", class: "door-row", onclick: () => openDoor(app, round, door) },
    el("strong", {}, door.room),
    el("small", {}, app.state.drafts[door.id] ? say("draft") : people),
    stateSign(app, door),
  );
}

function stateSign(app, door) {
  const words = app.pack.door_choices;
  if (door.state === "done") return el("span", { class: "badge ok" }, `✓ ${words[door.disposition] ?? ""}`);
  if (door.state === "refused") return el("span", { class: "badge due" }, `◷ ${words.refused}`);
  if (door.state === "again") return el("small", {}, say("again-at", { time: moment(door.next_us, app.now()) }));
  return el("small", { "aria-hidden": "true" }, "○");
}

function emptyDraft(door) {
  return {
    disposition: "",
    next_ms: null,
    note: "",
    people: door.people.map((person) => ({ id: person.id, name: person.name, language: person.language, presence: "", travel: "", regions: [] })),
  };
}

export function openDoor(app, round, door) {
  const draft = app.state.drafts[door.id] ?? emptyDraft(door);
  const details = el("div");
  const keep = () => app.keepDraft(door.id, draft);
  const drawDetails = () => details.replaceChildren(...detailsOf(app, draft, keep, drawDetails));
  const choose = (value) => {
    draft.disposition = value;
    if (value === "met" && !draft.people.length) addPerson(draft);
    keep();
    drawDetails();
  };
  drawDetails();
  show(
    el("div", { class: "field-head" }, el("h1", {}, `${door.block} ${door.room}`), el("p", {}, lastSaid(app, door))),
    segments(say("what-found"), Object.entries(app.pack.door_choices), draft.disposition, choose, "big-choices"),
    details,
    el(
      "div",
      { class: "save-bar" },
      el("button", { type: "button", class: "button back", onclick: () => app.home() }, `‹ ${say("back")}`),
      el("button", { type: "button", class: "button primary", onclick: () => record(app, round, door, draft) }, `✓ ${say("record")}`),
    ),
  );
}

function lastSaid(app, door) {
  if (!door.seen_us) return door.compound;
  const what = app.pack.door_choices[door.disposition] ?? "";
  return say("last-time", { time: moment(door.seen_us, app.now()), what });
}

function detailsOf(app, draft, keep, redraw) {
  if (draft.disposition === "nobody_home") return [nextTry(app, draft, keep), noteField(draft, keep)];
  if (draft.disposition === "met") return [...people(app, draft, keep, redraw), noteField(draft, keep)];
  return draft.disposition ? [noteField(draft, keep)] : [];
}

function nextTry(app, draft, keep) {
  const now = app.now();
  const slots = [
    [streetHour(now, 0, 19), say("today-evening")],
    [streetHour(now, 1, 10), say("tomorrow-morning")],
    [streetHour(now, 1, 19), say("tomorrow-evening")],
  ].filter(([ms]) => ms > now);
  const chosen = slots.find(([ms]) => ms === draft.next_ms)?.[0] ?? null;
  return el(
    "section",
    { class: "panel" },
    el("h2", {}, say("next-try")),
    segments(say("next-try"), [...slots, [null, say("by-plan")]], chosen, (ms) => {
      draft.next_ms = ms;
      keep();
    }),
    doorNote(app),
  );
}

function doorNote(app) {
  const texts = Object.entries(app.pack.door_note).filter(([, text]) => text);
  if (!texts.length) return null;
  return el("details", { class: "dialog flush" }, el("summary", {}, say("note-to-leave")), el("div", {}, texts.map(([language, text]) => el("p", { lang: language }, text))));
}

function noteField(draft, keep) {
  const input = el("input", { type: "text", maxlength: 200, value: draft.note, "aria-label": say("note") });
  input.addEventListener("input", () => {
    draft.note = input.value;
    keep();
  });
  return el("details", { class: "dialog", open: Boolean(draft.note) }, el("summary", {}, say("note")), el("div", { class: "form" }, input));
}

function addPerson(draft) {
  draft.people.push({ id: null, name: "", language: "", presence: "present", travel: "", regions: [] });
}

function people(app, draft, keep, redraw) {
  const all = el(
    "button",
    {
      type: "button",
      class: "button wide",
      onclick: () => {
        for (const person of draft.people) Object.assign(person, { presence: "present", travel: "none", regions: [] });
        keep();
        redraw();
      },
    },
    say("all-present", { days: app.pack.travel_days }),
  );
  const more = el(
    "button",
    {
      type: "button",
      class: "button wide",
      onclick: () => {
        addPerson(draft);
        keep();
        redraw();
      },
    },
    `＋ ${say("add-person")}`,
  );
  return [el("section", { class: "panel" }, all, draft.people.map((person) => personBlock(app, person, keep, redraw)), more)];
}

function personBlock(app, person, keep, redraw) {
  const presences = [["present", say("present")], ["away", say("away")]];
  if (person.id) presences.push(["gone", say("gone")]);
  const travels = [["none", say("travel-none")], ["elsewhere", say("travel-elsewhere")], ["key_region", say("travel-key")]];
  const set = (field) => (value) => {
    person[field] = value;
    if (field === "travel") {
      if (value !== "key_region") person.regions = [];
      redraw();
    }
    keep();
  };
  return el(
    "div",
    { class: "person" },
    person.id ? el("h3", {}, person.name, person.language && person.language !== "zh" ? el("small", { class: "soft" }, ` ${person.language}`) : null) : nameField(person, keep),
    segments(say("presence-of", { name: person.name }), presences, person.presence, set("presence")),
    person.presence === "gone" ? null : segments(say("travel-of", { name: person.name, days: app.pack.travel_days }), travels, person.travel, set("travel")),
    person.travel === "key_region" ? regions(app, person, keep) : null,
  );
}

function nameField(person, keep) {
  const input = el("input", { type: "text", maxlength: 80, value: person.name, placeholder: say("name"), "aria-label": say("name"), autocomplete: "off" });
  input.addEventListener("input", () => {
    person.name = input.value;
    keep();
  });
  return input;
}

export function regions(app, holder, keep) {
  const row = el("div", { class: "regions", role: "group", "aria-label": say("which-region") });
  for (const region of app.pack.regions) {
    const button = el("button", { type: "button", "aria-pressed": String(holder.regions.includes(region.key)) }, region.title);
    button.addEventListener("click", () => {
      const had = holder.regions.includes(region.key);
      holder.regions = had ? holder.regions.filter((key) => key !== region.key) : [...holder.regions, region.key];
      button.setAttribute("aria-pressed", String(!had));
      keep();
    });
    row.append(button);
  }
  return row;
}

// What keeps a record from being made, in words; empty when it is complete.
function missing(draft) {
  if (!draft.disposition) return say("choose-first");
  if (draft.disposition !== "met") return "";
  const answered = draft.people.filter((person) => person.presence && (person.id || person.name.trim()));
  if (!answered.length) return say("nobody-answered");
  const nameless = draft.people.some((person) => !person.id && !person.name.trim() && person.travel);
  return nameless ? say("name-missing") : "";
}

async function record(app, round, door, draft) {
  const fault = missing(draft);
  if (fault) return app.complain(fault);
  const at = Date.now() * 1000;
  const next = draft.next_ms ?? app.defaultTry();
  const met = draft.disposition === "met" ? draft.people : [];
  const content = {
    kind: "door",
    round: round.id,
    door: door.id,
    disposition: draft.disposition,
    note: draft.note.trim(),
    next_us: draft.disposition === "nobody_home" && draft.next_ms ? (draft.next_ms * 1000 - app.pack.offset_us) : null,
    people: met
      .filter((person) => person.presence && (person.id || person.name.trim()))
      .map((person) => ({
        subject: person.id,
        name: person.id ? "" : person.name.trim(),
        presence: person.presence,
        travel: person.presence === "gone" ? "" : person.travel,
        regions: person.regions,
      })),
  };
  const state = DONE.has(draft.disposition) ? "done" : draft.disposition === "refused" ? "refused" : "again";
  app.state.doors[door.id] = { state, disposition: draft.disposition, seen_us: at + app.pack.offset_us, next_us: next * 1000 };
  delete app.state.drafts[door.id];
  await app.keep(content, at, `${door.block} ${door.room}`);
  return app.home();
}
