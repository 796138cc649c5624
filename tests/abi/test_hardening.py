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
    for folder in ("python", "lua", "bindings/java"):
        found += (BUILD / folder).rglob("*.so")
    return sorted(path for path in found if path.is_file() and not path.is_symlink() and is_elf(path))


def is_elf(path):
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def read(path, *what):
    return subprocess.run([READELF, "-W", *what, str(path)], capture_output=True, text=True, check=True).stdout


# By the option of CMake that switches it on: what there must be at the least.
SHIPPED = {
    "": ("lib/libcapauth.so.*.*.*", "bin/capauth"),
    "CAPAUTH_EMULATOR": ("bin/capauth-emulator",),
    "CAPAUTH_PYTHON": ("python/capauth/_capauth.abi3.so",),
    "CAPAUTH_LUA": ("lua/*/capauth/core.so",),
    "CAPAUTH_JAVA": ("bindings/java/libcapauth_java.so", "bindings/java/bundle/**/libcapauth_java.so"),
}


def is_on(option):
    return not option or f"\n{option}:BOOL=ON" in (BUILD / "CMakeCache.txt").read_text(encoding="utf-8")


def objects():
    """All that our own code is compiled to, wherever it ends up."""
    return [
        path
        for folder in ("core", "bindings", "tests/emulator")
        for path in (BUILD / folder).rglob("*.o")
        if "/attack/" not in str(path) and "/tests/" not in str(path.relative_to(BUILD / folder))
    ]


class Hardening(unittest.TestCase):
    def each_has(self, words, *what):
        binaries = shipped()
        self.assertEqual([], [path.name for path in binaries if not all(word in read(path, *what) for word in words)])

    def test_all_that_ships_is_looked_at(self):
        looked_at = set(shipped())
        for pattern in (pattern for option, patterns in SHIPPED.items() if is_on(option) for pattern in patterns):
            found = set(BUILD.glob(pattern))
            self.assertTrue(found and found <= looked_at, pattern)

    def test_programs_are_loaded_anywhere(self):
        programs = [path for path in shipped() if path.parent.name == "bin"]
        self.assertEqual([], [path.name for path in programs if "Flags: NOW PIE" not in read(path, "--dynamic")])

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
        for part in objects():
            self.assertIn("IBT, SHSTK", read(part, "--notes"), part)


if __name__ == "__main__":
    unittest.main()
