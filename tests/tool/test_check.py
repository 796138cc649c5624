# SPDX-License-Identifier: Apache-2.0
"""`capauth check`: nothing at a service that does what is known, and each planted difference by its place."""

import re

import pytest
from support import CA_FILE, OTP_BRAND, PASSWORD_BRAND, URL, Terminal, emulator

WRONG_FIRST = "Try a wrong one first? It counts against the customer's limit. [y/N] "
WAIT = "Wait for it, and use it then? [y/N] "
WAITING = "Return: go on now.\r\n"
SECOND = "Go on with it? [y/N] "
SET_PASSWORD = "Set one? It stays. [y/N] "
BY_PASSWORD = "Sign in by it, and not by OTP? [y/N] "
BY_NEW_PASSWORD = "Sign in by the new password, too? [y/N] "
NO = dict.fromkeys([WRONG_FIRST, WAIT, SECOND, SET_PASSWORD, BY_PASSWORD, BY_NEW_PASSWORD], "n")
PASSWORD = "Secret-Word-1"
MFA_BRAND = ["--base-url", URL, "--ca-file", CA_FILE, "--brand", "ToolCheckSecond"]


@pytest.fixture(autouse=True)
def settled():
    """A brand with a second factor, and no fault that an earlier test left."""
    emulator("DELETE", "/_emulator/faults")
    emulator("PUT", "/_emulator/brands/ToolCheckSecond", {"IS_MFA_ENABLED": True, "CONF_FORCED_MFA": True})
    yield
    emulator("DELETE", "/_emulator/faults")


def check(brand, mobile, answers):
    """The lines of the report, and the status. Nothing of the customer may be in it."""
    typed = [PASSWORD]

    def otp():
        typed.append(emulator("GET", f"/_emulator/outbox?brand={brand[-1]}")["messages"][0]["otp"])
        return typed[-1]

    terminal = Terminal("check", *brand, "--mobile", mobile)
    passwords = {"New password: ": PASSWORD, "Password: ": PASSWORD}
    status = terminal.end({**NO, "OTP: ": otp, **passwords, **answers})
    lines = re.findall(r"^((?:as expected|differs|not seen) .*?)\r?$", terminal.shown, re.M)
    for secret in [mobile, "eyJ", *typed]:
        assert not any(secret in line for line in lines), lines
    return lines, status


def advance():
    emulator("POST", "/_emulator/clock", {"advanceSeconds": 1000})
    return ""


def differs(lines):
    return [line for line in lines if not line.startswith("as expected")]


def seen(lines, *places):
    return all(any(line.startswith(f"as expected  {place}") for line in lines) for place in places)


def refuse(path, code):
    """Plants a refusal that the tables do not have there."""
    reply = {"status": {"success": False, "code": code, "message": "No 919000000000 for a@b.example here"}}
    emulator("POST", "/_emulator/faults", {"path": path, "status": 200, "body": reply, "count": 1})


def test_nothing_differs_at_a_service_that_does_what_is_known():
    lines, status = check(OTP_BRAND, "919000000201", {WRONG_FIRST: "y", WAIT: "y", WAITING: advance})
    assert (differs(lines), status) == ([], 0)
    expired = "gateway, with an expired token: turned away"
    assert seen(lines, "a wrong OTP", "OTP validate", "token regenerate:", "gateway: GET customer/get", expired)
    assert seen(lines, "token regenerate, after the token expired")


def test_web_flow_is_looked_at_too():
    lines, status = check(["--web", *OTP_BRAND], "919000000202", {WAIT: "y", WAITING: advance})
    assert (differs(lines), status) == ([], 0)
    assert seen(lines, "the reply has no key", "token regenerate, after the token expired")


def test_password_is_set_used_and_tried_wrongly_where_that_is_agreed_to():
    yes = {SET_PASSWORD: "y", BY_NEW_PASSWORD: "y", WRONG_FIRST: "y", BY_PASSWORD: "y"}
    lines, status = check(PASSWORD_BRAND, "919000000203", yes)
    assert (differs(lines), status) == ([], 0)
    assert seen(lines, "token generate, for a customer without a password", "token generate, with a first password")
    assert seen(lines, "a wrong OTP", "a wrong password", "password validate")
    lines, status = check(PASSWORD_BRAND, "919000000203", yes)
    assert (differs(lines), status) == ([], 0)
    assert seen(lines, "a wrong password", "password validate", "gateway") and not seen(lines, "OTP validate")
    lines, status = check(PASSWORD_BRAND, "919000000203", {BY_PASSWORD: "n"})
    assert seen(lines, "OTP validate") and not seen(lines, "password validate")


def test_second_factor_is_walked_through_where_that_is_agreed_to():
    yes = {SECOND: "y", WRONG_FIRST: "y", WAIT: "y", WAITING: advance}
    lines, status = check(MFA_BRAND, "919000000204", yes)
    assert (differs(lines), status) == ([], 0)
    assert seen(lines, "the reply has no key before the second factor")
    places = ("a wrong OTP", "OTP validate", "token regenerate", "gateway, with an expired token", "token expire")
    assert seen(lines, *(f"second factor: {place}" for place in places))


def test_nothing_is_tried_without_being_agreed_to():
    lines, status = check(OTP_BRAND, "919000000205", {})
    assert not seen(lines, "a wrong OTP") and not seen(lines, "gateway, with an expired token")
    assert (differs(lines), status) == ([], 0)
    lines, status = check(PASSWORD_BRAND, "919000000206", {})
    assert differs(lines) == ["not seen     what comes after: password_create"]
    lines, status = check(MFA_BRAND, "919000000207", {})
    assert differs(lines) == ["not seen     what comes after: second_factor"]


EXPIRY = {WAIT: "y", WAITING: advance}
OK = {"status": {"success": True, "code": 200, "message": "SUCCESS"}}


@pytest.mark.parametrize(
    ("brand", "path", "place", "answers"),
    [
        (OTP_BRAND, "/auth/v1/token/generate", "token generate", {}),
        (OTP_BRAND, "/auth/v1/otp/generate", "OTP generate", {}),
        (OTP_BRAND, "/auth/v1/otp/validate", "a wrong OTP", {WRONG_FIRST: "y"}),
        (OTP_BRAND, "/auth/v1/otp/validate", "OTP validate", {}),
        (OTP_BRAND, "/auth/v1/token/regenerate", "token regenerate", {}),
        (OTP_BRAND, "/mobile/v2/api/customer/get", "gateway: GET customer/get", {}),
        (PASSWORD_BRAND, "/auth/v1/password/validate", "a wrong password", {BY_PASSWORD: "y", WRONG_FIRST: "y"}),
        (PASSWORD_BRAND, "/auth/v1/password/validate", "password validate", {BY_PASSWORD: "y"}),
        (MFA_BRAND, "/auth/v1/mfa/token/generate", "second factor: token generate", {SECOND: "y"}),
        (MFA_BRAND, "/auth/v1/mfa/otp/validate", "second factor: OTP validate", {SECOND: "y"}),
        (MFA_BRAND, "/auth/v1/mfa/token/regenerate", "second factor: token regenerate", {SECOND: "y"}),
        (MFA_BRAND, "/auth/v1/mfa/token/expire", "second factor: token expire", {SECOND: "y"}),
    ],
)
def test_planted_refusal_is_reported_at_its_place_and_redacted(brand, path, place, answers):
    mobile = "919000000208"
    customer = {"password": PASSWORD} if brand is PASSWORD_BRAND else {}
    emulator("PUT", f"/_emulator/customers/{brand[-1]}/MOBILE/{mobile}", customer)
    refuse(path, 1547)
    lines, status = check(brand, mobile, answers)
    (line,) = [line for line in lines if line.startswith("differs")]
    assert line.startswith(f"differs      {place}: expected ")
    assert "(1547), HTTP status 200, status.code 1547" in line and '"No *** for *** here"' in line
    assert status == 1


def test_expired_token_that_is_still_taken_is_reported():
    def advance_and_plant():
        fault = {"path": "/mobile/v2/api/customer/get", "status": 200, "body": OK, "count": 1}
        emulator("POST", "/_emulator/faults", fault)
        return advance()

    lines, status = check(OTP_BRAND, "919000000209", {WAIT: "y", WAITING: advance_and_plant})
    (line,) = differs(lines)
    assert line.startswith("differs      gateway, with an expired token: expected HTTP status or status.code 401")
    assert status == 1


def test_token_that_is_used_too_early_is_no_difference():
    lines, status = check(OTP_BRAND, "919000000210", {WAIT: "y", WAITING: ""})
    assert differs(lines) == ["not seen     gateway, with an expired token: it was still valid"]
    assert status == 0


def test_success_of_another_form_is_reported():
    fault = {"path": "/mobile/v2/api/customer/get", "status": 200, "count": 1}
    emulator("POST", "/_emulator/faults", {**fault, "body": {"status": {"success": True, "code": 201}}})
    lines, status = check(OTP_BRAND, "919000000211", {})
    (line,) = differs(lines)
    assert line.startswith("differs      gateway: GET customer/get: expected status.code 200, came OK (0)")
    assert status == 1


def test_reply_without_a_key_is_reported():
    emulator("PUT", "/_emulator/brands/ToolCheckNoKey", {"CONF_REGENERATE_TOKEN": False})
    brand = ["--base-url", URL, "--ca-file", CA_FILE, "--brand", "ToolCheckNoKey"]
    lines, status = check(brand, "919000000212", {})
    assert "differs      the reply has a key" in lines
    assert status == 1


def test_service_that_is_away_was_not_seen():
    away = ["--base-url", "https://127.0.0.1:9", "--ca-file", CA_FILE, "--brand", "DocDemo"]
    lines, status = check(away, "919000000213", {})
    assert [line.partition(": ")[0] for line in lines] == ["not seen     token generate"]
    assert status == 4


def test_service_that_goes_away_on_the_way_ends_the_walk():
    emulator("POST", "/_emulator/faults", {"path": "/auth/v1/token/regenerate", "reset": "before", "count": 9})
    lines, status = check(OTP_BRAND, "919000000214", {})
    assert lines[-1].startswith("not seen     token regenerate: ")
    assert status == 4
