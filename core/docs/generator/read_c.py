# SPDX-License-Identifier: Apache-2.0
"""Reads the public header: each declaration with the comment before it.

A comment says what it does, then, each on lines of its own, `Returns:`, `Threads:` and `Protocol:`.
"""

import re

from tables import Operations

from .entry import Entry, escaped, plain
from .pages import ROOT

HEADER = ROOT / "core" / "include" / "capauth" / "capauth.h"
PART = re.compile(r"^/\* -{4} (.+?) -+ \*/$", re.M)
# A comment, and the declaration right below it; without one it is about the declarations that follow.
COMMENTED = re.compile(r"/\*((?:(?!\*/).)*)\*/\n((?:CAPAUTH_API|typedef)\b[^;]*;|(?=\n))", re.S)
FIELD = re.compile(r"^(Returns|Threads|Protocol): ", re.M)
OWNERS = ("client", "session", "call", "options")
# What is a part of another thing in the other languages.
ELSEWHERE = {
    "client_new": ("client", ""),
    "session_new": ("client", "session"),
    "session_restore": ("client", "restore"),
    "session_external_new": ("client", "external_session"),
    "options_new": ("call option", ""),
    "error_name": ("error", "name"),
    "strerror": ("error", "message"),
    "call_error_message": ("error", "message"),
    "error_retryable": ("error", "retryable"),
    "diagnose": ("capauth", "diagnose"),
    "version": ("capauth", "version"),
}
OF_REPLIES = ("body", "ok", "refusal")
OF_CALLS = ("done", "wait", "result", "cancel", "free")


def words(comment):
    """A comment without its stars."""
    return "\n".join(re.sub(r"^ ?\* ?", "", line.strip(" ")) for line in comment.strip().split("\n")).strip()


def fields(comment):
    """The text, then what each field says."""
    parts = FIELD.split(words(comment))
    return parts[0], dict(zip(parts[1::2], parts[2::2], strict=True))


def name_of(declaration):
    """(of a callback's type, of a function): one of them."""
    return re.findall(r"\(\*(capauth_\w+)\)|\b(capauth_\w+)\(", declaration)[0]


def twin_of(name, operations):
    """capauth_session_copy_token: ("session", "token")."""
    short = name.removeprefix("capauth_")
    if short in operations:
        return "session", operations[short]
    if short in ELSEWHERE:
        return ELSEWHERE[short]
    if match := re.match(r"session_(?:copy_)?otp_(\w+)", short):
        return "otp", match[1]
    for owner in OWNERS:
        if short.startswith(owner + "_"):
            member = short.removeprefix(owner + "_")
            if owner == "call" and member not in OF_CALLS:
                return "reply" if member in OF_REPLIES else "error", plain(member)
            setting = owner in ("client", "options") and re.match(r"(set|add)_", member)
            return {"options": "call option"}.get(owner, "client option" if setting else owner), plain(member)
    return "c", short


def markdown(comment):
    """With links to what it names, and its fields as a list."""
    text, said = fields(comment)
    lines = [linked(escaped(text.strip().replace("\n", " ")))]
    for name, what in said.items():
        what = linked(escaped(re.sub(r"\s+", " ", what.strip())))
        items = [item.strip() for item in what.split("; ")] if name == "Returns" else [what]
        lines.append(f"\n**{name}**: " + (";\n".join(items) if len(items) < 2 else ""))
        lines += [f"- {item}" for item in items] if len(items) > 1 else []
    return "\n".join(lines)


def linked(text):
    """Names of functions and codes become links."""
    text = re.sub(r"(?<![\w`])(CAPAUTH_[A-Z][A-Z_]+[A-Z])(?![\w\\])", r"{in-c}`\1`", text)
    return re.sub(r"(?<![\w`/])(capauth_(?!ms\b)[a-z_]+[a-z])(?![\w`*.])", r"{in-c}`\1`", text)


def undocumented(name, comment):
    _, said = fields(comment)
    return [] if name.endswith("_callback") else [field for field in ("Returns", "Threads") if field not in said]


def declarations():
    """(part, name, signature, its comment, the comments about it and those that follow it)"""
    parts = PART.split(HEADER.read_text(encoding="utf-8"))  # what is before the first is no declaration
    for part, body in zip(parts[1::2], parts[2::2], strict=True):
        about: list[str] = []
        for comment, declaration in COMMENTED.findall(body):
            if declaration:
                name = "".join(name_of(declaration))
                signature = re.sub(r"\s+", " ", declaration.removeprefix("CAPAUTH_API ").removesuffix(";"))
                yield part, name, signature, comment, about
                about = []
            else:
                about.append(comment)


def entries():
    operations = {operation.function: operation.method for operation in Operations()}
    for part, name, signature, comment, _ in declarations():
        yield Entry(
            "c", name, signature, part, markdown(comment), twin_of(name, operations), undocumented(name, comment)
        )


def top():
    """The comment at the top of the header: the introduction, and the rules for all functions."""
    (comment,) = re.findall(r"/\*\n( \* capauth: .*?)\*/", HEADER.read_text(encoding="utf-8"), re.S)
    return "\n".join(re.sub(r"^ \* ?", "", line) for line in comment.splitlines()).split(
        "Rules that hold for all of them:\n"
    )


def rules():
    """(what it is about, what it says) of each rule for all functions, as written."""
    for name, said in re.findall(r"^(\w+) +(.*(?:\n +.*)*)", top()[1].strip(), re.M):
        yield name, re.sub(r"\s+", " ", said)


def declared():
    """Every name that the header declares with CAPAUTH_API or as a callback, commented or not."""
    text = HEADER.read_text(encoding="utf-8")
    functions = re.findall(r"^CAPAUTH_API [^;(]*?\b(capauth_\w+)\(", text, re.M)
    return functions + re.findall(r"^typedef \w+ \(\*(capauth_\w+)\)", text, re.M)
