/* Keeps what was read, so that it can be read again without a network. One cache belongs to one build of the book,
   and a file is put into it only when its hash is the one in that build's list (publish/offline/kept.py writes both),
   so what is served from it is never a mixture of editions. Pages come from the network while there is one. Downloads
   are left alone, and so is the browser door in lite/, which has a worker of its own; when that first starts it puts
   off every other worker of the host, and the next page of the book that is read puts this one on again. */
const BUILD = "{build}";
const SCOPE = self.registration.scope; // other books may live at the same host, and share its caches
const OURS = `testing-realism ${SCOPE} `;
const NAME = OURS + BUILD;
const LIST = "_static/offline.json";
const WHOLE = "_static/whole"; // the mark of a reader who asked for the whole book
const READ = /^(?:(?:book|_static|_images)\/.*|[^/]*)$/;

const addressOf = (path) => new URL(path, SCOPE).href;
const cacheOf = () => caches.open(NAME);
const held = async (path) => (await cacheOf()).match(addressOf(path));
let known;

function pathOf(address) {
  const path = decodeURI(new URL(address).pathname).slice(new URL(SCOPE).pathname.length);
  return path === "" || path.endsWith("/") ? `${path}index.html` : path;
}

async function readList() {
  let response = await held(LIST);
  if (!response) {
    response = await fetch(addressOf(LIST), { cache: "no-cache" });
    const list = await response.clone().json();
    if (list.build !== BUILD) throw new Error("The list of files is of another edition");
    await (await cacheOf()).put(addressOf(LIST), response.clone());
  }
  return response.json();
}

function list() {
  known ??= readList().catch((error) => {
    known = undefined;
    throw error;
  });
  return known;
}

/* Puts a file into the cache if it is the one of this build, and says whether it was. */
async function keep(path, response) {
  const wanted = (await list()).files[path];
  if (!wanted || !response.ok) return false;
  const body = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body)).slice(0, 8);
  if ([...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") !== wanted) return false;
  const headers = { "Content-Type": response.headers.get("Content-Type") || "" };
  await (await cacheOf()).put(addressOf(path), new Response(body, { headers }));
  return true;
}

const earlier = async () => (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== NAME);

/* A new edition is there only when all is there that was kept of the one before: until then that one stays. */
async function install() {
  const { core, files } = await list();
  const wanted = new Set(core);
  const before = await Promise.all((await earlier()).map((name) => caches.open(name)));
  for (const cache of before) {
    for (const request of await cache.keys()) wanted.add(pathOf(request.url));
    if (await cache.match(addressOf(WHOLE))) {
      for (const path of Object.keys(files)) wanted.add(path);
      await (await cacheOf()).put(addressOf(WHOLE), new Response());
    }
  }
  for (const path of wanted) {
    if (!files[path] || (await held(path))) continue;
    const olds = await Promise.all(before.map((cache) => cache.match(addressOf(path))));
    const kept = await Promise.all(olds.filter(Boolean).map((old) => keep(path, old)));
    if (kept.includes(true)) continue; // it did not change
    if (!(await keep(path, await fetch(addressOf(path), { cache: "no-cache" })))) throw new Error(`${path} did not come`);
  }
  await self.skipWaiting();
}

async function activate() {
  for (const name of await earlier()) await caches.delete(name);
  await self.clients.claim();
}

async function answer(event) {
  const { request } = event;
  let path = pathOf(request.url);
  if (path === LIST) return (await list(), held(LIST)); // the one of the edition that is served
  const { files } = await list().catch(() => ({ files: {} }));
  if (!files[path] && files[`${path}.html`]) path += ".html"; // as some hosts let addresses be written
  const stamp = new URL(request.url).search.slice(1);
  const named = path.startsWith("_images/") || (stamp && (files[path] || "").startsWith(stamp));
  const found = files[path] && (await held(path));
  if (named && found) return found; // its address says what is in it
  const response = await fetch(request).catch(() => undefined);
  if (response && response.ok && files[path]) {
    const kept = keep(path, response.clone()).catch(() => false);
    if (request.destination === "") await kept; // a script that asks for it wants to know that it is kept
    else event.waitUntil(kept);
  }
  if (response && (response.status < 500 || !found)) return response;
  return found || (request.mode === "navigate" ? sorry() : Response.error());
}

/* What stands in place of a page that was never read, with the way to those that were. */
async function sorry() {
  const items = [];
  for (const path of Object.keys((await list()).files).filter((name) => name.startsWith("book/"))) {
    const page = path.endsWith(".html") && (await held(path));
    if (!page) continue;
    const [, title] = (await page.text()).match(/<title>([^<]*?)(?: —[^<]*)?(?=<|$)/) || [];
    items.push(`<li><a href="${addressOf(path)}">${title || path}</a></li>`);
  }
  const pages = items.length ? `<p>These pages are:</p><ul>${items.join("")}</ul>` : "";
  const text = `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Not kept on this device</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body{font:1.1rem/1.5 Georgia,serif;max-width:40rem;margin:2rem auto;padding:0 1rem}li{margin:.5rem 0}</style>
<main><h1>This page is not kept on this device</h1><p>There is no network just now, or the book's server does not
answer, and this page has not been read here before, so that it could not be kept.</p>${pages}
<p><a href="">Try again</a></p></main></html>`;
  return new Response(text, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(SCOPE) && READ.test(pathOf(url))) event.respondWith(answer(event));
});
