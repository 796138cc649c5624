# SPDX-License-Identifier: Apache-2.0
"""The wheels and the source distribution of `make wheel`, installed by pip into fresh environments of every Python."""

import contextlib
import pathlib
import re
import shutil
import tempfile
import unittest
import zipfile

from support import PACKAGES, ROOT, VERSION, run

HERE = pathlib.Path(__file__).parent
PYTHON = PACKAGES / "python"
FIND_LINKS = ["--no-index", "--find-links", PYTHON]
LOADERS = {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
LIBC = {"libc.so.6", "libpthread.so.0", "libdl.so.2", "libm.so.6", "librt.so.1", *LOADERS}
MUSL = {"libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"}  # as Alpine calls it
INSIDE = ("curl ", "openssl ", "json-c ", "nghttp2 ", "zlib ")


def pythons():
    """Those of this machine and of pyenv, by version."""
    found = {}
    for version in ("3.11", "3.12", "3.13", "3.14", "3.15"):
        places = sorted(pathlib.Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
        place = shutil.which(f"python{version}", path="/usr/bin") or next(map(str, places), None)
        if place:
            found[version] = place
    return found


class Wheels(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def python(self, *wanted, place="python3"):
        """The Python of a fresh virtual environment that has these packages."""
        shutil.rmtree(self.folder / "venv", ignore_errors=True)
        run(place, "-m", "venv", self.folder / "venv", cwd=self.folder)
        self.install(*wanted)
        return self.folder / "venv/bin/python"

    def install(self, *wanted):
        pip = [self.folder / "venv/bin/python", "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        run(*pip, *wanted, cwd=self.folder)

    def test_signs_in_under_every_python_against_the_installed_emulator(self):
        for version, place in pythons().items():
            with self.subTest(version):
                python = self.python(*FIND_LINKS, "capauth[testing]", place=place)
                said = run(python, HERE / "sign_in.py", cwd=self.folder)
                self.assertIn("signed in as USER", said)
                for library in INSIDE:
                    self.assertRegex(said, f"(?m)^{library}")
                print(f"CPython {version}: {said.splitlines()[0]}")

    def test_works_beside_others_that_carry_openssl_and_libcurl(self):
        python = self.python(*FIND_LINKS, "capauth[testing]")
        self.install("--only-binary=:all:", "cryptography", "pycurl", "psycopg[binary]")
        said = run(python, HERE / "neighbours.py", cwd=self.folder)
        self.assertIn("signed in as USER", said)
        print(said.splitlines()[0])

    def test_brings_its_plugin_for_pytest(self):
        python = self.python(*FIND_LINKS, "capauth[testing]")
        self.install("pytest")
        (self.folder / "test_mine.py").write_text("def test_it(capauth_emulator):\n    assert capauth_emulator.url\n")
        self.assertIn("1 passed", run(python, "-m", "pytest", "-q", "test_mine.py", cwd=self.folder))

    def test_source_distribution_takes_the_libraries_of_the_system(self):
        python = self.python(PYTHON / f"capauth-{VERSION}.tar.gz")
        self.install(*FIND_LINKS, "capauth-emulator")
        program = (HERE / "sign_in.py").read_text().partition("loaded = ")[0]
        self.assertIn("signed in as USER", run(python, "-c", program, cwd=self.folder))

    def test_capauth_has_all_licences_and_needs_the_c_library_alone(self):
        wheels = sorted(PYTHON.glob("capauth-*.whl"))
        self.assertTrue(wheels, "make wheel comes first")
        for wheel in wheels:
            with self.subTest(wheel.name), contextlib.chdir(self.folder):
                shutil.rmtree("unpacked", ignore_errors=True)
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall("unpacked")
                self.look_at(wheel.name, pathlib.Path("unpacked"))

    def look_at(self, name, folder):
        (info,) = folder.glob("*.dist-info")
        self.assertEqual((info / "licenses/LICENSE").read_text(), (ROOT / "LICENSE").read_text())
        licences = {path.stem for path in (info / "licenses/inside").iterdir() if path.stat().st_size > 500}
        named = (info / "licenses/inside/SOURCES.txt").read_text().split(" has them: ")[1].split(", ")
        self.assertEqual({entry.split()[0] for entry in named}, licences)
        (binary,) = (path for path in folder.rglob("*") if path.is_file() and path.read_bytes()[:4] == b"\x7fELF")
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-dW", binary.resolve())))
        self.assertLessEqual(needed, MUSL if "musllinux" in name else LIBC)


if __name__ == "__main__":
    unittest.main()
