// Before anything is drawn: the book's theme, and whether this is a deck or a plain page.
// A narrow screen gets the plain page; so does one without scripts, since nothing here runs there. The small
// frames of the speaker's window show the deck, whose notes that window takes from them.
(() => {
  const root = document.documentElement;
  let mode = "";
  try { mode = localStorage.getItem("mode"); } catch { /* storage is off: follow the system */ }
  const print = /print-pdf/.test(location.search);
  const framed = /[?&]receiver\b/.test(location.search);
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = print ? "light" : ["light", "dark"].includes(mode) ? mode : system;
  if (!print && !framed && !matchMedia("(min-width: 700px)").matches) return;
  root.classList.add("as-deck");
  const sheet = document.createElement("link");
  Object.assign(sheet, { rel: "stylesheet", href: "reveal.css" });
  document.head.prepend(sheet);
})();
