// A scanner that types like a keyboard: a fast burst of keys that ends with Enter, wherever the focus is.

const SLOWEST_MS = 60;
const SHORTEST = 6;

let typed = "";
let last = 0;

function key(event, onscan) {
  if (event.target instanceof HTMLInputElement || event.ctrlKey || event.altKey || event.metaKey) return;
  const now = performance.now();
  if (now - last > SLOWEST_MS) typed = "";
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
