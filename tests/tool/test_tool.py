# SPDX-License-Identifier: Apache-2.0
"""The program capauth beside an emulator, with a terminal of its own: what it prints, keeps, and leaves behind.

CAPAUTH_TOOL is the program; tests/with_emulator says where the emulator is.
"""

import json
import os
import pathlib
import pty
import re
import select
import signal
import ssl
import stat
import subprocess
import termios
import urllib.request

import pytest

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


def regenerations():
    return emulator("GET", "/_emulator/requests")["counts"].get("POST /auth/v1/token/regenerate", 0)


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

    def end(self):
        while self.read():
            pass
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


@pytest.fixture
def kept(tmp_path):
    return ["--session", str(tmp_path / "session")]


def sign_in(kept, mobile):
    terminal = Terminal("sign-in", *OTP_BRAND, "--mobile", mobile, *kept)
    terminal.until("OTP: ")
    terminal.type(otp(mobile))
    assert terminal.end() == 0


def test_sign_in_asks_for_the_otp_and_keeps_the_session_for_the_owner_alone(kept):
    sign_in(kept, "919000000001")
    assert stat.S_IMODE(os.stat(kept[1]).st_mode) == 0o600
    token = run("token", *kept)
    assert (token.returncode, token.stderr) == (0, "")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", token.stdout)
    call = run("call", "GET", "customer/get", *kept)
    assert call.returncode == 0
    json.loads(call.stdout)
    assert run("sign-out", *kept).returncode == 0
    assert not os.path.exists(kept[1])
    assert run("token", *kept).returncode == 3


def test_wrong_otp_may_be_typed_again(kept):
    terminal = Terminal("sign-in", *OTP_BRAND, "--mobile", "919000000002", *kept)
    terminal.until("OTP: ")
    right = otp("919000000002")
    terminal.type("000000" if right != "000000" else "000001")
    terminal.until("OTP: ")
    terminal.type(right)
    assert terminal.end() == 0


def test_three_wrong_otps_are_a_refusal_and_keep_nothing(kept):
    terminal = Terminal("sign-in", *OTP_BRAND, "--mobile", "919000000003", *kept)
    for _ in range(3):
        terminal.until("OTP: ")
        terminal.type("000000" if otp("919000000003") != "000000" else "000001")
    assert terminal.end() == 1
    assert not os.path.exists(kept[1])


def test_new_password_is_not_shown(kept):
    terminal = Terminal("sign-in", *PASSWORD_BRAND, "--mobile", "919000000004", *kept)
    terminal.until("assword: ")
    assert not terminal.echoes()
    terminal.type("Secret-Word-1")
    shown = terminal.shown
    terminal.until("OTP: ")
    terminal.type(otp("919000000004", "DocDemoPassword"))
    assert terminal.end() == 0
    assert "Secret-Word-1" not in shown + terminal.shown
    terminal = Terminal("sign-in", *PASSWORD_BRAND, "--mobile", "919000000004", *kept)
    terminal.until("Password: ")
    assert not terminal.echoes()
    terminal.type("Secret-Word-1")
    assert terminal.end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_at_a_prompt_restores_the_terminal_and_ends_the_program(kept, number):
    terminal = Terminal("sign-in", *PASSWORD_BRAND, "--mobile", "919000000005", *kept)
    terminal.until("assword: ")
    assert not terminal.echoes()
    os.kill(terminal.pid, number)
    _, status = os.waitpid(terminal.pid, 0)
    assert os.waitstatus_to_exitcode(status) == -number
    assert terminal.echoes()
    os.close(terminal.descriptor)


def test_two_processes_at_once_regenerate_once(kept):
    sign_in(kept, "919000000006")
    emulator("POST", "/_emulator/clock", {"advanceSeconds": 2 * 86400})
    before = regenerations()
    both = [
        subprocess.Popen(
            [TOOL, "call", "GET", "customer/get", *kept],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    replies = [one.communicate(timeout=LIMIT) for one in both]
    assert [one.returncode for one in both] == [0, 0], replies
    assert regenerations() == before + 1


def test_broken_and_foreign_files_are_refused_by_name(kept):
    path = pathlib.Path(kept[1])
    for text in ["", "{", "nonsense", "base_url https://x\n", "{}", "other value\n{}"]:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        ended = run("token", *kept)
        assert ended.returncode == 5, text
        assert str(path) in ended.stderr
    path.chmod(0o644)
    assert "read by others" in run("token", *kept).stderr
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert run("token", *kept).returncode == 5


def test_folder_that_is_not_there_is_said_before_anything_is_sent(tmp_path):
    ended = run(
        "sign-in",
        *OTP_BRAND,
        "--mobile",
        "919000000007",
        "--session",
        str(tmp_path / "none" / "session"),
    )
    assert ended.returncode == 5
    assert "none/session" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "--help"),
        (["nonsense"], "nonsense"),
        (["sign-in"], "--cluster"),
        (["sign-in", "--cluster", "EU"], "--brand"),
        (["sign-in", "--cluster", "EU", "--brand", "B"], "--mobile"),
        (["sign-in", "--cluster", "MOON", "--brand", "B", "--mobile", "91"], "cluster"),
        (["sign-in", "--password", "x"], "password"),
        (["call", "GET"], "ENDPOINT"),
        (["token", "more"], "usage"),
    ],
)
def test_wrong_use_is_named(arguments, named, kept):
    ended = run(*arguments, *(kept if arguments else []))
    assert ended.returncode == 2
    assert named in ended.stderr


def test_without_a_terminal_nothing_is_asked(kept):
    ended = run("sign-in", *OTP_BRAND, "--mobile", "919000000008", *kept, start_new_session=True)
    assert ended.returncode == 5
    assert "terminal" in ended.stderr


def test_help_and_man_page_tell_of_every_command_option_and_status():
    page = (pathlib.Path(__file__).parents[2] / "core/tool/capauth.1").read_text(encoding="utf-8")
    help_text = run("--help").stdout
    for command in ["sign-in", "token", "call", "sign-out", "check", "diagnose"]:
        one = run(command, "--help")
        assert one.returncode == 0
        assert f"usage: capauth {command}" in one.stdout
        assert f"capauth {command}" in help_text
        assert f".It Cm {command}" in page
    for option in re.findall(r"--([a-z-]+) [A-Z]", help_text):
        assert f".It Fl Fl {option}" in page, option
    for number in range(7):
        assert re.search(rf"\b{number} \w", help_text)
        assert f".It {number}\n" in page


def test_diagnose_says_what_support_asks_for():
    ended = run("diagnose", "--base-url", URL)
    assert ended.returncode == 0
    assert "libcurl" in ended.stdout


def test_service_that_is_away_is_worth_another_try(kept):
    ended = run(
        "sign-in",
        "--base-url",
        "http://127.0.0.1:1",
        "--brand",
        "B",
        "--mobile",
        "919000000009",
        *kept,
    )
    assert ended.returncode == 4


def check(kept, mobile, wrong):
    """The report of `capauth check`, in which the OTP is typed, and the status."""
    terminal = Terminal("check", *OTP_BRAND, "--mobile", mobile, *kept)
    terminal.until("OTP: ")
    code = otp(mobile)
    terminal.type(code)
    terminal.until("[y/N] ")
    terminal.type("y" if wrong else "n")
    status = terminal.end()
    return terminal.shown, status, code


def test_check_finds_nothing_at_a_service_that_does_what_is_known(kept):
    report, status, code = check(kept, "919000000021", wrong=True)
    assert "differs" not in report and "not seen" not in report, report
    for place in ("a wrong OTP", "OTP validate", "token regenerate", "gateway"):
        assert f"as expected  {place}" in report
    assert status == 0
    assert "919000000021" not in report and code not in report and "eyJ" not in report
    assert not os.path.exists(kept[1])


def test_check_tries_no_wrong_otp_without_being_told_to(kept):
    report, status, _ = check(kept, "919000000022", wrong=False)
    assert "a wrong OTP" not in report and status == 0, report


@pytest.mark.parametrize(
    "path, place",
    [
        ("/auth/v1/token/regenerate", "token regenerate"),
        ("/mobile/v2/api/customer/get", "gateway: GET customer/get"),
    ],
)
def test_check_names_the_place_that_differs_and_nothing_of_the_customer(kept, path, place):
    mobile = "919000000023"
    reply = {"status": {"success": False, "code": 1547, "message": f"No {mobile} for a@b.example here"}}
    emulator("POST", "/_emulator/faults", {"path": path, "status": 200, "body": reply, "count": 9})
    try:
        report, status, _ = check(kept, mobile, wrong=False)
    finally:
        emulator("DELETE", "/_emulator/faults")
    (line,) = [line for line in report.splitlines() if line.startswith("differs")]
    assert place in line and "1547" in line and "No *** for *** here" in line
    assert status == 1


def test_check_of_a_service_that_is_away_says_what_was_not_seen(kept):
    away = ["--base-url", "https://127.0.0.1:9", "--ca-file", CA_FILE, "--brand", "DocDemo"]
    terminal = Terminal("check", *away, "--mobile", "919000000024", *kept)
    assert terminal.end() == 4
    assert "not seen     token generate" in terminal.shown
