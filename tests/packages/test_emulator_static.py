# SPDX-License-Identifier: Apache-2.0
"""The static emulator of `make emulator-static`, for each processor that it was built for: alone in an empty root, and
serving a customer of the C library."""

import pathlib
import shutil
import tempfile
import unittest
import zipfile

import elsewhere
from support import PACKAGES, ROOT, VERSION, run, sign_in

ARCHIVES = sorted(PACKAGES.glob(f"capauth-emulator-{VERSION}-linux-*.tar.gz"))
MACHINES = {"x86_64": "X86-64", "aarch64": "AArch64"}
LIBRARIES = {"json-c", "pcre2", "nettle", "gnutls28", "libmicrohttpd", "openssl"}


class Static(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-static-")))
        self.assertTrue(ARCHIVES, "make emulator-static comes first")

    def each(self, look):
        """Looks at the processor and the unpacked folder of each archive."""
        for archive in ARCHIVES:
            name = archive.name.removesuffix(".tar.gz")
            with self.subTest(name):
                run("tar", "-xf", archive, cwd=self.folder)
                look(name.rpartition("-")[2], self.folder / name)

    def look_static(self, program, processor):
        said = run("readelf", "-hldW", program)
        self.assertRegex(said, f"Machine: .*{MACHINES[processor]}")
        self.assertIn("LOAD", said)
        self.assertNotIn("NEEDED", said)
        self.assertNotIn("INTERP", said)

    def test_needs_no_library_and_no_loader(self):
        self.each(lambda processor, folder: self.look_static(folder / "capauth-emulator", processor))

    def test_wheels_carry_such_a_program(self):
        wheels = sorted(PACKAGES.glob(f"python/capauth_emulator-{VERSION}-*.whl"))
        self.assertTrue(wheels, "make wheel comes first")
        for wheel in wheels:
            with self.subTest(wheel.name), zipfile.ZipFile(wheel) as archive:
                (name,) = (name for name in archive.namelist() if name.endswith("/scripts/capauth-emulator"))
                (processor,) = (processor for processor in MACHINES if processor in wheel.name)
                self.look_static(archive.extract(name, self.folder), processor)
                licences = [name for name in archive.namelist() if "/licenses/inside/" in name]
                self.assertLessEqual(LIBRARIES, {pathlib.PurePath(name).stem for name in licences})

    def test_runs_alone_in_an_empty_root(self):
        def look(processor, folder):
            root = folder / "root"
            root.mkdir()
            shutil.copy(folder / "capauth-emulator", root)
            command = ["/capauth-emulator", "--version"]
            if processor == "aarch64":
                shutil.copy(elsewhere.QEMU, root / "qemu")
                command.insert(0, "/qemu")
            self.assertIn(VERSION, run("unshare", "--map-root-user", f"--root={root}", *command))

        self.each(look)

    def test_a_customer_of_the_c_library_signs_in(self):
        def look(processor, folder):
            emulator = elsewhere.program(folder / "capauth-emulator", processor, self.folder)
            self.assertIn("role USER", sign_in(ROOT / "build/bin/capauth-demo", CAPAUTH_EMULATOR=emulator))

        self.each(look)

    def test_licences_of_all_that_is_inside_are_there(self):
        def look(_processor, folder):
            self.assertEqual((folder / "LICENSE").read_text(), (ROOT / "LICENSE").read_text())
            licences = {path.stem for path in (folder / "licenses").iterdir() if path.stat().st_size > 500}
            self.assertEqual(licences, LIBRARIES)
            self.assertTrue((folder / "capauth-emulator.1").exists())

        self.each(look)


if __name__ == "__main__":
    unittest.main()
