# SPDX-License-Identifier: Apache-2.0
"""Reads the Python package as help() does: what is public, with its signature and its documentation."""

import enum
import functools
import importlib
import inspect
import pathlib
import re
from typing import Any

from sphinx.pycode import ModuleAnalyzer
from tables import load_enums

from .entry import Entry, snake

MODULES = ("capauth", "capauth.aio", "capauth.storage", "capauth.redis", "capauth.testing")
OWNERS = {"Client": "client", "Session": "session", "Call": "call", "Reply": "reply", "Error": "error", "Otp": "otp"}
SHORTENED = {
    "capauth._types.": "",
    "capauth._call.": "",
    "capauth._session.Base": "",
    "typing.": "",
    "collections.abc.": "",
    "datetime.datetime": "datetime",
    "[NoneType]": "[None]",
}
ARGUMENT = re.compile(r"^ {4}(\w+): (.*)$")


def markdown(doc):
    """A docstring; its arguments become a list."""
    lines, in_arguments = [], False
    for line in inspect.cleandoc(doc or "").splitlines():
        if line == "Args:":
            in_arguments = True
            lines.append("")
        elif in_arguments and (match := ARGUMENT.match(line)):
            lines.append(f"* `{match[1]}`: {cited(match[2])}")
        else:
            lines.append(line if line[:4] == "    " and not in_arguments else cited(line))
    return "\n".join(lines).strip()


def cited(text):
    """What Markdown would take for its own."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part[:1] == "`" else re.sub(r"([<>*\[\]{}]|(?<!\w)_)", r"\\\1", part) for part in parts)


def signature_of(name, what):
    try:
        text = str(inspect.signature(what, eval_str=True))
    except (TypeError, ValueError):
        return name
    text = re.sub(r"\(self(, )?", "(", text)
    for long, short in SHORTENED.items():
        text = text.replace(long, short)
    return name + re.sub(r"<([\w.]+) object at 0x[0-9a-f]+>|<factory>", "...", text)


@functools.cache
def package_docs():
    """The texts below attributes of all classes of the package, which Python itself does not keep: (class, name)."""
    folder = pathlib.Path(inspect.getfile(importlib.import_module("capauth"))).parent
    found: dict[tuple[str, str], str] = {}
    for path in sorted(folder.glob("*.py")):
        docs = ModuleAnalyzer.for_file(path, f"capauth.{path.stem}").find_attr_docs()
        found |= {key: " ".join(text).strip() for key, text in docs.items()}
    return found


def attribute_docs(kind):
    names = [base.__name__ for base in reversed(kind.__mro__)]
    return {name: text for owner in names for (of, name), text in package_docs().items() if of == owner}


def members(kind):
    """(name, what) of all that is public and not the builtins'."""
    builtin = {name for base in kind.__mro__ if base.__module__ == "builtins" for name in dir(base)}
    for name in sorted(dir(kind)):
        if name[0] != "_" and name not in builtin:
            yield name, inspect.getattr_static(kind, name)


def twin_of(module, owner, name):
    if module not in ("capauth", "capauth.aio"):
        return module.removeprefix("capauth.") + " " + snake(owner).lower(), name
    return OWNERS.get(owner, "python " + owner), {"fileno": "fd"}.get(name, name)


def class_signature(name, kind):
    if issubclass(kind, Exception | enum.Enum):
        return f"class {name}({', '.join(base.__name__ for base in kind.__bases__)})"
    return signature_of(f"class {name}", kind)


def class_entries(module, name, kind):
    whole = f"{module}.{name}"
    owner = whole
    init: Any = kind.__init__
    explained = "" if init.__qualname__.split(".")[0] in ("object", "Error") else markdown(init.__doc__)
    doc = "\n\n".join(part for part in (markdown(kind.__doc__), explained) if part)
    signature = class_signature(name, kind)
    yield Entry("python", whole, signature, owner, doc, twin_of(module, name, ""), [] if kind.__doc__ else [""])
    docs = attribute_docs(kind)
    inherited = set(dir(kind.__bases__[0])) if issubclass(kind, Exception) and name != "Error" else set()
    seen = set()
    for member, what in members(kind):
        if member in inherited and member not in kind.__dict__:
            continue
        seen.add(member)
        yield member_entry(module, name, member, what, docs)
    for member, text in docs.items():
        if member not in seen and member[0] != "_" and member not in inherited:
            yield Entry("python", f"{whole}.{member}", member, owner, cited(text), twin_of(module, name, member))


def member_entry(module, owner, name, what, docs):
    function = what.__func__ if isinstance(what, classmethod | staticmethod) else what
    if inspect.isfunction(function):
        asynchronous = "async " if inspect.iscoroutinefunction(function) else ""
        signature, doc = asynchronous + signature_of(name, function), function.__doc__
    elif isinstance(what, property):
        returned = inspect.signature(what.fget, eval_str=True).return_annotation if what.fget else ""
        signature, doc = f"{name}: {inspect.formatannotation(returned)}", what.__doc__
    else:
        signature, doc = name, docs.get(name, "")
        if owner == "Step":
            signature, doc = f'{name} = "{what.value}"', step_doc(what.value)
    doc = markdown(doc)
    twin = twin_of(module, owner, name)
    return Entry("python", f"{module}.{owner}.{name}", signature, f"{module}.{owner}", doc, twin, [] if doc else [""])


def step_doc(value):
    """Python keeps no text of a member of an enumeration; the table has it."""
    return next(row["doc"] for row in load_enums()["step"]["values"] if row["text"] == value)


def entries():
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        docs = {name: text for (owner, name), text in package_docs().items() if not owner}
        for name in module.__all__:
            what = getattr(module, name)
            if isinstance(what, type):
                yield from class_entries(module_name, name, what)
            elif inspect.isfunction(what):
                doc = markdown(what.__doc__)
                twin = ("capauth" if module_name == "capauth" else module_name, name)
                signature, missing = signature_of(name, what), [] if doc else [""]
                yield Entry("python", f"{module_name}.{name}", signature, module_name, doc, twin, missing)
            else:
                doc = cited(docs.get(name, ""))
                whole = f"{module_name}.{name}"
                yield Entry("python", whole, name, module_name, doc, ("python", name), [""] * (not doc))

