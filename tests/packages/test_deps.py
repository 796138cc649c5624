# SPDX-License-Identifier: Apache-2.0
"""pkgconfig/deps/build, with a library of this test's own in place of the first that is built."""

import pathlib
import subprocess
import tempfile
import unittest

from support import ROOT

MAKEFILE = """libz.a:
\t@echo the compiler found a mistake
\t@false
install:
\t@echo installed
"""


class Deps(unittest.TestCase):
    def test_a_library_that_does_not_compile_is_not_installed(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-deps-")))
        zlib = folder / "sources/zlib"
        zlib.mkdir(parents=True)
        (zlib / "configure").write_text("#!/bin/sh\n")
        (zlib / "configure").chmod(0o755)
        (zlib / "Makefile").write_text(MAKEFILE)
        done = subprocess.run(
            [ROOT / "pkgconfig/deps/build", folder / "sources", folder / "prefix"], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("zlib does not build", done.stderr)
        self.assertIn("the compiler found a mistake", done.stdout)
        self.assertNotIn("installed", done.stdout)


if __name__ == "__main__":
    unittest.main()
