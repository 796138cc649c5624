#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the C that derives from the tables.

    generate.py FOLDER    writes what the core includes and compiles (below)
    generate.py texts     rewrites what people read and the tables say: error codes in the public header, operations in
                          the READMEs (see documents.py)
    generate.py check     fails when those are not what the tables say

    enums.def         names and numbers of the enumerations, of enums.json
    errors.def        the rows behind capauth_strerror and capauth_error_name, of errors.json
    operations.def    what protocol/operation.c and its tests expand: one row for each fact of operations.json
    operations.c      the functions of capauth.h that start an operation of the Auth Engine
    settings.def      what api/settings.c expands, of settings.json
    net_config.h      members of struct capauth__net_config
    session_config.h  members of struct capauth__config
    options.def       the same of api/options.c and the options of a call
"""

import pathlib
import sys

sys.dont_write_bytecode = True

from documents import texts  # noqa: E402
from tables import Operations, Settings, load_enums, load_errors, public_name  # noqa: E402

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


def errors_def(errors):
    rows = [
        f'ERROR({row["code"]}, "{public_name(row)}", "{row["text"]}", {int(row["retryable"])})'
        for row in sorted(errors["codes"], key=lambda row: row["code"])
    ]
    comment = "Sorted by code."
    return definitions("errors.json", [("ERROR(code, name, text, retryable)", comment, rows)])


def enums_def(enums):
    sections = []
    for name, enum in enums.items():
        rows = [f'{name.upper()}({value["name"]}, {value["number"]}, "{value["text"]}")' for value in enum["values"]]
        sections.append((f"{name.upper()}(NAME, number, text)", enum["doc"], rows))
    return definitions("enums.json", sections)


def c_outcome(name):
    return {"OK": "CAPAUTH__ON_SUCCESS", "E_UNKNOWN_OUTCOME": "CAPAUTH__ON_UNKNOWN"}.get(name, f"CAPAUTH_{name}")


def c_step(name):
    return f"CAPAUTH__STEP_{name.upper()}" if name.startswith("by_") else f"CAPAUTH_STEP_{name.upper()}"


def call_row(row):
    """Of `session`, the texts in `values`, `options` and `call`."""
    texts = [argument["name"] for argument in row.arguments] + [name for name in row.options if name == "body"]
    given = [f"values[{index}]" for index in range(len(texts))]
    names = ", ".join(f'"{text}"' for text in texts) or "NULL"
    arguments = ", ".join(["session", *given, "options", "call"])
    return f'CALL({row.name}, "{row.method}", TEXTS({names}),\n     capauth_{row.function}({arguments}))'


def operations_def(table):
    fields = [f"FIELD({field['name'].upper()}, {bit})" for bit, field in enumerate(table.fields)]
    operations = [f'OPERATION({row.constant}, "{row.name}", {int(row.changes_sign_in)})' for row in table]
    arguments = [
        f"ARGUMENT({row.constant}, {argument['name']}, {argument['kind'].upper()})"
        for row in table
        if row.requests
        for argument in row.arguments
    ]
    calls = [call_row(row) for row in table]
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
            steps.append(f"NEXT_STEP({row.constant}, {c_outcome(outcome)}, {c_step(step)}){comment}")
    return definitions(
        "operations.json",
        [
            ("FIELD(NAME, bit)", "A group of members of a request's body.", fields),
            ("OPERATION(NAME, name, changes_sign_in)", "Everything that a session does.", operations),
            ("VALUE(name)", "The texts that operations take.", [f"VALUE({name})" for name in values]),
            ("ARGUMENT(NAME, value, KIND)", "Which operation takes which, in order.", arguments),
            ("REQUEST(NAME, flows, method, path, fields, REPLY, REPEAT)", "What the Auth Engine is asked.", requests),
            ("CALL(name, method, texts, call)", "What the tests call by name.", calls),
            ("NEXT_STEP(NAME, outcome, step)", "What is advised after an outcome; no row: as before.", steps),
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


def quoted(text):
    return f'"{text}"'


KEPT_BY = {"url": "URL", "file": "READABLE_FILE", "text": "PLAIN_TEXT", "choice": "CHOICE"}


def text_rows(settings, kind):
    """How values of that kind are taken over, where no function written by hand does it."""
    for setting in settings:
        if setting.kind == kind and not setting.by_hand:
            choices = "".join(f', "{choice}"' for choice in setting.choices)
            yield f"{KEPT_BY[kind]}({setting.c_name}, {setting.path}{choices})"


def number_row(setting):
    check = f"check_{setting.c_name}" if setting.checked else "NULL"
    bounds = f"{setting.least}, {setting.most}, {int(setting.default)}"
    return f"NUMBER({setting.c_name}, {setting.path}, {bounds}, {check})"


def settings_def(settings):
    clusters = [
        f'CLUSTER("{cluster["name"]}", "{cluster["base_url"]}",\n        "{cluster["gateway_url"]}")'
        for cluster in settings.clusters
    ]
    texts = [setting for setting in settings.client if setting.is_text]
    numbers = [number_row(setting) for setting in settings.client if setting.is_number]
    kept = [f"TEXT_MEMBER({setting.path})" for setting in texts if setting.has_member]
    getters = [f"GETTER({setting.c_name}, {setting.path})" for setting in settings.client if setting.getter]
    return definitions(
        "settings.json",
        [
            ("CLUSTER(name, base_url, gateway_url)", "The Auth Engine's public hosts.", clusters),
            ("NUMBER(name, member, least, most, value, check)", "Numbers; `value` is the default.", numbers),
            ("URL(name, member)", "Texts, by how they are checked and kept: URLs,", text_rows(texts, "url")),
            ("READABLE_FILE(name, member)", "files that must be readable,", text_rows(texts, "file")),
            ("PLAIN_TEXT(name, member)", "any text,", text_rows(texts, "text")),
            ("CHOICE(name, member, ...)", "one of these.", text_rows(texts, "choice")),
            ("TEXT_SETTER(name)", "All texts.", [f"TEXT_SETTER({setting.c_name})" for setting in texts]),
            ("TEXT_MEMBER(member)", "Those that are kept as they are.", kept),
            ("GETTER(name, member)", "What can be asked.", getters),
        ],
    )


def config_members(settings, room):
    """Members of a struct, one for each setting that is kept as it is."""
    text = MADE.format("settings.json")
    for setting in settings.client:
        if setting.room == room and setting.has_member:
            kind = "int " if setting.is_number else "char *"
            text += f"    {kind}{setting.c_name};\n"
    return text


def options_def(settings):
    durations = [
        f"DURATION({option.c_name}, {option.least}, {option.most}, {option.none})"
        for option in settings.call
        if option.kind == "duration"
    ]
    flags = [f"FLAG({option.c_name})" for option in settings.call if option.kind == "flag"]
    texts = [option for option in settings.call if option.is_text or option.kind == "hash"]
    return definitions(
        "settings.json",
        [
            ("DURATION(name, least, most, none)", "Milliseconds; `none`: not given.", durations),
            ("FLAG(name)", "1 or 0.", flags),
            ("TEXT_MEMBER(name)", "Texts.", [f"TEXT_MEMBER({option.c_name})" for option in texts]),
        ],
    )


def files():
    operations, settings = Operations(), Settings()
    return {
        "enums.def": enums_def(load_enums()),
        "errors.def": errors_def(load_errors()),
        "operations.def": operations_def(operations),
        "operations.c": operations_c(operations),
        "settings.def": settings_def(settings),
        "net_config.h": config_members(settings, "net"),
        "session_config.h": config_members(settings, "session"),
        "options.def": options_def(settings),
    }


def main(arguments):
    if arguments == ["texts"]:
        for path, text in texts().items():
            path.write_text(text, encoding="utf-8")
    elif arguments == ["check"]:
        stale = [path for path, text in texts().items() if path.read_text(encoding="utf-8") != text]
        for path in stale:
            print(f"{path} is not what the tables say: run core/generate.py texts", file=sys.stderr)
        return 1 if stale else 0
    elif len(arguments) == 1:
        folder = pathlib.Path(arguments[0])
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files().items():
            (folder / name).write_text(text, encoding="utf-8")
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
