# SPDX-License-Identifier: Apache-2.0
"""Reads the annotations for Lua's language server: the comment before each class, field and function."""

import re

from .entry import Entry, escaped, snake

FUNCTION = re.compile(r"^function (\w+)([.:])(\w+)\((.*)\) end$")
OWNERS = {"Client": "client", "Session": "session", "Call": "call", "Reply": "reply", "Error": "error", "Otp": "otp"}
OPTIONS = re.compile(r"^capauth\.(Call|GenerateToken|GenerateOtp|EnsureToken|Gateway)Options$")


def twin_of(owner, name):
    if owner == "capauth.ClientOptions":
        return "client option", name
    if OPTIONS.match(owner):
        return "call option", {"payload_hash": "otp_hash"}.get(name, name)
    short = owner.removeprefix("capauth.").removeprefix("capauth")
    if not short:
        return ("client", "") if name == "Client" else ("capauth", name)
    return OWNERS.get(short, "lua " * ("." not in short) + snake(short).lower().replace(".", " ")), name


def matched(pattern, line):
    match = re.match(pattern, line)
    if match is None:
        raise ValueError(f"not understood: {line}")
    return match


class Reader:
    """One file: what was said since the last thing that it is said of."""

    def __init__(self):
        self.said, self.tags, self.owners, self.owner, self.entries, self.aliases = [], [], {}, "", [], {}

    def line(self, line):
        if line.startswith("---@class "):
            self.class_begins(line)
        elif line.startswith("---@field "):
            self.field(*matched(r"---@field (\w+)(\??) (.*)", line).groups())
        elif line.startswith("---@alias "):
            self.owner = line.split()[1]
            self.add(self.owner, f"alias {self.owner}", self.owner, ("lua alias", self.owner))
        elif line.startswith('---| "'):
            value, doc = matched(r'---\| "(.*?)" #? ?(.*)', line).groups()
            self.entries[-1].doc += f"\n* `\"{value}\"`: {escaped(doc)}"
        elif line.startswith("---@"):
            self.tags.append(line[4:])
        elif line.startswith("---"):
            (self.tags if self.tags else self.said).append(line[3:])
        elif match := FUNCTION.match(line):
            self.function(*match.groups())
        else:
            if match := re.match(r"local (\w+) = \{\}$", line):
                self.owners[match[1]] = self.owner
            self.said, self.tags = [], []

    def class_begins(self, line):
        self.owner = matched(r"---@class ([\w.]+)", line)[1]
        others = {entry.name: entry for entry in self.entries}
        if self.owner in others and self.said and not others[self.owner].doc:
            others[self.owner].doc, others[self.owner].undocumented = escaped(" ".join(self.said)), []
        if self.owner not in others:
            said = bool(self.said)
            self.add(self.owner, line.removeprefix("---@class "), self.owner, twin_of(self.owner, ""))
            self.entries[-1].undocumented += [] if said else [""]
        self.said = []

    def field(self, name, optional, kind):
        doc_needed = not self.said
        whole = f"{self.owner}.{name}"
        self.add(whole, f"{name}{optional}: {kind}", self.owner, twin_of(self.owner, name))
        if doc_needed:
            self.entries[-1].undocumented.append("")

    def function(self, owner, mark, name, parameters):
        owner = self.owners[owner]
        whole = f"{owner}{mark}{name}"
        explained = self.explained()
        doc_needed = not self.said and not any("@" not in tag and len(tag.split()) > 3 for tag in self.tags)
        self.add(whole, f"{owner.rsplit('.', 1)[-1]}{mark}{name}({parameters})", owner, twin_of(owner, name), explained)
        self.entries[-1].undocumented += [""] * doc_needed

    def explained(self):
        """Parameters and results as a list."""
        lines = []
        for tag in self.tags:
            if match := re.match(r"param (\S+?)\?? (fun\(.*?\)|\S+)( .*)?$", tag):
                lines.append(f"* `{match[1]}` (`{match[2]}`){':' if match[3] else ''}{escaped(match[3] or '')}")
            elif match := re.match(r"return (\S+(?:\|\S+)*)(?: (\S+))?( .*)?$", tag):
                lines.append(f"* gives {f'`{match[2]}` ' if match[2] else ''}(`{match[1]}`){escaped(match[3] or '')}")
        return "\n".join(lines)

    def add(self, name, signature, owner, twin, more=""):
        doc = escaped(" ".join(self.said)) + (f"\n\n{more}" if more else "")
        self.entries.append(Entry("lua", name, signature, owner, doc.strip(), twin))
        self.said, self.tags = [], []


def entries(folder):
    """`folder`: with capauth/meta, the annotations by hand and those that are made."""
    reader = Reader()
    for path in sorted((folder / "meta").glob("*.lua")):
        for line in path.read_text(encoding="utf-8").splitlines():
            reader.line(line)
        reader.line("")
        reader.owners = {}
    return reader.entries
