/* A button on each block of code that copies it. Where the browser offers no clipboard there is none. */
(() => {
  if (!navigator.clipboard) return;
  const icon = (shapes) =>
    `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">${shapes}</svg>`;
  const sheets = icon('<rect x="8" y="8" width="12" height="12" rx="2"/><path d="M16 8v-2a2 2 0 0 0-2-2h-8a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h2"/>');
  const tick = icon('<path d="M5 12l5 5l10-10"/>');
  const said = document.body.appendChild(document.createElement("p"));
  said.className = "visually-hidden";
  said.setAttribute("role", "status");

  for (const block of document.querySelectorAll("div.highlight")) {
    if (block.closest(".cell_output")) continue; // what code gave is not code
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copybtn";
    button.title = "Copy this code";
    button.setAttribute("aria-label", button.title);
    button.innerHTML = sheets;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("pre").textContent);
      button.innerHTML = tick;
      button.classList.add("success");
      said.textContent = "Copied";
      setTimeout(() => {
        button.innerHTML = sheets;
        button.classList.remove("success");
        said.textContent = "";
      }, 2000);
    });
    block.append(button);
  }
})();
