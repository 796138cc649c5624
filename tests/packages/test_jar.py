#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The jars in the Maven repository that `make jar` lays out, used from projects outside the tree: by Maven, on the
class path, and as a module in a run-time image of jlink's."""

import os
import pathlib
import shutil
import tempfile
import unittest
import zipfile

from support import DEMO, EMULATOR, PACKAGES, VERSION, run, sign_in

REPOSITORY = PACKAGES / "maven"
JARS = [REPOSITORY / f"io/capauth/{name}/{VERSION}/{name}-{VERSION}.jar" for name in ("capauth", "capauth-testing")]
ALLOWED = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
MUSL = {"libc.so"}
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId><artifactId>app</artifactId><version>1</version>
  <repositories><repository><id>local</id><url>file://{REPOSITORY}</url></repository></repositories>
  <dependencies>
    <dependency><groupId>io.capauth</groupId><artifactId>capauth-testing</artifactId><version>{VERSION}</version></dependency>
  </dependencies>
</project>
"""
MODULE = "module app { requires io.capauth.testing; }"
PROGRAM = """package app;
import io.capauth.*;
import io.capauth.testing.Emulator;
public class Main {
    public static void main(String[] arguments) {
        String mobile = "919999990005";
        try (Emulator emulator = new Emulator(); Client client = emulator.client();
                Session customer = client.session("DocDemo").mobile(mobile).deviceId("d").build()) {
            customer.generateToken();
            customer.generateOtp();
            customer.validateOtp(emulator.otp(mobile));
            System.out.println("role " + customer.role());
        }
    }
}
"""


class Jar(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="capauth-jar-")))

    def test_class_path(self):
        path = ":".join(map(str, JARS))
        self.assertIn("role USER", sign_in("java", "-cp", path, DEMO / "SignIn.java", cwd=self.folder))

    def test_maven_finds_them_by_their_coordinates(self):
        (self.folder / "pom.xml").write_text(POM)
        (self.folder / "src/main/java").mkdir(parents=True)
        shutil.copy(DEMO / "SignIn.java", self.folder / "src/main/java")
        listed = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"
        run("mvn", "-B", "-q", listed, "-Dmdep.outputFile=path", cwd=self.folder)
        path = (self.folder / "path").read_text().strip()
        self.assertEqual(sorted(map(os.path.basename, path.split(":"))), sorted(jar.name for jar in JARS))
        run("javac", "-cp", path, "-d", "out", "src/main/java/SignIn.java", cwd=self.folder)
        self.assertIn("role USER", sign_in("java", "-cp", f"{path}:out", "SignIn", cwd=self.folder))

    def test_a_run_time_image_of_jlinks_signs_in(self):
        (self.folder / "app").mkdir()
        (self.folder / "app" / "module-info.java").write_text(MODULE)
        (self.folder / "app" / "Main.java").write_text(PROGRAM)
        path = ":".join(map(str, JARS))
        run("javac", "-p", path, "-d", "out", "app/module-info.java", "app/Main.java", cwd=self.folder)
        # jdk.crypto.ec: the emulator's certificate has an elliptic curve, which Java 17 knows by this module alone.
        modules = "app,jdk.crypto.ec"
        run("jlink", "-p", f"{path}:out", "--add-modules", modules, "--output", "image", cwd=self.folder)
        said = run("image/bin/java", "-m", "app/app.Main", cwd=self.folder, CAPAUTH_EMULATOR=EMULATOR)
        self.assertIn("role USER", said)

    def test_the_natives_need_nothing_but_the_c_library(self):
        with zipfile.ZipFile(JARS[0]) as jar:
            natives = [name for name in jar.namelist() if name.endswith(".so")]
            jar.extractall(self.folder)
        self.assertTrue(natives)
        for name in natives:
            dynamic = run("readelf", "-dW", self.folder / name)
            needed = {line.split("[")[1].rstrip("]") for line in dynamic.splitlines() if "(NEEDED)" in line}
            self.assertLessEqual(needed, MUSL if "-musl-" in name else ALLOWED, name)
            exported = run("nm", "-D", "--defined-only", self.folder / name).split("\n")
            names = {line.split()[-1] for line in exported if line}
            self.assertEqual({name for name in names if not name.startswith(("Java_io_capauth_", "JNI_On"))}, set())

    def test_what_goes_with_them_is_there(self):
        for jar in JARS:
            for kind in ("-sources.jar", "-javadoc.jar", ".pom"):
                self.assertTrue(jar.with_name(jar.stem + kind).exists(), jar.stem + kind)
        with zipfile.ZipFile(JARS[0]) as archive:
            self.assertIn("META-INF/LICENSE", archive.namelist())
            self.assertIn("META-INF/licenses/openssl.txt", archive.namelist())
            self.assertEqual({entry.date_time for entry in archive.infolist()}, {(1980, 1, 1, 0, 0, 0)})


if __name__ == "__main__":
    unittest.main(verbosity=2)
