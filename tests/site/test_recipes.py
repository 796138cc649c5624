"""Each program that the site shows runs as it stands, beside an emulator, in each language that has it.

Only the emulator's port is another. Who asks for an OTP gets the one that the emulator sent last.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from conftest import BUILD, ROOT, figure
from follow import PROGRAMS, blocks, free_port
from generator.pages import SUFFIXES, file_name

OTP = object()
SHELL = f". {BUILD}/env.sh; export PATH=$(dirname {os.environ['CAPAUTH_EMULATOR']}):$PATH; "
ERRORS = ["INVALID_OTP: That was not the code", "SIGN_IN_REQUIRED", "CANNOT_GENERATE_TOKEN", "No connection"]

# name of the program: what is typed, and what it says then
RECIPES = {
    "first_sign_in": (["000000", OTP], ["signed in as USER"]),
    "otp_screen": (["r", "000000", OTP], ["Another in", "That was not it", "signed in as USER"]),
    "password": ([OTP, OTP], ["first time", "later", "changed", "forgotten", "later: signed in by password"]),
    "second_factor": ([OTP, OTP], ["after the first factor: MFA_PENDING", "signed in as USER"]),
    "web": ([OTP], ["with a key: [Ff]alse", "a new token, valid for"]),
    "stay_signed_in": ([OTP], ["signed in, and the gateway said 200"]),
    "frame_loop": ([OTP], ["signed in as USER"]),
    "async_sign_in": ([OTP], [r"signed in as USER and called \[200, 200, 200\]"]),
    "coroutines": ([OTP], ["signed in as USER"]),
    "futures": ([OTP], ["the gateway said 200 to USER"]),
    "errors": ([], ERRORS),
    "test_app": ([], ["passed|all as it should be"]),
    "own_authority": ([], ["system's authorities: .*TLS", "its own authority: connected", "pin of another key: .*pin"]),
    "logs": ([OTP], ["otp_validate: ", "HTTP 200, 1 request", "operations timed: 3"]),
}
# Servers, which are asked over HTTP.
BACKENDS = ("backend_fastapi", "backend_flask")


def programs():
    for name in RECIPES:
        for language in SUFFIXES:
            if (ROOT / PROGRAMS[language] / file_name(name, language)).exists():
                yield name, language


class Beside:
    """An emulator with the brands that the recipes' pages make, and a folder with all programs in it."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [os.environ["CAPAUTH_EMULATOR"], "--listen", f"127.0.0.1:{self.port}", "--quiet"]
        self.emulator = subprocess.Popen(command)
        wait_for(self.port)
        for path in PROGRAMS.values():
            for program in (ROOT / path).iterdir():
                text = program.read_text(encoding="utf-8").replace("127.0.0.1:8080", f"127.0.0.1:{self.port}")
                (folder / program.name).write_text(text, encoding="utf-8")
        for page in sorted((ROOT / "core" / "docs" / "recipes").glob("*.md")):
            for kind, block in blocks(page.read_text(encoding="utf-8")):
                if kind == "sh":
                    self.shell(block.replace("8080", self.port)).check_returncode()
        self.shell("mkdir java; javac -Xlint:all,-processing -Werror -d java *.java").check_returncode()

    def shell(self, script):
        return subprocess.run(["bash", "-ec", SHELL + script], cwd=self.folder, text=True)

    def control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as reply:
            return json.load(reply)

    def command(self, name, language):
        file = file_name(name, language)
        if name == "test_app" and language == "python":
            return f"python3 -m pytest -q -p no:cacheprovider -p capauth.pytest_plugin {file}"
        if language == "c":
            flags = "-std=c11 -Wall -Wextra -Werror"
            return f"cc {flags} {file} -o {name} $(pkg-config --cflags --libs capauth); exec ./{name}"
        java = f"java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp java:$CLASSPATH {file.removesuffix('.java')}"
        return "exec " + {"python": f"python3 -W error {file}", "lua": f"lua5.1 {file}", "java": java}[language]

    def run(self, name, language, typed):
        """What the program said."""
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
        environment["PATH"] = f"{BUILD}/venv/bin:{environment['PATH']}"
        sent = len(self.control("GET", "outbox")["messages"])
        program = subprocess.Popen(
            ["bash", "-ec", SHELL + self.command(name, language)],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self.type, args=(program, typed, sent), daemon=True).start()
        assert program.stdout is not None
        said = program.stdout.read()
        assert program.wait(timeout=60) == 0, said
        return said

    def type(self, program, typed, sent):
        assert program.stdin is not None
        for text in typed:
            while text is OTP and program.poll() is None:
                messages = self.control("GET", "outbox")["messages"]
                if len(messages) > sent:
                    sent, text = len(messages), messages[0]["otp"]
                else:
                    time.sleep(0.02)
            try:
                program.stdin.write(f"{text}\n")
                program.stdin.flush()
            except OSError:
                return  # it has ended


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    one = Beside(tmp_path_factory.mktemp("recipes"))
    yield one
    one.emulator.terminate()
    one.emulator.wait()


@pytest.mark.parametrize(("name", "language"), list(programs()))
def test_recipe_runs(beside, name, language):
    typed, expected = RECIPES[name]
    said = beside.run(name, language, typed)
    for words in expected:
        assert re.search(words, said), said


def ask(url, body=None):
    """(HTTP status, the JSON of the reply)"""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def wait_for(port):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(port)


@pytest.mark.parametrize("name", BACKENDS)
def test_backend_signs_a_customer_in(beside, name):
    port = free_port()
    program = beside.folder / f"{name}.py"
    program.write_text(program.read_text(encoding="utf-8").replace("8000", port), encoding="utf-8")
    server = subprocess.Popen(["bash", "-ec", f"{SHELL} exec {BUILD}/venv/bin/python3 {program}"], cwd=beside.folder)
    try:
        wait_for(port)
        url, mobile = f"http://127.0.0.1:{port}", f"9199999980{BACKENDS.index(name):02}"
        session = ask(f"{url}/begin", {"mobile": mobile})[1]["session"]
        assert ask(f"{url}/validate", {"session": session, "otp": "000000"}) == (401, {"detail": "INVALID_OTP"})
        otp = beside.control("GET", f"outbox?identifier={mobile}")["messages"][0]["otp"]
        assert ask(f"{url}/validate", {"session": session, "otp": otp}) == (200, {"role": "USER"})
        status, reply = ask(f"{url}/me?session={urllib.parse.quote(session)}")
        assert status == 200 and reply["customers"]["customer"][0]["mobile"] == mobile
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize("language", SUFFIXES)
def test_customer_stays_signed_in_until_only_they_can_help(beside, language):
    """The second run needs no OTP, though an hour has passed; the third does, since the customer is gone."""
    if not list(beside.folder.glob("session*")):
        pytest.skip("after test_recipe_runs")
    beside.control("POST", "clock", {"advanceSeconds": 3600})
    assert "OTP:" not in beside.run("stay_signed_in", language, [])
    number = {"python": 1, "lua": 2, "java": 3, "c": 4}[language]
    beside.control("DELETE", f"customers/DocDemo/MOBILE/91999999200{number}")
    beside.control("POST", "clock", {"advanceSeconds": 3600})
    assert "Please sign in again." in beside.run("stay_signed_in", language, [OTP])


def test_every_program_is_run():
    known = {file_name(name, language) for name, language in programs()} | {f"{name}.py" for name in BACKENDS}
    there = {path.name for folder in PROGRAMS.values() for path in (ROOT / folder).iterdir() if path.suffix != ".md"}
    assert there == known
    figure("recipes", f"recipes: {len(known)} programs of {len(RECIPES)} recipes run in {len(SUFFIXES)} languages")


def test_every_program_is_shown():
    pages = [*(ROOT / "core" / "docs").rglob("*.md"), *(ROOT / "bindings").glob("*/docs/*.md")]
    text = "".join(path.read_text(encoding="utf-8") for path in pages)
    shown = set(re.findall(r"\{programs\} (\w+)", text))
    assert shown | {"first_sign_in"} == {*RECIPES, *BACKENDS}  # that one is behind each door


def test_every_block_of_a_page_is_run():
    """Of the site's own pages. The guides of the wrappers have tests of their own."""
    pages = [*(ROOT / "core" / "docs").rglob("*.md"), *(ROOT / "bindings").glob("*/docs/*.md")]
    followed = {path.name for path in pages if path.name == "start.md"} | {
        path.name for path in (ROOT / "core" / "docs" / "recipes").glob("*.md")
    }
    for path in pages:
        for fence in re.findall(r"^```([^\n]+)$", path.read_text(encoding="utf-8"), re.M):
            if fence.startswith("{") or fence == "sh install":
                continue
            assert fence == "sh" and path.name in followed, f"{path}: {fence}"
