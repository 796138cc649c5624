#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the Java sources that derive from the tables in core/.

    generate.py java FOLDER     writes them: exceptions, operations in their three forms, options, enumerations
    generate.py list            names those files
    generate.py hide FILE       takes `public` off the one generated type where SWIG offers no way to
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "core"))
sys.dont_write_bytecode = True

from generate_enums import enum_files  # noqa: E402
from generate_exceptions import exception_files  # noqa: E402
from generate_operations import operation_files  # noqa: E402
from generate_options import option_files  # noqa: E402
from tables import Operations, Settings, load_enums, load_errors  # noqa: E402

HEAD = "// SPDX-License-Identifier: Apache-2.0\n// Made by generate.py; do not edit.\npackage io.capauth;\n\n"


def files():
    operations, settings = Operations(), Settings()
    made = {
        **exception_files(load_errors()),
        **operation_files(operations, settings),
        **option_files(operations, settings),
        **enum_files(load_enums()),
    }
    return {name + ".java": HEAD + body for name, body in made.items()}


def hide(path):
    text = path.read_text(encoding="utf-8")
    if text.count("\npublic interface ") != 1:
        raise ValueError(f"{path} is not what SWIG used to write")
    path.write_text(text.replace("\npublic interface ", "\ninterface "), encoding="utf-8")


def main(arguments):
    if arguments[:1] == ["java"] and len(arguments) == 2:
        folder = pathlib.Path(arguments[1])
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files().items():
            (folder / name).write_text(text, encoding="utf-8")
    elif arguments == ["list"]:
        print(";".join(sorted(files())), end="")
    elif arguments[:1] == ["hide"] and len(arguments) == 2:
        hide(pathlib.Path(arguments[1]))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
