#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The release archive: the same whenever it is made, and enough to build from."""

import os
import pathlib
import shutil
import tarfile
import tempfile
import unittest

from support import ARCHIVE, DEMO, ROOT, VERSION, run, sign_in

GENERATED = (
    "core/generated/operations.c",
    "core/docs/man/capauth.3",
    "bindings/python/generated/capauth_wrap.c",
    "bindings/lua/generated/core_wrap.c",
    "bindings/lua/generated/capauth.lua",
    "bindings/java/generated/native.c",
)


class Dist(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-dist-")))

    def unpacked(self):
        run("tar", "-xf", ARCHIVE, cwd=self.folder)
        return self.folder / f"capauth-{VERSION}"

    def test_it_is_the_same_when_made_again(self):
        made = []
        for again in ("first", "second"):
            run(ROOT / "pkgconfig" / "dist", self.folder / again)
            made.append((self.folder / again / ARCHIVE.name).read_bytes())
        self.assertTrue(made[0] == made[1])

    def test_it_has_what_is_generated_and_nothing_of_a_build(self):
        with tarfile.open(ARCHIVE) as archive:
            entries = archive.getmembers()
        names = {entry.name.removeprefix(f"capauth-{VERSION}/") for entry in entries}
        self.assertLessEqual(set(GENERATED), names)
        self.assertEqual([name for name in names if name.startswith(("build", ".git/")) or "__pycache__" in name], [])
        self.assertEqual({(entry.uid, entry.gid, entry.uname, entry.gname) for entry in entries}, {(0, 0, "", "")})
        self.assertEqual(len({entry.mtime for entry in entries}), 1)

    def test_c_lua_and_the_emulator_build_with_a_compiler_and_cmake_alone(self):
        tools = self.folder / "tools"
        tools.mkdir()
        for name in ("swig", "python3", "python", "git"):
            (tools / name).write_text(f"#!/bin/sh\necho {name} was asked for >&2\nexit 1\n")
            (tools / name).chmod(0o755)
        build, prefix = self.folder / "build", self.folder / "prefix"
        options = ["-DCAPAUTH_PYTHON=OFF", "-DCAPAUTH_JAVA=OFF", "-DCAPAUTH_TESTS=OFF", "-DCAPAUTH_LUA_VERSIONS=5.4"]
        options += ["-DCAPAUTH_VENV=/nowhere", f"-DPython3_EXECUTABLE={tools}/python3", "-G", "Ninja"]
        path = f"{tools}:{os.environ['PATH']}"
        run("cmake", "-S", self.unpacked(), "-B", build, *options, PATH=path)
        run("cmake", "--build", build, PATH=path)
        run("cmake", "--install", build, "--prefix", prefix)
        shutil.rmtree(build)
        (module,) = prefix.rglob("core.so")
        cpath = f"{module.parents[1]}/?.so"
        lua = f"{prefix}/share/lua/5.4"
        said = sign_in(
            "lua5.4",
            DEMO / "sign_in.lua",
            CAPAUTH_EMULATOR=prefix / "bin" / "capauth-emulator",
            LUA_CPATH=cpath,
            LUA_PATH=f"{lua}/?.lua;{lua}/?/init.lua",
        )
        self.assertIn("role USER", said)
        self.assertTrue((prefix / "share" / "man" / "man3" / "capauth_otp_validate.3").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
