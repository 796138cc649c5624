# SPDX-License-Identifier: Apache-2.0
"""A program and a wrapper module that were compiled with the first capauth.h sign in with today's library.

Their objects are kept in first/. They are linked here, with a stub of the first library: its SONAME, its symbol
version, and the functions that they ask for. So what they need at run time is what the first library had, and no more.
"""

import lzma
import os
import pathlib
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

FIRST = pathlib.Path(__file__).resolve().parent / "first"
LIBRARY = pathlib.Path(os.environ["LIBRARY"])
CC = os.environ["CC"]


def run(*command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C", **environment})
    if done.returncode:
        raise AssertionError(f"{shlex.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def unpack(name, folder):
    path = folder / name
    path.write_bytes(lzma.decompress((FIRST / f"{name}.xz").read_bytes()))
    return path


def wanted_by(path):
    """The functions of ours that an object asks for."""
    return set(re.findall(r" U (capauth_\w+)$", run(os.environ["NM"], "-u", path), re.M))


def stub_of(functions, folder):
    """A library that has nothing but names."""
    source, versions, library = folder / "stub.c", folder / "stub.map", folder / "libcapauth.so.1"
    source.write_text("".join(f"void {name}(void);\nvoid {name}(void)\n{{\n}}\n" for name in sorted(functions)))
    versions.write_text("CAPAUTH_1.0 { global: capauth_*; local: *; };\n")
    run(
        CC, "-shared", "-fPIC", source, "-o", library, "-Wl,-soname,libcapauth.so.1", f"-Wl,--version-script={versions}"
    )
    return library


def link(kind, name, folder):
    """first/NAME.o with the stub."""
    thing = unpack(f"{name}.o", folder)
    stub = stub_of(wanted_by(thing), folder)
    run(CC, *kind, thing, stub, "-o", folder / name)
    return folder / name


@unittest.skipUnless(platform.machine() == "x86_64" and sys.platform == "linux", "the objects are for x86-64 and Linux")
class First(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.folder = pathlib.Path(work.name)

    def signs_in(self, *command):
        said = run(*command, LD_LIBRARY_PATH=str(LIBRARY.parent))
        self.assertIn("signed in with 1.", said)

    def test_the_objects_ask_for_every_function_that_there_was(self):
        program, module = (wanted_by(unpack(f"{name}.o", self.folder)) for name in ("program", "module"))
        self.assertEqual(program, module)
        self.assertGreater(len(program), 120)
        self.tell_figure(program)

    def tell_figure(self, functions):
        if "CAPAUTH_FIGURES" in os.environ:
            folder = pathlib.Path(os.environ["CAPAUTH_FIGURES"])
            folder.mkdir(parents=True, exist_ok=True)
            text = f"abi: what was compiled with the first header uses {len(functions)} functions of today's library\n"
            (folder / "abi").write_text(text, encoding="utf-8")

    def test_a_program_signs_in(self):
        self.signs_in(link([], "program", self.folder))

    def test_a_wrapper_module_signs_in(self):
        module = link(["-shared"], "module", self.folder)
        self.signs_in(sys.executable, "-B", FIRST.parent / "through_module.py", module)


if __name__ == "__main__":
    unittest.main(verbosity=2)
