# SPDX-License-Identifier: Apache-2.0
"""What the Dockerfile says, done without Docker: its files suffice, its program serves as nobody, its check notices."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from support import ROOT, run

FILE = ROOT / "tests/emulator/Dockerfile"
PORT = "18091"


def instructions(word):
    """What follows this word, each time; lines that go on are joined."""
    text = re.sub(r"^#.*\n", "", FILE.read_text(), flags=re.M).replace("\\\n", " ")
    lines = (line.split(None, 1) for line in text.splitlines() if line.strip())
    return [line[1] for line in lines if line[0] == word]


def command(text):
    return [part.replace("8080", PORT) for part in json.loads(text)]


class Dockerfile(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.folder.chmod(0o755)  # nobody looks in

    def test_installs_what_make_emulator_installs(self):
        listed = (ROOT / ".ci/packages/emulator.txt").read_text()
        wanted = {line.split("|")[0].strip() for line in listed.splitlines() if line and not line.startswith("#")}
        (installs,) = (rest for rest in instructions("RUN") if "ninja-build" in rest)
        self.assertEqual(set(installs.partition("--no-install-recommends")[2].split()), wanted)

    def test_files_that_it_copies_build_a_program_that_serves_and_is_checked(self):
        for source, target in (rest.rsplit(None, 1) for rest in instructions("COPY") if not rest.startswith("--from")):
            target = self.folder / target.strip("/")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, target)
            else:
                target.mkdir()
                shutil.copy(ROOT / source, target)
        for rest in instructions("RUN"):
            if rest.startswith("cmake"):
                run("sh", "-c", re.sub(r"(?<= )/(source|build|installed)", rf"{self.folder}/\1", rest))
        self.serve_and_check(self.folder / "installed/bin/capauth-emulator")

    def serve_and_check(self, program):
        (listen,) = map(command, instructions("ENTRYPOINT"))
        (check,) = (command(rest.partition("CMD ")[2]) for rest in instructions("HEALTHCHECK"))
        (user,) = instructions("USER")
        self.assertNotEqual(subprocess.run(check, capture_output=True).returncode, 0)
        user = user if os.getuid() == 0 else None
        with subprocess.Popen([program, *listen[1:]], user=user, stderr=subprocess.DEVNULL) as process:
            self.addCleanup(process.kill)
            end = time.monotonic() + 20
            while subprocess.run(check, capture_output=True).returncode != 0:
                self.assertTrue(process.poll() is None and time.monotonic() < end)
                time.sleep(0.1)
            process.terminate()


if __name__ == "__main__":
    unittest.main()
