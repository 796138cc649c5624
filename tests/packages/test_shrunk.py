#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small app whose classes, ours among them, R8 shrank and renamed by the rules that the AAR brings, as for Android.

What C looks up by name, and what only C uses, must still be there. Here R8 writes classes for a desktop's Java, which
can run them.
"""

import pathlib
import shutil
import sys
import tempfile
import unittest
import zipfile

from support import EMULATOR, ROOT, VERSION, run

sys.path.insert(0, str(ROOT / "tests" / "android"))
import standins  # noqa: E402  (found by the line above)

BUILD = ROOT / "build"
AAR = f"maven/io/capauth/capauth-android/{VERSION}/capauth-android-{VERSION}.aar"
APP = pathlib.Path(__file__).parent / "shrunk" / "App.java"
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId><artifactId>app</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>com.android.tools</groupId><artifactId>r8</artifactId><version>8.5.35</version></dependency>
  </dependencies>
</project>
"""
RULES = """
-injars app.jar:classes.jar:capauth-testing.jar(!META-INF/**,!**EmulatorExtension*.class,!module-info.class)
-keep public class App { public static void main(java.lang.String[]); }
"""
# What names each rule, and what comes of leaving it out. (The field of Session's is read, so R8 keeps it anyway.)
FAULTS = {
    "native <methods>": "UnsatisfiedLinkError",
    "void called": "NoSuchMethodError: called",
    "-dontwarn": "Missing class org.jspecify",
}


class Shrunk(unittest.TestCase):
    folder: pathlib.Path
    rules: list[str]
    r8: str

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="capauth-shrunk-")))
        natives = standins.libraries(cls.folder / "natives")
        run(ROOT / "pkgconfig/aar", "--natives", natives, BUILD, cls.folder)
        with zipfile.ZipFile(cls.folder / AAR) as aar:
            aar.extract("classes.jar", cls.folder)
            cls.rules = aar.read("proguard.txt").decode().splitlines()
        shutil.copy(BUILD / "java/capauth-testing.jar", cls.folder)
        # 8: R8 reads no classes of Java 21 and later.
        run("javac", "--release", "8", "-cp", "classes.jar:capauth-testing.jar", "-d", "app", APP, cwd=cls.folder)
        run("jar", "cf", "app.jar", "-C", "app", ".", cwd=cls.folder)
        (cls.folder / "pom.xml").write_text(POM)
        listed = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"
        run("mvn", "-B", "-q", "-U", listed, "-Dmdep.outputFile=path", cwd=cls.folder)
        cls.r8 = (cls.folder / "path").read_text().strip()

    def said(self, rules):
        """What the app prints, made with these rules of the AAR's."""
        (self.folder / "app.pro").write_text(RULES + "\n".join(rules))
        home = pathlib.Path(shutil.which("javac") or "javac").resolve().parents[1]
        options = ["--classfile", "--lib", home, "--pg-conf", "app.pro", "--output", "shrunk.jar"]
        run("java", "-cp", self.r8, "com.android.tools.r8.R8", *options, cwd=self.folder)
        library = f"-Dcapauth.library.path={BUILD}/bindings/java/libcapauth_java.so"
        return run("java", library, "-cp", "shrunk.jar", "App", cwd=self.folder, CAPAUTH_EMULATOR=EMULATOR)

    def without(self, rule):
        return [each for each in self.rules if rule not in each]

    def test_signs_in_is_refused_and_is_told(self):
        said = self.said(self.rules)
        self.assertEqual(said.splitlines(), ["refused 1506", "told [change, log, trace]", "role USER"])
        with zipfile.ZipFile(self.folder / "shrunk.jar") as jar:
            names = jar.namelist()
        self.assertIn("io/capauth/NativeJNI.class", names)
        self.assertNotIn("io/capauth/Session.class", names)  # it has another name now

    def test_fails_without_a_rule(self):
        for rule, failure in FAULTS.items():
            with self.subTest(rule), self.assertRaisesRegex(AssertionError, failure):
                self.said(self.without(rule))

    def test_is_not_told_of_what_no_field_holds(self):
        self.assertIn("told [change, log]\n", self.said(self.without("io.capauth.Client {")))


if __name__ == "__main__":
    unittest.main()
