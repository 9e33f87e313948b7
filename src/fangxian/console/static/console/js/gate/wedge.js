// A scanner that types like a keyboard: a fast burst of keys that ends with Enter, wherever the focus is.

const PREFIX = "FX1:";
const SLOWEST_MS = 100;
// once it is known to be a pass, a slow wireless scanner may take a breath
const SLOWEST_PASS_MS = 600;
const SHORTEST = 6;

let typed = "";
let last = 0;

function key(event, onscan) {
  if (event.target instanceof HTMLInputElement || event.ctrlKey || event.altKey || event.metaKey) return;
  // when the key was pressed, not when this busy page came to it
  const now = event.timeStamp;
  if (now - last > (typed.startsWith(PREFIX) ? SLOWEST_PASS_MS : SLOWEST_MS)) typed = "";
  last = now;
  if (event.key === "Enter") {
    const text = typed;
    typed = "";
    if (text.length < SHORTEST) return;
    event.preventDefault();
    onscan(text);
  } else if (event.key.length === 1) {
    // a space of the code must not press the button that happens to have the focus
    if (typed || event.key === " ") event.preventDefault();
    typed += event.key;
  }
}

export function listen(onscan) {
  document.addEventListener("keydown", (event) => key(event, onscan), { capture: true });
}
