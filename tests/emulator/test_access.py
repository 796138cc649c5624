"""Which web pages and names may use the control calls: whoever reads the OTPs there can sign in as anybody."""

import pytest

EVIL = "https://evil.example"
CALLS = [
    ("GET", "/_emulator/outbox", None),
    ("POST", "/_emulator/clock", '{"advanceSeconds":900}'),
    ("POST", "/_emulator/reset", None),
    ("OPTIONS", "/_emulator/clock", None),
    ("GET", "/_emulator/unknown", None),
]


@pytest.mark.parametrize("origin", [EVIL, "null", "http://localhost:1", "https://127.0.0.1.evil.example"])
@pytest.mark.parametrize("method,path,body", CALLS)
def test_a_page_of_another_origin_is_refused(emulator, method, path, body, origin):
    before = emulator.control("GET", "clock")["now"]
    reply = emulator.send(method, path, body, {"Origin": origin, "Content-Type": "text/plain"})
    assert reply.http_status == 403 and origin in reply.json["error"] and "--allow-origin" in reply.json["error"]
    assert not [name for name in reply.headers if name.lower().startswith("access-control")]
    assert emulator.control("GET", "clock")["now"] - before < 60


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_a_name_that_was_made_to_lead_here_is_refused(emulator, host):
    for headers in ({"Host": host}, {"Host": host, "Origin": "https://" + host}):
        reply = emulator.send("GET", "/_emulator/outbox", headers=headers)
        assert reply.http_status == 403 and host in reply.json["error"]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "app.localhost", "127.0.0.1", "10.0.2.2:8080", "[::1]:8080", "[fe80::1]"]
)
def test_loopback_and_addresses_are_ours(emulator, host):
    assert emulator.send("GET", "/_emulator/outbox", headers={"Host": host}).http_status == 200


def test_a_page_of_our_own_is_let_in(emulator):
    own = "https://{}:{}".format(*emulator.address)
    reply = emulator.send("GET", "/_emulator/outbox", headers={"Origin": own})
    assert reply.http_status == 200 and reply.headers["Access-Control-Allow-Origin"] == own
    for wrong in (own.replace("https", "http"), own + "1"):
        assert emulator.send("GET", "/_emulator/outbox", headers={"Origin": wrong}).http_status == 403
    default_port = {"Host": "localhost", "Origin": "https://localhost:443"}
    assert emulator.send("GET", "/_emulator/outbox", headers=default_port).http_status == 200


def test_named_origins_and_hosts_are_let_in(start):
    options = ["--tls-name", "auth.brand.example", "--tls-name", "*.wild.example"]
    emulator = start(*options, "--allow-origin", "https://shop.example", "--allow-origin", "http://emulator:8080")
    for host in ("auth.brand.example:1", "a.wild.example", "emulator:8080", "EMULATOR", "shop.example"):
        assert emulator.send("GET", "/_emulator/outbox", headers={"Host": host}).http_status == 200, host
    for host in ("a.b.wild.example", "wild.example", "brand.example"):
        assert emulator.send("GET", "/_emulator/outbox", headers={"Host": host}).http_status == 403, host
    reply = emulator.send("GET", "/_emulator/outbox", headers={"Origin": "https://shop.example"})
    assert reply.http_status == 200 and reply.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    preflight = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    reply = emulator.send("OPTIONS", "/_emulator/clock", headers=preflight)
    assert reply.http_status == 204 and "POST" in reply.headers["Access-Control-Allow-Methods"]


def test_auth_and_gateway_stay_open_to_any_origin_and_host(emulator):
    customer = emulator.brand().customer()
    headers = {"Origin": EVIL, "Host": "evil.example"}
    reply = emulator.send("POST", "/auth/v1/token/generate", customer.body(), headers)
    assert reply.code == 200 and reply.headers["Access-Control-Allow-Origin"] == EVIL
    assert reply.headers["Access-Control-Allow-Credentials"] == "true"
    customer.sign_in()
    reply = emulator.send("GET", "/mobile/v2/api/customer/get", headers={**customer.headers(), **headers})
    assert reply.http_status == 200 and reply.headers["Access-Control-Allow-Credentials"] == "true"


def test_a_target_in_absolute_form_is_taken_and_its_host_counts(emulator):
    customer = emulator.brand().customer()
    ours = "https://{}:{}".format(*emulator.address)
    assert emulator.send("POST", ours + "/auth/v1/token/generate", customer.body()).code == 200
    assert emulator.send("GET", ours.upper() + "/_emulator/outbox?limit=1").http_status == 200
    assert emulator.send("GET", ours + "/none").http_status == 404
    assert emulator.send("GET", ours).http_status == 200  # the page
    assert emulator.send("GET", "https://evil.example/_emulator/outbox").http_status == 403
    headers = {"Host": "evil.example"}
    assert emulator.send("GET", ours + "/_emulator/outbox", headers=headers).http_status == 200
