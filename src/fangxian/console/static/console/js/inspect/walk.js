// A walk through one place: what stands open first, then the items of the checklist by area, three buttons each. Every
// tap is kept before the next one can follow.

import { el, moment, say, show } from "../field/dom.js";
import { photoRow } from "./pictures.js";
import { drawSign } from "./sign.js";

const RESULTS = [["ok", "✓"], ["fault", "✕"], ["none", "–"]];
const JUDGED = [["pass", "✓"], ["fail", "✕"]];

let app = null;

export function setUp(given) {
  app = given;
}

export const listOf = (place) => app.pack.lists[place.list] ?? { areas: [], items: [] };

export function score(walk) {
  const counted = Object.values(walk.answers).filter((answer) => answer.result !== "none");
  return { ok: counted.filter((answer) => answer.result === "ok").length, all: counted.length };
}

// Items without an answer; a fault counts as answered once it says anything: a note, a spot or a photo.
export function missing(place, walk) {
  return listOf(place).items.filter((item) => !whole(walk.answers[item.key]));
}

function whole(answer) {
  if (!answer) return false;
  return answer.result !== "fault" || Boolean(answer.note.trim() || answer.spot || answer.photos.length);
}

// A finding that is not in order after all says what is still wrong.
const decided = (judged) => Boolean(judged && (judged.act === "pass" || judged.note.trim()));

export const unjudged = (place, walk) => place.findings.filter((one) => one.status === "mended" && !decided(walk.judged[one.id]));

// What must be done before it can be signed.
export const left = (place, walk) => (place.occasion === "recheck" && !walk.whole ? 0 : missing(place, walk).length) + unjudged(place, walk).length;

export function drawWalk(place) {
  const walk = app.walkOf(place);
  const tally = el("strong", { id: "score" });
  const bar = el("div", { class: "save-bar" });
  const tell = () => {
    tallyIn(tally, place, walk);
    drawBar(bar, place, walk);
  };
  const keep = async () => {
    await app.save();
    tell();
  };
  const cards = new Map();
  const items = areas(place, walk, keep, tell, cards);
  const findings = place.findings.length ? section(say("open-findings"), place.findings.map((one) => findingCard(place, walk, one, keep, cards))) : null;
  const measures = place.measures.length ? section(say("measures"), [el("p", { class: "soft" }, say("measures-why")), ...place.measures.map((one) => measureCard(walk, one, keep))]) : null;
  show(
    el("div", { class: "walk-head" }, el("h1", {}, place.name), el("p", {}, place.occasion_word, place.address ? ` · ${place.address}` : ""), tally),
    findings, measures, ...items, bar);
  tell();
}

function tallyIn(tally, place, walk) {
  const { ok, all } = score(walk);
  const done = listOf(place).items.length - missing(place, walk).length;
  tally.textContent = place.occasion === "recheck" && !walk.whole ? say("recheck-only") : say("tally", { done, of: listOf(place).items.length, ok, all });
}

// Not scrolled by itself after a tap: a second touch of a glove would answer the item that slid under it.
function drawBar(bar, place, walk) {
  const open = left(place, walk);
  const next = open
    ? el("button", { type: "button", class: "button primary", id: "next", onclick: () => toNext() }, say("next-open", { n: open }))
    : el("button", { type: "button", class: "button primary", id: "finish", onclick: () => drawSign(app, place, walk, { score, listOf, back: () => drawWalk(place) }) }, say("to-sign"));
  bar.replaceChildren(el("button", { type: "button", class: "button back", onclick: () => app.leave() }, say("back")), next);
}

function toNext() {
  const card = document.querySelector(".check[data-open]");
  card?.scrollIntoView({ block: "start" });
  card?.querySelector("button[aria-pressed], textarea")?.focus({ preventScroll: true });
}

function section(title, children) {
  return el("section", { class: "walk-part" }, el("h2", {}, title), children);
}

function areas(place, walk, keep, tell, cards) {
  const list = listOf(place);
  if (place.occasion === "recheck" && !walk.whole) {
    const start = async () => {
      walk.whole = true;
      await keep();
      drawWalk(place);
    };
    return [el("button", { type: "button", class: "button wide", onclick: start }, say("whole-list"))];
  }
  return list.areas
    .map((area) => [area, list.items.filter((item) => item.area === area.key)])
    .filter(([, items]) => items.length)
    .map(([area, items]) => section(`${area.key} ${area.title}`, items.map((item) => itemCard(place, walk, item, keep, tell, cards))));
}

// ---- one item ----------------------------------------------------------------------------------------------------------

function itemCard(place, walk, item, keep, tell, cards) {
  const card = el("article", { class: "check", id: `item-${item.key}` });
  const draw = () => {
    const answer = walk.answers[item.key];
    if (whole(answer)) delete card.dataset.open;
    else card.dataset.open = "1";
    const choose = async (result) => {
      const before = walk.answers[item.key];
      walk.answers[item.key] = before ? { ...before, result } : { result, spot: "", zone: "", note: "", photos: [] };
      draw();
      card.querySelector(`button[data-result=${result}]`).focus({ preventScroll: true });
      await keep();
    };
    card.replaceChildren(
      el("h3", {}, el("span", { class: "key" }, item.key), ` ${item.title}`),
      el("p", { class: "criterion" }, item.criterion),
      item.guidance ? el("details", { class: "guidance" }, el("summary", {}, say("guidance")), el("p", {}, item.guidance)) : "",
      buttons(say("answer-of", { what: item.title }), RESULTS, "result", answer?.result, choose),
      answer?.result === "fault" ? faultPane(place, item, answer, async () => {
        await keep();
        if (whole(answer)) delete card.dataset.open;
        else card.dataset.open = "1";
        tell();
      }) : "");
  };
  draw();
  cards.set(item.key, draw);
  return card;
}

function buttons(label, choices, kind, chosen, choose) {
  const row = el("div", { class: "answers", role: "group", "aria-label": label });
  for (const [value, sign] of choices) {
    row.append(el("button", { type: "button", [`data-${kind}`]: value, "aria-pressed": String(value === chosen), onclick: () => choose(value) }, el("span", { class: "sign", "aria-hidden": "true" }, sign), say(`${kind}-${value}`)));
  }
  return row;
}

function faultPane(place, item, answer, keep) {
  const term = app.pack.severities[item.severity] ?? item.severity;
  const chips = el("div", { class: "regions", role: "group", "aria-label": say("spot") });
  const spot = el("input", { class: "input", maxlength: 60, "aria-label": say("spot-other"), placeholder: say("spot-other"), value: place.spots.some((one) => one.name === answer.spot) ? "" : answer.spot });
  const press = () => {
    for (const chip of chips.children) chip.setAttribute("aria-pressed", String(chip.dataset.spot === answer.spot));
  };
  for (const one of place.spots) {
    chips.append(el("button", { type: "button", "data-spot": one.name, onclick: () => {
      [answer.spot, answer.zone] = answer.spot === one.name ? ["", ""] : [one.name, one.zone];
      spot.value = "";
      press();
      keep();
    } }, one.name));
  }
  press();
  spot.addEventListener("input", () => {
    [answer.spot, answer.zone] = [spot.value.trim(), ""];
    press();
    keep();
  });
  return el("div", { class: "fault" },
    el("p", { class: `severity ${item.severity}` }, el("span", { "aria-hidden": "true" }, "! "), term, item.suspends ? el("strong", {}, say(`suspends-${item.suspends}`)) : null),
    el("p", { class: "ask-what" }, say("where")), chips, spot, noteField(say("what-is-wrong"), answer, keep), photoRow(app, answer.photos, item.title, keep));
}

function noteField(label, answer, keep) {
  const field = el("textarea", { class: "input", rows: 2, maxlength: 400, "aria-label": label, placeholder: label });
  field.value = answer.note;
  field.addEventListener("input", () => {
    answer.note = field.value;
    keep();
  });
  return field;
}

// ---- what stands open here -----------------------------------------------------------------------------------------------

// What was reported as put right is judged here. What nobody reported yet is found again by its item of the checklist.
function findingCard(place, walk, finding, keep, cards) {
  const card = el("article", { class: "check finding", id: `finding-${finding.id}` });
  const facts = [finding.spot, say("found-since", { time: moment(finding.opened_us) }), finding.times > 1 ? say("found-times", { n: finding.times }) : "", finding.status_word].filter(Boolean).join(" · ");
  const draw = () => {
    const mended = finding.status === "mended";
    if (mended && !decided(walk.judged[finding.id])) card.dataset.open = "1";
    else delete card.dataset.open;
    card.replaceChildren(
      el("h3", {}, el("span", { class: `severity ${finding.severity}` }, app.pack.severity_words[finding.severity]), ` ${finding.title}`),
      el("p", { class: "criterion" }, facts),
      finding.plan ? el("p", { class: "criterion" }, say("plan-is", { plan: finding.plan })) : "",
      ...(mended ? judgement(walk, finding, card, draw, keep) : again(place, walk, finding, card, draw, keep, cards)));
  };
  draw();
  return card;
}

function judgement(walk, finding, card, draw, keep) {
  const judged = walk.judged[finding.id];
  const choose = async (act) => {
    walk.judged[finding.id] = { note: "", photos: [], ...judged, act };
    draw();
    card.querySelector(`button[data-judge=${act}]`).focus({ preventScroll: true });
    await keep();
  };
  const mark = async () => {
    if (decided(walk.judged[finding.id])) delete card.dataset.open;
    else card.dataset.open = "1";
    await keep();
  };
  const more = judged ? el("div", { class: "fault" }, noteField(say(judged.act === "fail" ? "what-is-still-wrong" : "note-if-any"), judged, mark), photoRow(app, judged.photos, finding.title, mark)) : "";
  return [buttons(say("still-so", { what: finding.title }), JUDGED, "judge", judged?.act, choose), more];
}

function again(place, walk, finding, card, draw, keep, cards) {
  const told = el("p", { class: "soft" }, say("mend-first"));
  const drawItem = cards.get(finding.item);
  if (!drawItem) return [told];
  const answer = walk.answers[finding.item];
  const so = answer?.result === "fault" && answer.spot === finding.spot;
  const choose = async () => {
    walk.answers[finding.item] = { note: "", photos: [], ...answer, result: "fault", spot: finding.spot, zone: finding.zone };
    draw();
    drawItem();
    card.querySelector("button[data-judge=again]").focus({ preventScroll: true });
    await keep();
  };
  return [buttons(say("still-so", { what: finding.title }), [["again", "✕"]], "judge", so ? "again" : undefined, choose), told];
}

function measureCard(walk, measure, keep) {
  const card = el("article", { class: "check", id: `measure-${measure.id}` });
  const draw = () => {
    const choose = async (value) => {
      walk.measures[measure.id] = value === "so";
      draw();
      card.querySelector(`button[data-measure=${value}]`).focus({ preventScroll: true });
      await keep();
    };
    const said = walk.measures[measure.id];
    card.replaceChildren(
      el("h3", {}, measure.firm), el("p", { class: "criterion" }, measure.text),
      buttons(say("measure-of", { what: measure.firm }), [["so", "✓"], ["not", "✕"]], "measure", said === undefined ? undefined : said ? "so" : "not", choose));
  };
  draw();
  return card;
}
