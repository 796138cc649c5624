"""The package as others meet it: installed into a prefix, then used from a project outside the tree.

Run by ctest, which names tools and folders in the environment.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

CC = os.environ["CC"]
CMAKE = os.environ["CMAKE"]
LIBDIR = os.environ["LIBDIR"]
VERSION = os.environ["VERSION"]
HERE = pathlib.Path(__file__).resolve().parent


def run(*command, **environment):
    """Runs a command, and returns what it printed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          env={**os.environ, **environment})
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


class Package(unittest.TestCase):
    folder: pathlib.Path
    prefix: pathlib.Path
    project: pathlib.Path

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="capauth-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        # Installed in one place, used in another: nothing in the package may know where it was put.
        first = cls.folder / "first"
        run(CMAKE, "--install", os.environ["BUILD"], "--prefix", first)
        cls.prefix = cls.folder / "prefix"
        first.rename(cls.prefix)
        cls.project = cls.folder / "consumer"
        cls.project.mkdir()
        for name in ("CMakeLists.txt", "consumer.c"):
            shutil.copy(HERE / name, cls.project)

    def pkg_config(self, prefix, *options):
        return run("pkg-config", *options, "capauth",
                   PKG_CONFIG_PATH=str(prefix / LIBDIR / "pkgconfig")).split()

    def compile(self, program, flags):
        run(CC, self.project / "consumer.c", "-o", program, *flags)

    def assert_runs(self, program, **environment):
        self.assertIn(VERSION, run(program, **environment))

    def test_pkg_config_finds_the_shared_library(self):
        program = self.folder / "by-pkg-config"
        self.compile(program, self.pkg_config(self.prefix, "--cflags", "--libs"))
        self.assert_runs(program, LD_LIBRARY_PATH=str(self.prefix / LIBDIR))

    def test_pkg_config_finds_the_archive(self):
        # Without the shared library beside it, -lcapauth means the archive.
        prefix = self.folder / "static"
        shutil.copytree(self.prefix, prefix, symlinks=True)
        for library in (prefix / LIBDIR).glob("libcapauth.so*"):
            library.unlink()
        program = self.folder / "by-pkg-config-static"
        self.compile(program, self.pkg_config(prefix, "--static", "--cflags", "--libs"))
        self.assert_runs(program)

    def test_pkg_config_says_the_version(self):
        self.assertEqual(self.pkg_config(self.prefix, "--modversion"), [VERSION])

    def test_cmake_finds_the_shared_library_and_the_archive(self):
        build = self.folder / "build"
        run(CMAKE, "-S", self.project, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run(CMAKE, "--build", build)
        self.assert_runs(build / "shared")
        self.assert_runs(build / "static")

    def test_cmake_refuses_another_major_version(self):
        with self.assertRaisesRegex(AssertionError, "compatible with requested version"):
            run(CMAKE, "-S", self.project, "-B", self.folder / "refused", "-DWANTED=2.0",
                f"-DCMAKE_PREFIX_PATH={self.prefix}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
