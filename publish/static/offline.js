/* Lets the browser keep the pages that were read and offer the book as an app: publish/offline/worker.js says how.
   From a folder on a disk there is nothing to keep. What was fetched before the worker was there is asked for once more,
   and the browser's own cache answers. */
(() => {
  if (!/^http/.test(location.protocol)) return;
  const top = document.documentElement.dataset.content_root || "";
  const link = document.createElement("link");
  link.rel = "manifest";
  link.href = `${top}manifest.webmanifest`;
  document.head.append(link);
  const workers = navigator.serviceWorker;
  if (!workers) return;
  if (!workers.controller) {
    workers.addEventListener("controllerchange", () => {
      for (const { name } of [{ name: location.href }, ...performance.getEntriesByType("resource")]) fetch(name, { cache: "force-cache" }).catch(() => {});
    }, { once: true });
  }
  workers.register(`${top}sw.js`).catch(() => {});
})();
