{% autoescape off %}// The shell of a page that works alone, and nothing else: no page with personal data is ever kept here.
const MINE = "{{ cache }}";
const CACHE = `${MINE}{{ version }}`;
const SHELL = "{{ shell }}";
const PATIENCE_MS = {{ patience_ms }};
const FILES = {{ files }};

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([SHELL, ...FILES])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith(MINE) && name !== CACHE;
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))).then(() => self.clients.claim()),
  );
});

// A page below the shell's path comes from the network; where there is none, or it takes too long, the shell stands in.
async function page(request) {
  const shell = () => caches.open(CACHE).then((cache) => cache.match(SHELL));
  const late = PATIENCE_MS === null ? [] : [new Promise((resolve) => setTimeout(() => resolve(shell()), PATIENCE_MS))];
  try {
    return await Promise.race([fetch(request), ...late]);
  } catch {
    return shell();
  }
}

async function file(request) {
  return (await (await caches.open(CACHE)).match(request)) ?? fetch(request);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (FILES.includes(new URL(request.url).pathname)) event.respondWith(file(request));
});
{% endautoescape %}
