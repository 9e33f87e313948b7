// Talking to the server: who is there, and handing over what waits. Everything may be sent again without harm.

import * as store from "./store.js";

const BATCH = 100;
const PATIENCE_MS = 20_000;
const at = document.body.dataset;

async function ask(path, options = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    return await fetch(path, { credentials: "same-origin", redirect: "manual", cache: "no-store", signal: stop.signal, ...options });
  } finally {
    clearTimeout(timer);
  }
}

function post(path, token, body) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(body),
  });
}

// { net: "away" | "signed-out" | "there", ... }: `skewUs` is server minus phone.
export async function hello() {
  let answer;
  try {
    answer = await ask(at.hello);
  } catch {
    return { net: "away" };
  }
  if (answer.type === "opaqueredirect" || answer.status === 403) return { net: "signed-out" };
  if (!answer.ok) return { net: "away" };
  const said = await answer.json();
  return { net: "there", ...said, skewUs: said.server_us - Date.now() * 1000 };
}

// Whether the server still lets this phone keep its pack; without an answer it does.
export async function packLives(id) {
  try {
    const answer = await ask(`${at.pack}${id}/`);
    return answer.ok ? (await answer.json()).live : true;
  } catch {
    return true;
  }
}

// Throws an Error with a text for the person when the server did not give one.
export async function takePack(greeting, grounds) {
  const answer = await post(at.pack, greeting.token, { grounds });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return { ...said.pack, offset_us: said.server_us - Date.now() * 1000 };
}

let running = null;

// Hand over everything that waits and was not refused before. Returns the last greeting.
export function send() {
  running ??= sendAll().finally(() => (running = null));
  return running;
}

async function sendAll() {
  const greeting = await hello();
  if (greeting.net !== "there") return greeting;
  for (;;) {
    const items = (await store.waiting()).filter((item) => !item.refused).slice(0, BATCH);
    if (!items.length) return greeting;
    const sealed = items.map(({ id, pack, key, point, nonce, data }) => ({ id, pack, key, point, nonce, data }));
    let answer;
    try {
      answer = await post(at.sync, greeting.token, { device_us: Date.now() * 1000, items: sealed });
    } catch {
      return { net: "away" };
    }
    if (!answer.ok) return { ...greeting, fault: true };
    await store.settle((await answer.json()).items);
  }
}
