#!/usr/bin/env python3
"""Writes capauth/_errors.py, the tree of exceptions, from the one table of errors: generate_errors.py PATH"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "core"))
from generate_errors import load  # noqa: E402

HEAD = '''"""Every exception of capauth, and which code raises which. Made from errors.json; do not edit."""

from ._error import Error
from ._types import Step

__all__ = [
{names}
]
'''

# What these know beyond the root.
DETAILS = {
    "InvalidArgumentError": ("argument: str", "The parameter that was not acceptable."),
    "WrongStepError": ("next_step: Step", "What to do first."),
}


def class_text(row):
    bases = ", ".join(filter(None, [row["parent"], row["python"]]))
    lines = [f"class {row['name']}({bases}):", f'    """{row["doc"]}"""']
    if row["name"] in DETAILS:
        declaration, doc = DETAILS[row["name"]]
        lines += ["", f"    {declaration}", f'    """{doc}"""']
    return "\n".join(lines) + "\n"


def module_text(table):
    subclasses = [row for row in table["classes"] if row["parent"]]
    names = "\n".join(f'    "{row["name"]}",' for row in table["classes"])
    codes = "\n".join(f"    {row['code']}: {row['class']},  # {row['name']}" for row in table["codes"])
    return "\n\n".join(
        [HEAD.format(names=names), *map(class_text, subclasses), f"CLASSES: dict[int, type[Error]] = {{\n{codes}\n}}\n"]
    )


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_text(module_text(load()), encoding="utf-8")
