"""What the book is built, run and checked with: the locked packages, and a bill of materials of them.

``python -m publish.supply FILE``, by ``make sbom``, writes the bill as CycloneDX JSON: each package of each
lock with its version, the hashes of its files, its licence and what asked for it. Licences are those that
``trials/supply.py`` read. The same locks give the same bytes.
"""

import base64
import csv
import json
import re
import sys
import tomllib
import uuid
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LICENCES = ROOT / "trials" / "results" / "licences.csv"
NPM = "publish/package-lock.json"
BOOK = "testing-realism"  # as the locks and the bill name it


@dataclass
class Locked:
    """One version of one package."""

    kind: str  # "pypi" or "npm"
    name: str
    version: str
    hashes: set[tuple[str, str]] = field(default_factory=set)  # of each file that may be installed: kind, hex
    needed_for: set[str] = field(default_factory=set)  # the locks that hold it
    asked_by: set[tuple[str, str]] = field(default_factory=set)  # lock and name of the packages that need it


def lock_files(root: Path = ROOT) -> dict[str, Path]:
    """Return the lock of each environment of Python packages by the environment's name."""
    return {path.stem: path for path in sorted(root.glob("locks/*.txt"))} | {
        "binder": root / "binder" / "requirements.txt"
    }


def entries(path: Path) -> list[str]:
    """Return the entries of a lock, each a requirement with its hashes and what asked for it."""
    return re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip())


def locked(root: Path = ROOT) -> list[Locked]:
    """Return every package of every lock, one entry for each version, by kind, name and version."""
    found: dict[tuple[str, str, str], Locked] = {}
    for lock, path in lock_files(root).items():
        for entry in entries(path):
            requirement = re.match(r"([\w.-]+)(?:\[.*?\])?==([^\s;\\]+)", entry)
            if not requirement:
                raise ValueError(f"{path.name}: no exact version in {entry.splitlines()[0]!r}: run make lock")
            name = re.sub(r"[-_.]+", "-", requirement[1]).lower()
            key = ("pypi", name, requirement[2])
            package = found.setdefault(key, Locked(*key))
            package.needed_for.add(lock)
            package.hashes |= {("SHA-256", h) for h in re.findall(r"--hash=sha256:(\w+)", entry)}
            asked = re.findall(r"^ +# +(?:via +)?([a-z0-9._-]+)(?: \(pyproject.*)?$", entry, flags=re.M)
            package.asked_by |= {(lock, name) for name in asked if name != "via"}
    npm = json.loads((root / NPM).read_text(encoding="utf-8"))["packages"]
    for path_in_tree, facts in npm.items():
        if not path_in_tree:
            continue
        name = path_in_tree.rpartition("node_modules/")[2]
        key = ("npm", name, facts["version"])
        package = found.setdefault(key, Locked(*key))
        package.needed_for.add("npm")
        algorithm, _, digest = facts["integrity"].partition("-")
        package.hashes.add((algorithm.upper().replace("SHA", "SHA-"), base64.b64decode(digest).hex()))
        package.asked_by |= {
            ("npm", other.rpartition("node_modules/")[2] or BOOK)
            for other, needs in npm.items()
            if name in needs.get("dependencies", {})
        }
    return [found[key] for key in sorted(found)]


def licences() -> dict[tuple[str, str, str], str]:
    """Return the licence of each locked package, as it was read last, by kind, name and version."""
    with LICENCES.open(encoding="utf-8", newline="") as file:
        return {(r["kind"], r["package"], r["version"]): r["licence"] for r in csv.DictReader(file)}


def allowed(expression: str, licences: set[str]) -> bool:
    """Say whether an SPDX expression without brackets can be met with these licences alone."""
    return any(
        all(part.strip() in licences for part in choice.split(" AND ")) for choice in expression.split(" OR ")
    )


def bill(packages: list[Locked], read: dict[tuple[str, str, str], str]) -> str:
    """Return the bill of materials as CycloneDX JSON, checked against its schema.

    Raises
    ------
    LookupError
        A package has no licence yet; says what to run.
    ValueError
        The bill breaks the schema of CycloneDX.
    """
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import LicenseExpression
    from cyclonedx.output.json import JsonV1Dot6
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator
    from packageurl import PackageURL

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bom = Bom()
    bom.metadata.component = book = Component(
        name=project["name"], version=project["version"], description=project["description"],
        type=ComponentType.APPLICATION, bom_ref=project["name"],
        licenses=[LicenseExpression("MIT AND CC-BY-4.0")],
    )  # fmt: skip
    made = {}
    for package in packages:
        key = (package.kind, package.name, package.version)
        if key not in read:
            raise LookupError(f"no licence was read for {package.name} {package.version}: run make trials")
        space, _, name = package.name.rpartition("/")
        address = PackageURL(package.kind, space or None, name, package.version)
        made[key] = Component(
            name=name, group=space or None, version=package.version, type=ComponentType.LIBRARY,
            bom_ref=str(address), purl=address, licenses=[LicenseExpression(read[key])],
            hashes=[HashType(alg=HashAlgorithm(kind), content=digest) for kind, digest in package.hashes],
            properties=[Property(name="environment", value=lock) for lock in package.needed_for],
        )  # fmt: skip
        bom.components.add(made[key])
    for package in packages:
        own = made[package.kind, package.name, package.version]
        bom.register_dependency(own)
        askers = [book] if any(name == BOOK for _, name in package.asked_by) else []
        askers += [
            made[other.kind, other.name, other.version]
            for other in packages
            if any((lock, other.name) in package.asked_by for lock in other.needed_for & package.needed_for)
        ]
        for asker in askers or [book]:  # uv, which the Makefile alone asks for
            bom.register_dependency(asker, [own])
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, "|".join(map(str, sorted(made))))
    written = json.loads(JsonV1Dot6(bom).output_as_string())
    del written["metadata"]["timestamp"]  # so that the same locks give the same bytes
    text = json.dumps(written, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if problem := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(f"the bill of materials is no CycloneDX: {problem}")
    return text


def main(target: Path) -> int:
    """Write the bill of materials; return the exit code."""
    try:
        text = bill(locked(), licences())
    except (LookupError, ValueError) as problem:
        print(problem)
        return 1
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    print(f"{len(locked())} packages in {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
