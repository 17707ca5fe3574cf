/* The bar of a page. What its buttons do, and its menus: a button opens its list; Escape, a click elsewhere or leaving it closes it. */
(() => {
  const does = { print: () => window.print(), "full-screen": () => window.toggleFullScreen() };
  for (const button of document.querySelectorAll("[data-does]")) {
    button.addEventListener("click", () => does[button.dataset.does]());
  }

  const buttons = [...document.querySelectorAll("[data-bs-toggle='dropdown']")];
  const listOf = (button) => button.parentElement.querySelector(".dropdown-menu");

  function set(button, open) {
    button.setAttribute("aria-expanded", open);
    listOf(button).classList.toggle("show", open);
  }

  const isOpen = (button) => button.getAttribute("aria-expanded") === "true";

  for (const button of buttons) {
    if (!listOf(button)) continue;
    button.addEventListener("click", () => set(button, !isOpen(button)));
    button.parentElement.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !button.parentElement.contains(event.relatedTarget)) set(button, false);
    });
    button.parentElement.addEventListener("keydown", (event) => {
      const entries = [...listOf(button).querySelectorAll("a, button")];
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape" && isOpen(button)) {
        set(button, false);
        button.focus();
      } else if (step) {
        event.preventDefault();
        set(button, true);
        const here = entries.indexOf(document.activeElement);
        entries[here < 0 ? (step > 0 ? 0 : entries.length - 1) : (here + step + entries.length) % entries.length].focus();
      }
    });
  }
  document.addEventListener("click", (event) => {
    for (const button of buttons) if (isOpen(button) && !button.parentElement.contains(event.target)) set(button, false);
  });
})();
