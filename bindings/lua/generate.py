#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the Lua files that are made from the tables in core/: generate.py FOLDER

    error_table.lua          number, names, class and message of each error, from errors.json
    operation_table.lua      what each operation takes and gives, from operations.json
    option_table.lua         how each option is set, from settings.json
    enum_table.lua           the name of each number of an enumeration, from enums.json
    meta/operations.lua      annotations: the operations of a session and their options
    meta/client_options.lua  annotations: the options of capauth.Client
    meta/error_kinds.lua     annotations: the names and kinds of errors
    meta/enums.lua           annotations: the names of enumerations
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "core"))
sys.dont_write_bytecode = True

from generate_annotations import client_options, enumerations, error_kinds, operations  # noqa: E402
from lua_names import category_of, kind_of  # noqa: E402
from tables import Operations, Settings, load_enums, load_errors, public_name  # noqa: E402

MADE = "-- Made by generate.py from core/{}; do not edit.\n"

# How values.lua reads the value of an option.
READERS = {
    "cluster": "text",
    "url": "text",
    "file": "text",
    "text": "text",
    "choice": "text",
    "texts": "text",
    "password": "text",
    "duration": "milliseconds",
    "clock": "timestamp",
    "count": "integer",
    "flag": "flag",
    "pairs": "pairs_of_text",
    "query": "pairs_of_text",
}
# Those that are no single value of the core's: session.lua sets them.
BY_HAND = {"hash": ["payload_hash", "payload_timestamp"], "body": ["body"]}


def error_table(table):
    row = '  [{code}] = {{ name = "{name}", kind = "{kind}", category = "{category}", '
    row += 'retryable = {again}, text = "{text}" }},'
    lines = [
        row.format(
            code=code["code"],
            name=public_name(code),
            kind=kind_of(code["class"]),
            category=category_of(code["class"], table),
            again=str(code["retryable"]).lower(),
            text=code["text"],
        )
        for code in table["codes"]
    ]
    return "\n".join([MADE.format("errors.json") + "return {", *lines, "}", ""])


def setter(prefix, option):
    """The core's function: a name may come more than once where it adds."""
    if READERS[option.kind] == "pairs_of_text":
        return f"{prefix}_add_{option.name.removesuffix('s')}"
    return f"{prefix}_set_{option.c_name}"


def option_rows(prefix, options):
    """A row for each option: name, reader and setter."""
    return [
        f'{{ "{option.name}", "{READERS[option.kind]}", "{setter(prefix, option)}" }},'
        for option in options
        if option.kind not in BY_HAND
    ]


def option_table(settings):
    client = option_rows("client", settings.in_order_of_setting())
    call = option_rows("options", settings.call)
    lines = ["return {", "  client = {", *(f"    {row}" for row in client), "  },"]
    lines += ["  call = {", *(f"    {row}" for row in call), "  },", "}", ""]
    return MADE.format("settings.json") + "\n".join(lines)


def listed(names):
    return "{ " + ", ".join(f'"{name}"' for name in names) + " }" if names else "{}"


def option_names(options):
    return [name for option in options for name in BY_HAND.get(option.kind, [option.name])]


def operation_table(table, settings):
    lines = ["return {"]
    for operation in table:
        own, common = settings.options_of(operation)
        lines += [
            "  {",
            f'    method = "{operation.method}", name = "{operation.name}", core = "{operation.function}",',
            f'    gives = "{operation.gives or "nothing"}",',
            f"    arguments = {listed([argument['name'] for argument in operation.arguments])},",
            f"    options = {listed(option_names([*own, *common]))},",
            "  },",
        ]
    return MADE.format("operations.json") + "\n".join([*lines, "}", ""])


# Those whose names Lua needs; the core itself names the steps.
ENUMS = ("flow", "identifier", "log", "trace")


def enum_table(enums):
    lines = ["return {"]
    for name in ENUMS:
        values = ", ".join(f'[{value["number"]}] = "{value["text"]}"' for value in enums[name]["values"])
        lines.append(f"  {name} = {{ {values} }},")
    return MADE.format("enums.json") + "\n".join([*lines, "}", ""])


def main(folder):
    errors, enums, settings, table = load_errors(), load_enums(), Settings(), Operations()
    files = {
        "error_table.lua": error_table(errors),
        "operation_table.lua": operation_table(table, settings),
        "option_table.lua": option_table(settings),
        "enum_table.lua": enum_table(enums),
        "meta/operations.lua": operations(table, settings),
        "meta/client_options.lua": client_options(settings),
        "meta/error_kinds.lua": error_kinds(errors),
        "meta/enums.lua": enumerations(enums),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
