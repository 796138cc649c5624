# SPDX-License-Identifier: Apache-2.0
"""The native libraries for arm64 and for musl in the jar of `make jar TARGETS=all`: Java on arm64 signs in, under
qemu-user. For musl no registry has a Java: there another program of that platform loads the library."""

import pathlib
import tempfile
import unittest
import zipfile

import elsewhere
from support import DEMO, DEPS, ROOT, run, sign_in
from test_jar import JARS

LOAD = ROOT / "tests/android/load.c"


class Elsewhere(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-elsewhere-")))

    def native(self, platform):
        name = f"io/capauth/native/{platform}/libcapauth_java.so"
        with zipfile.ZipFile(JARS[0]) as jar:
            if name not in jar.namelist():
                self.skipTest(f"there is no library for {platform}: make jar TARGETS=all")
            return jar.extract(name, self.folder)

    def test_java_on_arm64_signs_in(self):
        self.native("linux-aarch64")
        path = ":".join(map(str, [*JARS, self.folder]))
        run("javac", "--release", "8", "-cp", path, "-d", self.folder, DEMO / "SignIn.java")
        command = [*elsewhere.java(), "--enable-native-access=ALL-UNNAMED", "-cp", path, "SignIn"]
        self.assertIn("role USER", sign_in(*command, cwd=self.folder))

    def load(self, processor):
        native = self.native(f"linux-musl-{processor}")
        program = self.folder / "load"
        run(DEPS / f"{processor}-linux-musl/bin/cc", "-dynamic", LOAD, "-o", program)
        self.assertEqual(run(*elsewhere.musl(processor), program, native), f"loaded {native}\n")

    def test_the_library_for_musl_is_loaded(self):
        self.load("x86_64")

    def test_the_library_for_musl_on_arm64_is_loaded(self):
        self.load("aarch64")


if __name__ == "__main__":
    unittest.main()
