// Vehicles, public areas and one-off duties.

import { regions } from "./doors.js";
import { el, moment, say, segments, show } from "./dom.js";

const folded = (plate) => plate.toUpperCase().replace(/[\s·•.\-_]/g, "");

export function vehicleList(app, round) {
  const rows = round.vehicles.map((row) => ({ ...row, ...app.state.vehicles[row.plate] }));
  const known = new Set(round.vehicles.map((row) => row.plate));
  for (const [plate, mine] of Object.entries(app.state.vehicles)) {
    if (!known.has(plate) && mine.round === round.id) rows.push({ plate, where: "", ...mine });
  }
  const unseen = rows.filter((row) => !row.seen_us);
  const ordered = [...unseen, ...rows.filter((row) => row.seen_us)];
  const list = el("ul", { class: "door-list" });
  const draw = (part) => list.replaceChildren(...ordered.filter((row) => row.plate.includes(part)).map((row) => el("li", {}, vehicleRow(app, round, row))));
  const part = el("input", {
    type: "text", class: "plate", maxlength: 14, "aria-label": say("plate-part"), placeholder: say("plate-part"),
    autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
  });
  part.addEventListener("input", () => draw(folded(part.value)));
  draw("");
  return [
    el("div", { class: "field" }, part),
    el("button", { type: "button", class: "button primary wide", onclick: () => openVehicle(app, round, null, folded(part.value)) }, `＋ ${say("enter-plate")}`),
    el("h2", { class: "door-block" }, say("not-seen"), " ", el("small", { class: "soft" }, `${unseen.length} / ${rows.length}`)),
    list,
  ];
}

function vehicleRow(app, round, row) {
  const sign = row.seen_us
    ? el("span", { class: "badge ok" }, `✓ ${app.pack.vehicle_choices[row.disposition] ?? ""}`)
    : el("small", { "aria-hidden": "true" }, "○");
  return el(
    "button",
    { type: "button", class: "door-row long", onclick: () => openVehicle(app, round, row) },
    el("span", {}, el("strong", {}, row.plate), row.where ? el("br") : null, row.where ? el("small", {}, row.where) : null),
    sign,
  );
}

function openVehicle(app, round, row, typed = "") {
  const draft = {
    plate: row?.plate ?? typed,
    place: row?.place ?? round.places[0]?.id ?? "",
    disposition: row ? "resident" : "",
    host: "",
    travel: "",
    regions: [],
  };
  const details = el("div");
  const drawDetails = () => details.replaceChildren(...vehicleDetails(app, round, draft, drawDetails));
  const plate = el("input", {
    type: "text", class: "plate", maxlength: 14, value: draft.plate, "aria-label": say("plate"), placeholder: say("plate-example"),
    autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
  });
  plate.addEventListener("input", () => (draft.plate = plate.value));
  drawDetails();
  show(
    el("div", { class: "field-head" }, el("h1", {}, say("vehicle")), row?.where ? el("p", {}, row.where) : null),
    el("div", { class: "field" }, plate),
    segments(say("whose"), Object.entries(app.pack.vehicle_choices), draft.disposition, (value) => {
      draft.disposition = value;
      drawDetails();
    }, "big-choices"),
    details,
    el(
      "div",
      { class: "save-bar" },
      el("button", { type: "button", class: "button back", onclick: () => app.home() }, `‹ ${say("back")}`),
      el("button", { type: "button", class: "button primary", onclick: () => recordVehicle(app, round, draft) }, `✓ ${say("record")}`),
    ),
  );
  if (!row) plate.focus();
}

function vehicleDetails(app, round, draft, redraw) {
  const found = [];
  if (round.places.length > 1) found.push(choice(say("where-stands"), round.places.map((place) => [place.id, place.name]), draft.place, (value) => (draft.place = value)));
  if (draft.disposition === "visitor") {
    const doors = round.doors.map((door) => [door.id, `${door.block} ${door.room}`]);
    found.push(choice(say("host"), [["", "—"], ...doors], draft.host, (value) => (draft.host = value)));
  }
  if (draft.disposition === "visitor" || draft.disposition === "key_region") {
    const travels = [["none", say("travel-none")], ["elsewhere", say("travel-elsewhere")], ["key_region", say("travel-key")]];
    const set = (value) => {
      draft.travel = value;
      if (value !== "key_region") draft.regions = [];
      redraw();
    };
    found.push(el("div", { class: "person" }, segments(say("travel"), travels, draft.travel, set), draft.travel === "key_region" ? regions(app, draft, () => {}) : null));
  }
  return found;
}

function choice(label, options, value, onchange) {
  const select = el("select", {}, options.map(([key, text]) => el("option", { value: key, selected: key === value }, text)));
  select.addEventListener("change", () => onchange(select.value));
  return el("div", { class: "field form" }, el("label", {}, label, select));
}

async function recordVehicle(app, round, draft) {
  const plate = folded(draft.plate);
  if (plate.length < 5) return app.complain(say("plate-missing"));
  if (!draft.disposition) return app.complain(say("choose-first"));
  if (draft.disposition === "visitor" && !draft.host) return app.complain(say("host-missing"));
  if (draft.disposition === "key_region" && !draft.travel) return app.complain(say("travel-missing"));
  const at = Date.now() * 1000;
  app.state.vehicles[plate] = { seen_us: at + app.pack.offset_us, disposition: draft.disposition, round: round.id, place: draft.place };
  const content = {
    kind: "vehicle", round: round.id, plate, place: draft.place, disposition: draft.disposition, host: draft.host || null,
    travel: draft.travel, regions: draft.regions,
  };
  await app.keep(content, at, plate);
  return app.home();
}

export function areaList(app) {
  const rows = app.pack.areas.map((area) => ({ ...area, mine: app.state.areas[area.area_id] }));
  if (!rows.length) return [el("p", { class: "empty" }, say("no-area"))];
  return [el("ul", { class: "door-list" }, rows.map((row) => el("li", {}, areaRow(app, row))))];
}

function areaRow(app, row) {
  const when = row.mine
    ? el("span", { class: "badge ok" }, `✓ ${moment(row.mine, app.now())}`)
    : row.gaps
      ? el("span", { class: "badge gap" }, `! ${say("gap")}`)
      : el("small", {}, row.due_us ? moment(row.due_us, app.now()) : "");
  return el(
    "button",
    { type: "button", class: "door-row long", onclick: () => openArea(app, row) },
    el("span", {}, el("strong", {}, row.type_title), el("br"), el("small", {}, row.name)),
    when,
  );
}

function openArea(app, row) {
  const usual = (preset) => `${preset.title}${preset.mg_per_l ? ` ${preset.mg_per_l} mg/L` : ""} · ${preset.working_ml >= 1000 ? `${preset.working_ml / 1000} L` : `${preset.working_ml} ml`}`;
  show(
    el("div", { class: "field-head" }, el("h1", {}, row.type_title), el("p", {}, row.name)),
    el(
      "div",
      { class: "stack presets" },
      row.presets.map((preset, index) =>
        el("button", { type: "button", class: index ? "button wide" : "button primary wide", onclick: () => recordArea(app, row, preset) }, `✓ ${usual(preset)}`),
      ),
    ),
    row.note ? el("p", { class: "said" }, row.note) : null,
    row.minutes ? el("p", { class: "said" }, say("leave-on", { n: row.minutes })) : null,
    el("div", { class: "save-bar" }, el("button", { type: "button", class: "button back", onclick: () => app.home() }, `‹ ${say("back")}`)),
  );
}

async function recordArea(app, row, preset) {
  const at = Date.now() * 1000;
  app.state.areas[row.area_id] = at + app.pack.offset_us;
  const content = { kind: "area", area: row.area_id, agent: preset.agent, mg_per_l: preset.mg_per_l, working_ml: preset.working_ml };
  await app.keep(content, at, row.name);
  return app.home();
}

export function dutyList(app) {
  const rows = app.pack.duties.filter((duty) => !app.state.duties[duty.id]);
  if (!rows.length) return [el("p", { class: "empty" }, say("no-duty"))];
  return [el("ul", { class: "door-list" }, rows.map((duty) => el("li", {}, dutyRow(app, duty))))];
}

function dutyRow(app, duty) {
  const finish = async () => {
    const at = Date.now() * 1000;
    app.state.duties[duty.id] = at;
    await app.keep({ kind: "duty", duty: duty.id }, at, duty.title);
    app.home();
  };
  return el(
    "div",
    { class: "door-row long" },
    el("span", {}, el("strong", {}, duty.title), el("br"), el("small", {}, `${duty.where} · ${say("by-time", { time: moment(duty.due_us, app.now()) })}`)),
    el("button", { type: "button", class: "button", onclick: finish }, `✓ ${say("done")}`),
  );
}
