"""A process is killed between OTP generate and OTP validate, and another finishes the sign-in: every pair of languages.

    test_handover.py BUILD_FOLDER PROGRAM_IN_C

The programs beside this one run in the shell that build/env.sh makes. All that passes from one to the other is the
export, and the OTP that the customer types in.
"""

import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterator

from capauth.testing import Emulator

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM_IN_C = sys.argv.pop()
BUILD = pathlib.Path(sys.argv.pop()).resolve()
COMMANDS: dict[str, list[str | pathlib.Path]] = {
    "c": [PROGRAM_IN_C],
    "python": [sys.executable, HERE / "handover.py"],
    "lua": ["lua5.4", HERE / "handover.lua"],
    "java": ["java", "Handover"],
}


def shell_environment():
    """What env.sh sets: the programs are started without a shell, so that the signal reaches them."""
    shell = f". '{BUILD}/env.sh'; exec '{sys.executable}' -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    return json.loads(subprocess.run(["sh", "-c", shell], stdout=subprocess.PIPE, check=True).stdout)


class Handover(unittest.TestCase):
    folder: str
    mobiles: Iterator[str]
    emulator: Emulator
    environment: dict[str, str]

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="capauth-handover-"))
        cls.mobiles = map(str, itertools.count(919999910000))
        cls.emulator = cls.enterClassContext(Emulator())
        cls.environment = shell_environment()
        cls.environment |= {"CAPAUTH_URL": cls.emulator.url, "CAPAUTH_CA_FILE": cls.emulator.ca_file}
        subprocess.run(["javac", "-d", cls.folder, HERE / "Handover.java"], env=cls.environment, check=True)
        cls.environment["CLASSPATH"] += os.pathsep + cls.folder

    def start(self, language, part, **environment):
        program = subprocess.Popen(
            [*COMMANDS[language], part],
            env=self.environment | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(program.communicate)
        self.addCleanup(program.kill)
        return program

    def hand_over(self, begins, finishes):
        mobile = next(self.mobiles)
        first = self.start(begins, "begin", HANDOVER_MOBILE=mobile)
        text = first.stdout.readline()
        self.assertEqual(json.loads(text)["nextStep"], "otp_validate")
        first.kill()
        self.assertEqual(first.wait(), -signal.SIGKILL)

        (message,) = self.emulator.outbox(mobile, brand="DocDemo")
        second = self.start(finishes, "finish", HANDOVER_OTP=message["otp"])
        said, _ = second.communicate(text, timeout=60)
        self.assertEqual((second.returncode, said), (0, "USER true\n"))
        self.assertEqual(len(self.emulator.outbox(mobile, brand="DocDemo")), 1)  # nobody asked for another OTP


def pair(begins, finishes):
    return lambda self: self.hand_over(begins, finishes)


for one, other in itertools.product(COMMANDS, repeat=2):
    setattr(Handover, f"test_{one}_to_{other}", pair(one, other))


if __name__ == "__main__":
    unittest.main()
