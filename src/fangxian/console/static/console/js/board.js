// Keeps a board alive: asks for what changed since its own version and swaps only those pieces. 304 changes nothing,
// a hidden tab asks nothing, and without this module the page is a plain table of the moment it was opened.

const board = document.querySelector("[data-board]");
const SLOWEST_SECONDS = 120;

function show(pieces) {
  const fresh = new DOMParser().parseFromString(pieces, "text/html");
  for (const piece of fresh.querySelectorAll("[data-key]")) {
    const old = document.querySelector(`[data-key="${CSS.escape(piece.dataset.key)}"]`);
    if (!old) continue;
    const next = document.importNode(piece, true);
    next.classList.add("changed");
    old.replaceWith(next);
  }
}

function tell(state) {
  for (const word of board.querySelectorAll("[data-live]")) word.hidden = word.dataset.live !== state;
}

function start() {
  const usual = Number(board.dataset.seconds || 5);
  let version = board.dataset.version;
  let pause = usual;
  let timer = 0;

  async function ask() {
    timer = 0;
    if (document.hidden) return;
    try {
      const address = new URL(board.dataset.board, window.location.href);
      address.searchParams.set("since", version);
      const answer = await fetch(address, { headers: { "If-None-Match": `"${version}"` }, credentials: "same-origin", cache: "no-store" });
      if (answer.status === 200) {
        show(await answer.text());
        version = answer.headers.get("ETag").replaceAll('"', "").replace(/^W\//, "");
      } else if (answer.status !== 304) {
        throw new Error(String(answer.status));
      }
      pause = usual;
      tell("on");
    } catch {
      pause = Math.min(pause * 2, SLOWEST_SECONDS);
      tell("off");
    }
    plan();
  }

  function plan() {
    if (!timer) timer = setTimeout(ask, pause * 1000);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(timer);
      timer = 0;
    } else if (!timer) {
      ask();
    }
  });
  tell("on");
  plan();
}

if (board) start();
