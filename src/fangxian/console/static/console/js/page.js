// What every page gets: the menu folds on a phone, a form is sent once, and the focus goes to the first mistake.
// Every page works without this module.

const phone = window.matchMedia("(max-width: 46rem)");
const menu = document.querySelector(".nav-fold");

function foldMenu() {
  if (menu) menu.open = !phone.matches;
}

foldMenu();
phone.addEventListener("change", foldMenu);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post") return;
  form.dataset.sent = "1";
  // A form whose answer is a file leaves this page standing, and may be wanted a second time.
  setTimeout(() => delete form.dataset.sent, 4000);
});

// A page that comes back from the history cache may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.querySelector(".has-error :is(input, select, textarea)")?.focus();

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// <div data-poll="/path" data-poll-seconds="2">: the answer replaces the content; an answer without data-poll-again ends it.
function poll(place) {
  const seconds = Number(place.dataset.pollSeconds || 2);
  setTimeout(async () => {
    if (document.hidden) return poll(place);
    try {
      const answer = await fetch(place.dataset.poll, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
      if (answer.ok) place.innerHTML = await answer.text();
      if (!place.querySelector("[data-poll-again]")) {
        if (place.dataset.pollThen) window.location.assign(place.dataset.pollThen);
        return undefined;
      }
    } catch {
      // The network is away: the next turn asks again.
    }
    return poll(place);
  }, seconds * 1000);
}

for (const place of document.querySelectorAll("[data-poll]")) poll(place);
