// The hand-over point: what waits on the shelf, one more that a courier leaves, and one that is handed over.

import { age, el, say, show, toast } from "../field/dom.js";
import * as engine from "./engine.js";
import { handOver, leave, shelf } from "./shelf.js";

const { tablet } = engine;
const MOST_SHOWN = 12;
const COMPANIES = ["顺丰", "京东", "中通", "圆通", "韵达", "EMS"];
const complain = (text) => toast(`✕ ${text}`);
const plain = (text) => text.toUpperCase().replaceAll(/\s/g, "");
let last = { company: "", place: "" };

export function drawParcels(back) {
  const again = () => drawParcels(back);
  const screen = el("section", { class: "card wide", id: "parcels" });
  const fill = () => {
    const now = engine.nowUs();
    const refused = shelf.refused.splice(0);
    if (refused.length) complain(refused.join(" "));
    const rows = [...shelf.parcels].sort((a, b) => a.until_us - b.until_us);
    screen.replaceChildren(
      el("h1", {}, say("parcels-lying", { n: rows.length })),
      el("div", { class: "ways" }, el("button", { type: "button", class: "big quiet", onclick: back, id: "parcels-back" }, `‹ ${say("back")}`), el("button", { type: "button", class: "big primary", id: "parcel-new", onclick: () => drawDoor(again) }, `+ ${say("parcel-new")}`)),
      el("div", { class: "shelf" }, rows.map((row) => tile(row, now, again))),
    );
  };
  fill();
  show(screen);
  shelf.changed = () => {
    if (screen.isConnected) fill();
  };
}

function tile(row, now, again) {
  const late = row.until_us <= now;
  return el("button", { type: "button", class: late ? "parcel late" : "parcel", "data-parcel": row.id, onclick: () => drawHandOver(row, again) },
    el("b", {}, row.shelf), el("span", {}, row.where), el("span", {}, [row.company, row.code].filter(Boolean).join(" · ")),
    el("span", {}, late ? `! ${say("parcel-late", { time: age((now - row.until_us) / 1000) })}` : say("parcel-since", { time: age((now - row.left_us) / 1000) })));
}

// ---- one more ---------------------------------------------------------------------------------------------------------

function drawDoor(again) {
  const field = el("input", { id: "parcel-door", autocomplete: "off", maxlength: 80, "aria-label": say("parcel-door"), placeholder: say("parcel-door") });
  const found = el("div", { class: "tiles" });
  const search = () => {
    const wanted = plain(field.value);
    const rows = wanted ? shelf.doors.filter(([, where]) => plain(where).includes(wanted)).slice(0, MOST_SHOWN) : [];
    found.replaceChildren(...rows.map(([door, where]) => el("button", { type: "button", class: "big", onclick: () => drawNew({ door, where }, again) }, where)));
    return rows;
  };
  field.addEventListener("input", search);
  const form = el("form", { class: "card" }, el("h1", {}, say("parcel-new")), field, el("div", { class: "ways" }, el("button", { type: "button", class: "big quiet", onclick: again }, `‹ ${say("cancel")}`), el("button", { type: "submit", class: "big" }, say("visit-search"))), found);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!search().length) complain(say(shelf.doors.length ? "parcel-no-door" : "parcel-no-list"));
  });
  show(form);
  field.focus();
}

function drawNew(to, again) {
  const input = (id, word, value, most) => el("input", { id, autocomplete: "off", maxlength: most, "aria-label": say(word), placeholder: say(word), value });
  const company = input("parcel-company", "parcel-company", last.company, 40);
  const place = input("parcel-shelf", "parcel-shelf", last.place, 20);
  const code = input("parcel-code", "parcel-code", "", 16);
  const known = el("div", { class: "ways" }, COMPANIES.map((name) => el("button", { type: "button", onclick: () => (company.value = name) }, name)));
  const form = el("form", { class: "card" }, el("h1", {}, to.where), known, company, place, code, el("div", { class: "ways" }, el("button", { type: "button", class: "big quiet", onclick: again }, `‹ ${say("cancel")}`), el("button", { type: "submit", class: "big primary", id: "parcel-keep" }, `✓ ${say("parcel-keep")}`)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!place.value.trim()) return complain(say("parcel-need-shelf"));
    last = { company: company.value.trim(), place: place.value.trim() };
    await leave({ ...to, ...done(), company: last.company, shelf: last.place, code: code.value.trim(), minutes: engine.bundle().plan.shelf_minutes });
    finish(again);
  });
  show(form);
  place.focus();
}

// ---- one less ---------------------------------------------------------------------------------------------------------

function drawHandOver(row, again) {
  const to = el("input", { id: "parcel-to", autocomplete: "off", maxlength: 80, "aria-label": say("parcel-to"), placeholder: say("parcel-to") });
  const hand = (compared) => async () => {
    await handOver(row, { ...done(), to: to.value.trim(), compared });
    finish(again);
  };
  show(el("section", { class: "card" }, el("h1", {}, `${row.shelf} · ${row.where}`), el("p", { class: "company" }, row.company),
    row.code ? el("p", { class: "kind" }, say("parcel-code-is", { code: row.code })) : null, to,
    el("div", { class: "ways" },
      row.code ? el("button", { type: "button", class: "big primary", id: "compared-code", onclick: hand("code") }, `✓ ${say("parcel-by-code")}`) : null,
      el("button", { type: "button", class: "big primary", id: "compared-name", onclick: hand("name") }, `✓ ${say("parcel-by-name")}`)),
    el("button", { type: "button", class: "big quiet", onclick: again }, `‹ ${say("cancel")}`)));
}

const done = () => ({ guard: tablet.guard.staff, atUs: Math.round(engine.nowUs()) });

function finish(again) {
  tablet.changed();
  again();
  engine.sync(); // the record is safe here; when it arrives is another matter
}
