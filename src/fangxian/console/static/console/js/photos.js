// Many photos at once: sent in parts, so that neither their number nor their size breaks a request, and each part's
// results are shown as they come. Without this module the form sends as many files as one request may bring.

const form = document.querySelector("[data-photos]");
const most = Number(form.dataset.most);
const MOST_BYTES = 30 * 1024 * 1024;
const progress = form.querySelector("[data-progress]");
const results = document.querySelector("[data-results]");
const body = results.querySelector("tbody");
const button = form.querySelector("button");

form.querySelector("[data-without-module]").remove();

function parts(files) {
  const made = [[]];
  let bytes = 0;
  for (const file of files) {
    if (made.at(-1).length === most || (bytes && bytes + file.size > MOST_BYTES)) {
      made.push([]);
      bytes = 0;
    }
    made.at(-1).push(file);
    bytes += file.size;
  }
  return made;
}

function tell(key, values) {
  let text = progress.dataset[key];
  for (const [name, value] of Object.entries(values)) text = text.replace(`{${name}}`, String(value));
  progress.textContent = text;
  progress.hidden = false;
}

async function send(files) {
  const data = new FormData();
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  for (const file of files) data.append("photos", file);
  const answer = await fetch(form.action, { method: "POST", body: data, headers: { "X-Part": "1" }, redirect: "error" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  body.append(made.content);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const files = [...form.elements.photos.files];
  if (!files.length || button.disabled) return;
  button.disabled = true;
  body.replaceChildren();
  results.querySelector("p.soft")?.remove();
  results.hidden = false;
  let sent = 0;
  try {
    for (const part of parts(files)) {
      tell("sending", { n: sent, all: files.length });
      await send(part);
      sent += part.length;
    }
    tell("done", { all: files.length, bad: body.querySelectorAll('tr:not([data-badge="ok"])').length });
    form.reset();
  } catch {
    tell("broken", { n: sent, all: files.length, names: files.slice(sent).map((file) => file.name).join(", ") });
  } finally {
    button.disabled = false;
  }
});
