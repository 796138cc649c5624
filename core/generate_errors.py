#!/usr/bin/env python3
"""Makes everything that derives from errors.json, the one table of errors.

    generate_errors.py header PATH    rewrites the block of constants in the public header
    generate_errors.py table PATH     writes the C rows behind capauth_strerror and capauth_error_name
    generate_errors.py check          fails when the checked-in header or table is not what errors.json says

The wrappers' own generators import `load` from here.
"""

import json
import pathlib
import re
import sys
from typing import Any

Table = dict[str, Any]

HERE = pathlib.Path(__file__).resolve().parent
HEADER = HERE / "include" / "capauth" / "capauth.h"
TABLE = HERE / "src" / "protocol" / "error_table.h"
BLOCK = re.compile(r"(/\* errors: begin[^\n]*\n).*?(/\* errors: end)", re.S)


def load(path: pathlib.Path = HERE / "errors.json") -> Table:
    """The table, checked: unique numbers and names, classes that exist."""
    table: Table = json.loads(path.read_text(encoding="utf-8"))
    classes = {row["name"] for row in table["classes"]}
    for key in ("code", "name"):
        values = [row[key] for row in table["codes"]]
        if len(set(values)) != len(values):
            raise ValueError(f"errors.json: a {key} occurs twice")
    for row in table["codes"]:
        if row["class"] not in classes:
            raise ValueError(f"errors.json: {row['name']} has the unknown class {row['class']}")
    return table


def public_name(row: dict[str, Any]) -> str:
    """What users key their translations on: INVALID_OTP, BUSY."""
    return str(row["name"]).removeprefix("E_")


def header_block(table: Table) -> str:
    lines = [f"    CAPAUTH_{row['name']} = {row['code']}, /* {row['text']} */" for row in table["codes"]]
    return "enum {\n    CAPAUTH_OK = 0,\n" + "\n".join(lines) + "\n};\n"


def c_table(table: Table) -> str:
    rows = sorted(table["codes"], key=lambda row: row["code"])
    lines = [
        "/* Made by generate_errors.py from errors.json; do not edit. Sorted by code, for a binary search. */",
        "/* clang-format off */",
    ]
    for row in rows:
        lines.append(
            'ERROR_ROW({}, "{}", "{}", {})'.format(
                row["code"], public_name(row), row["text"], int(row["retryable"])
            )
        )
    lines.append("/* clang-format on */")
    return "\n".join(lines) + "\n"


def with_block(header: str, table: Table) -> str:
    text, count = BLOCK.subn(lambda match: match[1] + header_block(table) + match[2], header)
    if count != 1:
        raise ValueError("the header has no block of errors")
    return text


def main(arguments: list[str]) -> int:
    table = load()
    if arguments[:1] == ["header"] and len(arguments) == 2:
        path = pathlib.Path(arguments[1])
        path.write_text(with_block(path.read_text(encoding="utf-8"), table), encoding="utf-8")
    elif arguments[:1] == ["table"] and len(arguments) == 2:
        pathlib.Path(arguments[1]).write_text(c_table(table), encoding="utf-8")
    elif arguments == ["check"]:
        header = HEADER.read_text(encoding="utf-8")
        stale = []
        if with_block(header, table) != header:
            stale.append(HEADER)
        if TABLE.read_text(encoding="utf-8") != c_table(table):
            stale.append(TABLE)
        for path in stale:
            print(f"{path} is not what errors.json says: run generate_errors.py", file=sys.stderr)
        return 1 if stale else 0
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
