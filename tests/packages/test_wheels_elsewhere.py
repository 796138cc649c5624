# SPDX-License-Identifier: Apache-2.0
"""The wheels for arm64 and for musl of `make wheel TARGETS=all`, each under a Python of its platform, against the
emulator that the same wheels bring. What is for arm64 runs under qemu-user."""

import pathlib
import tempfile
import unittest

import elsewhere
from support import PACKAGES, ROOT, run
from test_wheels import INSIDE

HERE = pathlib.Path(__file__).parent
PYTHON = PACKAGES / "python"


class Elsewhere(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def install(self, platform):
        """By this machine's pip, which is told for whom; there, pip knows by itself that it may take what is older."""
        if not list(PYTHON.glob(f"capauth-*-{platform}.whl")):
            self.skipTest(f"there is no wheel for {platform}: make wheel TARGETS=all")
        older = platform.replace("manylinux_2_28", "manylinux_2_17").replace("musllinux_1_2", "musllinux_1_1")
        options = [f"--platform={platform}", f"--platform={older}", "--python-version=3.13", "--only-binary=:all:"]
        pip = [ROOT / "build/venv/bin/python", "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        run(*pip, *options, "--no-index", "--find-links", PYTHON, "--target", self.folder / "there", "capauth[testing]")

    def sign_in(self, platform):
        self.install(platform)
        processor = "x86_64" if platform.endswith("x86_64") else "aarch64"
        installed = self.folder / "there/bin/capauth-emulator"
        said = run(
            ROOT / "tests/with_emulator",
            "--",
            *elsewhere.python(f"{platform.partition('_')[0]}-{processor}"),
            HERE / "sign_in_elsewhere.py",
            cwd=self.folder,
            PYTHONPATH=self.folder / "there",
            CAPAUTH_EMULATOR=elsewhere.program(installed, processor, self.folder),
        )
        self.assertIn("signed in as USER", said)
        self.assertIn(f"on {processor}\n", said)
        self.assertIn(f"module for {processor}-linux-{'musl' if 'musl' in platform else 'gnu'}\n", said)
        for library in INSIDE:
            self.assertRegex(said, f"(?m)^{library}")
        print(f"{platform}: {said.splitlines()[0]}")

    def test_musl(self):
        self.sign_in("musllinux_1_2_x86_64")

    def test_arm64(self):
        self.sign_in("manylinux_2_28_aarch64")

    def test_arm64_musl(self):
        self.sign_in("musllinux_1_2_aarch64")


if __name__ == "__main__":
    unittest.main()
