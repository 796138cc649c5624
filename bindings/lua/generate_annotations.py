# SPDX-License-Identifier: Apache-2.0
"""The annotations, for editors and language servers, of what is made from the tables in core/."""

import textwrap

from lua_names import category_of, kind_of
from tables import public_name

LINE = 120
HEAD = "---@meta _\n-- Made by generate.py from core/{}; do not edit.\n\n"

TYPES = {
    "url": "string",
    "file": "string",
    "text": "string",
    "texts": "string",
    "password": "string",
    "duration": "number",
    "clock": "number",
    "count": "integer",
    "flag": "boolean",
    "pairs": "table<string, string|string[]>",
    "query": "table<string, string|string[]>",
    "body": "string|table",
}
GIVES = {
    None: ("true?", "ok"),
    "token": ("string?", "token"),
    "reply": ("capauth.Reply?", "reply"),
}
LISTENERS = [
    ("log", "fun(level: capauth.LogLevel, message: string)", "Gets each line of the log. No line has a secret."),
    ("log_level", "capauth.LogLevel", "The least severe line that `log` gets; \"debug\", the default, is all of them."),
    ("trace", "fun(event: capauth.TraceEvent)", "Is called when a call starts, and when it ends."),
]


def wrapped(text):
    return textwrap.wrap(text, LINE, initial_indent="---", subsequent_indent="---")


def choice(values):
    return "|".join(f'"{value}"' for value in values)


def type_of(option, clusters):
    if option.kind == "cluster":
        return choice(cluster["name"] for cluster in clusters)
    return choice(option.choices) if option.kind == "choice" else TYPES[option.kind]


def field(name, kind, doc):
    return [*wrapped(doc), f"---@field {name}? {kind}"]


def option_fields(option, settings):
    doc = settings.explained(option, "seconds")
    if option.kind == "hash":
        return [
            *field("payload_hash", "string", doc),
            *field("payload_timestamp", "number", "When that was, in seconds since 1970."),
        ]
    doc += " A string goes out as it is." if option.kind == "body" else ""
    return field(option.name, type_of(option, settings.clusters), doc)


# ---- Files ----


def client_options(settings):
    lines = ["---The options of capauth.Client: a cluster or a base_url is needed.", "---@class capauth.ClientOptions"]
    for option in settings.client:
        lines += option_fields(option, settings)
    for name, kind, doc in LISTENERS:
        lines += field(name, kind, doc)
    return HEAD.format("settings.json") + "\n".join(lines) + "\n"


def class_name(operation):
    """generate_token: capauth.GenerateTokenOptions"""
    return "capauth." + "".join(word.capitalize() for word in operation.method.split("_")) + "Options"


def options_class(operation, settings):
    own, _ = settings.options_of(operation)
    if not own:
        return "capauth.CallOptions", []
    name = class_name(operation)
    lines = [f"---The options of {operation.method}.", f"---@class {name}: capauth.CallOptions"]
    for option in own:
        lines += option_fields(option, settings)
    return name, [*lines, ""]


def parameters(operation, options):
    lines = [f"---@param {argument['name']} string {argument['doc']}" for argument in operation.arguments]
    return [*lines, f"---@param options? {options}"]


def methods(operation, options):
    names = [argument["name"] for argument in operation.arguments]
    kind, name = GIVES[operation.gives]
    wait = [
        *wrapped(operation.doc + " Waits; in a spawned function it yields."),
        *parameters(operation, options),
        f"---@return {kind} {name}",
        "---@return capauth.Error? err",
        f"function Session:{operation.method}({', '.join([*names, 'options'])}) end",
        "",
    ]
    start = [
        *wrapped(operation.doc + " Starts, and gives the call at once."),
        *parameters(operation, options),
        f"---@param callback? fun({name}: {kind}, err: capauth.Error?) Gets the result. "
        "It may stand in place of the options.",
        "---@return capauth.Call call",
        f"function Session:start_{operation.method}({', '.join([*names, 'options', 'callback'])}) end",
        "",
    ]
    return wait + start


def operations(table, settings):
    lines = ["---The options of every operation.", "---@class capauth.CallOptions"]
    for option in settings.call:
        lines += option_fields(option, settings) if option.common else []
    lines += ["", "---@class capauth.Session", "local Session = {}", ""]
    for operation in table:
        options, declared = options_class(operation, settings)
        lines += declared + methods(operation, options)
    return HEAD.format("operations.json") + "\n".join(lines).rstrip() + "\n"


def alias(name, values):
    """Each value with what it means."""
    return [f"---@alias {name}", *(f'---| "{value}" # {doc}' for value, doc in values.items()), ""]


def error_kinds(table):
    parents = {row["name"]: row["parent"] for row in table["classes"]}
    docs = {row["name"]: row["doc"] for row in table["classes"]}
    used = {code["class"] for code in table["codes"]} | {"RefusedError"}
    kinds = {kind_of(name): docs[name] for name in parents if name in used}
    categories = {category_of(name, table): "" for name in parents if name in used}
    categories = {name: docs[row] for row in parents if (name := kind_of(row)) in categories}
    names = {public_name(code): f"{code['code']}: {code['text']}" for code in table["codes"]}
    lines = ["---The class of an error."] + alias("capauth.ErrorKind", kinds)
    lines += ["---The parent of its class."] + alias("capauth.ErrorCategory", categories)
    lines += ["---What to key translations on. A later version may have more."] + alias("capauth.ErrorName", names)
    return HEAD.format("errors.json") + "\n".join(lines).rstrip() + "\n"


ENUMERATIONS = {
    "flow": "capauth.Flow",
    "identifier": "capauth.IdentifierType",
    "step": "capauth.Step",
    "log": "capauth.LogLevel",
    "trace": "capauth.TraceKind",
}


def enumerations(enums):
    lines = []
    for key, name in ENUMERATIONS.items():
        values = {value["text"]: value["doc"] for value in enums[key]["values"]}
        lines += [f"---{enums[key]['doc']}", *alias(name, values)]
    return HEAD.format("enums.json") + "\n".join(lines).rstrip() + "\n"
