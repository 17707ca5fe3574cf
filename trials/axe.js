/* What axe-core finds on the open page, as [rule, elements, examples]: read by trials/reading.py and by the tests.
   Contrast is measured once for each style on a page: of all elements with the same names and classes up to
   the top one is enough, and a chapter has thousands. Every other rule looks at everything. Without preload,
   axe does not fetch the style sheets a second time. */
async () => {
  document.querySelectorAll("details").forEach((part) => { part.open = true; });
  const style = (part) => {
    let path = "";
    for (; part; part = part.parentElement)
      path += `>${part.tagName}.${part.getAttribute("class")}[${part.getAttribute("style")}]`;
    return path;
  };
  const all = [...document.body.querySelectorAll("*")];
  const seen = new Set();
  const kept = new Set([document.body]);
  for (let part of all) {
    const path = style(part);
    if (seen.has(path)) continue;
    seen.add(path);
    for (; !kept.has(part); part = part.parentElement) kept.add(part);
  }
  for (const part of all)
    if (!kept.has(part) && kept.has(part.parentElement)) part.dataset.repeat = "";
  const options = { resultTypes: ["violations"], preload: false };
  const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const off = { "color-contrast": { enabled: false } };
  const found = [
    ...(await axe.run(document, { ...options, runOnly: rules, rules: off })).violations,
    ...(await axe.run({ exclude: [["[data-repeat]"]] }, { ...options, runOnly: ["color-contrast"] })).violations,
  ];
  return found.map((rule) => [rule.id, rule.nodes.length, rule.nodes.slice(0, 5).map(
    (node) => `${node.html.slice(0, 160)} (${node.failureSummary.split("\n").pop().trim()})`)]);
}
