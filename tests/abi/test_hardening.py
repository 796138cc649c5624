# SPDX-License-Identifier: Apache-2.0
"""What ships is hardened: test_hardening.py BUILD_FOLDER, read from the binaries themselves."""

import os
import pathlib
import platform
import subprocess
import sys
import unittest

BUILD = pathlib.Path(sys.argv.pop(1))
READELF = os.environ.get("READELF", "readelf")


def shipped():
    """The library, the wrappers' modules, the programs; a link to one of them is not looked at twice."""
    found = [*BUILD.glob("bin/*"), *BUILD.glob("lib/libcapauth.so*")]
    for language in ("python", "lua", "java"):
        found += (BUILD / language).rglob("*.so")
    return sorted(path for path in found if path.is_file() and not path.is_symlink() and is_elf(path))


def is_elf(path):
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def read(path, *what):
    return subprocess.run([READELF, "-W", *what, str(path)], capture_output=True, text=True, check=True).stdout


class Hardening(unittest.TestCase):
    def each_has(self, words, *what):
        binaries = shipped()
        self.assertIn("libcapauth.so.1.0.0", [path.name for path in binaries])
        self.assertEqual([], [path.name for path in binaries if not all(word in read(path, *what) for word in words)])

    def test_tables_of_functions_are_read_only(self):
        self.each_has(["GNU_RELRO"], "--program-headers")
        self.each_has(["NOW"], "--dynamic")

    def test_no_stack_can_be_executed(self):
        for path in shipped():
            stack = [line for line in read(path, "--program-headers").splitlines() if "GNU_STACK" in line]
            self.assertTrue(stack and " RWE " not in stack[0], path.name)

    def test_a_smashed_stack_ends_the_program(self):
        self.each_has(["__stack_chk_fail"], "--dyn-syms")

    def test_lengths_that_the_compiler_knows_are_checked(self):
        self.each_has(["_chk@"], "--dyn-syms")

    @unittest.skipUnless(platform.machine() == "x86_64", "other processors mark it otherwise")
    def test_jumps_lead_only_to_where_functions_begin(self):
        """In our own code: whether a whole program says so is up to the distribution's start files."""
        notes = read(BUILD / "lib" / "libcapauth.a", "--notes")
        files = notes.split("File: ")[1:]
        self.assertGreater(len(files), 20)
        self.assertEqual([], [text.splitlines()[0] for text in files if "IBT, SHSTK" not in text])


if __name__ == "__main__":
    unittest.main()
