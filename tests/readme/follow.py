"""Follows a document as its reader would: in one shell, from top to bottom.

Blocks of `sh` are run as they stand; what is marked `sh install` has been done by whoever built the tree. Programs are
put into the file that the document names: "```python sign_in.py" in a README, a literalinclude in a page of the site.
Only the port is another, so that two readers do not meet. Whoever asks for an OTP gets `first_answers`, then the one of
the emulator's outbox.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "network"))
from ports import free_port  # noqa: E402

BLOCK = re.compile(r"^```(\{literalinclude\} )?([^\n`]+)\n(.*?)^```", re.M | re.S)
PORT = "8080"
PROGRAMS = {"c": "core/docs/recipes", "python": "bindings/python/docs/recipes"}
PROGRAMS |= {"lua": "bindings/lua/docs/recipes", "java": "bindings/java/docs/recipes"}


def blocks(text):
    """("sh", script) of what is run, (name, program) of what is put into a file."""
    for included, head, body in BLOCK.findall(text):
        words = head.split()
        if included:
            _, _, language, name = words[0].split("/")
            yield name, (ROOT / PROGRAMS[language] / name).read_text(encoding="utf-8")
        elif words == ["sh"]:
            yield "sh", body
        elif len(words) == 2 and "." in words[1]:
            yield words[1], body


class Reader:
    """One who follows a document. `output` is all that the shell said."""

    def __init__(self, document, build, first_answers=()):
        self.port, self.answers = str(free_port()), list(first_answers)
        self.url = f"http://127.0.0.1:{self.port}"
        self.document, self.build = document, build
        self.seen, self.output = 0, ""

    def script(self, folder):
        """What the document has its reader do. The emulator takes a moment, which a reader spends reading."""
        lines = ["set -e", "trap 'kill $(jobs -p) 2>/dev/null || :' EXIT", f". {self.build}/env.sh"]
        for name, text in blocks((ROOT / self.document).read_text(encoding="utf-8")):
            text = text.replace(PORT, self.port)
            if name != "sh":
                (folder / name).write_text(text, encoding="utf-8")
                continue
            text = text.replace(". build/env.sh", f". {self.build}/env.sh")
            up = f"until curl -s {self.url}/_emulator/health; do sleep 0.05; done"
            lines.append(re.sub(r"(?m)^(capauth-emulator .*)&$", rf"\1--quiet >emulator.log 2>\&1 &\n{up}", text))
        return "\n".join(lines)

    def phone(self):
        """The newest OTP, once one has come that was not there before."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while self.program.poll() is None:
            try:
                with opener.open(f"{self.url}/_emulator/outbox", timeout=5) as reply:
                    messages = json.load(reply)["messages"]
            except OSError:
                messages = []
            if len(messages) > self.seen:
                self.seen = len(messages)
                return messages[0]["otp"]
            time.sleep(0.05)
        return None

    def type(self):
        assert self.program.stdin is not None
        while (otp := self.phone()) is not None:
            try:
                self.program.stdin.write("".join(f"{text}\n" for text in [*self.answers, otp]))
                self.program.stdin.flush()
            except OSError:
                return

    def follow(self):
        with tempfile.TemporaryDirectory(prefix="capauth-reader-") as name:
            folder = pathlib.Path(name)
            self.program = subprocess.Popen(
                ["bash", "-c", self.script(folder)],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            threading.Thread(target=self.type, daemon=True).start()
            assert self.program.stdout is not None
            self.output = self.program.stdout.read()
            return self.program.wait(timeout=120)
