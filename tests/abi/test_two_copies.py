# SPDX-License-Identifier: Apache-2.0
"""The system's libcapauth.so.1 and the copy inside a wrapper's module live in one process and do not meet."""

import os
import pathlib
import platform
import re
import sys
import tempfile
import unittest

from test_first import CC, LIBRARY, link, run

HERE = pathlib.Path(__file__).resolve().parent
BUILD = LIBRARY.parents[1]


def modules():
    """What each wrapper ships."""
    found = [path for language in ("python", "lua", "java") for path in (BUILD / language).rglob("*.so")]
    return sorted(path for path in found if not path.is_symlink())


def our_names():
    """Every name that the core defines, public or shared by its files."""
    symbols = run(os.environ["NM"], "--defined-only", "--extern-only", "-P", os.environ["ARCHIVE"])
    return sorted(set(re.findall(r"^(capauth_\w+) T ", symbols, re.M)))


class TwoCopies(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.folder = pathlib.Path(work.name)

    def poison(self):
        """A library with all our names, each of which ends the process."""
        names = our_names()
        self.assertGreater(len(names), 300)
        source = self.folder / "poison.c"
        source.write_text("".join(f"void {name}(void) {{ __builtin_trap(); }}\n" for name in names))
        run(CC, "-w", "-shared", "-fPIC", source, "-o", self.folder / "poison.so")
        return str(self.folder / "poison.so")

    def test_no_module_exports_or_asks_for_a_name_of_the_core(self):
        self.assertGreater(len(modules()), 0)
        for path in modules():
            names = set(re.findall(r"\b(capauth_\w+)", run(os.environ["NM"], "-D", path)))
            self.assertEqual({name for name in names if not name.startswith("capauth_java")}, set(), path.name)

    def test_the_package_calls_none_but_its_own_core(self):
        """Whoever is loaded first, with all our names for everybody, gets none of its calls."""
        self.signs_in("from two_copies import sign_in_with_the_package as sign_in; import capauth", "capauth")

    def test_the_library_calls_none_but_itself(self):
        how = f"import ctypes; from through_ctypes import sign_in; library = ctypes.CDLL({str(LIBRARY)!r})"
        self.signs_in(how, "library")

    def signs_in(self, what, argument):
        code = f"import sys; sys.path.insert(0, {str(HERE)!r}); {what}; sign_in({argument}, '919999999996'); print(1)"
        self.assertEqual(run(sys.executable, "-B", "-c", code, LD_PRELOAD=self.poison()), "1\n")

    @unittest.skipUnless(platform.machine() == "x86_64", "the wrapper module of the system's library is for x86-64")
    def test_both_sign_in_at_once(self):
        module = link(["-shared"], "module", self.folder)
        for mode in ("local", "global"):
            with self.subTest(mode):
                command = [sys.executable, "-B", HERE / "two_copies.py", module, LIBRARY, mode]
                self.assertIn("signed in with 1.", run(*command, LD_LIBRARY_PATH=str(LIBRARY.parent)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
