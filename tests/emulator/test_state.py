"""What survives a restart, and the files that it comes from."""

import json
import os
import signal
import stat
import subprocess
import time

import pytest
from conftest import PROGRAM, Brand, decode

PASSWORD = "Secret-1"


def attached(customer, emulator):
    """The same customer at another emulator."""
    brand = Brand.__new__(Brand)
    brand.emulator, brand.name = emulator, customer.brand.name
    customer.brand = brand
    return customer


def test_a_secret_makes_keys_and_tokens_good_after_a_restart(start, tmp_path):
    first = start("--secret", "correct horse", tls=False)
    customer = first.brand().customer().sign_in()
    first.control("PUT", f"customers/{customer.brand.name}/MOBILE/{customer.value}", {})
    saved = tmp_path / "brands.json"
    saved.write_bytes(first.send("GET", "/_emulator/export").body)
    assert b"correct horse" not in saved.read_bytes()
    first.stop()
    again = attached(customer, start("--secret", "correct horse", "--brands", str(saved), tls=False))
    assert again.regenerate().code == 200 and again.gateway().http_status == 200
    other = attached(customer, start("--secret", "another", "--brands", str(saved), tls=False))
    assert other.regenerate().code == 1597 and other.gateway().http_status == 401
    assert attached(customer, start("--brands", str(saved), tls=False)).regenerate().code == 1597


def test_a_saved_state_keeps_everybody(start, tmp_path):
    path = tmp_path / "state.json"
    emulator = start("--save", str(path), tls=False)
    brand = emulator.brand(PASSWORD_ENABLED=True, IS_MFA_ENABLED=True, IS_MFA_PASSWORD_ENABLED=True, FIXED_OTP="4711")
    customer = brand.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    renamed = brand.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    assert renamed.update("918888888810").code == 200
    renamed.value = "918888888810"
    forgetful = brand.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    forgetful.started().forget("Secret-2")
    user = brand.customer(type="USERNAME", value="tom").sign_in(
        password=PASSWORD, confirmPassword=PASSWORD, mobile="917777777710"
    )
    enrolled = brand.customer()
    brand.put_customer(enrolled.value, password=PASSWORD, mfa=True, mfaPassword="Second-1", firstname="Tom",
                       identifiers={"EMAIL": ["a@example.com", "b@example.com"], "EXTERNALID": "x1"})
    emulator.control("PUT", f"gateway/{brand.name}//stores", {"body": {"stores": []}, "view": True})
    emulator.control("PUT", f"gateway/{brand.name}/text", {"body": 'as "it" is', "status": 418})
    exported = emulator.control("GET", "export")
    brand.customer(value="only began").generate(password=PASSWORD, confirmPassword=PASSWORD)
    assert emulator.control("GET", "export") == exported
    assert emulator.stop() == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    state = json.loads(path.read_text())
    assert state.pop("secret") and state == exported

    emulator = start("--save", str(path), tls=False)
    assert emulator.control("GET", "export") == exported
    for each in (customer, renamed, user):
        attached(each, emulator)
        assert each.regenerate().code == 200 and each.gateway().http_status == 200
        assert each.started().validate_password(PASSWORD).code == 200
    attached(forgetful, emulator).started()
    assert forgetful.validate_password("Secret-2").code == 1526
    forgetful.generate_otp()
    assert forgetful.validate_otp("4711").code == 200
    assert forgetful.started().validate_password("Secret-2").code == 200
    user.started().generate_otp()
    assert user.brand.outbox("tom")[0]["to"] == "917777777710"
    attached(enrolled, emulator).started()
    assert enrolled.validate_password(PASSWORD).user["role"] == "MFA_PENDING"
    by_email = enrolled.brand.customer(type="EMAIL", value="b@example.com").started()
    assert decode(by_email.validate_password(PASSWORD).token)[1]["uid"] == decode(enrolled.token)[1]["uid"]
    assert customer.gateway("text").http_status == 418 and customer.gateway("text").body == b'as "it" is'
    customer.token = customer.generate().token
    assert customer.gateway("/stores", prefix="").json == {"stores": []}


def test_an_export_is_a_brand_file(start, tmp_path):
    emulator = start(tls=False)
    brand = emulator.brand(FIXED_OTP="12", otpMaxCount=3, PASSWORD_REGEX="[a-z]+", SIGN_UP=False)
    brand.put_customer("910", customerId="77", identifiers={"EMAIL": "t@example.com"})
    exported = emulator.control("GET", "export")
    assert exported["brands"][brand.name] == {
        "PASSWORD_REGEX": "[a-z]+", "otpMaxCount": 3, "FIXED_OTP": "12", "SIGN_UP": False
    }
    assert exported["brands"]["DocDemo"] == {}
    assert {
        "brand": brand.name,
        "identifierType": "MOBILE",
        "identifierValue": "910",
        "customerId": "77",
        "identifiers": {"EMAIL": ["t@example.com"]},
    } in exported["customers"]
    path = tmp_path / "brands.json"
    path.write_text(json.dumps(exported))
    assert start("--brands", str(path), tls=False).control("GET", "export") == exported


def test_a_state_that_cannot_be_written_is_told_of_at_the_end(start, tmp_path):
    emulator = start("--save", str(tmp_path / "no" / "state.json"), tls=False)
    emulator.process.terminate()
    assert emulator.process.wait(20) == 1
    emulator.connection.close()


def test_a_saved_state_counts_and_a_reset_goes_back_to_the_brand_file(start, tmp_path):
    brands, state = tmp_path / "brands.json", tmp_path / "state.json"
    customer = {"brand": "A", "identifierType": "MOBILE", "identifierValue": "910", "customerId": "5"}
    other = {**customer, "identifierValue": "911", "customerId": "7"}
    brands.write_text(json.dumps({"brands": {"A": {}}, "customers": [customer, other]}))
    options = ["--brands", str(brands), "--save", str(state)]
    emulator = start(*options, tls=False)
    emulator.control("PUT", "customers/A/MOBILE/910", {"customerId": "6"})
    emulator.control("DELETE", "customers/A/MOBILE/911")
    emulator.stop()
    emulator = start(*options, tls=False)
    assert emulator.control("GET", "export")["customers"] == [{**customer, "customerId": "6"}]
    emulator.control("POST", "reset")
    assert emulator.control("GET", "export")["customers"] == [customer, other]


def hang_up(emulator, until):
    """SIGHUP, and until the brand file has been read again."""
    emulator.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 20
    while not until():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_sighup_reads_the_brand_file_again(start, tmp_path):
    path = tmp_path / "brands.json"
    entry = {"brand": "A", "identifierType": "MOBILE", "identifierValue": "910", "password": PASSWORD}
    path.write_text(json.dumps({"brands": {"A": {"PASSWORD_ENABLED": True}}, "customers": [entry]}))
    emulator = start("--brands", str(path), tls=False)
    brand = Brand.__new__(Brand)
    brand.emulator, brand.name = emulator, "A"
    customer = brand.customer(value="910").started()
    assert customer.validate_password(PASSWORD).code == 200
    customer.token, customer.key = customer.regenerate(key=customer.key).token, customer.key

    settings = {"PASSWORD_ENABLED": True, "OTP_ENABLED": False}
    entry["password"] = "Secret-2"
    path.write_text(json.dumps({"brands": {"A": settings, "B": {}}, "customers": [entry]}))
    hang_up(emulator, lambda: "B" in emulator.control("GET", "export")["brands"])
    assert emulator.control("GET", "export")["brands"]["A"] == settings
    assert customer.gateway().http_status == 200  # the customer is still the same
    assert customer.started().validate_password("Secret-2").code == 200
    emulator.control("POST", "reset")
    assert emulator.control("GET", "export")["customers"][0]["password"] == "Secret-2"


def test_sighup_with_a_file_with_an_error_changes_nothing(tmp_path):
    from conftest import Emulator

    path, told = tmp_path / "brands.json", tmp_path / "told"
    path.write_text('{"brands":{"A":{}}}')
    with told.open("wb") as file:
        emulator = Emulator("--brands", str(path), "--quiet", tls=False, stderr=file)
    before = emulator.control("GET", "export")
    path.write_text('{"brands":{"A":{"SIGN_UP":false},\n "B":{"SIGNUP":false}}}')
    hang_up(emulator, lambda: told.read_text().endswith("\n"))
    assert f"{path}:2:7: " in told.read_text() and "SIGNUP" in told.read_text()
    assert emulator.control("GET", "export") == before
    assert emulator.stop() == 0


@pytest.mark.parametrize(
    "content,line,column,said",
    [
        ('{"brands":\n  {"A" {}}}', 2, 8, ""),
        ("{\n\n]", 3, 1, ""),
        ('{"brands":{}} x', 1, 15, "after"),
        ('{"brands":\n{"\u00e9":{},\n "B":{"SIGN_UP":true, "UNKNOWN":1}}}', 3, 23, "UNKNOWN"),
        ('{"brands":{"A":{"x\\"y":1}}}', 1, 16, "x"),
        ('{"brnads":{}}', 1, 2, "brnads"),
        ('{"customers":[],\n"brands":[]}', 2, 10, "brands"),
        ('{"brands":{"A":{}},\n"customers":[\n {"brand":"A","identifierType":"MOBILE","identifierValue":"1"},\n'
         ' {"brand":"A","identifierType":"MOBILE","identifierValue":"2","pasword":"x"}]}', 4, 63, "pasword"),
        ('{"brands":{"A":{}},\n"customers":[\n {"brand":"A","identifierType":"MOBILE"}]}', 3, 2, "identifierValue"),
        ('{"brands":{"A":{}},\n "gateway":[{"brand":"A","endpoint":"x",\n  "status":1}]}', 3, 3, "status"),
        ('{"brands":{"A":{"FIXED_OTP":\n"\\xff"}}}', 2, 3, ""),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_place(tmp_path, content, line, column, said):
    path = tmp_path / "file.json"
    path.write_text(content)
    command = [PROGRAM, "--listen", "127.0.0.1:0", "--brands", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert result.returncode == 1 and result.stdout == ""
    assert f"{path}:{line}:{column}: " in result.stderr and said in result.stderr


def test_files_that_were_left_are_whole_or_absent(start, tmp_path):
    path = tmp_path / "state.json"
    start("--save", str(path), tls=False).stop()
    assert os.listdir(tmp_path) == ["state.json"]
