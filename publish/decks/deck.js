// Start reveal.js, unless the deck is read as a plain page.
if (document.documentElement.classList.contains("as-deck")) {
  const deck = document.querySelector("main > div");
  deck.classList.add("reveal");
  deck.firstElementChild.classList.add("slides");
  Reveal.initialize({
    width: 1280, height: 720, margin: 0.03, center: false, hash: true, transition: "none",
    slideNumber: "c/t", controlsTutorial: false, scrollActivationWidth: 0, pdfMaxPagesPerSlide: 1,
    plugins: [RevealNotes],
  });
}
