"""The snippets of the top README run as they stand, in the shell that build/env.sh makes.

    test_readme.py BUILD_FOLDER
"""

import json
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

from capauth.testing import Emulator

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BUILD = pathlib.Path(sys.argv.pop(1)).resolve()


def snippet(language):
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)
    return text


class Readme(unittest.TestCase):
    folder: str
    emulator: Emulator
    tls: ssl.SSLContext

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="capauth-readme-"))
        cls.emulator = cls.enterClassContext(Emulator())
        cls.tls = ssl.create_default_context(cafile=cls.emulator.ca_file)

    def otp(self, identifier, program):
        """Waits for the OTP that the snippet asks for, as a customer would look at the phone."""
        query = urllib.parse.urlencode({"brand": "DocDemo", "identifier": identifier, "waitMs": 5000})
        while program.poll() is None:
            with urllib.request.urlopen(f"{self.emulator.url}/_emulator/outbox?{query}", context=self.tls) as reply:
                messages = json.load(reply)["messages"]
            if messages:
                return messages[0]["otp"]
        return ""

    def run_snippet(self, language, suffix, command):
        text = snippet(language)
        path = pathlib.Path(self.folder) / f"SignIn{suffix}"
        path.write_text(text, encoding="utf-8")
        place = f"CAPAUTH_URL={self.emulator.url} CAPAUTH_CA_FILE={self.emulator.ca_file}"
        shell = f"set -e; . {BUILD}/env.sh; export {place}; {command}"
        program = subprocess.Popen(
            ["sh", "-c", shell.format(path=path)],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        (identifier,) = re.findall(r'"(9199999\d{5})"', text)
        output, _ = program.communicate(self.otp(identifier, program) + "\n", timeout=120)
        self.assertEqual(program.returncode, 0, output)
        self.assertIn("USER", output)

    def test_python(self):
        self.run_snippet("python", ".py", "python3 {path}")

    def test_lua_5_4(self):
        self.run_snippet("lua", ".lua", "lua5.4 {path}")

    def test_java(self):
        self.run_snippet("java", ".java", "java {path}")

    def test_c(self):
        self.run_snippet("c", ".c", "cc {path} -o sign_in $(pkg-config --cflags --libs capauth); ./sign_in")

    def test_emulator_answers_curl(self):
        """The request of the emulator's quick start, over this emulator's TLS."""
        (body,) = re.findall(r"curl -d '(\{.*?\})'", README)
        request = urllib.request.Request(
            f"{self.emulator.url}/auth/v1/token/generate", body.encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, context=self.tls) as reply:
            self.assertTrue(json.load(reply)["status"]["success"])


if __name__ == "__main__":
    unittest.main()
