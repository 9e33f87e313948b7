// Talking to the server: who is there, and handing over what waits. Everything may be sent again without harm.
// The addresses are those of the page.

const BATCH = 100;
const PATIENCE_MS = 20_000;
const at = document.body.dataset;

async function ask(path, options = {}, patience = PATIENCE_MS) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience);
  try {
    return await fetch(path, { credentials: "same-origin", redirect: "manual", cache: "no-store", signal: stop.signal, ...options });
  } finally {
    clearTimeout(timer);
  }
}

function post(path, token, body, patience) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) }, patience);
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
export async function takePack(greeting, asked) {
  const answer = await post(at.pack, greeting.token, asked);
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return { ...said.pack, offset_us: said.server_us - Date.now() * 1000 };
}

// What the server says to these sealed records at once; null when it does not within `patience`.
export async function sendNow(greeting, items, patience) {
  try {
    const answer = await post(at.sync, greeting.token, { device_us: Date.now() * 1000, items }, patience);
    return answer.ok ? (await answer.json()).items : null;
  } catch {
    return null;
  }
}

// The JSON of an address of this site; null without an answer within `patience`.
export async function read(path, patience) {
  try {
    const answer = await ask(path, {}, patience);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

const bare = ({ id, pack, key, point, nonce, data }) => ({ id, pack, key, point, nonce, data });

async function reasonOf(answer) {
  try {
    return (await answer.json()).error;
  } catch {
    return `HTTP ${answer.status}`;
  }
}

// A queue that is handed over in order, `batch` records at a time. `send()` hands over everything that waits and was not
// refused before, and returns the last greeting. `more(item)` is what goes along beside the sealed record.
export function queueOf(store, { path = at.sync, batch = BATCH, patience = PATIENCE_MS, more = null } = {}) {
  let running = null;

  async function sendAll() {
    const greeting = await hello();
    if (greeting.net !== "there") return greeting;
    for (;;) {
      const items = (await store.waiting()).filter((item) => !item.refused).slice(0, batch);
      if (!items.length) return greeting;
      const sealed = await Promise.all(items.map(async (item) => ({ ...bare(item), ...(more ? await more(item) : {}) })));
      let answer;
      try {
        answer = await post(path, greeting.token, { device_us: Date.now() * 1000, items: sealed }, patience);
      } catch {
        return { net: "away" };
      }
      // one that goes alone and cannot be read does not hold up those behind it
      if (batch === 1 && (answer.status === 400 || answer.status === 413)) {
        await store.settle([{ id: items[0].id, status: "refused", reason: await reasonOf(answer) }]);
        continue;
      }
      if (!answer.ok) return { ...greeting, fault: true };
      const decided = (await answer.json()).items;
      await store.settle(decided);
      // what the server could not store now waits for the next time
      if (decided.length < items.length) return { ...greeting, fault: true };
    }
  }

  return {
    send() {
      running ??= sendAll().finally(() => (running = null));
      return running;
    },
  };
}
