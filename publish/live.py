"""Write with the book open beside you: rebuild when a source is saved, and reload what the browser shows.

Run as ``python -m publish.live [PORT]`` from the top folder, by ``make live``. A build that fails says why
in the terminal and leaves the last good book in the browser.
"""

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Callable

from watchfiles import watch

from publish.build import HTML, ROOT, SOURCES, fingerprint

RELOAD = b'<script src="/live.js"></script>'  # a file, since a page's policy refuses new inline scripts
SCRIPT = b'new EventSource("/live").onmessage = () => location.reload();'


class Pages(http.server.SimpleHTTPRequestHandler):
    """The built book, each page with a line that reloads it when a new book is in place."""

    changed = threading.Condition()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing of each request."""

    def log_error(self, format: str, *arguments: object) -> None:
        """Say nothing of a file that is not there: the build has its own words."""

    def do_GET(self) -> None:
        """Serve a page with the line that reloads it, any other file as it is."""
        if self.path == "/live":
            self._wait()
            return
        if self.path == "/live.js":
            self._send("text/javascript", SCRIPT)
            return
        path = HTML / self.path.split("?")[0].split("#")[0].lstrip("/")
        page = path / "index.html" if path.is_dir() else path
        if page.suffix != ".html" or not page.is_file():
            super().do_GET()
            return
        self._send("text/html; charset=utf-8", page.read_bytes() + RELOAD)

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def _wait(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with self.changed:
            self.changed.wait()
        try:
            self.wfile.write(b"data: new\n\n")
        except OSError:
            return  # the reader has left the page


def rebuild() -> bool:
    """Build the book in a process of its own, so that changed code of ``publish`` counts, too."""
    return subprocess.run([sys.executable, "-m", "publish.build"], cwd=ROOT).returncode == 0


def follow(before: str, built: Callable[[], None], stop: threading.Event) -> None:
    """Build after each change of a source, and say when a new book is in place.

    Parameters
    ----------
    before
        The state of the sources, see ``publish.build.fingerprint``, before the first build.
    built
        Called after each build that succeeded.
    stop
        Ends the watch.
    """
    sources = [ROOT / source for source in SOURCES if (ROOT / source).exists()]
    last = before
    # The state is compared every two seconds as well: a change that fell before the watch began counts, too.
    for _ in watch(*sources, stop_event=stop, rust_timeout=2000, yield_on_timeout=True):
        state = fingerprint(())
        if state != last and rebuild():
            built()
        last = state


def main(port: int) -> None:
    """Build, serve and follow until Ctrl-C."""
    before = fingerprint(())
    rebuild()
    handler = functools.partial(Pages, directory=str(HTML))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"Writing with http://127.0.0.1:{server.server_port} open (stop with Ctrl-C)", flush=True)

    def reload() -> None:
        with Pages.changed:
            Pages.changed.notify_all()

    follow(before, reload, threading.Event())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8000)
