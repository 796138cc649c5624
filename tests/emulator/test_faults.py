"""Requests that go wrong because a test wants it."""

import http.client
import json
import threading
import time

import pytest

GENERATE = "/auth/v1/otp/generate"
TOKEN = "/auth/v1/token/generate"
LOST = (http.client.HTTPException, ConnectionError, OSError)


@pytest.fixture
def customer(emulator):
    return emulator.brand().customer().started()


def sent(customer):
    return len(customer.brand.outbox())


def test_reset_before_is_counted_but_not_processed(emulator, customer):
    emulator.fault(path=GENERATE, brand=customer.brand.name, reset="before")
    with pytest.raises(LOST):
        customer.generate_otp()
    assert sent(customer) == 0 and customer.brand.counts()["POST " + GENERATE] == 1
    assert customer.generate_otp().code == 200 and sent(customer) == 1


def test_reset_after_is_processed(emulator, customer):
    emulator.fault(path=GENERATE, brand=customer.brand.name, reset="after")
    with pytest.raises(LOST):
        customer.generate_otp()
    assert sent(customer) == 1 and customer.brand.counts()["POST " + GENERATE] == 1


@pytest.mark.parametrize("reset", ["before", "after"])
def test_reset_is_a_real_one(start, reset):
    emulator = start(tls=False)
    customer = emulator.brand().customer().started()
    emulator.fault(path=GENERATE, reset=reset)
    with pytest.raises(ConnectionResetError):
        customer.generate_otp()


@pytest.mark.parametrize("bytes_left", [0, 20])
def test_truncated_body_is_processed(emulator, customer, bytes_left):
    emulator.fault(path=GENERATE, brand=customer.brand.name, truncateAfter=bytes_left)
    with pytest.raises(http.client.IncompleteRead) as error:
        customer.generate_otp()
    assert error.value.partial == b'{"status":{"success":true'[:bytes_left] and error.value.expected
    assert sent(customer) == 1
    emulator.connection.close()


def test_truncating_after_the_end_changes_nothing(emulator, customer):
    emulator.fault(path=GENERATE, brand=customer.brand.name, truncateAfter=100000)
    assert customer.generate_otp().code == 200


def test_status_with_a_text_is_not_processed(emulator, customer):
    html = "<html>Gateway \u00fcber</html>"
    headers = {"Retry-After": "7", "X-Amz-Cf-Id": "id-1", "Content-Type": "text/html", "Date": "yesterday"}
    emulator.fault(path=GENERATE, brand=customer.brand.name, status=504, body=html, headers=headers)
    reply = emulator.send("POST", GENERATE, customer.body(sessionId=customer.session_id))
    assert reply.http_status == 504 and reply.body.decode() == html
    for name, value in headers.items():
        assert reply.headers.get_all(name) == [value]
    assert sent(customer) == 0


@pytest.mark.parametrize(
    "body,expected,content_type",
    [
        ({"errors": [{"code": 600}]}, b'{"errors":[{"code":600}]}', "application/json"),
        ({}, b"{}", "application/json"),
        ("{}", b"{}", "text/html;charset=UTF-8"),
        ("", b"", "text/html;charset=UTF-8"),
        (None, b"", None),
    ],
)
def test_status_with_other_bodies(emulator, customer, body, expected, content_type):
    emulator.fault(path=GENERATE, brand=customer.brand.name, status=200, body=body)
    reply = emulator.send("POST", GENERATE, customer.body(sessionId=customer.session_id))
    assert (reply.http_status, reply.body, reply.headers["Content-Type"]) == (200, expected, content_type)


def test_delay_is_processed_at_once_and_holds_up_nobody_else(emulator, customer):
    emulator.fault(path=GENERATE, brand=customer.brand.name, delayMs=400)
    finished = []

    def delayed():
        connection = emulator.connect()
        reply = emulator.send("POST", GENERATE, customer.body(sessionId=customer.session_id), connection=connection)
        finished.append((time.monotonic(), reply.code))
        connection.close()

    thread = threading.Thread(target=delayed)
    begun = time.monotonic()
    thread.start()
    while not sent(customer):
        assert time.monotonic() - begun < 10
    others = time.monotonic() - begun
    thread.join()
    assert finished[0][1] == 200
    assert finished[0][0] - begun >= 0.4 and others < 0.4


def test_several_delays_end_in_their_own_time(emulator):
    brand = emulator.brand()
    ends = []

    def delayed(milliseconds):
        connection = emulator.connect()
        connection.connect()
        emulator.send("POST", "/auth/v1/token/generate", brand.customer().body(), connection=connection)
        ends.append(milliseconds)
        connection.close()

    threads = []
    for milliseconds in (900, 500, 100):
        emulator.fault(path="/auth/v1/token/generate", brand=brand.name, delayMs=milliseconds)
        threads.append(threading.Thread(target=delayed, args=(milliseconds,)))
        threads[-1].start()
        while brand.counts().get("POST /auth/v1/token/generate", 0) < len(threads):
            pass
    for thread in threads:
        thread.join()
    assert ends == [100, 500, 900]


def test_a_client_that_leaves_during_a_delay_does_no_harm(emulator, customer):
    emulator.fault(path=GENERATE, brand=customer.brand.name, delayMs=100)
    connection = emulator.connect()
    connection.request("POST", GENERATE, json.dumps(customer.body(sessionId=customer.session_id)))
    begun = time.monotonic()
    while not sent(customer):
        assert time.monotonic() - begun < 10
    connection.close()
    assert customer.generate_otp().code == 200


def test_the_program_ends_while_a_delay_is_under_way(start):
    emulator = start()
    customer = emulator.brand().customer().started()
    emulator.fault(path=GENERATE, delayMs=600000)
    connection = emulator.connect()
    connection.request("POST", GENERATE, b"{}")
    while not emulator.control("GET", "requests")["counts"].get("POST " + GENERATE):
        pass
    begun = time.monotonic()
    assert emulator.stop() == 0 and time.monotonic() - begun < 5
    connection.close()
    assert customer.session_id


def test_count_and_order(emulator, customer):
    brand = customer.brand.name
    emulator.fault(path=GENERATE, brand=brand, count=2, status=503)
    emulator.fault(path=GENERATE, brand=brand, status=502)

    def status():
        return emulator.send("POST", GENERATE, customer.body(sessionId=customer.session_id)).http_status

    assert [status() for _ in range(4)] == [503, 503, 502, 200]
    assert customer.brand.counts()["POST " + GENERATE] == 4


def test_a_fault_strikes_only_its_brand_and_path(emulator, customer):
    emulator.fault(path=GENERATE, brand=customer.brand.name.upper(), status=503)
    other = emulator.brand().customer().started()
    assert other.generate_otp().code == 200
    assert customer.generate().code == 200
    reply = emulator.send("POST", GENERATE + "?fallbackChannel=SMS", customer.body())
    assert reply.http_status == 503


def test_a_fault_without_brand_strikes_any(own_emulator):
    own_emulator.fault(path="/mobile/v2/api/points", status=502)
    assert own_emulator.send("GET", "/mobile/v2/api/points").http_status == 502
    own_emulator.fault(path=GENERATE, status=502)
    assert own_emulator.send("POST", GENERATE, "not json").http_status == 502


def test_a_gateway_fault_goes_by_the_brand_header(emulator):
    customer = emulator.brand().customer().sign_in()
    path = "/mobile/v2/api/customer/get"
    emulator.fault(path=path, brand=customer.brand.name, status=200, body={"status": {"code": 302}})
    assert customer.gateway().json == {"status": {"code": 302}}
    assert customer.gateway().json["status"]["code"] == 200


def test_preflight_is_spared(emulator, customer):
    emulator.fault(path=GENERATE, brand=customer.brand.name, reset="before")
    assert emulator.send("OPTIONS", GENERATE, headers={"Origin": "https://app.example"}).http_status == 204


@pytest.mark.parametrize(
    "members,named",
    [
        ({"status": 500}, "path"),
        ({"path": 1, "status": 500}, "path"),
        ({"path": "/auth/v1/otp/genrate", "status": 500}, "genrate"),
        ({"path": GENERATE}, "exactly one"),
        ({"path": GENERATE, "status": 500, "delayMs": 1}, "exactly one"),
        ({"path": GENERATE, "status": "500"}, "status"),
        ({"path": GENERATE, "status": 100}, "status"),
        ({"path": GENERATE, "delayMs": -1}, "delayMs"),
        ({"path": GENERATE, "truncateAfter": 1.5}, "truncateAfter"),
        ({"path": GENERATE, "reset": "during"}, "reset"),
        ({"path": GENERATE, "reset": True}, "reset"),
        ({"path": GENERATE, "status": 500, "count": 0}, "count"),
        ({"path": GENERATE, "status": 500, "brand": "Nowhere"}, "Nowhere"),
        ({"path": GENERATE, "status": 500, "brand": 1}, "brand"),
        ({"path": GENERATE, "delayMs": 1, "body": "x"}, "body"),
        ({"path": GENERATE, "delayMs": 1, "headers": {}}, "headers"),
        ({"path": GENERATE, "status": 500, "headers": []}, "headers"),
        ({"path": GENERATE, "status": 500, "headers": {"A b": "x"}}, "A b"),
        ({"path": GENERATE, "status": 500, "headers": {"A": "x\r\ny"}}, "A"),
        ({"path": GENERATE, "status": 500, "headers": {"A": 1}}, "A"),
        ({"path": GENERATE, "status": 500, "headers": {"Content-Length": "1"}}, "Content-Length"),
        ({"path": GENERATE, "sattus": 500}, "sattus"),
    ],
)
def test_a_fault_that_will_not_do_is_a_400_that_says_why(emulator, members, named):
    reply = emulator.send("POST", "/_emulator/faults", members)
    assert reply.http_status == 400 and named in reply.json["error"]


def test_a_lasting_delay_does_not_hide_later_faults(emulator):
    customer = emulator.brand().customer()
    here = {"path": TOKEN, "brand": customer.brand.name}
    emulator.fault(**here, delayMs=50, count=100)
    emulator.fault(**here, status=503, count=2)
    begun = time.monotonic()
    statuses = [emulator.send("POST", TOKEN, customer.body()).http_status for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert time.monotonic() - begun >= 3 * 0.05
    emulator.fault(**here, reset="before")
    with pytest.raises((ConnectionError, OSError)):
        emulator.send("POST", TOKEN, customer.body(), connection=emulator.connect())


def test_single_faults_still_strike_one_request_each(emulator):
    customer = emulator.brand().customer()
    here = {"path": TOKEN, "brand": customer.brand.name}
    emulator.fault(**here, delayMs=1)
    emulator.fault(**here, status=503)
    assert [emulator.send("POST", TOKEN, customer.body()).http_status for _ in range(3)] == [200, 503, 200]


def test_latency_is_a_setting_of_the_brand(emulator):
    slow = emulator.brand(LATENCY_IN_MILLISECONDS=60, LATENCY_JITTER_IN_MILLISECONDS=40)
    customer = slow.customer()
    took = []
    for operation in (customer.generate, customer.generate_otp, customer.validate_otp, customer.gateway):
        begun = time.monotonic()
        operation()
        took.append(time.monotonic() - begun)
    assert min(took) >= 0.06
    here = {"path": TOKEN, "brand": slow.name}
    emulator.fault(**here, status=503)  # slow, and wrong
    begun = time.monotonic()
    assert emulator.send("POST", TOKEN, customer.body()).http_status == 503
    assert time.monotonic() - begun >= 0.06
    slow.set()
    took = []
    for _ in range(20):
        begun = time.monotonic()
        customer.generate()
        took.append(time.monotonic() - begun)
    assert min(took) < 0.06


def test_jitter_spreads_the_latency(emulator):
    customer = emulator.brand(LATENCY_JITTER_IN_MILLISECONDS=100).customer()
    took = []
    for _ in range(12):
        begun = time.monotonic()
        customer.generate()
        took.append(time.monotonic() - begun)
    assert max(took) - min(took) > 0.01
