// Parts of a filing keep themselves while they are typed, and supplies say at once how long they last.
// Every page works without this module: its buttons keep the same things.

const WAIT_MS = 1200;

function days(field, form) {
  const place = form.querySelector(`[data-days-of="${field.name}"]`);
  const perDay = Number(field.dataset.perDay);
  if (!place || field.value === "" || !(Number(field.value) >= 0)) return;
  const lasts = perDay ? Number(field.value) / perDay : Infinity;
  const enough = lasts >= Number(form.dataset.supplyDays);
  const words = lasts === Infinity ? form.dataset.always : enough ? form.dataset.lasts : form.dataset.short;
  place.textContent = `${enough ? "✓" : "✕"} ${words.replace("{n}", Math.floor(lasts * 10) / 10)}`;
  place.className = `firm-days ${enough ? "text-ok" : "text-gap"}`;
}

function keeper(form) {
  const place = form.querySelector(".firm-kept");
  let timer = 0;
  let running = false;
  let again = false;

  async function keep() {
    if (form.dataset.sent) return;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      const answer = await fetch(form.dataset.keep, {
        method: "POST",
        body: new FormData(form),
        credentials: "same-origin",
        headers: { "X-Requested-With": "fetch" },
      });
      const said = answer.headers.get("content-type")?.startsWith("application/json") ? (await answer.json()).said : "";
      place.textContent = said || form.dataset.failed;
      place.classList.toggle("not-kept", !answer.ok);
    } catch {
      place.textContent = form.dataset.failed;
      place.classList.add("not-kept");
    }
    running = false;
    if (again) {
      again = false;
      keep();
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, WAIT_MS);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
}

for (const form of document.querySelectorAll("form[data-keep]")) keeper(form);
for (const form of document.querySelectorAll("form[data-supply-days]")) {
  for (const field of form.querySelectorAll("[data-per-day]")) {
    field.addEventListener("input", () => days(field, form));
    days(field, form);
  }
}
