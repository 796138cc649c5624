#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Conan's recipe: builds the release archive with a home of its own and no server, then a customer signs in."""

import os
import pathlib
import shutil
import sys
import tempfile
import unittest

from support import ARCHIVE, DEMO, ROOT, VERSION, run, sign_in

BESIDE = os.pathsep.join([str(pathlib.Path(sys.executable).parent), str(ROOT / "build" / "venv" / "bin")])
CONAN = shutil.which("conan", path=os.pathsep.join([BESIDE, os.environ["PATH"]]))


class Conan(unittest.TestCase):
    def setUp(self):
        self.assertTrue(CONAN, "conan is needed: pip install conan")
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-conan-")))
        self.conan("profile", "detect")
        self.conan("create", ROOT / "pkgconfig" / "conan", "--version", VERSION, "-nr")
        generators = ["-g", "PkgConfigDeps", "-g", "CMakeToolchain"]
        self.conan("install", f"--requires=capauth/{VERSION}", "-nr", *generators, "-of", self.folder)

    def conan(self, *words):
        run(CONAN, *words, CONAN_HOME=self.folder / "home", CAPAUTH_ARCHIVE=ARCHIVE)

    def test_projects_find_it_by_pkg_config_and_by_cmake(self):
        found = {"PKG_CONFIG_PATH": self.folder}
        flags = run("pkg-config", "--cflags", "--libs", "capauth", "libcurl", "json-c", **found).split()
        folder = run("pkg-config", "--variable=libdir", "capauth", **found).strip()
        run("cc", DEMO / "sign_in.c", "-o", "signing", *flags, cwd=self.folder)
        self.assertIn("OTP validate", sign_in("./signing", cwd=self.folder, LD_LIBRARY_PATH=folder))

        toolchain = f"-DCMAKE_TOOLCHAIN_FILE={self.folder}/conan_toolchain.cmake"
        project = ["-S", ROOT / "tests" / "package", "-DCMAKE_BUILD_TYPE=Release", toolchain]
        run("cmake", *project, "-B", "app", cwd=self.folder)
        run("cmake", "--build", "app", cwd=self.folder)
        self.assertIn(VERSION, run(self.folder / "app" / "shared"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
