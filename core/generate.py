#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the C files that derive from the tables: generate.py FOLDER

    operations.def    what protocol/operation.c and its tests expand: one row for each fact of operations.json
    operations.c      the functions of capauth.h that start an operation of the Auth Engine
"""

import pathlib
import sys

sys.dont_write_bytecode = True

from tables import Operations  # noqa: E402

MADE = "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by core/generate.py from {}; do not edit. */\n"
LINE = 120


def definitions(table, sections):
    """A file of rows; who includes it gives them a meaning: SECTION(...) for each. Those not asked for are nothing."""
    text = MADE.format(table) + "/* clang-format off */\n"
    for parameters, comment, _ in sections:
        name = parameters.partition("(")[0]
        text += f"\n/* {comment} */\n#ifndef {name}\n#define {parameters}\n#endif\n"
    for _, _, rows in sections:
        text += "\n" + "".join(f"{row}\n" for row in rows)
    undefined = "".join(f"#undef {parameters.partition('(')[0]}\n" for parameters, _, _ in sections)
    return text + "\n" + undefined


def c_outcome(name):
    return {"OK": "CAPAUTH__ON_SUCCESS", "E_UNKNOWN_OUTCOME": "CAPAUTH__ON_UNKNOWN"}.get(name, f"CAPAUTH_{name}")


def c_step(name):
    return f"CAPAUTH__STEP_{name.upper()}" if name.startswith("by_") else f"CAPAUTH_STEP_{name.upper()}"


def operations_def(table):
    fields = [f"FIELD({field['name'].upper()}, {bit})" for bit, field in enumerate(table.fields)]
    operations = [f'OPERATION({row.constant}, "{row.name}", {int(row.changes_sign_in)})' for row in table]
    arguments = [
        f"ARGUMENT({row.constant}, {argument['name']}, {argument['kind'].upper()})"
        for row in table
        if row.requests
        for argument in row.arguments
    ]
    values = sorted({argument["name"] for row in table if row.requests for argument in row.arguments})
    requests, steps = [], []
    for row in table:
        for request in row.requests:
            flows = " | ".join(flow.upper() for flow in request["flows"])
            fields_sent = " | ".join(f"F({field.upper()})" for field in request["fields"])
            requests.append(
                f'REQUEST({row.constant}, {flows}, "{row.http}", "{request["path"]}",\n'
                f"        {fields_sent}, {row.reply.upper()}, {row.repeat.upper()})"
            )
        for outcome, step, why in table.transitions(row):
            comment = f" /* {why} */" if why else ""
            steps.append(f"STEP({row.constant}, {c_outcome(outcome)}, {c_step(step)}){comment}")
    return definitions(
        "operations.json",
        [
            ("FIELD(NAME, bit)", "A group of members of a request's body.", fields),
            ("OPERATION(NAME, name, changes_sign_in)", "Everything that a session does.", operations),
            ("VALUE(name)", "The texts that operations take.", [f"VALUE({name})" for name in values]),
            ("ARGUMENT(NAME, value, KIND)", "Which operation takes which, in order.", arguments),
            ("REQUEST(NAME, flows, method, path, fields, REPLY, REPEAT)", "What the Auth Engine is asked.", requests),
            ("STEP(NAME, outcome, step)", "What is advised after an outcome; no row: as before.", steps),
        ],
    )


def folded(head, items, tail):
    """`head` and the items with commas between them, broken as clang-format does it."""
    lines, line = [], head
    for index, item in enumerate(items):
        piece = item + (tail if index == len(items) - 1 else ",")
        if len(line) + len(piece) + 1 > LINE:
            lines.append(line.rstrip())
            line = " " * len(head) + piece
        else:
            line += piece if line.endswith("(") else f" {piece}"
    return "\n".join([*lines, line])


def operation_function(row):
    names = [argument["name"] for argument in row.arguments]
    parameters = ["capauth_session *session", *(f"const char *{name}" for name in names)]
    parameters += ["const capauth_options *options", "capauth_call **call"]
    head = folded(f"int capauth_{row.function}(", parameters, ")")
    values = ", ".join(f".{name} = {name}" for name in names) or "0"
    return f"""{head}
{{
    const struct capauth__arguments arguments = {{{values}}};

    return capauth__start_operation(session, CAPAUTH__{row.constant}, &arguments, options, call);
}}
"""


def operations_c(table):
    functions = [operation_function(row) for row in table if row.requests]
    return MADE.format("operations.json") + '#include "session/start.h"\n\n' + "\n".join(functions)


def files():
    operations = Operations()
    return {"operations.def": operations_def(operations), "operations.c": operations_c(operations)}


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
