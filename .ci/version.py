"""The version stands in the top CMakeLists.txt. This keeps in step what cannot be made from there.

    version.py check        complains of each file that says another version, or says it where nobody would look
    version.py set X.Y.Z    writes it everywhere; CHANGELOG.md must have the heading already
"""

import os
import pathlib
import re
import sys
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = "CMakeLists.txt"
# They tell of a version that was, and stay when the next comes.
HISTORY = ("CHANGELOG.md", "tests/bench/results/results.md")
VERSION = re.compile(r"\d+\.\d+\.\d+")
# File: the pattern before each version in it. A rockspec has the version in its name too.
PLACES = {
    SOURCE: r"^project\(capauth VERSION ",
    "bindings/java/android/pom.xml": r"<artifactId>capauth-android</artifactId>\s*<version>",
    "bindings/java/pom.xml": r"<artifactId>capauth</artifactId>\s*<version>",
    "bindings/java/testing-pom.xml": r"<artifactId>capauth(?:-testing)?</artifactId>\s*<version>",
    "pkgconfig/vcpkg/ports/capauth/vcpkg.json": r"^  \"version\": \"",
    "bindings/lua/capauth-*-1.rockspec": r"(?:^version = \"|/capauth-)",
}
NOT_OURS = {".git", ".mypy_cache", ".ruff_cache", "build"}


def places(root: pathlib.Path) -> Iterator[tuple[pathlib.Path, re.Pattern[str]]]:
    for name, before in PLACES.items():
        (path,) = root.glob(name)
        yield path, re.compile(f"({before})({VERSION.pattern})", re.MULTILINE)


def current(root: pathlib.Path) -> str:
    path, pattern = next(places(root))
    found = pattern.search(path.read_text(encoding="utf-8"))
    if not found:
        raise ValueError(f"{path} names no version")
    return found[2]


def strays(root: pathlib.Path, version: str) -> Iterator[pathlib.Path]:
    """Files that name our version and are no place for it: nothing would change it there."""
    known = {path for path, _ in places(root)} | {root / name for name in HISTORY}
    ours = re.compile(rf"(?i)capauth[^\n]{{0,20}}?(?<![\d.]){re.escape(version)}(?![\d.]*\d)")
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_OURS]
        for path in (pathlib.Path(folder, name) for name in names):
            if path not in known and ours.search(path.read_text(encoding="utf-8", errors="replace")):
                yield path


def complaints(root: pathlib.Path) -> Iterator[str]:
    version = current(root)
    for path, pattern in places(root):
        found = {match[2] for match in pattern.finditer(path.read_text(encoding="utf-8"))}
        if found != {version} or VERSION.findall(path.name) not in ([], [version]):
            yield f"{path.relative_to(root)} says {' and '.join(sorted(found))}, {SOURCE} says {version}"
    heading = re.search(r"^## (\S+)", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    if not heading or heading[1] != version:
        yield f"CHANGELOG.md does not begin with the heading of {version}"
    for path in strays(root, version):
        yield f"{path.relative_to(root)} names version {version} by hand: derive it from {SOURCE}"


def write(root: pathlib.Path, version: str) -> None:
    if not VERSION.fullmatch(version):
        raise ValueError(f"{version!r} is no version: it is X.Y.Z")
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$", changes, re.MULTILINE):
        raise ValueError(f"CHANGELOG.md has no heading '## {version} - YYYY-MM-DD'; write it first")
    for path, pattern in list(places(root)):
        text = pattern.sub(lambda match: match[1] + version, path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        path.rename(path.with_name(VERSION.sub(version, path.name)))


def main(arguments: list[str]) -> int:
    if arguments == ["check"]:
        found = list(complaints(ROOT))
        print("\n".join(found), file=sys.stderr)
        return 1 if found else 0
    if len(arguments) == 2 and arguments[0] == "set":
        try:
            write(ROOT, arguments[1])
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
