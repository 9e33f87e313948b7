// The list of passes: one box ticks every row of the page, and the number of ticked rows stands beside the buttons.
// Without this module every row is ticked by itself.

const form = document.querySelector("[data-passes]");
const boxes = form ? [...form.querySelectorAll("input[name=pick]")] : [];
const every = form?.querySelector("[data-every]");
const number = form?.querySelector("[data-number]");

function count() {
  const ticked = boxes.filter((box) => box.checked).length;
  if (number) number.textContent = String(ticked);
  if (every) {
    every.checked = ticked > 0 && ticked === boxes.length;
    every.indeterminate = ticked > 0 && ticked < boxes.length;
  }
}

if (every) {
  for (const part of form.querySelectorAll("[data-needs-module]")) part.hidden = false;
  every.addEventListener("change", () => {
    for (const box of boxes) box.checked = every.checked;
    count();
  });
  for (const box of boxes) box.addEventListener("change", count);
  // a browser keeps ticks when one comes back to the page
  window.addEventListener("pageshow", count);
  count();
}
