#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The source rock, installed by LuaRocks into an empty tree of each Lua; SWIG, Python and CMake are out of reach."""

import os
import pathlib
import tempfile
import unittest

from support import ARCHIVE, DEMO, PACKAGES, VERSION, run, sign_in

ROCK = PACKAGES / f"capauth-{VERSION}-1.src.rock"
# Interpreter: the version that LuaRocks knows it by, and its headers where that is not enough.
LUAS = {
    "lua5.1": ("5.1", []),
    "lua5.2": ("5.2", []),
    "lua5.3": ("5.3", []),
    "lua5.4": ("5.4", []),
    "luajit": ("5.1", ["LUA_INCDIR=/usr/include/luajit-2.1"]),
}


class Rock(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-rock-")))
        self.tools = self.folder / "tools"
        self.tools.mkdir()
        for name in ("swig", "python3", "cmake"):
            (self.tools / name).write_text(f"#!/bin/sh\necho {name} was asked for >&2\nexit 1\n")
            (self.tools / name).chmod(0o755)

    def install(self, version, *options):
        path = f"{self.tools}:{os.environ['PATH']}"
        tree = self.folder / "tree"
        run("luarocks", f"--lua-version={version}", f"--tree={tree}", "install", ROCK, *options, PATH=path)
        return tree

    def test_a_customer_signs_in_with_each_lua(self):
        for interpreter, (version, options) in LUAS.items():
            with self.subTest(interpreter):
                tree = self.install(version, *options)
                share, lib = tree / "share" / "lua" / version, tree / "lib" / "lua" / version
                paths = {"LUA_PATH": f"{share}/?.lua;{share}/?/init.lua", "LUA_CPATH": f"{lib}/?.so"}
                self.assertIn("role USER", sign_in(interpreter, DEMO / "sign_in.lua", cwd=self.folder, **paths))
                said = run(interpreter, "-e", "print(require('capauth').version())", **paths)
                self.assertEqual(said.strip(), VERSION)
                exported = run("nm", "-D", "--defined-only", lib / "capauth" / "core.so")
                names = {line.split()[2] for line in exported.splitlines()}
                self.assertEqual(names, {"luaopen_capauth_core", "luaopen_capauth_flat"})
                self.assertTrue((share / "capauth" / "meta" / "client_options.lua").exists())
                run("luarocks", f"--lua-version={version}", f"--tree={tree}", "remove", "capauth")


class Engine(unittest.TestCase):
    """A program that has Lua and capauth linked in."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-engine-")))
        run("tar", "-xf", ARCHIVE, cwd=self.folder)
        self.lua = self.folder / f"capauth-{VERSION}" / "bindings" / "lua"

    def host(self, lua):
        """The example host, linked with that Lua of pkg-config's."""
        includes = run("pkg-config", "--cflags-only-I", lua).split()[0].removeprefix("-I")
        run("make", "-C", self.lua, "static", f"LUA_INCDIR={includes}", f"BUILD={self.folder / lua}")
        flags = run("pkg-config", "--cflags", "--libs", lua, "libcurl", "json-c").split()
        program = self.folder / f"host-{lua}"
        example = self.lua / "examples" / "host" / "host.c"
        run("cc", "-Wall", "-Werror", example, self.folder / lua / "libcapauth_lua.a", *flags, "-o", program)
        return program

    def test_the_example_host_signs_in_with_the_lua_files_as_one(self):
        for lua in ("lua5.4", "luajit"):
            with self.subTest(lua):
                nowhere = {"LUA_PATH": "/nowhere/?.lua", "LUA_CPATH": "/nowhere/?.so"}
                program, file = self.host(lua), self.lua / "generated" / "capauth.lua"
                self.assertIn("role USER", sign_in(program, file, DEMO / "sign_in.lua", cwd=self.folder, **nowhere))


if __name__ == "__main__":
    unittest.main(verbosity=2)
