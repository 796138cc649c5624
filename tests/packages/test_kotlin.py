# SPDX-License-Identifier: Apache-2.0
"""A project in Kotlin that finds the jars by Maven, with coroutines by bindings/java/examples/kotlin. The compiler and
the library of coroutines come from Maven Central."""

import pathlib
import tempfile
import unittest

from support import EMULATOR, PACKAGES, ROOT, VERSION, run

HERE = pathlib.Path(__file__).parent
ADAPTER = ROOT / "bindings/java/examples/kotlin/Coroutines.kt"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId><artifactId>app</artifactId><version>1</version>
  <repositories><repository><id>local</id><url>file://{PACKAGES}/maven</url></repository></repositories>
  <dependencies>
    <dependency><groupId>io.capauth</groupId><artifactId>capauth-testing</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.jetbrains.kotlin</groupId><artifactId>kotlin-compiler-embeddable</artifactId><version>2.4.21</version></dependency>
    <dependency><groupId>org.jetbrains.kotlinx</groupId><artifactId>kotlinx-coroutines-core-jvm</artifactId><version>1.11.0</version></dependency>
  </dependencies>
</project>
"""
WITHOUT_NULL = """
fun length(customer: io.capauth.Session): Int = customer.token().length
"""


class Kotlin(unittest.TestCase):
    folder: pathlib.Path
    path: str

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="capauth-kotlin-")))
        (cls.folder / "pom.xml").write_text(POM)
        listed = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"
        run("mvn", "-B", "-q", "-U", listed, "-Dmdep.outputFile=path", cwd=cls.folder)
        cls.path = (cls.folder / "path").read_text().strip()

    def compiled(self, *sources):
        options = ["-no-stdlib", "-no-reflect", "-Werror", "-cp", self.path, "-d", "out"]
        compiler = "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"
        run("java", "-cp", self.path, compiler, *options, *sources, cwd=self.folder)

    def test_a_coroutine_signs_in_is_refused_and_cancels_its_call(self):
        self.compiled(ADAPTER, HERE / "kotlin" / "SignIn.kt")
        said = run("java", "-cp", f"out:{self.path}", "SignInKt", cwd=self.folder, CAPAUTH_EMULATOR=EMULATOR)
        self.assertEqual(said.split("\n"), ["refused INVALID_OTP", "role USER", "token true", "cancelled true", ""])

    def test_the_compiler_knows_what_may_be_null(self):
        (self.folder / "WithoutNull.kt").write_text(WITHOUT_NULL)
        with self.assertRaisesRegex(AssertionError, r"only safe \(\?\.\) or non-null asserted"):
            self.compiled("WithoutNull.kt")


if __name__ == "__main__":
    unittest.main()
