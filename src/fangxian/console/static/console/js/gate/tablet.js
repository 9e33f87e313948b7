// The gate's tablet: registered once, a guard at a time, one person after another, with or without a network.

import { addGuard, drawEnrol, drawGuards } from "./enrol.js";
import * as engine from "./engine.js";
import { drawMain, scanned, setUp } from "./main.js";
import { forget } from "./photo.js";
import { wake } from "./sound.js";
import { listen } from "./wedge.js";

const { tablet } = engine;
const at = document.body.dataset;
const IDLE_MS = 30 * 60_000;
let idle = null;

function draw() {
  document.body.classList.toggle("at-work", Boolean(tablet.token && tablet.guard));
  if (!tablet.token) return drawEnrol(draw);
  if (!tablet.guard) return drawGuards(draw);
  touched();
  return drawMain();
}

function lock() {
  tablet.guard = null;
  forget();
  draw();
}

function touched() {
  clearTimeout(idle);
  if (tablet.guard) idle = setTimeout(lock, IDLE_MS);
}

for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => {
    wake();
    touched();
  }, { passive: true });
}
listen((text) => {
  if (tablet.token && tablet.guard) scanned(text);
});
setUp({ lock, redraw: draw });

if ("serviceWorker" in navigator) navigator.serviceWorker.register(at.worker, { scope: at.scope });

await engine.load();
engine.start();
if (tablet.token && new URLSearchParams(location.search).has("guard")) {
  history.replaceState(null, "", location.pathname);
  await addGuard(draw);
} else {
  draw();
}
await engine.sync();
