# SPDX-License-Identifier: Apache-2.0
"""What the program capauth prints, keeps, and leaves behind."""

import json
import os
import pathlib
import re
import signal
import stat
import subprocess

import pytest
from support import LIMIT, OTP_BRAND, PASSWORD_BRAND, TOOL, URL, Terminal, emulator, otp, regenerations, run


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
        (["sign-in", "--password", "Secret-Word-1"], "never given on the command line"),
        (["sign-in", "--password=Secret-Word-1"], "password"),
        (["sign-in", "--username", "U", "--external-id", "E"], "--cluster"),
        (["sign-in", *OTP_BRAND, "--username", "U", "--external-id", "E"], "--external-id"),
        (["sign-in", *OTP_BRAND, "--mobile", "1", "--email", "a@b.example"], "one of --mobile and --email"),
        (["sign-in", *OTP_BRAND, "--mobile", "1", "--otp", "--password"], "one of --password"),
        (["sign-in", *OTP_BRAND, "--mobile", "1", "--second-mobile", "1", "--second-email", "2"], "--second-email"),
        (["sign-in", *OTP_BRAND, "--mobile", "1", "--timeout", "soon"], "--timeout"),
        (["sign-in", *OTP_BRAND, "--mobile", "1", "--header", "nonsense"], "NAME: VALUE"),
        (["sign-in", *OTP_BRAND, "--mobile", "1", "--header", "Host: x"], "--header"),
        (["sign-in", *OTP_BRAND, "--mobile", "1", "--tls-min", "1.1"], "--tls-min"),
        (["sign-in", *OTP_BRAND, "--mobile", "1", "--client-cert", "/none"], "--client-cert"),
        (["sign-in", *OTP_BRAND, "--mobile", "a\nb"], "identifier"),
        (["sign-in", "--base-url", "http://a\nb"], "line end"),
        (["sign-in", "--base-url", "http://brand.example", "--brand", "B", "--mobile", "1"], "http"),
        (["sign-in", "--brand"], "requires an argument"),
        (["sing-in"], "no command is named sing-in; they are sign-in, token"),
        (["call", "GET"], "ENDPOINT"),
        (["token", "more"], "usage"),
        (["token", "--brand", "B"], "--brand is no option of this command"),
        (["token", "--valid-for", "-1"], "--valid-for"),
    ],
)
def test_wrong_use_is_named(arguments, named, kept):
    if arguments and arguments[0] in ("sign-in", "call", "token"):
        arguments = [*arguments, *kept] if "--brand" not in arguments[-1:] else arguments
    ended = run(*arguments)
    assert ended.returncode == 2, ended.stderr
    assert named in ended.stderr
    assert "Secret-Word-1" not in ended.stderr


def test_without_a_terminal_nothing_is_asked(kept):
    ended = run("sign-in", *OTP_BRAND, "--mobile", "919000000008", *kept, start_new_session=True)
    assert ended.returncode == 5
    assert "terminal" in ended.stderr


COMMANDS = ["sign-in", "token", "call", "sign-out", "check", "diagnose"]


def options_of(command):
    return re.findall(r"^  --([a-z0-9-]+)", run(command, "--help").stdout, re.M)


def test_help_and_man_page_tell_of_every_command_option_and_status():
    page = (pathlib.Path(__file__).parents[2] / "core/tool/capauth.1").read_text(encoding="utf-8")
    help_text = run("--help").stdout
    for command in COMMANDS:
        one = run(command, "--help")
        assert one.returncode == 0
        assert f"usage: capauth {command}" in one.stdout
        assert f"capauth {command}" in help_text
        assert f".It Cm {command}\n" in page
    told = set(re.findall(r"^\.It Fl Fl ([a-z0-9-]+)", page, re.M))
    assert told == {option for command in COMMANDS for option in options_of(command)}
    for number in range(7):
        assert re.search(rf"\b{number} \w", help_text)
        assert f".It {number}\n" in page


def test_help_is_no_wider_than_a_terminal():
    for command in ["", *COMMANDS]:
        for line in run(*filter(None, [command]), "--help").stdout.splitlines():
            assert len(line) <= 100, line


def completed(*words):
    """What bash offers for the last of these words after capauth."""
    script = pathlib.Path(__file__).parents[2] / "core/tool/completion.bash"
    line = " ".join(f"'{word}'" for word in (TOOL, *words))
    code = (
        f"source {script}; COMP_WORDS=({line}) COMP_CWORD={len(words)}; _capauth; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    return subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_bash_completes_commands_options_and_values():
    assert completed("") == [*COMMANDS, "--help", "--version"]
    assert completed("s") == ["sign-in", "sign-out"]
    for command in COMMANDS:
        assert completed(command, "--") == [f"--{option}" for option in options_of(command)]
    assert completed("sign-in", "--cluster", "A") == ["APAC", "APAC2"]
    assert str(pathlib.Path(__file__)) in completed("token", "--session", __file__[:-1])
    assert completed("nonsense", "--") == []


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
