# SPDX-License-Identifier: Apache-2.0
"""One public name of one language, as the readers find it and as a page shows it."""

import re
from dataclasses import dataclass, field

TITLES = {"python": "Python", "lua": "Lua", "java": "Java", "c": "C"}


@dataclass
class Entry:
    """A name with what its source says of it.

    name        whole, as one language writes it: capauth.Session.token, capauth_session_token
    signature   as it is declared
    owner       the class or part that it is listed under, in that language's words
    doc         Markdown
    twin        what it is called in no language, (owner, name) in snake case; the same in every language that has it
    undocumented  what of it the source does not explain: "" for itself, else the name of a parameter
    """

    language: str
    name: str
    signature: str
    owner: str
    doc: str
    twin: tuple[str, str]
    undocumented: list[str] = field(default_factory=list)


def snake(name):
    """validateOtp is validate_otp."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: "_" + match[1].lower(), name)


def plain(name):
    """A name without what each language adds: units, and verbs of setters."""
    name = re.sub(r"^(set|add|copy)_", "", snake(name))
    name = re.sub(r"_(ms|millis)$", "", name)
    return {"header": "headers"}.get(name, name)


def escaped(text):
    """Text of a comment as Markdown: what is in backticks is code, and nothing else means anything."""
    parts = re.split(r"(`[^`]*`)", text)
    meaning = re.compile(r"([\\<>*\[\]{}]|(?<!\w)_|_(?!\w))")
    return "".join(part if part[:1] == "`" else meaning.sub(r"\\\1", part) for part in parts)
