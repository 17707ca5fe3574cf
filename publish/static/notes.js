/* A citation, a term or a claim is shown beside its link while the mouse is over it or the keyboard on it.
   What is on the page is read from the page; the rest comes from one small script for each page that it is on
   (publish/notes.py), asked for when first needed, so that it works from a folder as well. Escape closes the
   box, the mouse may move into it, and on a touch screen the link is a plain link. */
(() => {
  const links = "a[href*='#ref-'], a[href*='#term-'], a[href*='#claim-']";
  const top = document.documentElement.dataset.content_root || "";
  const pages = { ref: "bibliography", term: "glossary", claim: "claims" };
  const files = ["_static/notes-bibliography.js", "_static/notes-glossary.js", "_static/notes-claims.js"];
  const known = {};
  const box = document.createElement("div");
  box.className = "note-box";
  box.id = "note-box";
  box.setAttribute("role", "tooltip");
  box.hidden = true;
  let owner = null;
  let timer = 0;

  window.bookNotes = (page, notes) => known[page].resolve(notes);

  function load(page) {
    if (!known[page]) {
      known[page] = {};
      known[page].notes = new Promise((resolve) => { known[page].resolve = resolve; });
      const script = document.createElement("script");
      script.src = top + files.find((file) => file.includes(page));
      document.head.append(script);
    }
    return known[page].notes;
  }

  function onPage(anchor) {
    const target = document.getElementById(anchor);
    if (!target) return "";
    const part = anchor.startsWith("term-") ? target.nextElementSibling
      : anchor.startsWith("ref-") ? target.querySelector(":scope > p") : null;
    return part ? part.textContent : "";
  }

  async function show(link) {
    const anchor = decodeURIComponent(link.hash.slice(1));
    const card = document.getElementById(anchor);
    if (card && card.contains(link)) return; // a card that links to itself in the ledger, or the other way round
    if (owner === link) return;
    hide();
    owner = link;
    const text = onPage(anchor) || (await load(pages[anchor.split("-")[0]]))[anchor];
    if (owner !== link || !text) return;
    box.textContent = text;
    box.hidden = false;
    const place = link.getClientRects()[0];
    const room = document.documentElement.clientWidth;
    const below = place.bottom + box.offsetHeight + 8 < innerHeight || place.top < box.offsetHeight + 8;
    box.style.left = `${Math.max(8, Math.min(place.left, room - box.offsetWidth - 8)) + scrollX}px`;
    box.style.top = `${(below ? place.bottom : place.top - box.offsetHeight) + scrollY}px`;
    link.setAttribute("aria-describedby", box.id);
  }

  function hide() {
    clearTimeout(timer);
    if (owner) owner.removeAttribute("aria-describedby");
    owner = null;
    box.hidden = true;
  }

  function later(act, milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds);
  }

  const article = document.querySelector("article");
  if (!article) return;
  document.body.append(box);
  article.addEventListener("pointerover", (event) => {
    const link = event.target.closest(links);
    if (link && event.pointerType === "mouse") later(() => show(link), 150);
  });
  article.addEventListener("pointerout", (event) => {
    if (event.target.closest(links) && event.pointerType === "mouse") later(hide, 300);
  });
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => later(hide, 300));
  article.addEventListener("focusin", (event) => {
    const link = event.target.closest(links);
    if (link && link.matches(":focus-visible")) show(link);
  });
  article.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && owner) hide();
  });
})();
