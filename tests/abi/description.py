#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ABI of major version 1, as it was described once, and what a library has become since.

    description.py compare LIBRARY INCLUDE      fails, with the reasons, unless they are the same
    description.py write LIBRARY INCLUDE        describes what was added, once CHANGELOG.md names it

The description is three files: `functions.abi` as libabigail's abidw writes it (symbols and types of parameters),
`constants.txt` with the enumerators, which no symbol refers to, and `callbacks.txt` with the names of the parameters of
what the library calls, which no compiler keeps. Nothing in them is ever taken away or changed. INCLUDE is the folder of
the public header.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
FUNCTIONS = "functions.abi"
CONSTANTS = "constants.txt"
CALLBACKS = "callbacks.txt"


def run(*command, good=(0,)):
    """The exit code, which must be one of those, and the output."""
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if done.returncode not in good:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.returncode, done.stdout


def describe_functions(library, include, out):
    """Without what may differ between two builds of the same: places, private types, what the library itself needs."""
    run(
        "abidw", "--exported-interfaces-only", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs",
        "--short-locs", "--no-elf-needed", "--no-architecture", "--drop-undefined-syms", "--drop-private-types",
        "--headers-dir", str(include), "--out-file", str(out), str(library),
    )  # fmt: skip


def headers_of(include):
    """The public headers, and what they say without comments."""
    headers = sorted(include.rglob("*.h"))
    text = "".join(header.read_text(encoding="utf-8") for header in headers)
    return headers, re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def describe_callbacks(include):
    """`name = first, second`: what each is called with."""
    _, text = headers_of(include)
    lines = []
    for name, parameters in re.findall(r"\(\s*\*\s*(\w+)\s*\)\s*\(([^()]*)\)\s*;", text):
        names = re.findall(r"(\w+)\s*(?:,|$)", parameters)
        lines.append(f"{name} = {', '.join(names)}\n")
    return "".join(lines)


def describe_constants(include, folder):
    """The enumerators of all public headers with the numbers that a compiler gives them, in their order."""
    headers, text = headers_of(include)
    bodies = re.findall(r"\benum\b[^{;]*\{([^}]*)\}", text)
    names = [name for body in bodies for name in re.findall(r"(\w+)\s*(?:=[^,]*)?(?:,|$)", body)]
    source, program = folder / "constants.c", folder / "constants"
    lines = [f'#include "{header.relative_to(include)}"' for header in headers]
    lines += ["#include <stdio.h>", "int main(void) {"]
    lines += [f'printf("{name} = %lld\\n", (long long){name});' for name in names]
    source.write_text("\n".join([*lines, "return 0; }"]), encoding="utf-8")
    run(os.environ.get("CC", "cc"), f"-I{include}", str(source), "-o", str(program))
    return run(str(program))[1]


def describe(library, include, folder):
    folder.mkdir(exist_ok=True)
    describe_functions(library, include, folder / FUNCTIONS)
    with tempfile.TemporaryDirectory() as work:
        constants = describe_constants(include, pathlib.Path(work))
    (folder / CONSTANTS).write_text(constants, encoding="utf-8")
    (folder / CALLBACKS).write_text(describe_callbacks(include), encoding="utf-8")


def functions_of(folder):
    """The parameters' names, by function."""
    root = xml.etree.ElementTree.parse(folder / FUNCTIONS).getroot()
    return {
        function.get("name"): [parameter.get("name") for parameter in function.iter("parameter")]
        for function in root.iter("function-decl")
        if function.get("elf-symbol-id")
    }


def lines_of(file):
    """Those of a file of `name = what`."""
    return dict(line.split(" = ") for line in file.read_text(encoding="utf-8").splitlines())


def constants_of(folder):
    return lines_of(folder / CONSTANTS)


def callbacks_of(folder):
    """The parameters' names, by callback."""
    return {name: names.split(", ") for name, names in lines_of(folder / CALLBACKS).items()}


def broken_functions(before, now):
    """What abidiff says, which knows types, and nothing of additions."""
    command = ["abidiff", "--no-added-syms", "--harmless", str(before / FUNCTIONS), str(now / FUNCTIONS)]
    code, report = run(*command, good=(0, 4, 8, 12))
    return [report.strip()] if code else []


def swapped_parameters(before, now):
    """Two texts that change places look the same to a compiler."""
    after = {**functions_of(now), **callbacks_of(now)}
    for name, parameters in {**functions_of(before), **callbacks_of(before)}.items():
        if name in after and parameters != after[name] and sorted(parameters) == sorted(after[name]):
            yield f"{name}: the parameters were {', '.join(parameters)}; now they are {', '.join(after[name])}"


def broken_constants(before, now):
    after = constants_of(now)
    for name, value in constants_of(before).items():
        if name not in after:
            yield f"{name} is gone; it was {value}"
        elif after[name] != value:
            yield f"{name} is {after[name]}; it was {value}"


def broken(before, now):
    """Why a program that was built with the ABI before may not work with the one now."""
    return [*broken_functions(before, now), *swapped_parameters(before, now), *broken_constants(before, now)]


def added(before, now):
    old = {*functions_of(before), *constants_of(before), *callbacks_of(before)}
    return [name for name in [*functions_of(now), *constants_of(now), *callbacks_of(now)] if name not in old]


def unmentioned(names, changelog):
    """Those that the changelog does not name."""
    text = changelog.read_text(encoding="utf-8")
    return [name for name in names if not re.search(rf"\b{name}\b", text)]


def compare(before, now):
    """What is wrong, as sentences; empty: nothing."""
    reasons = [f"The ABI of major version 1 is broken:\n{reason}" for reason in broken(before, now)]
    new = added(before, now)
    if new:
        reasons.append(f"Not described yet: {', '.join(new)}. Name them in CHANGELOG.md, then run `make abi`.")
    return reasons


def write(before, now, changelog):
    """The same, when the description cannot be written."""
    reasons = [f"The ABI of major version 1 is broken:\n{reason}" for reason in broken(before, now)]
    missing = unmentioned(added(before, now), changelog)
    if missing:
        reasons.append(f"{changelog.name} does not name: {', '.join(missing)}")
    if not reasons:
        for name in (FUNCTIONS, CONSTANTS, CALLBACKS):
            shutil.copyfile(now / name, before / name)
    return reasons


def main(what, library, include):
    with tempfile.TemporaryDirectory() as work:
        now = pathlib.Path(work)
        describe(library, pathlib.Path(include), now)
        reasons = compare(HERE, now) if what == "compare" else write(HERE, now, HERE.parent.parent / "CHANGELOG.md")
    for reason in reasons:
        print(reason)
    return 1 if reasons else 0


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("compare", "write"):
        raise SystemExit(__doc__)
    sys.exit(main(*sys.argv[1:]))
