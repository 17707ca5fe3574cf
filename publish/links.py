"""Which addresses outside the book answer: a report that stops nothing, by ``make links``.

The links are those of the built pages. Sphinx's own checker asks for each of them once, with its pauses for
hosts that want one; where there is no network at all, the report lists the links and says so.
"""

import os
import re
import socket
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from publish.report import tell

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
REPORT = ROOT / "_build" / "links" / "report.md"
PROBES = 3
"""How many hosts must fail to answer before the network counts as missing."""

MEANT = {
    "broken": "Broken: look whether the page has moved, or name another record",
    "timeout": "No answer in time",
    "rate-limited": "Asked to wait longer than the check did",
    "redirected": "Moved: the address still leads there",
    "ignored": "Not asked",
    "unchecked": "Not asked",
    "working": "Working",
}
"""What the checker's words mean here, in the order of the report. A publisher that turns programs away counts as broken."""

Answers = dict[str, tuple[str, str]]
"""For each address a word of MEANT and what the host said."""


def collect(site: Path) -> dict[str, list[str]]:
    """Return every address outside the book, with the pages that link to it."""
    links: dict[str, set[str]] = defaultdict(set)
    for page in (*site.glob("*.html"), *site.glob("book/**/*.html")):
        for link in LexborHTMLParser(page.read_text(encoding="utf-8")).css("a[href^=http]"):
            links[str(link.attributes["href"])].add(page.relative_to(site).as_posix())
    return {address: sorted(pages) for address, pages in sorted(links.items())}


def reachable(addresses: Iterable[str], open_to: Callable[..., Any] = socket.create_connection) -> bool:
    """Say whether any of the first few hosts, of those that have a name, takes a connection."""
    named = sorted(
        {host for address in addresses if re.search("[a-z]", host := urlsplit(address).hostname or "")}
    )
    for host in named[:PROBES]:
        try:
            open_to((host, 443), timeout=5).close()
        except OSError:
            continue
        return True
    return not named


SETTINGS = {
    "linkcheck_timeout": 20,  # seconds
    "linkcheck_retries": 2,
    "linkcheck_rate_limit_timeout": 60,
    "linkcheck_workers": 5,
    "linkcheck_anchors": False,  # an anchor that a script makes would be called missing
    "linkcheck_ignore": [], "linkcheck_exclude_documents": [], "linkcheck_allowed_redirects": {},
    "linkcheck_auth": [], "linkcheck_request_headers": {}, "linkcheck_anchors_ignore": [],
    "linkcheck_anchors_ignore_for_url": [], "linkcheck_allow_unauthorized": False,
    "linkcheck_report_timeouts_as_broken": False, "tls_verify": True, "tls_cacerts": None, "user_agent": "",
}  # fmt: skip
"""All that Sphinx's checker looks up in a configuration."""


def ask(addresses: Iterable[str]) -> Answers:
    """Ask each address, by Sphinx's checker, and return what came of it."""
    from sphinx.builders.linkcheck import Hyperlink, HyperlinkAvailabilityChecker

    settings: Any = SimpleNamespace(**SETTINGS)
    links = {address: Hyperlink(address, "", "", 0) for address in addresses}
    answers = HyperlinkAvailabilityChecker(settings).check(links)
    return {answer.uri: (answer.status, answer.message) for answer in answers}


def report(links: dict[str, list[str]], answers: Answers | None) -> str:
    """Return the report: what does not answer first, each with the pages that lead there."""
    lines = ["# Links that lead out of the book", ""]
    if answers is None:
        lines += [f"{len(links)} links, and none was asked: no network can be reached from this machine.", ""]
        return "\n".join([*lines, *_listed(links, dict.fromkeys(links, ("", "")))]) + "\n"
    groups: dict[str, list[str]] = defaultdict(list)
    for address in links:
        groups[answers.get(address, ("unchecked", ""))[0]].append(address)
    lines += [
        f"{len(links)} links: " + ", ".join(f"{len(v)} {k}" for k, v in sorted(groups.items())) + ".",
        "",
    ]
    for word in sorted(groups, key=[*MEANT].index):
        lines += [f"## {MEANT[word]} ({len(groups[word])})", ""]
        if word != "working":
            lines += [*_listed({address: links[address] for address in groups[word]}, answers), ""]
    return "\n".join(lines) + "\n"


def _listed(links: dict[str, list[str]], answers: Answers) -> list[str]:
    told = {
        address: f": {answers[address][1]}" if answers.get(address, ("", ""))[1] else "" for address in links
    }
    return [f"- <{address}> on {', '.join(pages)}{told[address]}" for address, pages in links.items()]


def main() -> None:
    """Check the links of the built book; nothing that is found makes the command fail."""
    links = collect(HTML)
    tell(report(links, ask(links) if reachable(links) else None), REPORT)


if __name__ == "__main__":
    main()
    os._exit(0)  # the checker's threads may still wait for a host
