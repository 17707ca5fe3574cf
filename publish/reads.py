"""What a chapter reads while it runs: a list that its kernel keeps, so that the build knows what it depends on.

``publish.build`` has each kernel run this file before the first cell. Python reports every file that
is opened to an audit hook, and ``bookkit`` reports in the same way what it looks up in the tables'
descriptor and in other pages. Each goes as one line into the file that ``BOOK_READS`` names.
"""

import os
import sys
from typing import Any


def _watch() -> None:
    log = open(os.environ["BOOK_READS"], "w", encoding="utf-8", buffering=1)  # noqa: SIM115  # until the kernel ends
    path_like, absolute = os.PathLike, os.path.abspath  # as a kernel ends, names of modules are gone
    seen: set[str] = set()
    told = False  # bookkit has said what it wants of the next file, which then need not be listed whole

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal told
        if event == "bookkit.descriptor":
            line, told = f"descriptor\t{arguments[0]}", True
        elif event == "bookkit.uses":
            line, told = "uses\t", True
        elif event == "bookkit.reading":
            line, told = f"reading\t{arguments[0]}", True
        elif event == "open" and isinstance(arguments[0], (str, path_like)):
            line = f"file\t{absolute(arguments[0])}"
            if told and line.endswith((".ipynb", "datapackage.json")):
                told = False
                return
        else:
            return
        if line not in seen and not log.closed:
            seen.add(line)
            log.write(line + "\n")

    sys.addaudithook(note)


_watch()
del _watch
