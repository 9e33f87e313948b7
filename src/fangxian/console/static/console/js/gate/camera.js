// The tablet's camera as a scanner. Pictures are looked at and forgotten; none is kept or sent.

import { decodeQR } from "../../../vendor/qr/decode.js";

const LOOK_EVERY_MS = 120;
const SAME_MS = 4_000;
const MOST_SIDE = 720;

let stream = null;
let timer = null;
let last = { text: "", when: 0 };

export const running = () => stream !== null;

// Throws what the browser says when there is no camera or it may not be used.
export async function start(video, onscan) {
  stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 } }, audio: false });
  show(video);
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const look = () => {
    const shown = document.querySelector("video[data-camera]");
    const text = shown?.videoWidth ? textIn(shown, canvas, pen) : null;
    const again = text === last.text && performance.now() - last.when < SAME_MS;
    if (text) last = { text, when: performance.now() };
    if (text && !again) onscan(text);
    if (stream) timer = setTimeout(look, LOOK_EVERY_MS);
  };
  timer = setTimeout(look, LOOK_EVERY_MS);
}

// The screen is drawn anew for each person; the picture goes on in the new element.
export function show(video) {
  if (!stream) return;
  video.srcObject = stream;
  video.play().catch(() => {});
}

export function stop() {
  clearTimeout(timer);
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
}

function textIn(video, canvas, pen) {
  const scale = Math.min(1, MOST_SIDE / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  pen.drawImage(video, 0, 0, canvas.width, canvas.height);
  try {
    return decodeQR(pen.getImageData(0, 0, canvas.width, canvas.height));
  } catch {
    return null; // no code in this picture
  }
}
