#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Defold library project: complete, and signing in within a stand-in of the engine."""

import os
import pathlib
import re
import tempfile
import unittest
import zipfile

from support import PACKAGES, VERSION, run, sign_in

ZIP = PACKAGES / f"capauth-{VERSION}-defold.zip"
STAND_IN = pathlib.Path(__file__).parent / "defold"
HERE = f"{os.uname().machine.replace('aarch64', 'arm64')}-linux"
# A fixed OTP, for there is no telephone to read it from.
BRANDS = '{"brands": {"DocDemo": {"FIXED_OTP": "483920"}}}'


class Defold(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-defold-")))
        with zipfile.ZipFile(ZIP) as packed:
            packed.extractall(self.folder)
        self.project = self.folder / "defold"
        self.extension = self.project / "capauth"

    def libraries(self):
        return sorted((self.extension / "lib").glob("*/*.a"))

    def test_the_folder_has_all_that_the_manual_names(self):
        self.assertIn("include_dirs = capauth", (self.project / "game.project").read_text())
        self.assertIn(f"version = {VERSION}", (self.project / "game.project").read_text())
        manifest = (self.extension / "ext.manifest").read_text()
        self.assertRegex(manifest, r"\Aname: capauth\nplatforms:\n")
        platforms = [path.parent.name for path in self.libraries()]
        self.assertIn(HERE, platforms)
        self.assertEqual(sorted(re.findall(r"^  (\S+):$", manifest, re.M)), platforms)
        for name in ("src/capauth.cpp", "include/capauth/capauth.h", "meta/client_options.lua", "LICENSE", "licenses"):
            self.assertTrue((self.extension / name).exists(), name)

    def test_every_required_module_is_a_file_of_the_project(self):
        """The builder looks for each, and a game without it is not built."""
        scripts = list(self.extension.glob("*.lua"))
        self.assertGreater(len(scripts), 15)
        for script in scripts:
            for name in re.findall(r"""\brequire\s*\(?\s*["']([\w.]+)["']""", script.read_text(encoding="utf-8")):
                self.assertTrue((self.project / f"{name.replace('.', '/')}.lua").exists(), f"{script.name}: {name}")

    def test_a_library_shows_one_symbol(self):
        """The engine has a TLS library and a zlib of its own."""
        for library in self.libraries():
            names = [line.split()[-1] for line in run("llvm-nm", "-g", "--defined-only", library).splitlines()[2:]]
            self.assertEqual(names, ["luaopen_capauth_core"])

    def engine(self, lua):
        """The stand-in, linked as the manifest says with the library of this platform."""
        manifest = (self.extension / "ext.manifest").read_text().partition(f"  {HERE}:\n")[2]
        libraries = [f"-l{name}" for name in re.findall(r"libs: \[(.*?)\]", manifest)[0].replace('"', "").split(", ")]
        define = "-D" + re.findall(r'defines: \["(\w+)"\]', manifest)[0]
        flags = run("pkg-config", "--cflags", "--libs", lua).split()
        sources = [self.extension / "src" / "capauth.cpp", STAND_IN / "engine.cpp"]
        program = self.folder / f"engine-{lua}"
        archive = self.extension / "lib" / HERE / "libcapauth.a"
        strict = ["-std=c++11", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti", define]
        run("c++", *strict, f"-I{STAND_IN}", *sources, archive, *flags, *libraries, "-o", program)
        return program

    def test_a_customer_signs_in_over_frames(self):
        brands = self.folder / "brands.json"
        brands.write_text(BRANDS)
        for lua in ("luajit", "lua5.1"):
            with self.subTest(lua):
                engine, options = self.engine(lua), ["--brands", brands]
                said = sign_in(engine, self.project, STAND_IN / "game.lua", cwd=self.folder, emulator=options)
                self.assertIn("role USER, HTTP 200", said)
                self.assertRegex(said, r"inside: .*curl .*")
                self.assertGreater(int(re.findall(r"(\d+) frames", said)[0]), 10)

    def test_without_a_library_the_script_says_what_is_missing(self):
        flags = run("pkg-config", "--cflags", "--libs", "luajit").split()
        sources = [self.extension / "src" / "capauth.cpp", STAND_IN / "engine.cpp"]
        run("c++", "-std=c++11", f"-I{STAND_IN}", *sources, *flags, "-o", self.folder / "engine")
        with self.assertRaisesRegex(AssertionError, "capauth has no library for this platform"):
            run(self.folder / "engine", self.project, STAND_IN / "game.lua")


if __name__ == "__main__":
    unittest.main(verbosity=2)
