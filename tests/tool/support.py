# SPDX-License-Identifier: Apache-2.0
"""The program capauth beside an emulator, with a terminal of its own.

CAPAUTH_TOOL is the program; tests/with_emulator says where the emulator is.
"""

import json
import os
import pty
import re
import select
import ssl
import subprocess
import termios
import urllib.request

TOOL = os.environ["CAPAUTH_TOOL"]
URL = os.environ["CAPAUTH_URL"]
CA_FILE = os.environ["CAPAUTH_CA_FILE"]
LIMIT = 60
OTP_BRAND = ["--base-url", URL, "--ca-file", CA_FILE, "--brand", "DocDemo"]
PASSWORD_BRAND = ["--base-url", URL, "--ca-file", CA_FILE, "--brand", "DocDemoPassword"]


def emulator(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data=data, method=method)
    with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=CA_FILE)) as reply:
        return json.load(reply)


def otp(mobile, brand="DocDemo"):
    sent = emulator("GET", f"/_emulator/outbox?brand={brand}&identifier={mobile}")
    return re.findall(r'"otp":"(\d+)"', json.dumps(sent, separators=(",", ":")))[0]  # the newest is the first


def regenerations(family=""):
    return emulator("GET", "/_emulator/requests")["counts"].get(f"POST /auth/v1/{family}token/regenerate", 0)


class Terminal:
    """The program on a pseudo-terminal: what it shows, and what somebody types."""

    def __init__(self, *arguments):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execv(TOOL, [TOOL, *arguments])
        self.shown = ""

    def read(self):
        ready, _, _ = select.select([self.descriptor], [], [], LIMIT)
        assert ready, f"nothing more comes after {self.shown!r}"
        try:
            piece = os.read(self.descriptor, 1000).decode()
        except OSError:  # Linux says so of the end
            piece = ""
        self.shown += piece
        return piece

    def until(self, prompt):
        """What came before the prompt, from the last one on."""
        while prompt not in self.shown:
            assert self.read(), f"it ended before {prompt!r}: {self.shown!r}"
        self.shown = self.shown.partition(prompt)[2]

    def type(self, text):
        os.write(self.descriptor, (text + "\n").encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.descriptor)[3] & termios.ECHO)

    def end(self, answers=None):
        """To the end, and the exit status. `answers`: what is typed at which question, or a function that says it."""
        looked_at = 0
        while self.read():
            for question, reply in (answers or {}).items():
                if self.shown.endswith(question) and len(self.shown) > looked_at:
                    looked_at = len(self.shown)
                    self.type(reply() if callable(reply) else reply)
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def run(*arguments, **more):
    return subprocess.run(
        [TOOL, *arguments],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        **more,
    )
