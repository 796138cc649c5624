# SPDX-License-Identifier: Apache-2.0
"""`capauth sign-in`: every identifier, every way a brand may want, and what a customer may type."""

import json
import os
import pathlib

import pytest
from support import CA_FILE, OTP_BRAND, PASSWORD_BRAND, URL, Terminal, emulator, otp, regenerations, run

PASSWORD = "Secret-Word-1"


def brand(name, **settings):
    """A brand of that name, as arguments."""
    emulator("PUT", f"/_emulator/brands/{name}", settings)
    return ["--base-url", URL, "--ca-file", CA_FILE, "--brand", name]


def newest_otp(name):
    return lambda: emulator("GET", f"/_emulator/outbox?brand={name}")["messages"][0]["otp"]


def customer_of(kept):
    ended = run("call", "GET", "customer/get", *kept)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)["customers"]["customer"][0]


@pytest.mark.parametrize(
    "identity",
    [
        ["--mobile", "919000000101"],
        ["--email", "t101@shop.example"],
        ["--username", "user101", "--mobile", "919000000102"],
        ["--username", "user102", "--email", "t102@shop.example"],
        ["--external-id", "card-103", "--mobile", "919000000103"],
    ],
    ids=["mobile", "email", "username_by_mobile", "username_by_email", "external_id"],
)
def test_each_kind_of_identifier_signs_in(identity, kept):
    shop = brand("ToolIdentifiers", CONF_EXTERNAL_ID_LOGIN_ENABLED=True)
    terminal = Terminal("sign-in", *shop, *identity, *kept)
    assert terminal.end({"OTP: ": newest_otp("ToolIdentifiers")}) == 0, terminal.shown
    assert customer_of(kept)
    exported = pathlib.Path(kept[1]).read_text(encoding="utf-8")
    assert identity[1] in exported


def test_web_flow_has_no_key_and_regenerates(kept):
    terminal = Terminal("sign-in", *OTP_BRAND, "--web", "--mobile", "919000000104", *kept)
    assert terminal.end({"OTP: ": newest_otp("DocDemo")}) == 0, terminal.shown
    assert '"key"' not in pathlib.Path(kept[1]).read_text(encoding="utf-8")
    assert run("token", "--valid-for", "86400", *kept).returncode == 0
    assert customer_of(kept)


def test_empty_answer_sends_another_otp_and_says_where_to(kept):
    terminal = Terminal("sign-in", *OTP_BRAND, "--mobile", "919000000105", *kept)
    terminal.until("OTP was sent to 9190******05")
    terminal.until("OTP: ")
    first = otp("919000000105")
    terminal.type("")
    terminal.until("OTP was sent")
    terminal.until("OTP: ")
    sent = emulator("GET", "/_emulator/outbox?brand=DocDemo&identifier=919000000105")["messages"]
    assert [message["otp"] for message in sent][1] == first
    terminal.type(sent[0]["otp"])
    assert terminal.end() == 0


def test_otp_goes_by_the_channel_that_is_asked_for(kept):
    shop = brand("ToolChannels", CONF_FALLBACK_CHANNELS="EMAIL,SMS")
    terminal = Terminal("sign-in", *shop, "--email", "t106@shop.example", "--fallback-channel", "WHATSAPP", *kept)
    assert terminal.end() == 1
    assert "fallback channel" in terminal.shown
    terminal = Terminal("sign-in", *shop, "--email", "t106@shop.example", "--fallback-channel", "EMAIL", *kept)
    assert terminal.end({"OTP: ": newest_otp("ToolChannels")}) == 0
    terminal = Terminal("sign-in", *shop, "--email", "t106@shop.example", "--fallback-channel", "!", *kept)
    assert terminal.end() == 2
    assert "channel" in terminal.shown


def with_password(mobile, kept):
    """A customer who has signed in once, and set a password."""
    terminal = Terminal("sign-in", *PASSWORD_BRAND, "--mobile", mobile, *kept)
    for question in ("New password: ", "The same again: "):
        terminal.until(question)
        assert not terminal.echoes()
        terminal.type(PASSWORD)
    assert terminal.end({"OTP: ": newest_otp("DocDemoPassword")}) == 0, terminal.shown
    assert PASSWORD not in terminal.shown


def test_new_password_is_typed_twice_and_not_shown(kept):
    with_password("919000000107", kept)
    terminal = Terminal("sign-in", *PASSWORD_BRAND, "--mobile", "919000000107", *kept)
    terminal.until("Password: ")
    assert not terminal.echoes()
    terminal.type(PASSWORD)
    assert terminal.end() == 0
    assert PASSWORD not in terminal.shown


def test_new_passwords_that_differ_are_not_sent(kept):
    terminal = Terminal("sign-in", *PASSWORD_BRAND, "--mobile", "919000000108", *kept)
    assert terminal.end({"New password: ": PASSWORD, "The same again: ": "Secret-Word-2"}) == 5
    assert "not the same" in terminal.shown
    assert not os.path.exists(kept[1])


def test_new_password_against_the_rules_may_be_typed_again(kept):
    shop = brand("ToolRules", PASSWORD_ENABLED=True, PASSWORD_REGEX="^.{8,}$")
    typed = iter(["short", "short", PASSWORD, PASSWORD])
    terminal = Terminal("sign-in", *shop, "--mobile", "919000000109", *kept)
    answers = {"New password: ": lambda: next(typed), "The same again: ": lambda: next(typed)}
    assert terminal.end({**answers, "OTP: ": newest_otp("ToolRules")}) == 0, terminal.shown


def test_otp_and_password_may_be_chosen_where_the_customer_has_both(kept):
    mobile = "919000000110"
    with_password(mobile, kept)
    terminal = Terminal("sign-in", *PASSWORD_BRAND, "--mobile", mobile, "--otp", *kept)
    assert terminal.end({"OTP: ": newest_otp("DocDemoPassword")}) == 0, terminal.shown
    terminal = Terminal("sign-in", *PASSWORD_BRAND, "--mobile", mobile, "--password", *kept)
    assert terminal.end({"Password: ": PASSWORD}) == 0, terminal.shown
    terminal = Terminal("sign-in", *OTP_BRAND, "--mobile", mobile, "--password", *kept)
    assert terminal.end({"Password: ": PASSWORD}) == 1
    assert "passwords are not enabled" in terminal.shown


def test_wrong_password_may_be_typed_again(kept):
    with_password("919000000111", kept)
    typed = iter(["", "Secret-Word-2", PASSWORD])
    terminal = Terminal("sign-in", *PASSWORD_BRAND, "--mobile", "919000000111", *kept)
    assert terminal.end({"Password: ": lambda: next(typed)}) == 0, terminal.shown
    assert "wrong password" in terminal.shown


def test_forgotten_password_is_replaced(kept):
    mobile, new = "919000000112", "Secret-Word-9"
    with_password(mobile, kept)
    terminal = Terminal("sign-in", *PASSWORD_BRAND, "--mobile", mobile, "--forgotten-password", *kept)
    answers = {"New password: ": new, "The same again: ": new, "OTP: ": newest_otp("DocDemoPassword")}
    assert terminal.end(answers) == 0, terminal.shown
    assert new not in terminal.shown
    terminal = Terminal("sign-in", *PASSWORD_BRAND, "--mobile", mobile, *kept)
    assert terminal.end({"Password: ": new}) == 0, terminal.shown


@pytest.mark.parametrize("web", [[], ["--web"]], ids=["mobile", "web"])
def test_second_factor_is_asked_for_when_the_reply_wants_it(web, kept):
    shop = brand("ToolSecond", IS_MFA_ENABLED=True, CONF_FORCED_MFA=True)
    terminal = Terminal("sign-in", *shop, *web, "--mobile", "919000000113", *kept)
    terminal.until("OTP: ")
    terminal.type(newest_otp("ToolSecond")())
    terminal.until("Second factor, OTP: ")
    assert not os.path.exists(kept[1])
    terminal.type(newest_otp("ToolSecond")())
    assert terminal.end() == 0
    assert customer_of(kept)
    before = regenerations("mfa/")
    emulator("POST", "/_emulator/clock", {"advanceSeconds": 86400})
    assert customer_of(kept)
    assert regenerations("mfa/") == before + 1
    assert run("sign-out", *kept).returncode == 0


def test_second_factor_may_be_a_password_or_go_to_another_place(kept):
    shop = brand("ToolSecondPlace", IS_MFA_ENABLED=True, CONF_FORCED_MFA=True, IS_MFA_PASSWORD_ENABLED=True)
    identity = ["--mobile", "919000000114", "--second-email", "t114@shop.example"]
    terminal = Terminal("sign-in", *shop, *identity, *kept)
    assert terminal.end({"OTP: ": newest_otp("ToolSecondPlace")}) == 0, terminal.shown
    sent = emulator("GET", "/_emulator/outbox?brand=ToolSecondPlace")["messages"]
    assert [message["to"] for message in sent] == ["t114@shop.example", "919000000114"]
    customer = {"mfa": True, "mfaPassword": PASSWORD}
    emulator("PUT", "/_emulator/customers/ToolSecondPlace/MOBILE/919000000115", customer)
    terminal = Terminal("sign-in", *shop, "--mobile", "919000000115", *kept)
    answers = {"OTP: ": newest_otp("ToolSecondPlace"), "Second factor, password: ": PASSWORD}
    assert terminal.end(answers) == 0, terminal.shown
    assert PASSWORD not in terminal.shown


def test_wrong_second_factor_keeps_nothing(kept):
    shop = brand("ToolSecond", IS_MFA_ENABLED=True, CONF_FORCED_MFA=True)
    terminal = Terminal("sign-in", *shop, "--mobile", "919000000116", *kept)
    terminal.until("OTP: ")
    terminal.type(newest_otp("ToolSecond")())
    assert terminal.end({"Second factor, OTP: ": "no-otp"}) == 1
    assert terminal.shown.count("Second factor, OTP: ") == 3
    assert not os.path.exists(kept[1])


def test_settings_are_kept_with_the_session_and_used_again(kept, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("ca.pem").write_bytes(pathlib.Path(CA_FILE).read_bytes())
    settings = ["--base-url", URL, "--ca-file", "ca.pem", "--tls-min", "1.3", "--timeout", "9"]
    headers = ["--header", "X-Brand-One: 1", "--header", "X-Brand-Two: 2"]
    terminal = Terminal("sign-in", *settings, *headers, "--brand", "DocDemo", "--mobile", "919000000117", *kept)
    assert terminal.end({"OTP: ": newest_otp("DocDemo")}) == 0, terminal.shown
    kept_lines = pathlib.Path(kept[1]).read_text(encoding="utf-8").split("{")[0].splitlines()
    assert kept_lines == [
        f"base-url {URL}",
        f"ca-file {tmp_path}/ca.pem",
        "tls-min 1.3",
        "timeout 9",
        "header X-Brand-One: 1",
        "header X-Brand-Two: 2",
    ]
    monkeypatch.chdir("/")
    assert customer_of(kept)
    assert pathlib.Path(kept[1]).read_text(encoding="utf-8").split("{")[0].splitlines() == kept_lines


def test_proxy_is_used(kept):
    away = [
        "--base-url",
        "https://auth.brand.example",
        "--brand",
        "B",
        "--mobile",
        "1",
        "--proxy",
        "http://127.0.0.1:9",
    ]
    ended = run("sign-in", *away, *kept)
    assert ended.returncode == 4
    assert "proxy" in ended.stderr or "127.0.0.1" in ended.stderr
