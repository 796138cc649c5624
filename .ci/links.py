"""Complains of links in Markdown files to files or headings that are not there: links.py FILE..."""

import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)


def anchor(heading: str) -> str:
    """As GitHub makes it from a heading's text."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(path: pathlib.Path) -> set[str]:
    return {anchor(heading) for heading in HEADING.findall(path.read_text(encoding="utf-8"))}


def complaint(path: pathlib.Path, link: str) -> str | None:
    place, _, part = link.partition("#")
    if re.match(r"[a-z]+:", link):
        return None  # another's page
    target = path.parent / place if place else path
    if not target.exists():
        return "no such file"
    if part and part not in anchors(target):
        return "no such heading"
    return None


def main(paths: list[str]) -> int:
    found = 0
    for path in map(pathlib.Path, paths):
        for link in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8"))):
            if said := complaint(path, link):
                print(f"{path}: {link}: {said}")
                found = 1
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
