// The photos of one answer: taken, made small, sealed, shown as thumbnails, taken off again.

import { el, say } from "../field/dom.js";
import { fromBase64, toBase64 } from "../field/seal.js";
import { EDGE, THUMB, decode, jpegOf, megabytes } from "./shrink.js";

const MOST = Number(document.body.dataset.mostPhotos);

// { jpeg, thumb }: both Base64. Throws an Error with words for the person.
async function shrink(file) {
  let picture;
  try {
    picture = await decode(file);
  } catch (error) {
    throw new Error(say(`photo-${error.message}`, { n: megabytes(file) }));
  }
  try {
    const [jpeg, thumb] = [await jpegOf(picture, EDGE, 0.82), await jpegOf(picture, THUMB, 0.7)];
    return { jpeg: toBase64(await jpeg.arrayBuffer()), thumb: toBase64(await thumb.arrayBuffer()) };
  } finally {
    picture.close();
  }
}

function image(thumb, alt) {
  const url = URL.createObjectURL(new Blob([fromBase64(thumb)], { type: "image/jpeg" }));
  return el("img", { src: url, alt, onload: () => URL.revokeObjectURL(url) });
}

// The photos of one answer. `photos`: [{ id, thumb }], changed in place; `changed()` after each.
export function photoRow(app, photos, what, changed) {
  const row = el("div", { class: "photos" });
  const input = el("input", { type: "file", accept: "image/*", capture: "environment", multiple: true, "data-photo": true });
  const said = el("p", { class: "photo-said", role: "status", hidden: true });
  const redraw = () => row.replaceChildren(...photos.map(shown), add);
  const shown = (photo, index) => {
    const name = say("photo-of", { n: index + 1, what });
    const remove = el("button", { type: "button", class: "photo-off", "aria-label": say("photo-off", { n: index + 1 }), onclick: () => takeOff(photo) }, "✕");
    return el("figure", {}, image(photo.thumb, name), remove);
  };
  const takeOff = async (photo) => {
    photos.splice(photos.indexOf(photo), 1);
    await app.dropPhoto(photo.id);
    await changed();
    redraw();
  };
  const add = el("label", { class: "photo-add" }, el("span", { "aria-hidden": "true" }, "◉"), say("take-photo"), input);
  input.addEventListener("change", async () => {
    const files = [...input.files];
    input.value = "";
    const faults = [];
    if (photos.length + files.length > MOST) faults.push(say("photo-most", { n: MOST }));
    for (const file of files.slice(0, Math.max(0, MOST - photos.length))) {
      said.textContent = say("photo-shrinking");
      said.hidden = false;
      try {
        photos.push(await app.keepPhoto(await shrink(file)));
        await changed();
        redraw();
      } catch (error) {
        faults.push(error.message);
      }
    }
    said.textContent = faults.join(" ");
    said.hidden = !faults.length;
    said.className = faults.length ? "photo-said text-gap" : "photo-said";
  });
  redraw();
  return el("div", { class: "photo-box" }, row, said);
}
