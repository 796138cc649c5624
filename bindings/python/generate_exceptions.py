# SPDX-License-Identifier: Apache-2.0
"""The part of generate.py that writes _errors.py, the tree of exceptions."""

import re

HEAD = '''"""Every exception of capauth, and which code raises which. Made from errors.json; do not edit."""

from ._error import Error
from ._enums import Step

__all__ = [
{names}
]
'''

# What these know beyond the root.
DETAILS = {
    "InvalidArgumentError": ('argument: str = ""', "The parameter that was not acceptable."),
    "WrongStepError": ("next_step: Step = Step.TOKEN_GENERATE", "What to do first."),
}

# The codes of classes that have several, of which none is called like the class.
CHOSEN = {"Error": "E_INTERNAL", "UsageError": "E_UNSUPPORTED", "TooManyAttemptsError": "TOO_MANY_OTP_ATTEMPTS"}


MODULES = """for _name in __all__:
    globals()[_name].__module__ = "capauth"  # where users find them
del _name
"""


def code_of(name, table):
    """The code of an exception that is told none: that which is called like its class, or its only one."""
    codes = {row["name"]: row["code"] for row in table["codes"] if row["class"] == name}
    words = re.sub("([a-z])([A-Z])", r"\1_\2", name.removesuffix("Error")).upper()
    for known in (CHOSEN.get(name), words, f"E_{words}"):
        if known in codes:
            return codes[known]
    (code,) = codes.values()
    return code


def class_text(row, table):
    bases = ", ".join(filter(None, [row["parent"], row["python"]]))
    lines = [f"class {row['name']}({bases}):", f'    """{row["doc"]}"""']
    if row["name"] in DETAILS:
        declaration, doc = DETAILS[row["name"]]
        lines += ["", f"    {declaration}", f'    """{doc}"""']
    lines += ["", f"    _code = {code_of(row['name'], table)}"]
    return "\n".join(lines) + "\n"


def exceptions_module(table):
    subclasses = [class_text(row, table) for row in table["classes"] if row["parent"]]
    root = f"Error._code = {code_of('Error', table)}\n"
    names = "\n".join(f'    "{row["name"]}",' for row in table["classes"])
    codes = "\n".join(f"    {row['code']}: {row['class']},  # {row['name']}" for row in table["codes"])
    return "\n\n".join(
        [HEAD.format(names=names), *subclasses, root, MODULES, f"CLASSES: dict[int, type[Error]] = {{\n{codes}\n}}\n"]
    )
