# SPDX-License-Identifier: Apache-2.0
"""The part of generate.py that keeps texts that people read in step with the tables: the error codes in the public
header, the operations in the READMEs of the wrappers, how many operations there are, and what faults make of them."""

import re
import runpy

from tables import HERE, Operations, Settings, load_errors

ROOT = HERE.parent
HEADER = HERE / "include" / "capauth" / "capauth.h"
CODES = re.compile(r"(/\* errors: begin[^\n]*\n).*?(/\* errors: end)", re.S)
BLOCK = re.compile(r"(<!-- operations: begin[^\n]*-->\n).*?(<!-- operations: end -->)", re.S)
FAULTS = ROOT / "tests" / "faults"
FAULT_BLOCK = re.compile(r"(<!-- faults: begin[^\n]*-->\n).*?(<!-- faults: end -->)", re.S)
COUNT = re.compile(r"\b\d+ operations\b")
COUNTING = ("README.md", "tests/emulator/test_operations.py")


def replaced(pattern, text, block, where):
    text, count = pattern.subn(lambda match: match[1] + block + match[2], text)
    if count != 1:
        raise ValueError(f"{where} has no place for what is made of the tables")
    return text


def codes(errors):
    lines = "".join(f"    CAPAUTH_{row['name']} = {row['code']}, /* {row['text']} */\n" for row in errors["codes"])
    return f"enum {{\n    CAPAUTH_OK = 0,\n{lines}}};\n"


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def option_names(operation, settings):
    own, _ = settings.options_of(operation)
    for option in own:
        yield from ("payload_hash", "payload_timestamp") if option.kind == "hash" else (option.name,)


def in_python(operation, settings):
    given = [argument["name"] for argument in operation.arguments]
    return f"{operation.method}({', '.join([*given, *(f'{name}=' for name in option_names(operation, settings))])})"


def in_lua(operation, settings):
    given = [argument["name"] for argument in operation.arguments]
    options = list(option_names(operation, settings))
    table = [f"{{ {', '.join(options)} }}"] if options else []
    return f"{operation.method}({', '.join([*given, *table])})"


def in_java(operation, settings):
    own, _ = settings.options_of(operation)
    given = [camel(argument["name"]) for argument in operation.arguments]
    given += [option.name for option in own if option.kind in ("password", "body")]
    options = [f".{camel(option.c_name.replace('_ms', '_millis'))}" for option in own]
    taken = [name for name in options if name not in (".password", ".body")]
    return f"{camel(operation.method)}({', '.join(given)})", ", ".join(f"`{name}`" for name in taken)


def table(rows):
    return "| | |\n|---|---|\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def operations_block(language, operations, settings):
    rows = []
    for operation in operations:
        doc = operation.doc
        if language == "java":
            form, options = in_java(operation, settings)
            doc += f" Options: {options}." if options else ""
        else:
            form = {"python": in_python, "lua": in_lua}[language](operation, settings)
        rows.append((f"`{form}`", doc))
    return table(rows)


def texts():
    """Each file that holds such a text, and what it should hold."""
    operations, settings = Operations(), Settings()
    made = {HEADER: replaced(CODES, HEADER.read_text(encoding="utf-8"), codes(load_errors()), HEADER)}
    for language in ("python", "lua", "java"):
        path = ROOT / "bindings" / language / "README.md"
        if path.exists():  # a source distribution holds what it needs
            block = operations_block(language, operations, settings)
            made[path] = replaced(BLOCK, path.read_text(encoding="utf-8"), block, path)
    for name in COUNTING:
        if (ROOT / name).exists():
            text = (ROOT / name).read_text(encoding="utf-8")
            made[ROOT / name] = COUNT.sub(f"{operations.requests} operations", text)
    if FAULTS.exists():
        page = FAULTS / "README.md"
        block = runpy.run_path(str(FAULTS / "page.py"))["block"]()
        made[page] = replaced(FAULT_BLOCK, page.read_text(encoding="utf-8"), block, page)
    return made
