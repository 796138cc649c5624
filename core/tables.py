# SPDX-License-Identifier: Apache-2.0
"""Reads the tables that the C files, the wrappers, the tests and the counts in README are made from.

core/generate.py makes C of them; bindings/<language>/generate.py makes the forms of that language. What no table can
say twice without a contradiction being noticed is checked here.
"""

import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent

FLOWS = ("mobile", "web", "mfa")
ARGUMENT_KINDS = ("otp", "password", "identifier", "method", "endpoint")
SECRETS = ("otp", "password")
REPLIES = ("nothing", "session", "token", "new_token")
REPEATS = ("never", "always", "without_password")
NUMBER_KINDS = ("duration", "count", "flag")
TEXT_KINDS = ("cluster", "url", "file", "text", "choice", "texts", "password")
SETTING_KINDS = (*NUMBER_KINDS, *TEXT_KINDS, "clock", "pairs", "query", "hash", "body")
GIVES = (None, "token", "reply")


class TableError(ValueError):
    """A table contradicts itself."""


def check(condition, what):
    if not condition:
        raise TableError(what)


def unique(rows, key, where):
    values = [row[key] for row in rows]
    for value in values:
        check(values.count(value) == 1, f"{where}: {key} {value} occurs twice")


def load_errors(path=HERE / "errors.json"):
    """errors.json: unique numbers and names, classes that exist."""
    table = json.loads(path.read_text(encoding="utf-8"))
    classes = {row["name"] for row in table["classes"]}
    unique(table["codes"], "code", "errors.json")
    unique(table["codes"], "name", "errors.json")
    for row in table["codes"]:
        check(row["class"] in classes, f"errors.json: {row['name']} has the unknown class {row['class']}")
        for what in ("cause", "remedy"):
            check(row[what].endswith("."), f"errors.json: {row['name']}: {what} is no sentence")
    return table


def load_enums(path=HERE / "enums.json"):
    """enums.json without its comment: name of the enumeration -> its doc and values."""
    table = json.loads(path.read_text(encoding="utf-8"))
    del table["comment"]
    for name, enum in table.items():
        for key in ("name", "number", "text"):
            unique(enum["values"], key, f"enums.json: {name}")
    return table


def public_name(row):
    """What users key their translations on: INVALID_OTP, BUSY."""
    return row["name"].removeprefix("E_")


class Operation:
    """One row of operations.json, with what follows from it.

    name         as errors, logs and traces call it
    function     in C, without capauth_; the name, unless the row says otherwise
    method       in Python and Lua; Java writes it in its own way
    doc          what it does, for every language but C, whose header is written by hand
    arguments    the texts that it must have: name, kind (ARGUMENT_KINDS) and doc
    options      those that it has use for, beside those of every call: see settings.json. In Python those after "*"
                 are given by name
    gives        what a success gives, where that is something (GIVES)
    http         the method of its requests
    reply        what a successful reply must bring (REPLIES)
    repeat       whether a request may be sent again (REPEATS)
    requests     path, fields (those of the table above) and the flows that have it; none: capauth's own operation,
                 whose function in C is written by hand
    next_step    what is advised after an outcome, the name of an error or "sign_in_lost", which is several; "why"
                 becomes a comment
    """

    def __init__(self, row):
        known = {"name", "function", "method", "doc", "arguments", "options", "gives", "http", "reply", "repeat"}
        where = f"operations.json: {row.get('name')}"
        check(row.keys() <= known | {"requests", "next_step"}, f"{where}: has {sorted(row.keys() - known)}")
        self.name = row["name"]
        self.function = row.get("function", self.name)
        self.method = row["method"]
        self.doc = row["doc"]
        self.arguments = row.get("arguments", [])
        self.options = row.get("options", [])
        self.gives = row.get("gives")
        self.requests = row.get("requests", [])
        self.next_step = row.get("next_step", [])
        self.http, self.reply, self.repeat = (row.get(name) for name in ("http", "reply", "repeat"))
        self.constant = self.name.upper()
        # One at a time in a session. A regeneration goes on beside the others.
        self.changes_sign_in = bool(self.requests) and self.reply != "new_token"
        check(re.fullmatch(r"[a-z]+(_[a-z]+)*", self.name), f"{where}: is no name")
        check(self.doc.endswith("."), f"{where}: doc is no sentence")
        for argument in self.arguments:
            check(argument.keys() == {"name", "kind", "doc"}, f"{where}: argument {argument}")
        check(self.gives in GIVES, f"{where}: gives {self.gives}")
        check(all(argument["kind"] in ARGUMENT_KINDS for argument in self.arguments), f"{where}: kind of argument")
        if self.requests:
            check(self.reply in REPLIES, f"{where}: reply {self.reply}")
            check(self.repeat in REPEATS, f"{where}: repeat {self.repeat}")
            check(self.http in ("POST", "DELETE"), f"{where}: http {self.http}")

    @property
    def secrets(self):
        return [argument["name"] for argument in self.arguments if argument["kind"] in SECRETS]


class Operations:
    """operations.json."""

    def __init__(self, path=HERE / "operations.json"):
        table = json.loads(path.read_text(encoding="utf-8"))
        self.fields = table["fields"]
        self.sign_in_lost = table["sign_in_lost"]
        self.rows = [Operation(row) for row in table["operations"]]
        unique(self.fields, "name", "operations.json")
        unique(table["operations"], "name", "operations.json")
        unique(table["operations"], "method", "operations.json")
        names = {field["name"] for field in self.fields}
        for row in self.rows:
            for request in row.requests:
                where = f"operations.json: {request['path']}"
                check(set(request["flows"]) <= set(FLOWS), f"{where}: flows {request['flows']}")
                check(set(request["fields"]) <= names, f"{where}: fields {request['fields']}")

    def __iter__(self):
        return iter(self.rows)

    @property
    def requests(self):
        """How many operations the protocol has: each path is one."""
        return sum(len(row.requests) for row in self.rows)

    def transitions(self, row):
        """(outcome, step, why) of each outcome that changes the advice; groups spelt out."""
        for step in row.next_step:
            group = self.sign_in_lost if step["outcome"] == "sign_in_lost" else [step["outcome"]]
            for outcome in group:
                yield outcome, step["step"], step.get("why", "")


class Setting:
    """One row of settings.json: a client's setting or a call's option.

    name         as Python, Lua and Java know it, Java in its own way
    kind         SETTING_KINDS: what C takes, what the languages take, and how one becomes the other
    choices      of the kind "choice"
    parameter    what the setter's value is called where that is seen, in Java
    least, most  bounds of a number, as C counts it
    default      of a client's setting, as C counts it; absent: none, or more than a number can say
    none         of a call's option: the number for "not given"
    by_hand      the C function is written by hand, or what it does with the value is
    checked      a number within its bounds is looked at once more: check_NAME in C
    member       false: what it sets is more than the member of its name
    room         "net": the member is the transport's
    getter       there is a function that tells what holds
    first        the wrappers set it before the others, whose values are looked at in its light
    common       an option that every operation takes
    doc          what it is for, in every language but C, whose header is written by hand
    form         what a value must look like, and what holds without one, where kind, bounds and default do not say it
    """

    KNOWN = {"name", "kind", "choices", "parameter", "least", "most", "default", "none", "by_hand", "checked", "member"}
    KNOWN |= {"getter", "first", "common", "room", "doc", "form"}

    def __init__(self, row):
        where = f"settings.json: {row.get('name')}"
        check(row.keys() <= self.KNOWN, f"{where}: has {sorted(row.keys() - self.KNOWN)}")
        self.name, self.kind, self.doc = row["name"], row["kind"], row["doc"]
        self.c_name = f"{self.name}_ms" if self.kind in ("duration", "clock") else self.name
        self.choices, self.form = row.get("choices", []), row.get("form", "")
        self.parameter = row.get("parameter", self.name)
        self.default = row.get("default")
        self.none = row.get("none", 0)
        bounds: tuple[int, int] = (0, 1) if self.kind == "flag" else (row.get("least"), row.get("most"))
        self.least, self.most = bounds
        self.by_hand, self.checked = row.get("by_hand", False), row.get("checked", False)
        self.getter, self.first, self.common = (row.get(name, False) for name in ("getter", "first", "common"))
        self.is_number = self.kind in NUMBER_KINDS
        self.is_text = self.kind in TEXT_KINDS
        self.has_member = row.get("member", self.is_text or self.is_number)
        self.room = row.get("room", "session")
        self.path = f"net.{self.c_name}" if self.room == "net" else self.c_name
        check(self.kind in SETTING_KINDS, f"{where}: kind {self.kind}")
        check(self.doc.endswith("."), f"{where}: doc is no sentence")
        check(not self.form or self.form.endswith("."), f"{where}: form is no sentence")
        check(not self.is_number or self.least < self.most, f"{where}: has no bounds")
        check((self.kind == "choice") == bool(self.choices), f"{where}: choices")


def _amount(setting, value, unit):
    """A number as people write it: 86,400 seconds, 0.001 seconds."""
    if setting.kind in ("duration", "clock") and unit == "seconds":
        value = value / 1000
        return f"{value:,.0f}" if value == int(value) else f"{value:g}"
    return f"{value:,}" if setting.is_number or setting.kind == "clock" else str(value)


class Settings:
    """settings.json."""

    def __init__(self, path=HERE / "settings.json"):
        table = json.loads(path.read_text(encoding="utf-8"))
        self.clusters = table["clusters"]
        self.client = [Setting(row) for row in table["client"]]
        self.call = [Setting(row) for row in table["call"]]
        unique(self.clusters, "name", "settings.json")
        unique(table["client"], "name", "settings.json")
        unique(table["call"], "name", "settings.json")

    def explained(self, setting, unit):
        """What people read of a setting or an option, in every language the same: what it is for, which values it
        takes, and which holds without one. `unit`: "seconds" or "milliseconds", in which the language has times."""
        parts = [setting.doc, self._values(setting, unit), setting.form]
        return " ".join(part for part in parts if part)

    def _values(self, setting, unit):
        if setting.kind == "flag":
            return f"{'On' if setting.default else 'Off'} by default."
        choices = [row["name"] for row in self.clusters] if setting.kind == "cluster" else setting.choices
        if choices:
            *others, last = choices
            said = f"{', '.join(others)} or {last}"
        elif setting.kind == "clock":
            said = f"In {unit}"
        elif setting.is_number:
            least, most = (_amount(setting, bound, unit) for bound in (setting.least, setting.most))
            said = f"{least} to {most}" + (f" {unit}" if setting.kind == "duration" else "")
        else:
            return ""
        default = "" if setting.default is None else f"; {_amount(setting, setting.default, unit)} by default"
        return f"{said}{default}."

    def in_order_of_setting(self):
        return sorted(self.client, key=lambda setting: not setting.first)

    def options_of(self, operation):
        """Those that an operation takes: its own in its order, then those of every operation."""
        by_name = {option.name: option for option in self.call}
        own = [by_name[name] for name in operation.options if name != "*"]
        return own, [option for option in self.call if option.common]
