/* The button that keeps the whole book: asks for every file that is not kept yet; the worker puts it into its cache. */
(async () => {
  const place = document.querySelector(".keep-book");
  const workers = navigator.serviceWorker;
  if (!place || !workers || !/^http/.test(location.protocol)) return;
  const top = new URL(document.documentElement.dataset.content_root, location.href).href;
  const addressOf = (path) => new URL(path, top).href;
  const button = place.querySelector("button");
  const status = place.querySelector("[role=status]");
  const said = { whole: "The whole book is kept on this device." };

  async function look() {
    const list = await (await fetch(addressOf("_static/offline.json"))).json();
    const name = (await caches.keys()).find((key) => key.endsWith(`${top} ${list.build}`));
    if (!name) return { lacking: Object.keys(list.files) };
    const cache = await caches.open(name);
    const held = new Set((await cache.keys()).map((request) => request.url));
    return { cache, lacking: Object.keys(list.files).filter((path) => !held.has(addressOf(path))) };
  }

  async function keep() {
    button.disabled = true;
    navigator.storage?.persist?.();
    const { lacking } = await look();
    let asked = 0;
    for (const path of lacking) {
      if (asked++ % 20 === 0) status.textContent = `${asked} of ${lacking.length} files`; // read aloud each time
      await fetch(addressOf(path)).then((response) => response.arrayBuffer()).catch(() => {});
    }
    const { cache, lacking: left } = await look();
    if (cache && !left.length) {
      await cache.put(addressOf("_static/whole"), new Response());
      status.textContent = said.whole;
    } else {
      button.disabled = false;
      status.textContent = `${left.length} files did not come. Press the button again for the rest.`;
    }
  }

  await workers.ready;
  if (!workers.controller) await new Promise((resolve) => workers.addEventListener("controllerchange", resolve, { once: true }));
  place.hidden = false;
  const { cache, lacking } = await look().catch(() => ({ lacking: [1] }));
  if (cache && !lacking.length) {
    button.disabled = true;
    status.textContent = said.whole;
  }
  button.addEventListener("click", () => keep().catch(() => {
    button.disabled = false;
    status.textContent = "The network does not answer. Press the button again later.";
  }));
})();
