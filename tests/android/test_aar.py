# SPDX-License-Identifier: Apache-2.0
"""The AAR that pkgconfig/aar lays out, of stand-ins for the native libraries."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree
import zipfile

from standins import ROOT, libraries, library

BUILD = pathlib.Path(os.environ["BUILD"])
VERSION = os.environ["VERSION"]
ANDROID = "{http://schemas.android.com/apk/res/android}"
JNI = [f"jni/{abi}/libcapauth_java.so" for abi in ("arm64-v8a", "x86_64")]


def pack(folder, *options, **variables):
    command = [ROOT / "pkgconfig/aar", *options, BUILD, folder]
    environment = {**{name: value for name, value in os.environ.items() if "NDK" not in name}, **variables}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


class Aar(unittest.TestCase):
    folder: pathlib.Path
    natives: pathlib.Path
    made: list[pathlib.Path]
    entries: list[zipfile.ZipInfo]
    content: dict[str, bytes]

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="capauth-aar-")))
        cls.natives = libraries(cls.folder / "natives")
        cls.made = [cls.packed(cls.folder / name) for name in ("once", "twice")]
        with zipfile.ZipFile(cls.made[0]) as aar:
            cls.entries = aar.infolist()
            cls.content = {entry.filename: aar.read(entry) for entry in cls.entries}

    @classmethod
    def packed(cls, folder):
        done = pack(folder, "--natives", cls.natives)
        assert done.returncode == 0, done.stdout + done.stderr
        return folder / f"maven/io/capauth/capauth-android/{VERSION}/capauth-android-{VERSION}.aar"

    def classes(self):
        (self.folder / "classes.jar").write_bytes(self.content["classes.jar"])
        with zipfile.ZipFile(self.folder / "classes.jar") as jar:
            return jar.namelist()

    def test_has_what_an_aar_has_and_nothing_else(self):
        prefab = [f"prefab/modules/capauth/libs/android.{abi}" for abi in ("arm64-v8a", "x86_64")]
        self.assertEqual(
            sorted(self.content),
            sorted(
                [
                    "AndroidManifest.xml",
                    "META-INF/LICENSE",
                    "META-INF/com/android/build/gradle/aar-metadata.properties",
                    "META-INF/licenses/curl.txt",
                    "R.txt",
                    "classes.jar",
                    *JNI,
                    "prefab/modules/capauth/include/capauth/capauth.h",
                    *(f"{folder}/{name}" for folder in prefab for name in ("abi.json", "libcapauth.so")),
                    "prefab/modules/capauth/module.json",
                    "prefab/prefab.json",
                    "proguard.txt",
                ]
            ),
        )
        self.assertEqual(self.content["R.txt"], b"")

    def test_is_the_same_when_made_again(self):
        self.assertEqual(*(hashlib.sha256(path.read_bytes()).hexdigest() for path in self.made))
        self.assertEqual({entry.date_time for entry in self.entries}, {(1980, 1, 1, 0, 0, 0)})

    def test_manifest_asks_for_the_network_from_level_21_on(self):
        manifest = xml.etree.ElementTree.fromstring(self.content["AndroidManifest.xml"])
        self.assertEqual(manifest.get("package"), "io.capauth")
        levels = [each.get(f"{ANDROID}minSdkVersion") for each in manifest.findall("uses-sdk")]
        self.assertEqual(levels, ["21"])
        permissions = [each.get(f"{ANDROID}name") for each in manifest.findall("uses-permission")]
        self.assertEqual(permissions, ["android.permission.INTERNET"])

    def test_metadata_is_of_the_form_that_gradle_reads(self):
        lines = self.content["META-INF/com/android/build/gradle/aar-metadata.properties"].decode().split()
        self.assertEqual(lines, ["aarFormatVersion=1.0", "aarMetadataVersion=1.0", "minCompileSdk=24"])

    def test_classes_are_the_jars_without_what_is_for_desktops(self):
        names = self.classes()
        with zipfile.ZipFile(BUILD / "java/capauth.jar") as jar:
            all_names = jar.namelist()
        ours = {name for name in all_names if re.fullmatch(r"io/capauth/[\w$-]+\.class", name)}
        self.assertGreater(len(ours), 80)
        self.assertEqual(set(names), ours)

    def test_rules_name_classes_and_methods_that_are_there(self):
        names = self.classes()
        rules = self.content["proguard.txt"].decode()
        wanted = re.findall(r"^-keep\w*(?:,\w+)? class (\S+)", rules, re.M)
        self.assertIn("io.capauth.NativeJNI", wanted)
        for name in wanted:
            pattern = re.escape(name.replace(".", "/")).replace(r"\*", r"\w+") + r"\.class"
            self.assertTrue([each for each in names if re.fullmatch(pattern, each)], name)

    def test_prefab_has_header_and_library_of_each_abi(self):
        def read(name):
            return json.loads(self.content[f"prefab/{name}"])

        self.assertEqual(read("prefab.json")["name"], "capauth")
        self.assertEqual((read("prefab.json")["schema_version"], read("prefab.json")["version"]), (2, VERSION))
        self.assertEqual(read("modules/capauth/module.json")["library_name"], "libcapauth")
        abi = read("modules/capauth/libs/android.arm64-v8a/abi.json")
        self.assertEqual(abi, {"abi": "arm64-v8a", "api": 21, "ndk": 27, "static": False, "stl": "none"})
        header = (ROOT / "core/include/capauth/capauth.h").read_bytes()
        self.assertEqual(self.content["prefab/modules/capauth/include/capauth/capauth.h"], header)

    def test_pom_says_aar_and_files_have_their_checksums(self):
        pom = self.made[0].with_suffix(".pom")
        self.assertIn("<packaging>aar</packaging>", pom.read_text())
        names = {path.name.removeprefix(f"capauth-android-{VERSION}") for path in pom.parent.iterdir()}
        files = {".aar", ".pom", "-sources.jar", "-javadoc.jar"}
        self.assertEqual(names, files | {f"{name}.sha1" for name in files})
        digest = hashlib.sha1(self.made[0].read_bytes()).hexdigest()
        self.assertEqual(self.made[0].with_suffix(".aar.sha1").read_text().strip(), digest)

    def test_classes_work_on_a_desktop_beside_the_jar_that_has_a_library_for_it(self):
        self.classes()
        (self.folder / "Main.java").write_text(
            "class Main { public static void main(String[] a) { System.out.print(io.capauth.Capauth.version()); } }"
        )
        path = f"{self.folder}/classes.jar:{BUILD}/java/capauth.jar"
        command = ["java", "-cp", path, str(self.folder / "Main.java")]
        self.assertEqual(subprocess.run(command, capture_output=True, text=True, check=True).stdout, VERSION)

    def test_without_an_ndk_and_natives_it_says_so_and_makes_nothing(self):
        done = pack(self.folder / "none")
        self.assertEqual(done.returncode, 1)
        self.assertIn("NO AAR WAS MADE. There is no Android NDK", done.stderr)
        self.assertEqual(list((self.folder / "none/maven").iterdir()), [])

    def test_a_native_library_with_a_fault_is_packed_nowhere(self):
        for fault, wanted in (({"calls": "getrandom"}, "uses getrandom"), ({"api": None}, "was not built by an NDK")):
            natives = libraries(self.folder / wanted.replace(" ", "-"))
            library(natives / "x86_64/libcapauth_java.so", **fault)
            done = pack(self.folder / "faulty", "--natives", natives)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"x86_64/libcapauth_java.so {wanted}", done.stdout)
            self.assertEqual(list((self.folder / "faulty").rglob("*.aar")), [])


if __name__ == "__main__":
    unittest.main()
