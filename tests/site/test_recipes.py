"""Each program that the site shows runs as it stands, on a reader's machine, in each language that has it.

Who asks for an OTP gets the one that the emulator sent last.
"""

import json
import re
import sys

import pytest
from beside import BEHIND_THE_PROXY, NEWER_JAVA, OTP, programs
from conftest import ROOT, figure
from follow import PROGRAMS
from generator.pages import SUFFIXES, file_name

ERRORS = ["INVALID_OTP: That was not the code", "SIGN_IN_REQUIRED", "CANNOT_GENERATE_TOKEN", "No connection"]

# name of the program: what is typed, and what it says then
RECIPES = {
    "first_sign_in": (["000000", OTP], ["signed in as USER"]),
    "otp_screen": (["r", "000000", OTP], ["Another in", "That was not it", "signed in as USER"]),
    "password": ([OTP, OTP], ["first time", "later", "changed", "forgotten", "later: signed in by password"]),
    "second_factor": ([OTP, OTP], ["after the first factor: MFA_PENDING", "signed in as USER"]),
    "web": ([OTP], ["with a key: [Ff]alse", "a new token, valid for"]),
    "stay_signed_in": ([OTP], ["signed in, and the gateway said 200"]),
    "keyring_session": ([OTP], ["OTP: ", "signed in as USER"]),
    "love_session": ([OTP], ["OTP: ", "signed in as USER"]),
    "frame_loop": ([OTP], ["signed in as USER"]),
    "async_sign_in": ([OTP], [r"signed in as USER and called \[200, 200, 200\]"]),
    "coroutines": ([OTP], ["signed in as USER"]),
    "futures": ([OTP], ["the gateway said 200 to USER"]),
    "virtual_threads": ([OTP], ["100 replies for USER"]),
    "errors": ([], ERRORS),
    "test_app": ([], ["passed|all as it should be"]),
    "own_authority": ([], ["system's authorities: .*TLS", "its own authority: connected", "pin of another key: .*pin"]),
    BEHIND_THE_PROXY: ([OTP], ["signed in as USER through the proxy"]),
    "logs": ([OTP], ["otp_validate: ", "HTTP 200, 1 request", "operations timed: 3"]),
    "telemetry": ([OTP], ["otp_validate"]),
}
# What is asked over HTTP or by a queue, or needs more than one program: see test_backends.py.
BACKENDS = ("backend_fastapi", "backend_flask", "backend_celery", "fleet")
# Shown as a program, and run by the tests of its language.
ELSEWHERE = {"session_store": "bindings/java/src/test/java/io/capauth/AndroidExampleTest.java"}


@pytest.mark.parametrize(("name", "language"), list(programs(RECIPES)))
def test_recipe_runs(beside, name, language):
    typed, expected = RECIPES[name]
    said = beside.run(name, language, typed)
    for words in expected:
        assert re.search(words, said), said


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


@pytest.mark.parametrize(("name", "language"), list(programs(["keyring_session", "love_session"])))
def test_customer_is_known_when_the_program_runs_again(beside, name, language):
    said = beside.run(name, language, [])
    assert "OTP:" not in said and "USER" in said


def test_game_keeps_its_session_where_love_puts_it(beside):
    """The real LÖVE, in the folder of its user's data."""
    text = (beside.folder / "data" / "love" / "my_game" / "session").read_text(encoding="utf-8")
    assert json.loads(text)["brand"] == "DocDemo"


def test_keyring_of_c_is_encrypted(beside):
    assert b"DocDemo" not in (beside.folder / "keyring").read_bytes()


def test_spans_are_those_of_the_operations(beside):
    said = beside.run("telemetry", "python", [OTP])
    spans = [json.loads(text) for text in re.findall(r"\{\n.*?^\}", said, re.M | re.S)]
    assert [span["name"] for span in spans] == ["token_generate", "otp_generate", "otp_validate"]
    for span in spans:
        assert span["start_time"] <= span["end_time"] and span["attributes"]["http.response.status_code"] == 200


def test_proxy_learnt_the_name_of_the_host_and_nothing_else(beside):
    assert len(beside.proxy.heads) == len(list(programs([BEHIND_THE_PROXY])))
    assert {head.split(b"\r\n")[0] for head in beside.proxy.heads} == {b"CONNECT auth.brand.example:443 HTTP/1.1"}
    assert b"DocDemo" not in beside.proxy.heard


def test_there_is_a_java_with_virtual_threads():
    assert int(re.findall(r'^JAVA_VERSION="(\d+)', (NEWER_JAVA / "release").read_text(), re.M)[0]) >= 21


def test_every_program_is_run():
    known = {file_name(name, language) for name, language in programs([*RECIPES, *BACKENDS])}
    there = {path.name for folder in PROGRAMS.values() for path in (ROOT / folder).iterdir() if path.suffix != ".md"}
    assert there == known
    assert all((ROOT / test).exists() for test in ELSEWHERE.values())
    recipes = len(RECIPES) + len(BACKENDS)
    figure("recipes", f"recipes: {len(known)} programs of {recipes} recipes run in {len(SUFFIXES)} languages")


# What an import is called where it comes from.
CALLED = {"pydantic": "fastapi", "opentelemetry": "opentelemetry-sdk"}


def test_what_a_program_needs_is_named_where_it_is_shown():
    for page in (ROOT / "core" / "docs" / "recipes").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r"\{programs\} (\w+)", text):
            program = ROOT / PROGRAMS["python"] / file_name(name, "python")
            code = program.read_text(encoding="utf-8") if program.exists() else ""
            found = set(re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE))
            for package in found - sys.stdlib_module_names - {"capauth"}:
                assert f"`{CALLED.get(package, package)}`" in text, (page.name, package)


def test_every_program_is_shown():
    pages = [*(ROOT / "core" / "docs").rglob("*.md"), *(ROOT / "bindings").glob("*/docs/*.md")]
    text = "".join(path.read_text(encoding="utf-8") for path in pages)
    shown = set(re.findall(r"\{programs\} (\w+)", text))
    assert shown | {"first_sign_in"} == {*RECIPES, *BACKENDS, *ELSEWHERE}  # that one is behind each door
