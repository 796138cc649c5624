# SPDX-License-Identifier: Apache-2.0
"""The presets for an NDK: what CMake makes of them with its toolchain file, whose compiler here is this machine's."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from standins import ROOT

import check_natives  # isort: skip  (standins knows where it is)

HERE = pathlib.Path(__file__).parent
CC = os.environ.get("CC", "cc")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


class Presets(unittest.TestCase):
    def test_there_is_one_for_each_abi_that_builds_both_libraries(self):
        presets = json.loads((ROOT / "CMakePresets.json").read_text())
        of_android = [each for each in presets["buildPresets"] if each["name"].startswith("android-")]
        self.assertEqual([each["name"] for each in of_android], [f"android-{abi}" for abi in check_natives.ABIS])
        for each in of_android:
            self.assertEqual((each["configurePreset"], each["targets"]), (each["name"], ["capauth", "capauth_java"]))
        abis = [each.get("cacheVariables", {}).get("ANDROID_ABI") for each in presets["configurePresets"]]
        self.assertEqual([abi for abi in abis if abi], list(check_natives.ABIS))

    def test_links_as_android_wants_it_and_finds_jni_without_a_virtual_machine(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-presets-")))
        run(HERE / "ndk", folder / "ndk", CC)
        run(HERE / "tree", folder / "tree")
        self.describe_libraries(folder / "tree/build/deps/android-x86_64/lib/pkgconfig")
        environment = {**os.environ, "ANDROID_NDK_ROOT": str(folder / "ndk")}
        run("cmake", "--preset", "android-x86_64", cwd=folder / "tree", env=environment)
        build = folder / "tree/build/android-x86_64"
        cache = (build / "CMakeCache.txt").read_text()
        self.assertRegex(cache, rf"JAVA_INCLUDE_PATH:PATH={re.escape(str(folder))}.*/sysroot/usr/include")
        self.assertNotRegex(cache, r"JAVA_JVM_LIBRARY:FILEPATH=/")
        for target in ("capauth", "capauth_java"):
            link = run("ninja", "-C", build, "-t", "commands", target).splitlines()[-1]
            for wanted in ("-Wl,-z,max-page-size=16384", "-Wl,--version-script=", " -s ", "-Wl,-z,relro"):
                self.assertIn(wanted, link)
        self.assertIn("-Wl,-soname,libcapauth.so ", run("ninja", "-C", build, "-t", "commands", "capauth"))

    def describe_libraries(self, folder):
        """This machine's: only what pkg-config says of them is needed to configure."""
        folder.mkdir(parents=True)
        for name in ("libcurl", "json-c"):
            place = run("pkg-config", "--variable=pcfiledir", name).strip()
            said = (pathlib.Path(place) / f"{name}.pc").read_text()
            (folder / f"{name}.pc").write_text(re.sub(r"(?m)^(Requires|Libs).private:.*\n", "", said))


if __name__ == "__main__":
    unittest.main()
