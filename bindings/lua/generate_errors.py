#!/usr/bin/env python3
"""Writes capauth/error_table.lua from core/errors.json: generate_errors.py PATH"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "core"))
from tables import load_errors, public_name  # noqa: E402


def snake(class_name):
    """InvalidOtpError: invalid_otp. The root keeps its name, having no other."""
    stem = class_name.removesuffix("Error") or class_name
    return re.sub(r"(?<!^)([A-Z])", r"_\1", stem).lower()


def categories(table):
    """Class: its parent, or itself where the parent is the root, which would say nothing."""
    parents = {row["name"]: row["parent"] for row in table["classes"]}
    return {name: parent if parent and parents[parent] else name for name, parent in parents.items()}


def lua_table(table):
    category = categories(table)
    lines = [
        "-- Made by generate_errors.py from core/errors.json; do not edit.",
        "return {",
    ]
    for row in table["codes"]:
        lines.append(
            '  [{}] = {{ name = "{}", kind = "{}", category = "{}", retryable = {}, text = "{}" }},'.format(
                row["code"],
                public_name(row),
                snake(row["class"]),
                snake(category[row["class"]]),
                str(row["retryable"]).lower(),
                row["text"],
            )
        )
    return "\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[1]).write_text(lua_table(load_errors()), encoding="utf-8")
