"""What the emulator tells about the requests: the service's own answers say less."""

import os
import re
import subprocess
import time

import pytest
from conftest import PROGRAM

PASSWORD = "Secret-1"
GENERATE = "/auth/v1/token/generate"


@pytest.fixture(scope="module")
def brand(emulator):
    return emulator.brand()


def last(brand):
    """The newest entry of the brand's log."""
    return brand.emulator.control("GET", "log?limit=1&brand=" + brand.name)["requests"][0]


def reason(brand, reply, code):
    entry = last(brand)
    assert reply.code == entry["code"] == code
    return entry["reason"]


def test_a_misspelt_member_is_named_as_missing_and_as_unknown(brand):
    body = {"identifierType": "MOBILE", "identiferValue": "910", "brand": brand.name, "deviceId": "d"}
    reply = brand.emulator.send("POST", GENERATE, body)
    assert reason(brand, reply, 1519) == "identifierValue is missing; unknown member identiferValue"
    # The service does not tell.
    assert reply.json == {
        "status": {"success": False, "code": 1519, "message": "Invalid details for respective API"}
    }


def test_every_missing_member_is_named(brand):
    reply = brand.emulator.send("POST", "/auth/v1/otp/validate", {"brand": brand.name})
    told = reason(brand, reply, 1519)
    for member in ("identifierType", "identifierValue", "deviceId", "sessionId", "otp"):
        assert member + " is missing" in told
    assert reason(brand, brand.customer().call("token/regenerate"), 1519) == "key is missing"


@pytest.mark.parametrize(
    "value,said", [("a\tb", "contains a control character"), ("x" * 300, "is too long"), ("a\0b", "contains NUL")]
)
def test_an_invalid_value_is_named(brand, value, said):
    assert reason(brand, brand.customer(value=value).generate(), 1519) == "identifierValue " + said


def test_an_unknown_member_is_told_of_although_it_did_no_harm(brand):
    assert reason(brand, brand.customer().generate(confirmPasword="x"), 200) == "unknown member confirmPasword"
    assert reason(brand, brand.customer().generate(mobile_temp="x", mobileTemp="y"), 200) is None


def test_codes_that_have_several_causes_tell_which(emulator, brand):
    customer = brand.customer().sign_in()
    assert "device" in reason(brand, customer.regenerate(deviceId="other"), 1525)
    assert "identifier" in reason(brand, customer.regenerate(identifierValue="910"), 1525)
    assert "not a key" in reason(brand, customer.regenerate(key=customer.token), 1597)
    assert "did not sign" in reason(brand, customer.regenerate(key="a.b.c"), 1597)
    assert "did not sign" in reason(brand, customer.expire(token="a.b.c"), 1531)
    assert "VIEW" in reason(brand, customer.expire(token=customer.generate().token), 1531)
    assert "too" not in reason(brand, customer.generate_otp(sessionId="P-none"), 1505)
    assert "device-1" in reason(brand, customer.started().generate_otp(deviceId="other"), 1508)
    brand.set(OTP_ENABLED=False)
    assert reason(brand, customer.generate_otp(), 1503) == "OTP_ENABLED is off"
    brand.set(CONFIG_REJECT_NON_CF_CALLS=True)
    assert "X-Amz-Cf-Id" in reason(brand, customer.generate_otp(), 1503)
    brand.set()


def test_wrong_attempts_are_counted(brand):
    customer = brand.customer().started()
    customer.generate_otp()
    for number in range(1, 6):
        assert reason(brand, customer.validate_otp("x"), 1506) == f"wrong attempt {number} of 5"
    assert "not checked" in reason(brand, customer.validate_otp(), 1518)


def test_an_entry_names_time_request_brand_and_customer(brand):
    customer = brand.customer().started()
    entry = last(brand)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.pop("time"))
    assert entry == {
        "method": "POST",
        "path": GENERATE,
        "brand": brand.name,
        "customer": "MOBILE|" + customer.value,
        "status": 200,
        "code": 200,
        "reason": None,
    }


def test_gateway_refusals_and_faults_are_told(brand):
    customer = brand.customer().sign_in()
    customer.gateway(cap_device_id="other")
    assert last(brand)["status"] == last(brand)["code"] == 401 and "headers" in last(brand)["reason"]
    customer.gateway("not/there")
    assert last(brand)["status"] == 404 and f"PUT /_emulator/gateway/{brand.name}/not/there" in last(brand)["reason"]
    brand.emulator.fault(path=GENERATE, brand=brand.name, reset="before")
    connection = brand.emulator.connect()
    with pytest.raises((ConnectionError, OSError)):
        brand.emulator.send("POST", GENERATE, customer.body(), connection=connection)
    assert last(brand)["status"] is None and "fault" in last(brand)["reason"]
    assert last(brand)["customer"] == "MOBILE|" + customer.value


def test_the_newest_come_first_and_a_thousand_are_kept(start):
    emulator = start(tls=False)
    for number in range(1050):
        emulator.send("GET", f"/path/{number}")
    kept = emulator.control("GET", "log")["requests"]
    assert len(kept) == 1000 and kept[0]["path"] == "/path/1049" and kept[-1]["path"] == "/path/50"
    assert [each["path"] for each in emulator.control("GET", "log?limit=2")["requests"]][1] == "/path/1049"


def lines_of(tmp_path, *options, requests):
    """What an emulator prints on stderr while it is asked."""
    from conftest import Emulator

    path = tmp_path / "stderr"
    with path.open("wb") as file:
        running = Emulator(*options, tls=False, stderr=file)
        requests(running)
        assert running.stop() == 0
    return path.read_text().splitlines()


def test_each_request_and_each_otp_is_a_line_on_stderr(tmp_path):
    told = {}

    def requests(emulator):
        brand = told["brand"] = emulator.brand()
        customer = told["customer"] = brand.customer().started()
        customer.generate_otp()
        told["otp"] = customer.otp()
        customer.validate_otp("wrong one\nforged line")
        emulator.send("GET", "/no%0Apath")

    lines = lines_of(tmp_path, requests=requests)
    name, identity = told["brand"].name, "MOBILE|" + told["customer"].value
    assert all(re.match(r"\d{4}-\d\d-\d\dT\S+Z ", line) for line in lines)
    bare = [line.split(" ", 1)[1] for line in lines]
    assert f"POST /auth/v1/token/generate {name} {identity} 200 200" in bare
    assert "OTP {} {} {} to {} by SMS".format(told["otp"], name, identity, told["customer"].value) in bare
    assert f"POST /auth/v1/otp/validate {name} {identity} 200 1519: otp contains a control character" in bare
    assert "GET /no\\x0apath - - 404 -: Not Found" in bare
    assert f"PUT /_emulator/brands/{name} - - 200 -" in bare


def test_quiet_prints_nothing(tmp_path):
    def requests(emulator):
        emulator.brand().customer().sign_in()
        assert emulator.control("GET", "log")["requests"]

    assert lines_of(tmp_path, "--quiet", requests=requests) == []


def test_secrets_are_in_no_line(tmp_path):
    secrets = []

    def requests(emulator):
        customer = emulator.brand(PASSWORD_ENABLED=True).customer()
        customer.sign_in(password="Hush-Hush-1", confirmPassword="Hush-Hush-1")
        customer.change("Hush-Hush-2", "Hush-Hush-3")
        customer.expire(token="Hush.Hush.Hush")
        customer.gateway()
        secrets.extend([customer.token, customer.key, customer.session_id, "Hush"])

    text = "\n".join(lines_of(tmp_path, requests=requests))
    assert not [secret for secret in secrets if secret in text]


def test_a_stderr_that_nobody_reads_keeps_nobody_waiting():
    from conftest import Emulator

    reading, writing = os.pipe()
    running = Emulator(tls=False, stderr=writing)
    os.close(writing)
    begun = time.monotonic()
    for number in range(3000):
        running.send("GET", f"/a/path/that/fills/the/pipe/in/no/time/{number}")
    assert time.monotonic() - begun < 60
    assert running.stop() == 0
    os.close(reading)


def test_a_stderr_that_was_closed_ends_nothing():
    from conftest import Emulator

    reading, writing = os.pipe()
    running = Emulator(tls=False, stderr=writing)
    os.close(writing)
    os.close(reading)
    assert running.send("GET", "/x").http_status == 404
    assert running.send("GET", "/x").http_status == 404
    assert running.stop() == 0


def test_quiet_is_in_the_help():
    assert "--quiet" in subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=20).stdout
