#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian packages, installed by apt into an empty Debian, where each language signs a customer in.

The empty Debian is made by debootstrap from the mirror of this machine's own apt, once, beside the packages; that takes
root's rights.
"""

import os
import pathlib
import shutil
import subprocess
import unittest

from support import DEMO, PACKAGES, ROOT, VERSION, mirror, run

BASE = PACKAGES.parent / "packages-root"
NAMES = (
    "libcapauth1",
    "libcapauth-dev",
    "capauth",
    "python3-capauth",
    "lua-capauth",
    "libcapauth-java",
    "capauth-emulator",
    "capauth-doc",
)
# What an application brings itself: interpreters, a compiler, a reader of manuals.
TOOLS = "lua5.1 lua5.2 lua5.3 lua5.4 luajit curl gcc libc6-dev pkg-config cmake make openjdk-17-jdk-headless man-db"
LUAS = ("lua5.1", "lua5.2", "lua5.3", "lua5.4", "luajit")
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(app C)
find_package(capauth 1.0 REQUIRED)
add_executable(app app.c)
target_link_libraries(app capauth::capauth)
"""
PROGRAM = """#include <capauth/capauth.h>
#include <stdio.h>
int main(void) { return puts(capauth_version()) < 0; }
"""


def make_base():
    if not (BASE / "made").exists():
        shutil.rmtree(BASE, ignore_errors=True)
        run("debootstrap", "--variant=minbase", "bookworm", BASE, mirror())
        (BASE / "made").touch()


@unittest.skipUnless(os.getuid() == 0 and shutil.which("debootstrap"), "root and debootstrap are needed")
class Deb(unittest.TestCase):
    root: pathlib.Path

    @classmethod
    def setUpClass(cls):
        make_base()
        cls.root = PACKAGES.parent / "packages-root-used"
        shutil.rmtree(cls.root, ignore_errors=True)
        run("cp", "-a", BASE, cls.root)
        cls.addClassCleanup(shutil.rmtree, cls.root)
        shutil.copytree(DEMO, cls.root / "try" / "demo")
        shutil.copy(ROOT / "tests" / "with_emulator", cls.root / "try")
        for name in NAMES:
            (package,) = PACKAGES.glob(f"{name}_{VERSION}-*.deb")
            shutil.copy(package, cls.root / "try")
        cls.inside("apt-get update -q && apt-get install -q -y --no-install-recommends /try/*.deb " + TOOLS)

    @classmethod
    def inside(cls, command):
        """Runs a command of the shell in the other Debian, in a folder of its own, and returns what it printed."""
        mounted = f'mount -t proc proc "{cls.root}/proc" && exec chroot "{cls.root}" "$@"'
        command = f"mkdir -p /try/here && cd /try/here && {command}"
        words = ["unshare", "-m", "sh", "-c", mounted, "sh", "sh", "-ec", command]
        variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(words, capture_output=True, text=True, env=variables)
        if done.returncode:
            raise AssertionError(f"{command}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return done.stdout

    def sign_in(self, command):
        demo = "CAPAUTH_DEMO_URL=$CAPAUTH_URL CAPAUTH_DEMO_CA_FILE=$CAPAUTH_CA_FILE " + command
        return self.inside(f"/try/with_emulator -- sh -ec '{demo}'")

    def test_python_signs_in(self):
        self.assertIn("role USER", self.sign_in("python3 /try/demo/sign_in.py"))

    def test_every_lua_signs_in(self):
        for interpreter in LUAS:
            with self.subTest(interpreter):
                self.assertIn("role USER", self.sign_in(f"{interpreter} /try/demo/sign_in.lua"))

    def test_java_signs_in(self):
        jars = "/usr/share/java/capauth.jar:/usr/share/java/capauth-testing.jar"
        self.assertIn("role USER", self.sign_in(f"java -cp {jars} /try/demo/SignIn.java"))
        self.assertNotIn(".so", self.inside("jar tf /usr/share/java/capauth.jar"))

    def test_c_signs_in_with_the_shared_library_and_with_the_archive(self):
        archive = "-Wl,-Bstatic -lcapauth -Wl,-Bdynamic $(pkg-config --cflags libcurl json-c)"
        flags = {
            "shared": "$(pkg-config --cflags --libs capauth libcurl json-c)",
            "static": f"{archive} $(pkg-config --static --libs capauth | sed s/-lcapauth//)",
        }
        for name, its in flags.items():
            self.inside(f"gcc /try/demo/sign_in.c -o {name} {its}")
            self.assertIn("OTP validate", self.sign_in(f"./{name}"))
        self.assertIn("libcapauth.so.1", self.inside("ldd ./shared"))
        self.assertNotIn("libcapauth.so.1", self.inside("ldd ./static"))

    def test_cmake_finds_it(self):
        folder = self.root / "try" / "app"
        folder.mkdir()
        (folder / "CMakeLists.txt").write_text(PROJECT)
        (folder / "app.c").write_text(PROGRAM)
        self.inside("cmake -S /try/app -B build && cmake --build build")
        self.assertIn(VERSION, self.inside("build/app"))

    def test_the_programs_and_the_manual_are_there(self):
        self.assertIn(VERSION, self.inside("capauth --version && capauth diagnose"))
        for page in ("3 capauth", "3 capauth_otp_validate", "1 capauth", "1 capauth-emulator"):
            self.assertIn("capauth", self.inside(f"man -w {page}"))

    def test_removing_them_leaves_nothing(self):
        self.inside("apt-get -q -y purge " + " ".join(NAMES))
        self.assertEqual(self.inside("find /usr /etc -name '*capauth*'"), "")


def load_tests(loader, *_):
    """Removing comes last."""
    return unittest.TestSuite(map(Deb, sorted(loader.getTestCaseNames(Deb), key=lambda name: "removing" in name)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
