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
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM_IN_C = sys.argv.pop()
BUILD = pathlib.Path(sys.argv.pop()).resolve()
COMMANDS = {
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
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="capauth-handover-"))
        cls.mobiles = map(str, itertools.count(919999910000))
        ca_file = f"{cls.folder}/ca.pem"
        emulator = subprocess.Popen(
            [BUILD / "bin" / "capauth-emulator", "--listen", "127.0.0.1:0", "--tls", "--ca-file", ca_file],
            stdout=subprocess.PIPE,
            text=True,
        )
        cls.addClassCleanup(emulator.communicate)
        cls.addClassCleanup(emulator.terminate)
        cls.url = emulator.stdout.readline().removeprefix("listening on ").strip()
        emulator.stdout.readline()
        cls.tls = ssl.create_default_context(cafile=ca_file)
        cls.environment = shell_environment() | {"CAPAUTH_URL": cls.url, "CAPAUTH_CA_FILE": ca_file}
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

    def messages(self, mobile):
        query = urllib.parse.urlencode({"brand": "DocDemo", "identifier": mobile})
        with urllib.request.urlopen(f"{self.url}/_emulator/outbox?{query}", context=self.tls) as reply:
            return json.load(reply)["messages"]

    def hand_over(self, begins, finishes):
        mobile = next(self.mobiles)
        first = self.start(begins, "begin", HANDOVER_MOBILE=mobile)
        text = first.stdout.readline()
        self.assertEqual(json.loads(text)["nextStep"], "otp_validate")
        first.kill()
        self.assertEqual(first.wait(), -signal.SIGKILL)

        (message,) = self.messages(mobile)
        second = self.start(finishes, "finish", HANDOVER_OTP=message["otp"])
        said, _ = second.communicate(text, timeout=60)
        self.assertEqual((second.returncode, said), (0, "USER true\n"))
        self.assertEqual(len(self.messages(mobile)), 1)  # nobody asked for another OTP


def pair(begins, finishes):
    return lambda self: self.hand_over(begins, finishes)


for one, other in itertools.product(COMMANDS, repeat=2):
    setattr(Handover, f"test_{one}_to_{other}", pair(one, other))


if __name__ == "__main__":
    unittest.main()
