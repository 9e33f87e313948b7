// Photos of a form made small before they are sent. Without this module they are sent as they are.

import { EDGE, decode, jpegOf, megabytes } from "./inspect/shrink.js";

function prepare(input) {
  const said = input.form.querySelector("[data-said]");
  const button = input.form.querySelector("button:not([type=button])");
  input.addEventListener("change", async () => {
    const kept = new DataTransfer();
    const faults = [];
    button.disabled = true;
    for (const file of input.files) {
      try {
        const picture = await decode(file);
        kept.items.add(new File([await jpegOf(picture, EDGE, 0.82)], "photo.jpg", { type: "image/jpeg" }));
        picture.close();
      } catch (error) {
        faults.push(said.dataset[error.message].replace("{n}", String(megabytes(file))));
      }
    }
    input.files = kept.files;
    button.disabled = false;
    said.textContent = [said.dataset.ready.replace("{n}", String(kept.files.length)), ...faults].join(" ");
    said.classList.toggle("text-gap", faults.length > 0);
    said.hidden = false;
  });
}

for (const input of document.querySelectorAll("input[type=file][data-shrink]")) prepare(input);
