# SPDX-License-Identifier: Apache-2.0
"""What bindings/java/android/check_natives.py finds wrong with a library, and that it finds nothing else."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from standins import ANDROID, library

import check_natives  # isort: skip  (standins knows where it is)

NM = os.environ.get("NM", "nm")
BUILD = pathlib.Path(os.environ["BUILD"])
OTHERS = re.compile(r"curl_|json_|printbuf_")  # of the libraries inside: their names are not libc's


NO_HASH = "has no table of names that Android reads before level 23 (--hash-style=both)"


class Natives(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-android-")))

    def said(self, *options, name="libcapauth_java.so", stand_in=False, **wanted):
        path = library(self.folder / name, *options, **wanted)
        return list(check_natives.complaints(path, wanted.get("abi", "x86_64"), stand_in))

    def test_those_of_the_right_form_pass(self):
        for abi in ("arm64-v8a", "x86_64"):
            for name in ("libcapauth_java.so", "libcapauth.so"):
                self.assertEqual(self.said(name=name, abi=abi, calls="epoll_create1"), [])

    def test_each_fault_of_form_is_named(self):
        text_relocation = 'int f(void); __asm__(".text; .quad f");'
        none = self.folder / "libz.so"
        library(none)
        for wanted, options, source in (
            ("is not aligned to pages of 16 KiB: 0x1000", ["-Wl,-z,max-page-size=4096"], ""),
            ("has text relocations", ["-Wl,-z,notext", "-Wl,--defsym=f=0"], text_relocation),
            ("has a stack that can be executed", ["-Wl,-z,execstack"], ""),
            (NO_HASH, ["-Wl,--hash-style=gnu"], ""),
            ("calls itself libcapauth.so.1", ["-Wl,-soname,libcapauth.so.1"], ""),
            ("needs libz.so", ["-Wl,--no-as-needed", str(none)], ""),
            ("shows json_object_put", [], "int json_object_put(void); int json_object_put(void) { return 1; }"),
        ):
            with self.subTest(wanted):
                self.assertIn(wanted, self.said(*options, source=source))

    def test_one_for_another_processor_is_named(self):
        path = library(self.folder / "libcapauth_java.so", abi="arm64-v8a")
        self.assertEqual(list(check_natives.complaints(path, "x86_64")), ["is for AArch64"])

    def test_one_that_shows_nothing_of_ours_is_named(self):
        path = library(self.folder / "other.so").rename(self.folder / "libcapauth.so")
        self.assertIn("shows nothing of ours", list(check_natives.complaints(path, "x86_64")))

    def test_what_is_no_library_is_named(self):
        path = self.folder / "libcapauth.so"
        path.write_text("not ELF")
        self.assertIn("is for nothing", list(check_natives.complaints(path, "x86_64")))

    def test_the_level_and_the_ndk_are_read_from_its_note(self):
        self.assertEqual(self.said(api=24), ["was built for level 24"])
        self.assertEqual(self.said(api=None), ["was not built by an NDK: it has no note of Android's"])

    def test_of_a_stand_in_are_wanted_only_the_names_that_musl_has_beside(self):
        self.assertEqual(self.said(api=None, stand_in=True, calls="getrandom"), [])
        said = self.said(api=None, stand_in=True, calls="reallocarray")
        self.assertEqual(said, ["uses reallocarray, which Android has from level 29 on"])

    def test_names_that_libc_has_not_at_our_level_are_named(self):
        self.assertEqual(self.said(calls="getrandom"), ["uses getrandom, which Android has from level 28 on"])
        self.assertEqual(self.said(calls="explicit_bzero"), ["uses explicit_bzero, which Android does not have"])
        self.assertEqual(self.said(calls="gets_all"), ["uses gets_all, which libc.txt does not list"])

    def test_the_list_has_each_name_once(self):
        lines = check_natives.NAMES.read_text().splitlines()
        names = [name for line in lines for name in line.partition("#")[0].split()[1:]]
        self.assertEqual(sorted(names), sorted(check_natives.levels()))

    def test_fortified_names_are_those_that_they_stand_for(self):
        known = ["__memcpy_chk", "__isoc99_sscanf", "open64", "__clock_gettime64", "__gmtime64_r", "__stat_time64"]
        said = check_natives.younger([*known, "__explicit_bzero_chk"])
        self.assertEqual(list(said), ["uses __explicit_bzero_chk, which Android does not have"])

    def test_a_folder_without_one_of_the_libraries_is_refused(self):
        library(self.folder / "x86_64" / "libcapauth.so")
        done = self.checked()
        self.assertEqual((done.returncode, done.stdout), (1, "x86_64/libcapauth_java.so is missing\n"))

    def test_a_folder_without_any_is_refused(self):
        self.assertEqual(self.checked().returncode, 1)

    def checked(self):
        command = ["python3", "-B", str(ANDROID / "check_natives.py"), str(self.folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False)


class OurNames(unittest.TestCase):
    """What core and glue take from libc, as this machine's compiler sees it."""

    def test_all_are_there_at_our_level(self):
        archive, glue = BUILD / "lib/libcapauth.a", BUILD / "bindings/java/CMakeFiles"
        objects = [archive, *glue.rglob("*.o")]
        self.assertGreater(len(objects), 2, "the Java wrapper is not built")
        defined = self.names("--defined-only", objects)
        used = self.names("--undefined-only", objects) - defined
        names = {name for name in used if not OTHERS.match(name)}
        self.assertIn("epoll_create1", names)
        self.assertEqual(list(check_natives.younger(names - OF_GLIBC)), [])

    def names(self, which, objects):
        said = subprocess.run([NM, "-P", which, *objects], capture_output=True, text=True, check=True).stdout
        return {line.split()[0] for line in said.splitlines() if re.match(r"\S+ [A-Zu-z] ?", line)}


# What only the objects of this machine's compiler and C library have: never called by name in C.
OF_GLIBC = {"_GLOBAL_OFFSET_TABLE_", "__errno_location", "__xpg_strerror_r"}

if __name__ == "__main__":
    unittest.main()
