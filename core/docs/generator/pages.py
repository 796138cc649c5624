# SPDX-License-Identifier: Apache-2.0
"""Gathers the site's pages from the folders that they describe into one, for Sphinx.

The pages of core/docs are the site's own; those of bindings/<language>/docs are below the language's name. Documents
that the repository has anyway are pages too: see DOCUMENTS. Links between files of the repository become links between
pages; a link to a file that is no page becomes the file's name.
"""

import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
LANGUAGES = ("python", "lua", "java", "c")
SUFFIXES = {"python": ".py", "lua": ".lua", "java": ".java", "c": ".c"}
DOCUMENTS = {
    "bindings/python/README.md": "python/guide.md",
    "bindings/lua/README.md": "lua/guide.md",
    "bindings/java/README.md": "java/guide.md",
    "bindings/redis/README.md": "understanding/redis.md",
    "bindings/WRAPPERS.md": "contributing/wrappers.md",
    "core/README.md": "contributing/core.md",
    "core/ENGINE.md": "understanding/engine.md",
    "core/export-format.md": "understanding/export-format.md",
    "tests/emulator/PROTOCOL.md": "understanding/protocol.md",
    "tests/emulator/README.md": "contributing/emulator.md",
    "tests/bench/README.md": "benchmark.md",
    "tests/faults/README.md": "understanding/faults.md",
    "tests/fuzz/README.md": "contributing/fuzzing.md",
    "SECURITY.md": "understanding/security.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing/index.md",
}
# What Sphinx is told of a document that knows nothing of it: the pages below it.
BELOW = {
    "contributing/index.md": (
        "contributing/core",
        "contributing/wrappers",
        "contributing/emulator",
        "contributing/fuzzing",
    ),
    "figures.md": ("benchmark",),
}
FENCE = re.compile(r"^(`{3,}|:{3,}).*?^\1\s*$", re.M | re.S)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)\s]+)\)")


def folders():
    """Where pages are, and below which name they go."""
    yield ROOT / "core" / "docs", ""
    for language in LANGUAGES[:-1]:
        yield ROOT / "bindings" / language / "docs", f"{language}/"


def places():
    """Each page or picture: the repository's file, and its place in the site."""
    found = {}
    for folder, below in folders():
        for path in sorted([*folder.rglob("*.md"), *folder.rglob("*.png"), *folder.rglob("*.css")]):
            found[path] = below + path.relative_to(folder).as_posix()
    found |= {ROOT / path: place for path, place in DOCUMENTS.items() if (ROOT / path).exists()}
    found[ROOT / "tests" / "emulator" / "screenshot.png"] = "static/emulator.png"
    return found


def programs():
    """Each program that a page shows: the repository's file, and its place in the site."""
    found = {}
    for path in sorted((ROOT / "core" / "docs" / "recipes").glob("*.c")):
        found[path] = f"programs/c/{path.name}"
    for language in LANGUAGES[:-1]:
        for path in sorted((ROOT / "bindings" / language / "docs" / "recipes").iterdir()):
            if path.is_file() and path.suffix in (".py", ".lua", ".java"):
                found[path] = f"programs/{language}/{path.name}"
    for path in sorted((ROOT / "bindings" / "java" / "examples" / "android").glob("*.java")):
        found[path] = f"programs/java/{path.name}"
    return found


def file_name(program, language):
    """otp_screen: in Java a class must be called as its file."""
    name = "".join(word.capitalize() for word in program.split("_")) if language == "java" else program
    return name + SUFFIXES[language]


def relinked(text, source, place, known):
    """The text with its links to files of the repository turned into links to pages."""

    def target(match):
        picture, said, link = match.groups()
        path, mark, anchor = link.partition("#")
        if not path or re.match(r"[a-z]+:", link):
            return match[0]
        file = (source.parent / path).resolve()
        if file in known:
            there = os.path.relpath(known[file], os.path.dirname(place) or ".")
            return f"{picture}[{said}]({there}{mark}{anchor})"
        if not file.exists():  # a page that is made, or one that is not there, of which Sphinx complains
            return match[0]
        name = file.relative_to(ROOT).as_posix()
        return said if name in said else f"{said} (`{name}`)"

    parts, end = [], 0
    for fence in FENCE.finditer(text):
        if re.match(r":{3,}|`{3,}\{", fence[0]):
            continue  # a directive: what is in it is text
        parts += [LINK.sub(target, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, LINK.sub(target, text[end:])])


def below(place, known):
    names = "".join(f"/{name}\n" for name in BELOW.get(place, ()) if f"{name}.md" in known.values())
    return f"\n```{{toctree}}\n:hidden:\n\n{names}```\n" if names else ""


def write(path, content):
    """Only what has changed, so that Sphinx reads again only that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def gather(folder, made):
    """Writes all pages into the folder; `made`: place -> text of those that are made of sources and tables."""
    known = places()
    written = {folder / place for place in made}
    for place, text in made.items():
        write(folder / place, text.encode())
    for source, place in (known | programs()).items():
        content = source.read_bytes()
        if source.suffix == ".md":
            content = (relinked(content.decode(), source, place, known) + below(place, known)).encode()
        write(folder / place, content)
        written.add(folder / place)
    for path in folder.rglob("*"):
        if path.is_file() and path not in written:
            path.unlink()
