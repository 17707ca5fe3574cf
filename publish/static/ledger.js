/* The ledger's filter: shows the rows that hold the words and match the choices. The page is whole without it. */
(() => {
  const form = document.querySelector(".ledger-filter");
  if (!form) return;
  const rows = [...document.querySelectorAll(".ledger-table tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const status = form.querySelector("[role=status]");
  const marks = rows.map((row) => ({
    chapter: row.querySelector("a[href*='#claim-']").getAttribute("href").split(".html")[0],
    kind: row.querySelector("small").textContent.match(/; ([^;]*)\)$/)[1],
    verdict: row.querySelector("b").textContent.toLowerCase(),
  }));

  function filter() {
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      const fits =
        words.every((word) => texts[i].includes(word)) &&
        Object.entries(marks[i]).every(([key, mark]) => [mark, ""].includes(form.elements[key].value));
      row.hidden = !fits;
      shown += fits;
    });
    const advice = shown ? "" : ". Try fewer letters, another spelling, or Show all";
    status.textContent = `${shown} of ${rows.length} claims${advice}`;
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.hidden) form.reset();
  });
  form.hidden = false;
  filter();
})();
