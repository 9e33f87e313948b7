// The daily report: the word beside a name follows what was tapped, exceptions are counted, a name is found.
// The page works without this module; what is sent is the form itself.

const form = document.querySelector("[data-day]");

function word(row, input) {
  const badge = document.createElement("span");
  const [style, sign] = { "": ["badge ok", "✓"], away: ["badge", "–"] }[input.value] ?? ["badge due", "!"];
  badge.className = style;
  badge.textContent = `${sign} ${input.parentElement.textContent.trim()}`;
  row.querySelector("[data-word]").replaceChildren(badge);
}

function count() {
  const all = form.querySelectorAll("input[type=radio]:checked:not([value=''])").length;
  form.querySelector("[data-exceptions]").textContent = String(all);
}

if (form) {
  for (const part of form.querySelectorAll("[data-needs-module]")) part.hidden = false;
  form.addEventListener("change", (event) => {
    const row = event.target.closest("[data-person]");
    if (!row || event.target.type !== "radio") return;
    word(row, event.target);
    count();
    if (event.target.value === "fever") row.querySelector(".day-degrees input").focus();
    if (event.target.value === "") row.querySelector("details").open = false;
  });
  form.querySelector("[data-find]").addEventListener("input", (event) => {
    const wanted = event.target.value.trim();
    for (const row of form.querySelectorAll("[data-person]")) row.hidden = !row.dataset.person.includes(wanted);
  });
  // Enter in the field that finds a name would send the report.
  form.querySelector("[data-find]").addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
