#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""vcpkg's port: built from the release archive by a stand-in of vcpkg's functions, then a customer signs in."""

import json
import pathlib
import tempfile
import unittest

from support import ARCHIVE, DEMO, ROOT, VERSION, run, sign_in

PORT = ROOT / "pkgconfig" / "vcpkg" / "ports" / "capauth"
STAND_IN = pathlib.Path(__file__).parent / "vcpkg" / "stand_in.cmake"
PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(app LANGUAGES C)
find_package(capauth 1 CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(DEMO REQUIRED IMPORTED_TARGET libcurl json-c)
add_executable(app {source})
target_link_libraries(app PRIVATE capauth::capauth PkgConfig::DEMO)
"""


class Vcpkg(unittest.TestCase):
    folder: pathlib.Path
    packages: pathlib.Path

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="capauth-vcpkg-")))
        cls.packages = cls.folder / "packages"
        where = [f"-DPORT_DIR={PORT}", f"-DWORK={cls.folder}", "-DLINKAGE=dynamic"]
        run("cmake", *where, "-P", STAND_IN, CAPAUTH_ARCHIVE=ARCHIVE)

    def test_the_manifest_names_this_version_and_what_is_linked(self):
        manifest = json.loads((PORT / "vcpkg.json").read_text(encoding="utf-8"))
        self.assertEqual((manifest["name"], manifest["version"]), ("capauth", VERSION))
        names = {entry if isinstance(entry, str) else entry["name"] for entry in manifest["dependencies"]}
        self.assertEqual(names, {"curl", "json-c", "vcpkg-cmake", "vcpkg-cmake-config"})

    def test_the_package_holds_what_vcpkg_wants_and_nothing_else(self):
        """What its checks complain of: doubled files, programs in bin, archives beside a shared library."""
        there = {path.relative_to(self.packages).as_posix() for path in self.packages.rglob("*") if path.is_file()}
        for name in (
            "include/capauth/capauth.h",
            "lib/libcapauth.so",
            "debug/lib/libcapauth.so",
            "tools/capauth/capauth",
            "share/capauth/copyright",
            "share/capauth/usage",
            "share/capauth/capauthConfig.cmake",
        ):
            self.assertIn(name, there)
        unwanted = ("debug/include/", "debug/share/", "debug/bin/", "bin/", "lib/cmake/")
        self.assertEqual([name for name in there if name.startswith(unwanted) or name.endswith(".a")], [])
        program = self.packages / "tools" / "capauth" / "capauth"
        self.assertEqual(run(program, "--version", LD_LIBRARY_PATH=self.packages / "lib"), f"capauth {VERSION}\n")

    def test_projects_find_it_by_cmake_in_both_kinds(self):
        (self.folder / "CMakeLists.txt").write_text(PROJECT.format(source=DEMO / "sign_in.c"))
        for kind, library in (("Release", "packages/lib"), ("Debug", "packages/debug/lib")):
            with self.subTest(kind):
                app = self.folder / kind
                options = [f"-DCMAKE_BUILD_TYPE={kind}", f"-DCMAKE_PREFIX_PATH={self.packages}"]
                run("cmake", "-G", "Ninja", "-S", self.folder, "-B", app, *options)
                run("cmake", "--build", app)
                self.assertIn(f"{self.folder}/{library}/libcapauth.so", run("ldd", app / "app"))
                self.assertIn("OTP validate", sign_in(app / "app", cwd=self.folder))

    def test_a_component_that_the_port_leaves_out_is_not_found(self):
        text = PROJECT.format(source=DEMO / "sign_in.c").replace("REQUIRED)", "REQUIRED COMPONENTS static)", 1)
        (self.folder / "static").mkdir()
        (self.folder / "static" / "CMakeLists.txt").write_text(text)
        with self.assertRaisesRegex(AssertionError, r"considered to be\s+NOT\s+FOUND"):
            run("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={self.packages}", cwd=self.folder / "static")

    def test_projects_find_it_by_pkg_config(self):
        found = {"PKG_CONFIG_PATH": self.packages / "lib" / "pkgconfig"}
        self.assertEqual(run("pkg-config", "--modversion", "capauth", **found).strip(), VERSION)
        flags = run("pkg-config", "--cflags", "--libs", "capauth", "libcurl", "json-c", **found).split()
        run("cc", DEMO / "sign_in.c", "-o", self.folder / "signing", *flags)
        said = sign_in(self.folder / "signing", cwd=self.folder, LD_LIBRARY_PATH=self.packages / "lib")
        self.assertIn("OTP validate", said)

    def test_without_an_archive_the_port_says_what_it_wants(self):
        where = [f"-DPORT_DIR={PORT}", f"-DWORK={self.folder / 'none'}", "-DLINKAGE=dynamic"]
        with self.assertRaisesRegex(AssertionError, r"VCPKG_KEEP_ENV_VARS must\s+name CAPAUTH_ARCHIVE"):
            run("cmake", *where, "-P", STAND_IN)


if __name__ == "__main__":
    unittest.main(verbosity=2)
