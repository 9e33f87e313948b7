// The committee's desk: one box ticks every row that is still open, the ticked rows are counted, a text is copied.
// Without this module every row is ticked by itself and a text is marked by hand.

for (const form of document.querySelectorAll("[data-chooser]")) {
  const every = form.querySelector("[data-every]");
  const number = form.querySelector("[data-number]");
  const boxes = [...form.elements].filter((one) => one.name === every.dataset.every);
  const open = boxes.filter((box) => !("told" in box.dataset));

  const count = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    if (number) number.textContent = String(ticked);
    every.checked = open.length > 0 && open.every((box) => box.checked);
    every.indeterminate = ticked > 0 && !every.checked;
  };

  for (const part of form.querySelectorAll("[data-needs-module]")) part.hidden = false;
  every.addEventListener("change", () => {
    for (const box of open) box.checked = every.checked;
    count();
  });
  for (const box of boxes) box.addEventListener("change", count);
  // a browser keeps ticks when one comes back to the page
  window.addEventListener("pageshow", count);
  count();
}

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = button.parentElement.querySelector("textarea");
      await navigator.clipboard.writeText(text.value);
      text.select();
    });
  }
}
