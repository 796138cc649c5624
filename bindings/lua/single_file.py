#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the Lua files as one, for engines and games:  single_file.py OUTPUT FOLDER...

Each file of the folders becomes a function of package.preload, under its own name, so that errors name the line in the
file that it was. capauth.redis is left out: it is for servers, and reads files beside it.
"""

import pathlib
import sys

HEAD = """-- SPDX-License-Identifier: Apache-2.0
-- capauth's Lua files as one. require or dofile it; what it returns is `require "capauth"`. The C module capauth.core
-- must be found by require, or be in package.preload: a host that is linked with it puts luaopen_capauth_core there.
local load_text = loadstring or load
local function module(name, file, text)
  package.preload[name] = function(...) return assert(load_text(text, "@capauth/" .. file))(...) end
end
"""
LEFT_OUT = ("redis", "sha256")


def quoted(text):
    """As a long string, between brackets that the text does not have."""
    level = next(level for level in map("=".__mul__, range(9)) if f"]{level}]" not in text)
    return f"[{level}[\n{text}]{level}]"


def main(output, *folders):
    files = {path.stem: path for folder in folders for path in pathlib.Path(folder).glob("*.lua")}
    parts = [HEAD]
    for stem, path in sorted(files.items()):
        if not stem.startswith(LEFT_OUT):
            name = "capauth" if stem == "init" else f"capauth.{stem}"
            parts.append(f'module("{name}", "{path.name}", {quoted(path.read_text(encoding="utf-8"))})\n')
    parts.append('return require "capauth"\n')
    pathlib.Path(output).write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
