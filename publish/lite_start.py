"""What the kernel of the browser door runs first: libraries are fetched when named, or their lack is explained.

The kernel of JupyterLite fetches a library when a cell imports it by name, and leaves a cell alone that
imports it through ``bookkit``. Where the network is missing it shows a message on package managers.
This file mends both; it runs in the browser and nowhere else.
"""


def _begin() -> None:
    import asyncio
    import sys
    from importlib.machinery import PathFinder
    from importlib.util import find_spec

    import pyodide_kernel.kernel as kernel
    from js import AbortSignal
    from pyodide.code import find_imports
    from pyodide.http import pyfetch
    from pyodide_js import lockfile

    libraries = ("numpy", "pandas", "matplotlib")
    patience = 20  # seconds until the distribution is asked whether it is there at all
    home = lockfile.packages.to_py()["pandas"]["file_name"]

    class LibraryMissing(ModuleNotFoundError):
        """Shown to a student without the lines of code that led here."""

        def _render_traceback_(self) -> list[str]:
            return str(self).splitlines()

    class Explain:
        """Stands behind the finders that look for installed modules; what comes this far is not there."""

        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:
            if name in libraries:
                raise LibraryMissing(
                    f"The library {name} could not be fetched, so this cell did not run.\n"
                    "In the browser, numpy, pandas and matplotlib come over the network from\n"
                    f"{home.rsplit('/', 1)[0]}\n"
                    "and that address cannot be reached from here. Look whether you are online and whether\n"
                    "the network blocks it, then run the cell again. Without a network, run the chapter on\n"
                    "your own computer: the page Running the book says how.",
                    name=name,
                )

    def absent(name: str) -> bool:
        try:
            return find_spec(name) is None
        except LibraryMissing:
            return True

    async def reachable() -> bool:
        try:
            await pyfetch(home, method="HEAD", signal=AbortSignal.timeout(patience * 1000))
        except OSError:
            return False
        return True

    fetch_named = kernel._load_packages_from_imports

    async def fetch(code: str) -> None:
        try:
            named = set(find_imports(code))
        except SyntaxError:
            named = set()  # the shell explains it
        if "bookkit" in named:
            named |= {"pandas", "matplotlib"}
        if not any(absent(name) for name in named & set(libraries)):
            return await fetch_named(code)
        print("Fetching numpy, pandas and matplotlib; the browser keeps them for the next time.")
        names = "\n".join(f"import {name}" for name in sorted(named & set(libraries)))
        fetching = asyncio.ensure_future(fetch_named(names))
        done, _ = await asyncio.wait([fetching], timeout=patience)
        if done or await reachable():  # a slow network is given its time
            await fetching
            await fetch_named(code)

    sys.meta_path.insert(sys.meta_path.index(PathFinder) + 1, Explain)  # type: ignore[arg-type]
    kernel._load_packages_from_imports = fetch


_begin()
del _begin
