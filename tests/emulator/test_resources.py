"""What there is can be seen, made and deleted; clocks of brands; waiting for an OTP."""

import json
import select
import time
import urllib.parse
from email.utils import parsedate_to_datetime

import pytest
from conftest import decode

PASSWORD = "Secret-1"


def test_what_put_made_is_seen_and_deleted(emulator):
    brand = emulator.brand(FIXED_OTP="12", otpMaxCount=3)
    customer = {"customerId": "880", "password": PASSWORD, "mfa": True, "identifiers": {"EMAIL": ["see@example.com"]}}
    reply = {"status": 418, "body": {"tea": True}, "view": True}
    things: dict[str, dict[str, object]] = {
        "brands/" + brand.name: {"FIXED_OTP": "13"},
        f"customers/{brand.name}/MOBILE/910": customer,
        f"gateway/{brand.name}/points/all": reply,
        f"gateway/{brand.name}//stores/near": reply,
    }
    for path, body in things.items():
        emulator.control("PUT", path, body)
        seen = emulator.control("GET", path)
        assert {name: seen[name] for name in body} == body
        emulator.control("PUT", path, seen)  # what is seen can be put again
        assert emulator.control("GET", path) == seen
    seen = emulator.control("GET", "brands/" + brand.name.upper())
    assert seen["otpMaxCount"] is None and seen["CONF_OTP_LENGTH"] == 6  # the defaults, too
    for path in reversed(things):
        emulator.control("DELETE", path)
        for method in ("GET", "DELETE"):
            gone = emulator.send(method, "/_emulator/" + path)
            assert gone.http_status == 404 and "there is no" in gone.json["error"]


def test_what_there_is_of_a_kind(emulator):
    brand = emulator.brand(SIGN_UP=False)
    brand.put_customer("910")
    emulator.control("PUT", f"gateway/{brand.name}/x", {})
    emulator.fault(path="/auth/v1/token/generate", brand=brand.name, delayMs=1, count=2)
    emulator.fault(path="/auth/v1/token/generate", brand=brand.name, status=503, body="x", headers={"A": "b"})
    emulator.fault(path="/auth/v1/otp/generate", brand=brand.name, reset="after")
    named = "?brand=" + brand.name
    assert emulator.control("GET", "brands")["brands"][brand.name] == {"SIGN_UP": False}
    assert [each["identifierValue"] for each in emulator.control("GET", "customers" + named)["customers"]] == ["910"]
    assert [each["endpoint"] for each in emulator.control("GET", "gateway" + named)["gateway"]] == ["x"]
    path = "/auth/v1/token/generate"
    assert emulator.control("GET", "faults" + named)["faults"] == [
        {"path": path, "brand": brand.name, "count": 2, "delayMs": 1},
        {"path": path, "brand": brand.name, "count": 1, "status": 503, "body": "x", "headers": {"A": "b"}},
        {"path": "/auth/v1/otp/generate", "brand": brand.name, "count": 1, "reset": "after"},
    ]
    emulator.control("DELETE", "faults" + named)
    assert emulator.control("GET", "faults" + named) == {"faults": []}


def test_a_deleted_brand_is_unknown(emulator):
    brand = emulator.brand()
    customer = brand.customer().sign_in()
    started = brand.customer().started()
    emulator.fault(path="/auth/v1/token/generate", brand=brand.name, status=503)
    emulator.control("DELETE", "brands/" + brand.name)
    assert brand.name not in [each["brand"] for each in emulator.control("GET", "faults")["faults"]]
    assert customer.generate().code == 1504 and customer.gateway().http_status == 401
    assert emulator.send("GET", "/_emulator/outbox?brand=" + brand.name).http_status == 400
    brand.set()
    assert started.generate_otp().code == 1505 and brand.outbox() == []
    assert customer.generate().code == 200


def test_a_deleted_customer_is_unseen(emulator):
    brand = emulator.brand()
    customer = brand.customer().sign_in()
    emulator.control("DELETE", f"customers/{brand.name}/MOBILE/{customer.value}")
    assert customer.gateway().http_status == 401 and customer.regenerate().code == 1525
    old = decode(customer.token)[1]["uid"]
    assert decode(customer.sign_in().token)[1]["uid"] != old


def test_the_index_lists_every_call(emulator):
    calls = emulator.control("GET", "")["calls"]
    assert "GET /_emulator/outbox?brand=&identifier=&limit=&after=&waitMs=" in calls
    assert "DELETE /_emulator/customers/{brand}/{identifierType}/{value}" in calls
    allowed = emulator.send("PATCH", "/_emulator/gateway/A/b").headers["Allow"]
    assert allowed == "GET, PUT, DELETE"


def test_a_brand_in_the_body_of_reset_counts(emulator):
    one, other = emulator.brand(), emulator.brand()
    for brand in (one, other):
        brand.put_customer("910")
    emulator.control("POST", "reset", {"brand": one.name})
    assert emulator.control("GET", "customers?brand=" + one.name)["customers"] == []
    assert len(emulator.control("GET", "customers?brand=" + other.name)["customers"]) == 1
    for body, said in (({"brand": "Nowhere"}, "Nowhere"), ({"brnad": other.name}, "brnad"), ({"brand": 1}, "1")):
        refused = emulator.send("POST", "/_emulator/reset", body)
        assert refused.http_status == 400 and said in refused.json["error"]
    assert emulator.send("POST", "/_emulator/reset", "x").http_status == 400
    assert len(emulator.control("GET", "customers?brand=" + other.name)["customers"]) == 1


def test_a_revoked_token_stays_revoked_when_the_clock_moves(own_emulator):
    for family in ("mobile", "web"):
        customer = own_emulator.brand().customer(family).sign_in()
        assert customer.expire(deviceId="device-1").code == 200
        own_emulator.advance(minutes=60)
        own_emulator.advance(minutes=-60)
        assert customer.gateway().http_status == 401
        assert customer.expire(deviceId="device-1").code == 1529
        if family == "web":
            assert customer.regenerate().code == 1525


def date_of(reply):
    return parsedate_to_datetime(reply.headers["Date"]).timestamp()


def test_the_clock_of_one_brand(emulator):
    early, late = emulator.brand(), emulator.brand()
    customers = [brand.customer().sign_in() for brand in (early, late)]
    now = emulator.control("GET", "clock")["now"]
    moved = emulator.control("POST", "clock", {"advanceSeconds": 900, "brand": late.name})["now"]
    assert 899 <= moved - now < 960
    assert abs(emulator.control("GET", "clock")["now"] - now) < 60
    assert abs(emulator.control("GET", "clock?brand=" + late.name)["now"] - moved) < 60
    assert [customer.gateway().http_status for customer in customers] == [200, 401]
    for customer, its_time in zip(customers, (now, moved), strict=True):
        reply = customer.regenerate()
        assert abs(date_of(reply) - its_time) < 60 and abs(decode(reply.token)[1]["iat"] - its_time) < 60
        assert abs(date_of(customer.gateway()) - its_time) < 60
        customer.started().generate_otp()
        assert abs(customer.brand.outbox()[0]["sentAtMs"] / 1000 - its_time) < 60
    emulator.control("POST", "clock", {"advanceSeconds": 899, "brand": late.name})
    assert customers[1].validate_otp().code == 200
    customers[1].started()
    emulator.control("POST", "clock", {"advanceSeconds": 900, "brand": late.name.lower()})
    assert customers[1].generate_otp().code == 1505
    assert customers[0].generate_otp().code == 200
    for body in ({"advanceSeconds": 1, "brand": "Nowhere"}, {"advanceSeconds": 3e11, "brand": late.name}):
        assert emulator.send("POST", "/_emulator/clock", body).http_status == 400


def test_an_identifier_with_a_plus_is_found_without_escaping_it(emulator):
    brand = emulator.brand()
    customer = brand.customer(value="+919999999993").started()
    customer.generate_otp()
    for identifier in ("+919999999993", "%2B919999999993"):
        path = f"outbox?brand={brand.name}&identifier={identifier}"
        assert [each["otp"] for each in emulator.control("GET", path)["messages"]] == [customer.otp()]
    blank = brand.customer(value="a b").started()
    blank.generate_otp()
    path = f"outbox?brand={brand.name}&identifier=a+b"
    assert emulator.control("GET", path)["messages"][0]["identifierValue"] == "a b"


def outbox(emulator, connection=None, **query):
    path = "/_emulator/outbox?" + urllib.parse.urlencode(query)
    reply = emulator.send("GET", path, connection=connection or emulator.connect(timeout=60))
    assert reply.http_status == 200, reply.body
    return reply.json["messages"]


def test_what_came_after_a_message(emulator):
    customer = emulator.brand().customer().started()
    sent = []
    for _ in range(5):
        customer.generate_otp()
        sent.append(customer.brand.outbox()[0])
    times = [message["sentAtMs"] for message in sent]
    assert times == sorted(set(times))
    for number, message in enumerate(sent):
        later = outbox(emulator, brand=customer.brand.name, after=message["sentAtMs"])
        assert later == sent[number + 1 :][::-1]


def test_waiting_for_an_otp_ends_with_it(emulator):
    brand = emulator.brand()
    customer, other = brand.customer().started(), brand.customer().started()
    customer.generate_otp()
    first = brand.outbox()[0]["sentAtMs"]
    query = {"brand": brand.name, "identifier": customer.value, "after": first, "waitMs": 600000}
    waiting = [emulator.connect(timeout=60) for _ in range(3)]
    for connection in waiting:
        connection.request("GET", "/_emulator/outbox?" + urllib.parse.urlencode(query))
    other.generate_otp()  # not the one
    assert select.select([connection.sock for connection in waiting], [], [], 0)[0] == []
    customer.generate_otp()
    for connection in waiting:
        (message,) = json.loads(connection.getresponse().read())["messages"]
        assert message["otp"] == customer.otp()
        connection.close()


def test_waiting_ends_with_its_time_and_at_once_if_there_is_something(emulator):
    brand = emulator.brand()
    customer = brand.customer().started()
    begun = time.monotonic()
    assert outbox(emulator, brand=brand.name, waitMs=300) == []
    assert time.monotonic() - begun >= 0.3
    customer.generate_otp()
    begun = time.monotonic()
    assert len(outbox(emulator, brand=brand.name, waitMs=60000)) == 1
    assert time.monotonic() - begun < 50
    for wrong in ("waitMs=x", "waitMs=-1", "after=x", "waitMs=1234567"):
        refused = emulator.send("GET", "/_emulator/outbox?" + wrong)
        assert refused.http_status == 400 and wrong.split("=")[0] in refused.json["error"]


def test_no_otp_is_missed_by_those_who_wait_for_it(start):
    emulator = start("--quiet", tls=False)
    for round in range(60):
        customer = emulator.brand().customer().started()
        waiting = [emulator.connect(timeout=30) for _ in range(3)]
        for connection in waiting:
            connection.request("GET", "/_emulator/outbox?waitMs=600000&brand=" + customer.brand.name)
        for _ in range(round % 3):
            emulator.control("GET", "clock")
        customer.generate_otp()  # and nothing else comes that would wake the emulator
        for connection in waiting:
            assert len(json.loads(connection.getresponse().read())["messages"]) == 1
            connection.close()


def test_a_waiter_that_leaves_or_is_left_disturbs_nobody(start):
    emulator = start(tls=False)
    customer = emulator.brand().customer().started()
    gone, left = emulator.connect(), emulator.connect(timeout=60)
    for connection in (gone, left):
        connection.request("GET", "/_emulator/outbox?waitMs=600000")
    gone.close()
    customer.generate_otp()
    assert json.loads(left.getresponse().read())["messages"][0]["otp"] == customer.otp()
    left.request("GET", "/_emulator/outbox?after=999999999999999&waitMs=600000")
    begun = time.monotonic()
    assert emulator.stop() == 0
    assert time.monotonic() - begun < 50
    left.close()


@pytest.mark.parametrize(
    "method,path", [("GET", "brands/A/b/c"), ("DELETE", "customers/A/MOBILE"), ("GET", "gateway/A")]
)
def test_paths_with_too_few_or_too_many_parts_are_refused(emulator, method, path):
    assert emulator.send(method, "/_emulator/" + path).http_status in (400, 404)
