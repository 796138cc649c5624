# SPDX-License-Identifier: Apache-2.0
"""Makes the pages of the reference from the names that were read and from the tables."""

from lua_names import category_of, kind_of
from tables import Operations, Settings, load_enums, load_errors, public_name

from . import read_c
from .entry import TITLES, escaped
from .read_python import cited

MADE = "% Made by core/docs/build.py; do not edit.\n\n"
LEAD = {
    "python": "What `help()` shows, of `capauth` and its modules `aio`, `storage`, `redis` and `testing`.",
    "lua": "What editors with the Lua language server show, of `capauth`, `capauth.redis` and `capauth.testing`.",
    "java": "What the Javadoc says, of `io.capauth`, `io.capauth.redis` and `io.capauth.testing`.",
    "c": "What `<capauth/capauth.h>` says. The rules that hold for all functions are at its top, and here.",
}
ROLE = {language: f"in-{language}" for language in TITLES}


def link(language, name, text=None):
    return f"{{{ROLE[language]}}}`{f'{text} <{name}>' if text else name}`"


def names_line(found):
    """Python: a · Lua: b"""
    return " · ".join(f"{title}: {link(to, found[to])}" for to, title in TITLES.items() if to in found)


# ---- A language ----


def entry_block(entry):
    return f"`````{{entry}} {entry.language} {entry.name}\n{entry.doc}\n`````\n"


def language_page(language, entries):
    owners = {}
    for entry in entries:
        owners.setdefault(entry.owner, []).append(entry)
    parts = [MADE, f"# {TITLES[language]}, name by name\n\n{LEAD[language]}\n"]
    if language == "c":
        parts.append("## Rules\n")
        parts += [f"* **{name}**: {read_c.linked(escaped(said))}" for name, said in read_c.rules()]
    for owner, its in owners.items():
        parts.append(f"\n## {owner}\n")
        parts += [entry_block(entry) for entry in its]
    return "\n".join(parts)


# ---- Options ----


def option_section(setting, settings, kind, names):
    found = names.of(kind, setting.name)
    if kind == "client option":
        found["python"] = "capauth.Client"
    lines = [f"### {setting.name}", "", f"({kind.replace(' ', '-')}-{setting.name})=", ""]
    text = cited(settings.explained(setting, "seconds"))
    in_milliseconds = cited(settings.explained(setting, "milliseconds"))
    lines.append(text)
    if text != in_milliseconds:
        lines += ["", f"*In Java and C*: {in_milliseconds.removeprefix(cited(setting.doc)).strip()}"]
    lines += ["", python_form(setting, kind) + names_line({key: found[key] for key in found if key != "python"}), ""]
    return "\n".join(lines)


def python_form(setting, kind):
    """Python's options are arguments, which have no entry of their own."""
    if kind == "client option":
        return f"Python: {link('python', 'capauth.Client', setting.name + '=')} · "
    users = [operation for operation in Operations() if setting.name in operation.options]
    name = "payload_hash" if setting.kind == "hash" else setting.name
    links = [link("python", f"capauth.Session.{user.method}", f"{user.method}({name}=)") for user in users]
    return f"Python: {', '.join(links) or 'every operation, `' + name + '=`'} · "


def options_page(settings, names):
    head = (
        "# Options\n\nWhat a client can be told when it is made, and what each call can be told. The same sentences "
        "stand in `help()`, in the annotations for Lua and in the Javadoc: they have one source. Python and Lua have "
        "times in seconds, Java and C in milliseconds.\n"
    )
    client = [option_section(setting, settings, "client option", names) for setting in settings.client]
    call = [option_section(option, settings, "call option", names) for option in settings.call]
    extra = (
        "### log, trace\n\nFunctions that are told what happens, in words and in numbers: "
        "[logs and traces](../recipes/logs.md). " + names_line(names.of("client option", "log")) + "\n"
    )
    return "\n".join([MADE, head, "## Of a client\n", *client, extra, "## Of a call\n", *call])


# ---- Errors ----


def class_names(row, errors):
    """How each language calls the class of a code."""
    name = row["class"]
    java = "CapauthException" if name == "Error" else name.removesuffix("Error") + "Exception"
    lua = f"`err.kind == \"{kind_of(name)}\"` (category `{category_of(name, errors)}`)"
    return {
        "Python": link("python", f"capauth.{name}"),
        "Lua": lua,
        "Java": f"{link('java', f'io.capauth.{java}')}, {link('java', f'io.capauth.ErrorCode.{public_name(row)}')}",
        "C": f"`CAPAUTH_{row['name']}`",
    }


def error_section(row, errors):
    names = class_names(row, errors)
    again = "yes, later" if row["retryable"] else "no"
    return (
        f"### {public_name(row)} ({row['code']})\n\n"
        f"```{{names}}\nc CAPAUTH_{row['name']}\n```\n\n"
        f"*{cited(row['text'])}*\n\n"
        f"* **What makes it**: {cited(row['cause'])}\n* **What to do**: {cited(row['remedy'])}\n"
        f"* **Does the same call again help?** {again}\n"
        f"* {' · '.join(f'{language}: {name}' for language, name in names.items())}\n"
    )


def errors_page(errors):
    head = """# Errors

Every way in which a call can end badly: what makes it, and what an application does then. Numbers below zero are
capauth's own. Numbers above are the Auth Engine's, which are passed on as they are; so is one without a name here. The
*name* is what to key translations on. Python and Java have a class for each thing that applications treat
differently; Lua has the same as `err.kind`.

```{error-tree}
```

"""
    own = [error_section(row, errors) for row in errors["codes"] if row["code"] < 0]
    theirs = [error_section(row, errors) for row in errors["codes"] if row["code"] > 0]
    return "\n".join([MADE, head, "## capauth's own\n", *own, "## The Auth Engine's\n", *theirs])


# ---- Enumerations ----

IN_JAVA = {"flow": "Flow", "identifier": "IdentifierType", "step": "Step", "log": "LogLevel"}


def enum_section(key, enum):
    rows = []
    for value in enum["values"]:
        c_name = f"CAPAUTH_{key.upper()}_{value['name']}"
        java = f"io.capauth.{IN_JAVA[key]}.{value['name']}" if key in IN_JAVA else "io.capauth.TraceEvent.ended"
        java = link("java", java, java.rpartition(".")[2])
        rows.append(f'| `{c_name}` | {value["number"]} | `"{value["text"]}"` | {java} | {cited(value["doc"])} |')
    targets = "\n".join(f"c CAPAUTH_{key.upper()}_{value['name']}" for value in enum["values"])
    table = "| C | number | Python, Lua, exports | Java | |\n|---|---|---|---|---|\n" + "\n".join(rows)
    return f"## {key}\n\n{cited(enum['doc'])}\n\n```{{names}}\n{targets}\n```\n\n{table}\n"


def enums_page(enums):
    head = "# Enumerations\n\nNumbers in C, texts in Python and Lua. Expect more values in later versions.\n"
    return "\n".join([MADE, head, *(enum_section(key, enum) for key, enum in enums.items())])


# ---- Operations ----

REPEATS = {
    "never": "It is sent once. If its reply is lost, the outcome is unknown, and capauth does not repeat it by itself.",
    "always": "It is repeated by itself while there is time and `max_retries` allows it: doing it twice does no harm.",
    "without_password": "It is repeated by itself unless it carries a first password.",
}


def requests_table(operation, fields):
    rows = []
    for request in operation.requests:
        sent = "; ".join(fields[name] for name in request["fields"])
        rows.append(f"| {', '.join(request['flows'])} | {operation.http} `{request['path']}` | {sent} |")
    return "| flow | request | sends, beside brand and identifier |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def steps_table(operation, table):
    rows = {}
    for outcome, step, why in table.transitions(operation):
        rows.setdefault((step, why), []).append(outcome)
    said = {"by_password": "by whether there is a password", "by_role": "by the token's role: `done`, `second_factor`"}
    lines = []
    for (step, why), outcomes in rows.items():
        links = [f"{{in-c}}`{name.removeprefix('E_')} <CAPAUTH_{name}>`" for name in outcomes if name != "OK"]
        links = ["success"] * ("OK" in outcomes) + links
        lines.append(f"| {', '.join(links)} | {said.get(step, f'`{step}`')} | {why} |")
    return "| after | the next step is | |\n|---|---|---|\n" + "\n".join(lines) + "\n" if lines else ""


def operation_section(operation, table, settings, names):
    fields = {field["name"]: field["members"] for field in table.fields}
    own, common = settings.options_of(operation)
    options = ", ".join(f"[{option.name}](#call-option-{option.name})" for option in [*own, *common])
    lines = [f"## {operation.method}\n", cited(operation.doc), ""]
    lines += [names_line(names.of("session", operation.method)), ""]
    lines += [f"* `{argument['name']}`: {cited(argument['doc'])}" for argument in operation.arguments]
    lines += ["", f"Options: {options}", ""]
    if operation.requests:
        lines += [REPEATS[operation.repeat], "", requests_table(operation, fields)]
    return "\n".join([*lines, steps_table(operation, table), ""])


def operations_page(table, settings, names):
    head = """# Operations

Everything that a session asks of the Auth Engine, or of capauth. Each waits for its outcome, and has a form that
starts it and gives a call: `start_validate_otp` in Python and Lua, `startValidateOtp` in Java, the last argument in C.

The *next step* is advice. An operation is refused locally only when what it must send is missing; sending another OTP,
a forgotten password and "by OTP instead" always work. What is not in a table below leaves the step as it was: a wrong
OTP leaves it open.

"""
    return "\n".join([MADE, head, *(operation_section(operation, table, settings, names) for operation in table)])


def pages(names):
    """place -> text"""
    settings, errors = Settings(), load_errors()
    made = {f"reference/{language}.md": language_page(language, names.entries[language]) for language in TITLES}
    made["reference/options.md"] = options_page(settings, names)
    made["reference/errors.md"] = errors_page(errors)
    made["reference/enums.md"] = enums_page(load_enums())
    made["reference/operations.md"] = operations_page(Operations(), settings, names)
    made["names.json"] = names.as_json()
    return made
