// A photo made small before it is kept or sent: what a phone's camera makes is larger than a network in a garage carries.
// Drawing it anew also leaves behind where and when it was taken.

export const EDGE = 1600;
export const THUMB = 160;
// a decoded picture takes some twenty times its file: beyond this a phone gives up the page, and with it what was not kept
const MOST_BYTES = 80 * 1024 * 1024;

export const megabytes = (file) => Math.ceil(file.size / (1024 * 1024));

// The decoded picture, to be closed. Throws an Error whose message is "large" or "unreadable".
export async function decode(file) {
  if (file.size > MOST_BYTES) throw new Error("large");
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error("unreadable");
  }
}

// A JPEG of at most `edge` pixels, as a Blob.
export function jpegOf(picture, edge, quality) {
  const scale = Math.min(1, edge / Math.max(picture.width, picture.height));
  const sheet = document.createElement("canvas");
  sheet.width = Math.max(1, Math.round(picture.width * scale));
  sheet.height = Math.max(1, Math.round(picture.height * scale));
  sheet.getContext("2d").drawImage(picture, 0, 0, sheet.width, sheet.height);
  return new Promise((resolve) => sheet.toBlob(resolve, "image/jpeg", quality));
}
