"""The control calls, and the brand file."""

import json
import subprocess
import time
from email.utils import parsedate_to_datetime

import pytest
from conftest import PROGRAM, decode


def error_of(emulator, method, path, body=None):
    reply = emulator.send(method, "/_emulator/" + path, body)
    assert reply.http_status == 400, reply.body
    return reply.json["error"]


def test_outbox_is_newest_first_and_filtered(emulator):
    brand = emulator.brand()
    name = brand.customer(type="USERNAME", value="outbox-name").started(mobile="9155501")
    mobile = brand.customer(value="9155501").started()
    for customer in (name, mobile, name):
        customer.generate_otp()
    before = time.time() * 1000
    messages = brand.outbox("9155501")
    assert [message["identifierValue"] for message in messages] == ["outbox-name", "9155501", "outbox-name"]
    assert [message["to"] for message in messages] == ["9155501"] * 3
    assert set(messages[0]) == {
        *("brand", "identifierType", "identifierValue", "to", "channel", "otp", "sentAtMs"),
    }
    assert messages[0]["brand"] == brand.name and messages[0]["identifierType"] == "USERNAME"
    assert abs(messages[0]["sentAtMs"] - before) < 60000
    assert brand.outbox() == messages
    assert brand.outbox("outbox-name") == [messages[0], messages[2]]
    assert brand.outbox("nobody") == []
    path = "outbox?limit=1&identifier=9155501&brand=" + brand.name.upper()
    assert emulator.control("GET", path)["messages"] == messages[:1]
    everything = emulator.control("GET", "outbox")["messages"]
    assert [message for message in everything if message["brand"] == brand.name] == messages


@pytest.mark.parametrize(
    "method,path,body,named",
    [
        ("GET", "outbox?idenitfier=1", None, "idenitfier"),
        ("GET", "outbox?brand=Nowhere", None, "Nowhere"),
        ("GET", "outbox?limit=x", None, "limit"),
        ("GET", "requests?brand=Nowhere", None, "Nowhere"),
        ("POST", "reset?brand=Nowhere", None, "Nowhere"),
        ("POST", "reset?brnad=DocDemo", None, "brnad"),
        ("GET", "inbox", None, "unknown control call"),
        ("PUT", "brandz/A", {}, "unknown control call"),
        ("GET", "outbox/more", None, "unknown control call"),
        ("PUT", "customers/DocDemo/MOBILE", {}, "unknown control call"),
        ("PUT", "customers/Nowhere/MOBILE/91", {}, "Nowhere"),
        ("PUT", "customers/DocDemo/FAX/91", {}, "FAX"),
        ("PUT", "customers/DocDemo/MOBILE/91", {"passwrod": "x"}, "passwrod"),
        ("PUT", "customers/DocDemo/MOBILE/91", {"password": 1}, "password"),
        ("PUT", "customers/DocDemo/MOBILE/91", {"password": ""}, "password"),
        ("PUT", "customers/DocDemo/MOBILE/91", {"mfa": "yes"}, "mfa"),
        ("PUT", "customers/DocDemo/MOBILE/91", {"mfaPassword": []}, "mfaPassword"),
        ("PUT", "customers/DocDemo/MOBILE/91", {"customerId": "x1"}, "customerId"),
        ("PUT", "customers/DocDemo/MOBILE/91", {"customerId": 5}, "customerId"),
        ("PUT", "customers/DocDemo/MOBILE/91", {"identifiers": ["EMAIL"]}, "identifiers"),
        ("PUT", "customers/DocDemo/MOBILE/91", {"identifiers": {"FAX": "1"}}, "FAX"),
        ("PUT", "customers/DocDemo/MOBILE/91", {"identifiers": {"EMAIL": None}}, "EMAIL"),
        ("PUT", "gateway/Nowhere/points", {}, "Nowhere"),
        ("PUT", "gateway/DocDemo/points", {"stauts": 200}, "stauts"),
        ("PUT", "gateway/DocDemo/points", {"status": "200"}, "status"),
        ("PUT", "gateway/DocDemo/points", {"status": 99}, "status"),
        ("POST", "clock", {}, "advanceSeconds"),
        ("POST", "clock", {"advanceSeconds": "9"}, "advanceSeconds"),
        ("POST", "clock", {"advanceSeconds": 1e30}, "advanceSeconds"),
        ("POST", "clock", {"advanceSeconds": -1e11}, "advanceSeconds"),
        ("POST", "clock", {"advanceSeconds": 1, "advanceMinutes": 1}, "advanceMinutes"),
        ("POST", "clock", "not json", "cannot read the body"),
        ("POST", "clock", "[]", "object"),
        ("POST", "clock", "", "missing"),
    ],
)
def test_what_is_unknown_or_of_a_wrong_type_is_a_400_that_says_which(emulator, method, path, body, named):
    assert named in error_of(emulator, method, path, body)


def test_a_wrong_method_is_405(emulator):
    reply = emulator.send("GET", "/_emulator/reset")
    assert reply.http_status == 405 and reply.headers["Allow"] == "POST"


def test_customer_is_created_with_what_is_given(emulator):
    brand = emulator.brand(PASSWORD_ENABLED=True)
    brand.put_customer("9166601", password="pass", customerId="12345", identifiers={"EMAIL": "put@example.com"})
    customer = brand.customer(type="EMAIL", value="put@example.com").started()
    assert customer.validate_password("pass").user["userRegisteredForPassword"] is True
    assert decode(customer.token)[1]["uid"] == "12345"


def test_customer_is_replaced_with_its_sessions(emulator):
    brand = emulator.brand(PASSWORD_ENABLED=True)
    brand.put_customer("9166602", password="old", identifiers={"EMAIL": "gone@example.com"})
    customer = brand.customer(value="9166602").started()
    brand.put_customer("9166602", password="new")
    assert customer.validate_password("old").code == 1505
    assert customer.started().validate_password("new").code == 200
    assert brand.customer(type="EMAIL", value="gone@example.com").generate().code == 1520  # a stranger now


def test_customer_cannot_take_what_is_anothers(emulator):
    brand = emulator.brand()
    brand.put_customer("9166603", customerId="777", identifiers={"EMAIL": "mine@example.com"})
    path = f"customers/{brand.name}/MOBILE/9166604"
    assert "777" in error_of(emulator, "PUT", path, {"customerId": "777"})
    assert "mine@example.com" in error_of(emulator, "PUT", path, {"identifiers": {"EMAIL": "mine@example.com"}})
    brand.put_customer("9166603", customerId="777")  # but replace itself


def test_invalid_brand_names_are_refused(emulator):
    assert "brand name" in error_of(emulator, "PUT", "brands/a/b", {})
    assert "brand name" in error_of(emulator, "PUT", "brands/" + "x" * 300, {})
    assert "brand name" in error_of(emulator, "PUT", "brands/a%0Ab", {})


def test_clock_moves_the_date_header_and_tokens(own_emulator):
    before = parsedate_to_datetime(own_emulator.send("GET", "/x").headers["Date"]).timestamp()
    assert abs(before - time.time()) < 60
    now = own_emulator.control("POST", "clock", {"advanceSeconds": 86400.5})["now"]
    reply = own_emulator.brand().customer().generate()
    after = parsedate_to_datetime(reply.headers["Date"]).timestamp()
    assert 86400 <= after - before < 86460 and abs(after - now) <= 1
    assert abs(decode(reply.token)[1]["iat"] - now) <= 1
    assert own_emulator.control("POST", "clock", {"advanceSeconds": -86400})["now"] - before < 60
    assert reply.headers["Date"] != own_emulator.send("GET", "/x").headers["Date"]


def test_requests_are_counted_by_method_path_and_brand(emulator):
    brand, other = emulator.brand(), emulator.brand()
    customer = brand.customer().sign_in()
    customer.generate_otp(query="?fallbackChannel=SMS")
    customer.gateway()
    customer.expire()
    other.customer().generate()
    assert brand.counts() == {
        "POST /auth/v1/token/generate": 1,
        "POST /auth/v1/otp/generate": 2,
        "POST /auth/v1/otp/validate": 1,
        "GET /mobile/v2/api/customer/get": 1,
        "DELETE /auth/v1/mfa/token/expire": 1,
    }
    assert other.counts() == {"POST /auth/v1/token/generate": 1}


def test_requests_of_all_brands_and_none(own_emulator):
    own_emulator.brand().customer().generate()
    own_emulator.brand().customer().generate()
    own_emulator.send("POST", "/auth/v1/token/generate", "not json")
    own_emulator.send("GET", "/unknown")
    own_emulator.send("POST", "/auth/v1/otp/generate", b" " * 300000)
    assert own_emulator.control("GET", "requests")["counts"] == {
        "POST /auth/v1/token/generate": 3,
        "GET /unknown": 1,
        "POST /auth/v1/otp/generate": 1,
    }


def test_reset_of_one_brand_leaves_the_others(emulator):
    brand, other = emulator.brand(FIXED_OTP="1111"), emulator.brand()
    customers = [each.customer().sign_in() for each in (brand, other)]
    for customer in customers:
        customer.started()
        path = f"gateway/{customer.brand.name}/points"
        emulator.control("PUT", path, {"body": {"points": 1}})
    emulator.fault(path="/auth/v1/otp/generate", brand=brand.name, status=500)
    emulator.control("POST", "reset?brand=" + brand.name)
    assert brand.outbox() == [] and brand.counts() == {}
    assert other.outbox() and other.counts()
    assert customers[0].generate_otp().code == 1505 and customers[1].generate_otp().code == 200
    assert customers[0].gateway("points").http_status == 401 and customers[1].gateway("points").http_status == 200
    assert customers[0].regenerate().code == 1525 and customers[1].regenerate().code == 200
    customers[0].started().generate_otp()
    assert customers[0].otp() == "1111"  # the settings stay
    customers[0].validate_otp()
    assert customers[0].gateway("points").http_status == 404


def test_reset_of_everything_keeps_clock_and_settings(own_emulator):
    customer = own_emulator.brand(FIXED_OTP="2222").customer().sign_in()
    own_emulator.fault(path="/auth/v1/token/generate", count=5, status=500)
    now = own_emulator.advance(minutes=600)
    own_emulator.control("POST", "reset")
    assert own_emulator.control("GET", "requests")["counts"] == {}
    assert own_emulator.control("GET", "outbox")["messages"] == []
    assert own_emulator.advance() >= now
    assert customer.regenerate().code == 1525
    customer.started().generate_otp()
    assert customer.otp() == "2222"


BRAND_FILE = {
    "brands": {"Filed": {"FIXED_OTP": "4321"}, "FiledPassword": {"PASSWORD_ENABLED": True}},
    "customers": [
        {"brand": "filed", "identifierType": "MOBILE", "identifierValue": "9177701", "customerId": "99"},
        {"brand": "FiledPassword", "identifierType": "EMAIL", "identifierValue": "f@example.com", "password": "pw"},
    ],
    "gateway": [{"brand": "Filed", "endpoint": "points/history", "status": 200, "body": {"points": 3}}],
}


def test_brand_file_is_there_from_the_start_and_after_a_reset(start, tmp_path):
    path = tmp_path / "brands.json"
    path.write_text(json.dumps(BRAND_FILE))
    emulator = start("--brands", str(path))
    body = {"identifierType": "MOBILE", "identifierValue": "9177701", "brand": "Filed", "deviceId": "d"}

    def sign_in_and_read_points():
        session = emulator.send("POST", "/auth/v1/token/generate", body).session_id
        emulator.send("POST", "/auth/v1/otp/generate", {**body, "sessionId": session})
        reply = emulator.send("POST", "/auth/v1/otp/validate", {**body, "sessionId": session, "otp": "4321"})
        assert decode(reply.token)[1]["uid"] == "99"
        headers = {"cap_authorization": reply.token, "cap_brand": "Filed", "cap_device_id": "d"}
        headers.update(cap_identifier_type="MOBILE", cap_identifier_value="9177701")
        return emulator.send("GET", "/mobile/v2/api/points/history", headers=headers).json

    assert sign_in_and_read_points() == {"points": 3}
    emulator.control("PUT", "gateway/Filed/points/history", {"body": {}})
    emulator.control("POST", "reset?brand=Filed")
    assert sign_in_and_read_points() == {"points": 3}
    emulator.control("POST", "reset")
    assert sign_in_and_read_points() == {"points": 3}
    assert emulator.send("POST", "/auth/v1/token/generate", {**body, "brand": "DocDemo"}).code == 1504


@pytest.mark.parametrize(
    "content,said",
    [
        ("not json", "file.json"),
        ("[]", "object"),
        ('{"brnads":{}}', "brnads"),
        ('{"brands":[]}', "brands"),
        ('{"brands":{"A":{"UNKNOWN":1}}}', "UNKNOWN"),
        ('{"brands":{"A":[]}}', "A"),
        ('{"customers":{}}', "customers"),
        ('{"customers":[1]}', "customers[0]"),
        ('{"customers":[{"brand":"A","identifierType":"MOBILE","identifierValue":"1"}]}', "A"),
        ('{"brands":{"A":{}},"customers":[{"brand":"A","identifierType":"FAX","identifierValue":"1"}]}', "identifier"),
        ('{"brands":{"A":{}},"customers":[{"brand":"A","identifierType":"MOBILE"}]}', "identifierValue"),
        ('{"brands":{"A":{}},"gateway":[{"brand":"A","endpoint":"x","stauts":1}]}', "stauts"),
    ],
)
def test_a_wrong_brand_file_ends_the_program_with_a_reason(tmp_path, content, said):
    path = tmp_path / "file.json"
    path.write_text(content)
    result = subprocess.run(
        [PROGRAM, "--listen", "127.0.0.1:0", "--brands", str(path)], capture_output=True, text=True, timeout=20
    )
    assert result.returncode == 1 and said in result.stderr and result.stdout == ""
