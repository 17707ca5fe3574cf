"""The policy of each page, and that pages keep it: read as files, then read in a browser as a reader would."""

import re
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from publish.policy import DATA, EXEMPT, hash_of, of_deck, settle_policy
from publish.prints import paper_deck

META = "meta[http-equiv=Content-Security-Policy]"
DECKS = "slides"


@pytest.fixture(scope="module")
def trees(html: Path) -> dict[str, LexborHTMLParser]:
    """Every page of the site but those that are exempt, and the theme's fragments."""
    named = {p.relative_to(html): p for p in html.rglob("*.html")}
    ours = {n.as_posix(): p for n, p in named.items() if n.parts[0] not in {"_static", *EXEMPT}}
    return {name: LexborHTMLParser(path.read_text(encoding="utf-8")) for name, path in ours.items()}


def test_every_page_has_a_policy_for_what_is_in_it_and_for_nothing_else(
    trees: dict[str, LexborHTMLParser],
) -> None:
    for name, tree in trees.items():
        assert tree.head and len(tree.css(META)) == 1, f"{name} has no policy: see publish/policy.py"
        before = tree.css(f"head > :not({META} ~ *)")
        assert {part.tag for part in before} <= {"meta"}, f"{name}: something comes before the policy"
        said = str(tree.css_first(META).attributes["content"])
        rules = {rule.split()[0]: rule.split()[1:] for rule in said.split(";")}
        base = ["'self'", "file:"] if name == "404.html" else ["'none'"]  # it is shown at any depth
        assert rules["default-src"] == ["'none'"] and rules["base-uri"] == base, name
        fetched = {source for sources in rules.values() for source in sources if "sha256-" not in source}
        if name.startswith(f"{DECKS}/"):  # the speaker's window: see of_deck
            assert len(re.findall("sha256-", said)) == 1 and "unsafe-inline" not in rules["script-src"]
            fetched -= {"'unsafe-inline'"}
        else:
            scripts = [
                s.text() for s in tree.css("script:not([src])") if s.attributes.get("type") not in DATA
            ]
            held = {hash_of(text) for text in scripts + [style.text() for style in tree.css("style")]}
            assert held == set(re.findall(r"'sha256-[^']+'", said)), name
        assert fetched <= {"'none'", "'self'", "file:", "data:"}, f"{name}: {fetched}"
        assert len(said) <= 600, f"{name}: {len(said)} characters on every page"


def test_no_page_has_code_or_styles_in_attributes(trees: dict[str, LexborHTMLParser]) -> None:
    for name, tree in trees.items():
        parts = list(tree.root.traverse()) if tree.root else []
        handlers = {f"{p.tag} {key}" for p in parts for key in p.attributes if re.match(r"on[a-z]+$", key)}
        assert not handlers, f"{name}: a script of the book's should listen instead"
        styled = {f"{p.tag} {p.attributes['style']}" for p in parts if "style" in p.attributes}
        assert not styled, f"{name}: give it a class"
        assert not tree.css("a[href^='javascript:']"), name


def test_a_policy_may_be_settled_again_and_data_are_no_scripts() -> None:
    page = LexborHTMLParser(
        "<meta charset=utf-8><script>a && b</script><script type=application/json>{}</script>"
    )
    settle_policy(page)
    once = page.html
    settle_policy(page)
    assert page.html == once and str(once).count("sha256-") == 1
    assert hash_of("a && b") in str(once)


def test_a_speaker_window_that_changed_is_reported() -> None:
    window = "document.write(`<!-- --><script>a<\\/script>{}</html>`)"
    assert hash_of("a") in of_deck(window.format(""))
    with pytest.raises(ValueError, match="adapt"):
        of_deck(window.format("<script>b<\\/script>"))


def test_a_deck_on_paper_has_no_policy_that_would_refuse_its_sheet() -> None:
    window = "document.write(`<!-- --><script>a<\\/script></html>`)"
    page = f"<html><head>{of_deck(window)}</head><body><main><div><div><section></section></div></div></main>"
    assert "Content-Security-Policy" in page and "Content-Security-Policy" not in paper_deck(page)


LISTEN = """addEventListener("securitypolicyviolation", event => {
  (window.refused ||= []).push(`${event.effectiveDirective} ${event.blockedURI}`);
})"""
READ = """async () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
  for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
    scrollTo(0, y);
    await new Promise(requestAnimationFrame);
  }
  await Promise.all([...document.images].map(image => { image.loading = "eager"; return image.decode(); }));
  return document.styleSheets.length && [...document.images].every(image => image.naturalWidth);
}"""
ATTACK = """async () => {
  const script = document.createElement("script");
  script.textContent = "window.ran = 'a script'";
  document.body.append(script);
  document.body.insertAdjacentHTML("beforeend", `<img src="data:," onerror="window.ran = 'an attribute'">`);
  document.body.insertAdjacentHTML("beforeend", `<base href="https://example.org/">`);
  document.body.insertAdjacentHTML("beforeend", `<iframe src="https://example.org/"></iframe>`);
  const sent = await fetch("https://example.org/").then(() => "sent", () => "refused");
  return [window.ran ?? null, sent];
}"""


@pytest.mark.parametrize("place", ["a server", "a folder"])
def test_a_reader_meets_no_refusal_and_an_intruder_does(
    html: Path, site: str, browser: Any, place: str
) -> None:
    top = site if place == "a server" else html.as_uri()
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.add_init_script(LISTEN)
    tab = context.new_page()
    printed = "window.printed = 0; window.print = () => { window.printed += 1; }"
    context.add_init_script(printed)
    tab.goto(f"{top}/book/russia.html")
    assert tab.evaluate(READ), "the style sheet or a figure is missing"
    tab.locator(".theme-switch-button").first.click()
    tab.get_by_role("button", name="Download this page").click()
    tab.locator("[data-does=print]").first.click()
    assert tab.evaluate("window.printed") == 1
    tab.locator("[data-does=full-screen]").first.click()
    tab.wait_for_function("document.fullscreenElement")
    tab.evaluate("document.exitFullscreen()")
    tab.locator("article p a[href^='glossary.html#term-']").first.hover()
    tab.locator(".note-box").wait_for()
    tab.locator("article p a[href^='#ref-']").first.hover()
    tab.locator("div.highlight button.copybtn").first.wait_for(state="attached")
    assert not tab.evaluate("window.refused")
    assert tab.evaluate(ATTACK) == [None, "refused"]
    for kind in ("script-src-elem", "script-src-attr", "base-uri", "connect-src", "frame-src"):
        tab.wait_for_function("kind => window.refused.some(told => told.startsWith(kind))", arg=kind)
    tab.goto(f"{top}/book/claims.html")
    tab.locator(".ledger-filter input").first.fill("veto")
    tab.locator(".search-button-field").click()
    tab.locator("#pst-search-dialog input").fill("veto")
    assert not tab.evaluate("window.refused")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=veto**")
    tab.locator("#search-results li a").first.wait_for()
    assert not tab.evaluate("window.refused")
    context.close()
