"""HTTP itself: browsers, bodies that are not what they should be, and hostile requests."""

import json
import socket
import ssl

import pytest

GENERATE = "/auth/v1/token/generate"


@pytest.fixture(scope="module")
def brand(emulator):
    return emulator.brand()


def post(emulator, body, path=GENERATE):
    return emulator.send("POST", path, body)


@pytest.mark.parametrize("path", [GENERATE, "/auth/v1/web/otp/validate", "/mobile/v2/api/customer/get", "/any"])
def test_preflight_echoes_what_is_asked_for(emulator, path):
    headers = "authorization, cap_authorization, cap_brand, content-type, x-cap-external-oauth-id-token"
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    reply = emulator.send("OPTIONS", path, headers={**asked, "Access-Control-Request-Headers": headers})
    assert reply.http_status == 204 and reply.body == b""
    assert reply.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert reply.headers["Access-Control-Allow-Headers"] == headers
    assert reply.headers["Access-Control-Allow-Credentials"] == "true"
    for method in ("GET", "POST", "DELETE"):
        assert method in reply.headers["Access-Control-Allow-Methods"]


def test_replies_and_refusals_are_readable_from_any_origin(emulator, brand):
    for path, body in ((GENERATE, brand.customer().body()), (GENERATE, "x"), ("/unknown", "{}")):
        reply = emulator.send("POST", path, body, {"Origin": "null"})
        assert reply.headers["Access-Control-Allow-Origin"] == "null"
        # With credentials a browser takes no wildcard.
        assert reply.headers["Access-Control-Allow-Credentials"] == "true"
        assert "Date" in reply.headers["Access-Control-Expose-Headers"].split(", ")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "PATCH"])
def test_wrong_method_is_405(emulator, method):
    reply = emulator.send(method, GENERATE, "{}")
    assert reply.http_status == 405 and reply.headers["Allow"] == "POST"
    assert emulator.send("POST", "/auth/v1/mfa/token/expire", "{}").headers["Allow"] == "DELETE"


@pytest.mark.parametrize("path", ["/", "/auth/v1/token/generate/", "/auth/v1/web/token/expire", "/mobile/v2/api/"])
def test_unknown_path_is_404(emulator, path):
    assert emulator.send("POST", path, "{}").http_status == 404


@pytest.mark.parametrize(
    "member,value,accepted",
    [
        ("identifierType", "FAX", "[MOBILE, EMAIL, USERNAME, EXTERNALID]"),
        ("identifierType", "mobile", "[MOBILE, EMAIL, USERNAME, EXTERNALID]"),
        ("identifierType", 1, "[MOBILE, EMAIL, USERNAME, EXTERNALID]"),
        ("identifierValue", ["91"], "string"),
        ("brand", {"name": "x"}, "string"),
        ("deviceId", True, "number"),
        ("otp", 1.5, "number"),
        ("sessionId", 1, "string"),
        ("password", [], "string"),
        ("token", {}, "string"),
        ("key", False, "string"),
    ],
)
def test_what_does_not_deserialise_is_a_400_in_plain_text(emulator, brand, member, value, accepted):
    reply = post(emulator, {**brand.customer().body(), member: value})
    assert reply.http_status == 400 and reply.headers["Content-Type"].startswith("text/plain")
    assert member in reply.body.decode() and accepted in reply.body.decode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"not json",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"brand":"DocDemo"',
        b'{"brand":"DocDemo"} trailing',
        b"{'brand':'DocDemo'}",
        b'{"brand":"\xff\xfe"}',
        b'{"brand":"Doc\x00Demo"}',
        b"\x00",
        b'{"a":' * 100 + b"1" + b"}" * 100,
        b"[" * 100000,
        b'{"brand":"\xc0\xaf"}',
    ],
)
def test_bodies_that_are_no_object_are_a_400_in_plain_text(emulator, body):
    reply = post(emulator, body)
    assert reply.http_status == 400 and reply.headers["Content-Type"].startswith("text/plain")


def test_unknown_members_are_ignored(emulator, brand):
    assert post(emulator, {**brand.customer().body(), "whatever": [{}], "x": None}).code == 200


def test_values_with_quotes_and_other_scripts_come_back_intact(emulator, brand):
    value = 'q"uo\\te/\u00e9\u4e2d\U0001f600'
    customer = brand.customer(type="USERNAME", value=value).started(mobile="912")
    customer.generate_otp()
    assert brand.outbox(value.replace("+", "%2B"))[0]["identifierValue"] == value


def test_oversized_bodies_are_413_and_the_connection_goes_on(emulator, brand):
    big = json.dumps({**brand.customer().body(), "x": "y" * 300000})
    assert post(emulator, big).http_status == 413
    assert brand.customer().generate().code == 200


def test_paths_that_are_not_utf8_leave_json_intact(emulator):
    assert emulator.send("GET", "/%ff%22%0a%c3%a9").json["path"] == '/\ufffd"\n\u00e9'
    assert emulator.send("PUT", "/_emulator/brands/%ff", {}).http_status == 400
    assert "GET /\ufffd\"\n\u00e9" in emulator.control("GET", "requests")["counts"]


def test_overlong_token_is_1519(brand):
    assert brand.customer().regenerate(key="k" * 20000).code == 1519


@pytest.fixture(params=["tls", "plain"])
def target(request, start, emulator):
    return emulator if request.param == "tls" else start(tls=False)


def raw(emulator, data):
    """Sends bytes as they are, and gives what comes back soon; many of them deserve no answer."""
    connection = socket.create_connection(emulator.address, timeout=10)
    if emulator.context:
        connection = emulator.context.wrap_socket(connection, server_hostname="localhost")
    reply = b""
    with connection:
        try:
            connection.sendall(data)
            connection.settimeout(0.05)
            while piece := connection.recv(65536):
                reply += piece
        except OSError:
            pass
    return reply


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 1000,
        b"GET",
        b"GET / HTTP/1.1\r\n",
        b"POST /auth/v1/token/generate HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"POST /auth/v1/token/generate HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
        b"POST /auth/v1/token/generate HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
        b"POST /auth/v1/token/generate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /auth/v1/token/generate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"GET /%00%ff%zz/..%2f?%00=%&&= HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /_emulator/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PUT /_emulator/brands/%00 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        b"GET /_emulator/outbox?brand HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200000 + b"\r\n\r\n",
        b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000 + b"\r\n",
        b"GET /mobile/v2/api/x HTTP/1.1\r\nHost: x\r\ncap_brand: DocDemo\r\n"
        b"cap_authorization: " + b"." * 9000 + b"\r\n\r\n",
        b"BREW /auth/v1/token/generate HTCPCP/1.0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"A" * 500,
    ],
    ids=range(19),
)
def test_hostile_requests_do_not_take_it_down(target, data):
    reply = raw(target, data)
    assert reply == b"" or reply.startswith(b"HTTP/1.")
    customer = target.brand().customer()
    assert customer.sign_in().token


def test_many_half_requests_leave_room_for_whole_ones(emulator, brand):
    halves = []
    for _ in range(200):
        halves.append(socket.create_connection(emulator.address, timeout=10))
        halves[-1].sendall(b"\x16\x03\x01")
    assert brand.customer().sign_in().token
    for half in halves:
        half.close()


def test_chunked_body_is_read(emulator, brand):
    body = json.dumps(brand.customer().body()).encode()
    emulator.connection.request("POST", GENERATE, iter([body[:10], body[10:]]), encode_chunked=True,
                                headers={"Transfer-Encoding": "chunked"})
    reply = emulator.connection.getresponse()
    assert json.loads(reply.read())["status"]["code"] == 200


@pytest.mark.parametrize("size", [262145, 20_000_000])
def test_a_body_that_is_too_long_is_413_and_never_a_cut(start, size):
    emulator = start()
    connection = emulator.connect(timeout=60)
    for path in (GENERATE, "/_emulator/clock"):
        reply = emulator.send("POST", path, b"x" * size, connection=connection)
        assert reply.http_status == 413
    kept = connection.sock
    assert emulator.send("GET", "/x", connection=connection).http_status == 404 and connection.sock is kept
    chunks = (b"x" * 65536 for _ in range(size // 65536 + 1))
    connection.request("POST", GENERATE, body=chunks, headers={"Transfer-Encoding": "chunked"}, encode_chunked=True)
    reply = connection.getresponse()
    assert reply.status == 413 and reply.read()
    connection.close()


def test_whoever_asks_first_is_told_413_before_sending(start):
    emulator = start(tls=False)
    for length, answer in ((20_000_000, b"HTTP/1.1 413"), (2, b"HTTP/1.1 100")):
        with socket.create_connection(emulator.address, timeout=20) as connection:
            head = b"POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
            connection.sendall(head % (GENERATE.encode(), length))
            assert connection.recv(12) == answer


def test_health_and_head(emulator):
    for method, body in (("GET", b"{}"), ("HEAD", b"")):
        reply = emulator.send(method, "/_emulator/health")
        assert reply.http_status == 200 and reply.body == body and reply.headers["Content-Length"] == "2"
    assert emulator.send("HEAD", "/_emulator/outbox").http_status == 200
    assert emulator.send("POST", "/_emulator/health").headers["Allow"] == "GET"
    customer = emulator.brand().customer().sign_in()
    head = customer.gateway("customer/get", "HEAD")
    assert head.http_status == 200 and head.body == b""
    assert head.headers["Content-Length"] == str(len(customer.gateway("customer/get").body))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(emulator, version):
    context = ssl.create_default_context(cafile=emulator.ca_file)
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(emulator.address, timeout=20) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as secured,
    ):
        assert secured.version() == version.name.replace("_", ".")


@pytest.mark.parametrize("number", [0x0301, 0x0302])
def test_older_tls_is_refused(emulator, number):
    # A client hello by hand: OpenSSL's policy may forbid these versions here. TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA.
    def block(length, content):
        return len(content).to_bytes(length, "big") + content

    curves = b"\x00\x0a" + block(2, block(2, b"\x00\x17"))
    points = b"\x00\x0b" + block(2, block(1, b"\x00"))
    hello = number.to_bytes(2, "big") + bytes(32) + b"\x00" + block(2, b"\xc0\x09") + block(1, b"\x00")
    message = b"\x01" + block(3, hello + block(2, curves + points))
    with socket.create_connection(emulator.address, timeout=20) as connection:
        connection.sendall(b"\x16\x03\x01" + block(2, message))
        try:
            answer = connection.recv(7)
        except ConnectionResetError:
            answer = b""
    assert answer[:1] in (b"", b"\x15")  # closed, or an alert; a hello of the server's would begin with 0x16
