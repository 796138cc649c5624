# SPDX-License-Identifier: Apache-2.0
"""Reads the Java classes by the compiler's own eyes: javadoc, with a doclet that writes JSON."""

import json
import shutil
import subprocess

from .entry import Entry, plain, snake
from .pages import ROOT

JAVA = ROOT / "bindings" / "java"
OWNERS = {
    "Client": "client",
    "Client.Builder": "client option",
    "Options": "call option",
    "Session": "session",
    "Call": "call",
    "Reply": "reply",
    "Capauth": "capauth",
    "CapauthException": "error",
    "Otp": "otp",
}


def sources(build):
    """By hand, and made."""
    for folder in (JAVA / "src" / "main" / "java", build / "bindings" / "java" / "generated"):
        yield from sorted(folder.rglob("*.java"))


def run_doclet(files, work):
    """The rows that the doclet writes."""
    work.mkdir(parents=True, exist_ok=True)
    classes = work / "doclet"
    subprocess.run(["javac", "-d", classes, JAVA / "docs" / "JsonDoclet.java"], check=True)
    command = [
        "javadoc", "-quiet", "-public", "-encoding", "UTF-8", "-docletpath", classes, "-doclet", "JsonDoclet",
        "-sourcepath", JAVA / "src" / "declarations", *files,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout)
    return json.loads((work / "JsonDoclet.json").read_text(encoding="utf-8"))


def twin_of(owner, name):
    if owner in OWNERS:
        kind = OWNERS[owner]
        if kind.endswith("option"):
            return kind, plain(name).replace("new", "")
        return kind, {"await": "wait", "bodyText": "body"}.get(name, snake(name).removesuffix("_millis"))
    return "java " + owner, snake(name)


def entries(files, work):
    if not shutil.which("javadoc"):
        raise RuntimeError("javadoc is not installed")
    seen: dict[str, Entry] = {}
    for row in run_doclet(files, work):
        owner = row["owner"].removeprefix("io.capauth.")
        name = f"{row['owner']}.{row['name']}" if row["name"] else row["owner"]
        if name in seen:  # another form of the same
            first = seen[name]
            first.signature += "\n" + row["signature"]
            first.doc = first.doc if len(first.doc) >= len(row["doc"]) else row["doc"]
            continue
        undocumented = [] if row["doc"] or row["kind"] == "constructor" else [""]
        twin = twin_of(owner, row["name"])
        seen[name] = Entry("java", name, row["signature"], row["owner"], row["doc"], twin, undocumented)
        yield seen[name]
