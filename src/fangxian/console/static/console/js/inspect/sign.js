// The end of a walk: what was found, the property manager's name or the reason why there is none, and the sealing.

import { el, say, show } from "../field/dom.js";

const WHY_NOT = ["nobody-there", "does-not-agree", "not-needed"];

export function drawSign(app, place, walk, { score, listOf, back }) {
  const { ok, all } = score(walk);
  const faults = listOf(place).items.filter((item) => walk.answers[item.key]?.result === "fault");
  const judged = place.findings.filter((one) => walk.judged[one.id]);
  const onlyJudged = place.occasion === "recheck" && !walk.whole;
  const name = el("input", { id: "signer", class: "input", maxlength: 60, autocomplete: "off", "aria-label": say("signer"), placeholder: say("signer"), value: walk.signer });
  const agrees = el("input", { type: "checkbox", id: "agrees" });
  agrees.checked = walk.agrees;
  const signers = el("div", { class: "regions", role: "group", "aria-label": say("signer") }, (place.managers ?? []).map((manager) => el("button", { type: "button", onclick: () => {
    name.value = manager;
    keep();
  } }, manager)));
  const why = el("input", { id: "why", class: "input", maxlength: 200, autocomplete: "off", "aria-label": say("why-unsigned"), placeholder: say("why-unsigned"), value: walk.why });
  const chips = el("div", { class: "regions", role: "group", "aria-label": say("why-unsigned") }, WHY_NOT.map((reason) => el("button", { type: "button", onclick: () => {
    why.value = say(reason);
    keep();
  } }, say(reason))));
  const note = el("textarea", { class: "input", rows: 2, maxlength: 400, "aria-label": say("general-note"), placeholder: say("general-note") });
  note.value = walk.note;
  const done = el("button", { type: "button", class: "button primary", id: "done" }, `✓ ${say("done-send")}`);
  const keep = () => {
    Object.assign(walk, { signer: name.value, agrees: agrees.checked, why: why.value, note: note.value });
    return app.save();
  };
  for (const field of [name, agrees, why, note]) field.addEventListener("input", keep);
  done.addEventListener("click", async () => {
    await keep();
    if (!(walk.signer.trim() && walk.agrees) && !walk.why.trim()) {
      (walk.signer.trim() ? agrees : name).focus();
      return app.complain(say("sign-or-say"));
    }
    done.disabled = true;
    return app.finish(place, walk);
  });
  const found = [
    ...judged.map((one) => [walk.judged[one.id].act === "pass" ? "✓" : "✕", one.title, say(`judge-${walk.judged[one.id].act}`)]),
    ...faults.map((item) => ["✕", `${item.key} ${item.title}`, [walk.answers[item.key].spot, say("photos-of", { n: walk.answers[item.key].photos.length })].filter(Boolean).join(" · ")]),
  ];
  show(
    el("div", { class: "walk-head" }, el("h1", {}, place.name), onlyJudged ? null : el("strong", { id: "score" }, say("score", { ok, all }))),
    el("section", { class: "walk-part" }, el("h2", {}, say("found")), found.length ? el("ul", { class: "rows found-rows" }, found.map(([sign, title, more]) => el("li", {}, el("span", { class: sign === "✓" ? "text-ok" : "text-gap", "aria-hidden": "true" }, sign), " ", el("strong", {}, title), " ", el("span", { class: "soft" }, more)))) : el("p", {}, say("nothing-found"))),
    el("section", { class: "walk-part" }, el("h2", {}, say("signature")), el("p", { class: "soft" }, say("signature-why")), signers, name,
      el("label", { class: "agree" }, agrees, el("span", {}, say("present-and-agrees"))),
      el("h3", {}, say("or-unsigned")), chips, why, note),
    el("div", { class: "save-bar" }, el("button", { type: "button", class: "button back", onclick: back }, say("back")), done));
}
