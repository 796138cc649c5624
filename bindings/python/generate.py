#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the modules of the package that derive from the tables in core/: generate.py FOLDER

_errors.py          the tree of exceptions, from errors.json (see generate_exceptions.py)
_operations.py      how each operation is started, from operations.json
_blocking.py        the methods of a session that wait, and those that give the call
_awaited.py         the same for asyncio
_client_options.py  how a client is made, from settings.json
_enums.py           flows, identifier types and steps, from enums.json
"""

import pathlib
import sys
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "core"))
sys.dont_write_bytecode = True

from generate_exceptions import exceptions_module  # noqa: E402
from tables import Operations, Settings, load_enums, load_errors  # noqa: E402

LINE = 120
MADE = '"""{}\n\nMade by generate.py from core/{}; do not edit."""\n\n'

# ---- Arguments ----

REQUIRED = {
    "otp": "types.Secret",
    "password": "types.Secret",
    "method": "types.Method",
    "identifier": "str",
    "endpoint": "str",
}
OPTIONAL = {
    "duration": "float",
    "count": "int",
    "flag": "bool",
    "clock": "float",
    "text": "str",
    "url": "str",
    "file": "str | os.PathLike[str]",
    "texts": "str | abc.Iterable[str]",
    "pairs": "types.Headers",
    "query": "types.Query",
    "password": "types.Secret",
    "body": "str | types.Json",
}


class Argument:
    """One argument of a function as its user sees it."""

    def __init__(self, name, annotation, doc, default=None):
        self.name, self.annotation, self.doc, self.default = name, annotation, doc, default

    def declared(self):
        return f"{self.name}: {self.annotation}" + (f" = {self.default}" if self.default else "")

    def explained(self, indent):
        return wrapped(f"{self.name}: {self.doc}", indent, indent + "    ")


def wrapped(text, indent, further):
    return "\n".join(textwrap.wrap(text, LINE, initial_indent=indent, subsequent_indent=further))


def option_arguments(option, settings):
    """What one option of a call is in Python."""
    if option.kind == "hash":
        when = "When that was: an aware datetime, or Unix milliseconds."
        return [
            Argument("payload_hash", "str | None", settings.explained(option, "seconds"), "None"),
            Argument("payload_timestamp", "datetime.datetime | int | None", when, "None"),
        ]
    doc = settings.explained(option, "seconds")
    if option.kind == "flag":
        return [Argument(option.name, "bool", doc, "False")]
    doc += " A str goes out as it is." if option.kind == "body" else ""
    return [Argument(option.name, f"{OPTIONAL[option.kind]} | None", doc, "None")]


class Signature:
    """What an operation takes: positional arguments, then those that are given by name."""

    def __init__(self, operation, settings):
        self.doc = operation.doc
        self.own, self.common = settings.options_of(operation)
        named = {option.name: option_arguments(option, settings) for option in [*self.own, *self.common]}
        self.positional = [
            Argument(argument["name"], REQUIRED[argument["kind"]], argument["doc"]) for argument in operation.arguments
        ]
        for name in operation.options:
            if name == "*":
                break
            self.positional += named.pop(name)
        self.named = [argument for arguments in named.values() for argument in arguments]

    def declared(self, indent, first, gives):
        """From the parenthesis to the colon."""
        positional = [argument.declared() for argument in self.positional]
        lines = [first, *positional, "*", *(argument.declared() for argument in self.named)]
        return "(\n" + "".join(f"{indent}    {line},\n" for line in lines) + f"{indent}) -> {gives}:"

    def documented(self, indent):
        explained = [argument.explained(f"{indent}    ") for argument in [*self.positional, *self.named]]
        said = wrapped(f'"""{self.doc}', indent, indent)
        return "\n".join([said, "", f"{indent}Args:", *explained, f'{indent}"""'])

    def passed(self):
        named = [f"{argument.name}={argument.name}" for argument in self.named]
        return ", ".join(["self", *(argument.name for argument in self.positional), *named])


# ---- Operations ----

GIVES = {None: "None", "token": "str", "reply": "replies.Reply"}
FINISH = {
    None: "nothing",
    "token": "lambda _call: session._text(flat.session_copy_token)",
    "reply": "replies.reply_of",
}

STARTING = """from __future__ import annotations

from . import _flat as flat
from ._call import Started, nothing, replies, start_call
from ._later import datetime, types, typing
from ._options import CallOptions, body_text
from ._session import BaseSession


"""


def option_setter(option):
    """The lines that hand an option to the core, if it is given: most are not, so that is looked at first."""
    if option.kind == "hash":
        return """if payload_hash is not None or payload_timestamp is not None:
    options.payload(payload_hash, payload_timestamp)
"""
    given = option.name if option.kind == "flag" else f"{option.name} is not None"
    if option.kind == "query":
        return f"if {given}:\n    options.query({option.name})\n"
    function = f"add_{option.name.removesuffix('s')}" if option.kind == "pairs" else f"set_{option.c_name}"
    method = {"duration": "seconds", "pairs": "pairs"}.get(option.kind, "set")
    value = 1 if option.kind == "flag" else option.name
    return f'if {given}:\n    options.{method}("{option.name}", flat.options_{function}, {value})\n'


def start_function(operation, settings):
    signature = Signature(operation, settings)
    options = [option for option in [*signature.common, *signature.own] if option.kind != "body"]
    body = ["body_text(body)"] if len(options) < len(signature.common) + len(signature.own) else []
    values = ["session._handle", *(argument["name"] for argument in operation.arguments), *body, "options.handle"]
    setters = textwrap.indent("".join(option_setter(option) for option in options), " " * 8)
    declared = signature.declared("", "session: BaseSession", f"Started[{GIVES[operation.gives]}]")
    return f"""def {operation.method}{declared}
{signature.documented("    ")}

    def start() -> typing.Any:
        options = CallOptions()
{setters}        return flat.{operation.function}({", ".join(values)})

    return start_call(session, {FINISH[operation.gives]}, start)
"""


def operations_module(operations, settings):
    doc = "The operations, each once: how it is started. What they document is what the finished form does."
    functions = [start_function(operation, settings) for operation in operations]
    return MADE.format(doc, "operations.json") + STARTING + "\n\n".join(functions)


# ---- Their forms ----

BLOCKING = '''from __future__ import annotations

from . import _operations as operations
from ._call import Call, Started, replies
from ._handle import T, called
from ._later import datetime, types
from ._session import BaseSession


@called("Session")
class BlockingOperations(BaseSession):
    """The operations of a session whose user waits for them."""

    __slots__ = ()

    def _finished(self, started: Started[T]) -> T:
        """Waits, and gives what the operation gives."""
        raise NotImplementedError

    def _handed_out(self, started: Started[T]) -> Call[T]:
        """Gives the call, for the user to wait for."""
        raise NotImplementedError
'''

AWAITED = '''from __future__ import annotations

from collections import abc

from . import _operations as operations
from ._aio_call import Call
from ._call import Started, replies
from ._handle import T, called
from ._later import datetime, types
from ._session import BaseSession


@called("Session")
class AwaitedOperations(BaseSession):
    """The operations of a session in asyncio."""

    __slots__ = ()

    async def _finished(self, start: abc.Callable[[], Started[T]]) -> T:
        """Starts it, awaits it, and gives what the operation gives."""
        raise NotImplementedError

    def _handed_out(self, start: abc.Callable[[], Started[T]]) -> Call[T]:
        """Starts it, and gives the call, for the user to await."""
        raise NotImplementedError
'''


def forms(operation, settings, awaited):
    signature = Signature(operation, settings)
    gives = GIVES[operation.gives]
    started = f"{'lambda: ' if awaited else ''}operations.{operation.method}({signature.passed()})"
    finished = f"{'await ' if awaited else ''}self._finished({started})"
    return f"""
    {"async " if awaited else ""}def {operation.method}{signature.declared("    ", "self", gives)}
{signature.documented("        ")}
        {finished if operation.gives is None else f"return {finished}"}

    def start_{operation.method}{signature.declared("    ", "self", f"Call[{gives}]")}
{signature.documented("        ")}
        return self._handed_out({started})
"""


def forms_module(operations, settings, awaited):
    doc = "The operations as methods that are awaited." if awaited else "The operations as methods that wait."
    methods = "".join(forms(operation, settings, awaited) for operation in operations)
    return MADE.format(doc, "operations.json") + (AWAITED if awaited else BLOCKING) + methods


# ---- A client's options ----

CLIENT = '''from __future__ import annotations

import os
from collections import abc

from . import _flat as flat
from ._configured import ConfiguredClient
from ._handle import called
from ._later import types, typing


@called("Client")
class ClientOptions(ConfiguredClient):
    """A client that is made of its options."""

    __slots__ = ()

    def __init__(
        self,
        *,
{declared}
    ) -> None:
        """One of `cluster` and `base_url` is to be given. Times are seconds; None is the default of everything.

        Args:
{explained}
        """
        self._create(cluster, base_url)
{setters}
        self._observe(log, log_level, trace)
'''
CALLBACKS = [
    Argument(
        "log",
        "types.LogCallback | None",
        '`log(level, message)` gets levels of the logging module; without it, the logger "capauth" does.',
        "None",
    ),
    Argument("log_level", "int | None", "The least severe level of the logging module that `log` gets.", "None"),
    Argument(
        "trace", "types.TraceCallback | None", "`trace(event)` gets a TraceEvent at a call's start and end.", "None"
    ),
]


def default_of(setting):
    if setting.name == "user_agent":
        return 'f"capauth/{flat.version()}"'
    if setting.kind in ("duration", "clock"):
        return f"{setting.default / 1000:.10g}"
    return f'"{setting.default}"' if setting.kind == "choice" else str(setting.default)


def client_argument(setting, settings):
    choices = [cluster["name"] for cluster in settings.clusters] if setting.kind == "cluster" else setting.choices
    literal = ", ".join(f'"{choice}"' for choice in choices)
    annotation = f"typing.Literal[{literal}] | str" if choices else OPTIONAL[setting.kind]
    return Argument(setting.name, f"{annotation} | None", settings.explained(setting, "seconds"), default_of(setting))


def client_setter(setting):
    function = f"add_{setting.name.removesuffix('s')}" if setting.kind == "pairs" else f"set_{setting.c_name}"
    methods = {"duration": "seconds", "clock": "clock", "file": "path", "texts": "texts", "pairs": "pairs"}
    return f'self._{methods.get(setting.kind, "option")}("{setting.name}", flat.client_{function}, {setting.name})'


def client_module(settings):
    arguments = [*(client_argument(setting, settings) for setting in settings.client), *CALLBACKS]
    return MADE.format("What a client can be told.", "settings.json") + CLIENT.format(
        declared="\n".join(f"        {argument.declared()}," for argument in arguments),
        explained="\n".join(argument.explained(" " * 12) for argument in arguments),
        setters="\n".join(f"        {client_setter(setting)}" for setting in settings.in_order_of_setting()),
    )


# ---- Enumerations ----

ENUMS = '''import enum

from . import _flat as flat

FLOWS = {{
{flows}
}}
IDENTIFIERS = {{
{identifiers}
}}


class Step(enum.StrEnum):
    """What to do next in a sign-in. Later versions may know more steps than these."""

{steps}

    @classmethod
    def _missing_(cls, value: object) -> "Step | None":
        """A step that this version does not know is a Step too."""
        if not isinstance(value, str):
            return None
        step = str.__new__(cls, value)
        step._name_ = value.upper()
        step._value_ = value
        return step


Step.__module__ = "capauth"  # where users find it
'''


def enums_module(enums):
    def names(key):
        return "\n".join(f'    flat.{key.upper()}_{row["name"]}: "{row["text"]}",' for row in enums[key]["values"])

    steps = "\n".join(f'    {row["name"]} = "{row["text"]}"' for row in enums["step"]["values"])
    return MADE.format("The enumerations, by the core's numbers or as texts.", "enums.json") + ENUMS.format(
        flows=names("flow"), identifiers=names("identifier"), steps=steps
    )


def files():
    operations, settings = Operations(), Settings()
    return {
        "_errors.py": exceptions_module(load_errors()),
        "_operations.py": operations_module(operations, settings),
        "_blocking.py": forms_module(operations, settings, awaited=False),
        "_awaited.py": forms_module(operations, settings, awaited=True),
        "_client_options.py": client_module(settings),
        "_enums.py": enums_module(load_enums()),
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, text in files().items():
        (pathlib.Path(sys.argv[1]) / name).write_text(text, encoding="utf-8")
