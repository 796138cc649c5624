"""What the page is made of: its files and headers, the events, the exchanges, the overview. Without a browser."""

import contextlib
import gzip
import json
import pathlib
import re
import socket
import threading
import time

import pytest

HERE = pathlib.Path(__file__).parent
MASK = "\u2022" * 4
HTML = {"Accept": "text/html,application/xhtml+xml"}


class Events:
    """The events of one stream, as they come."""

    def __init__(self, emulator):
        self.connection = emulator.connect(timeout=20)
        self.connection.request("GET", "/_emulator/events")
        self.response = self.connection.getresponse()

    def next(self):
        """The name and the content of the next event."""
        name, data = None, None
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif not line and name:
                return name, data

    def until(self, wanted):
        """The content of the next event of that name."""
        while True:
            name, data = self.next()
            if name == wanted:
                return data

    def close(self):
        self.response.close()
        self.connection.close()


@contextlib.contextmanager
def listening(emulator):
    events = Events(emulator)
    assert events.response.status == 200, events.response.read()
    assert events.next() == ("hello", {})
    yield events
    events.close()


# The page and its files


@pytest.mark.parametrize("path", ["/", "/_emulator/"])
def test_a_browser_gets_the_page(emulator, path):
    reply = emulator.send("GET", path, headers=HTML)
    assert reply.http_status == 200 and reply.headers["Content-Type"] == "text/html;charset=UTF-8"
    assert b"Nothing leaves this machine" in reply.body
    assert emulator.send("HEAD", path, headers=HTML).body == b""


def test_a_tool_still_gets_the_list_of_calls(emulator):
    assert "GET /_emulator/phone?brand=&limit=" in emulator.send("GET", "/_emulator/").json["calls"]


def test_the_page_is_only_read(emulator):
    assert emulator.send("POST", "/", "{}").http_status == 404


def page_files(emulator):
    """The paths of what the page loads, and of the modules that these load."""
    page = emulator.send("GET", "/", headers=HTML).body.decode()
    found = re.findall(r'(?:src|href)="(/_emulator/page/[^"]+)"', page)
    for path in found:  # grows meanwhile
        for module in re.findall(r'from "\./(\w+\.js)"', emulator.send("GET", path).body.decode()):
            if "/_emulator/page/" + module not in found:
                found.append("/_emulator/page/" + module)
    return found


def test_everything_that_the_page_loads_is_served_with_its_type(emulator):
    types = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    loaded = page_files(emulator)
    assert {path.rsplit(".")[-1] for path in loaded} == set(types)
    assert len(set(loaded)) == len([path for path in (HERE / "page").iterdir() if path.suffix[1:] in types])
    for path in loaded:
        reply = emulator.send("GET", path)
        assert reply.http_status == 200 and reply.headers["Content-Type"].startswith(types[path.rsplit(".")[-1]])
        assert reply.body == (HERE / "page" / path.rsplit("/", 1)[-1]).read_bytes()
    assert emulator.send("GET", "/_emulator/page/none.js").http_status == 404


def test_the_page_is_small_and_loads_nothing_from_elsewhere(emulator):
    files = [path for path in (HERE / "page").iterdir() if path.suffix != ".cmake"]
    assert sum(path.stat().st_size for path in files) < 60 * 1024
    for path in files:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://[a-z]", text), path


def test_no_text_of_a_request_can_become_markup():
    script = "".join(path.read_text(encoding="utf-8") for path in (HERE / "page").glob("*.js"))
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"):
        assert sink not in script
    page = (HERE / "page" / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"\son\w+=|<script>|style=|javascript:", page)


@pytest.mark.parametrize("path", ["/", "/_emulator/page/page.js", "/_emulator/page/icon.svg"])
def test_a_strict_content_security_policy(emulator, path):
    headers = emulator.send("GET", path, headers=HTML).headers
    rules = dict(rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";"))
    assert rules["default-src"] == "'none'" and rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'" and rules["trusted-types"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin" and headers["Cache-Control"] == "no-store"


def test_the_page_can_be_read_without_javascript(start):
    emulator = start(tls=False)
    hostile = "<img src=x onerror=alert(1)>\"'&"
    customer = emulator.brand(FIXED_OTP="246810", SIGN_UP=True).customer(type="USERNAME", value=hostile)
    customer.started(mobile="9155599").generate_otp()
    customer.validate_otp("0")
    emulator.fault(path="/auth/v1/otp/generate", status=503, count=7)
    page = emulator.send("GET", "/", headers=HTML).body.decode()
    for told in ("246810", "wrong attempt 1 of 5", customer.brand.name, "FIXED_OTP", "<td>503</td>", "<td>7</td>"):
        assert told in page, told
    assert "<img src=x" not in page and "&#60;img src=x onerror=alert(1)&#62;" in page
    assert "<!--@" not in page


# Who may use it


@pytest.mark.parametrize("path", ["/", *("/_emulator/" + each for each in ("", "events", "exchanges", "page/page.js"))])
def test_the_page_is_refused_to_other_hosts_and_origins(emulator, path):
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        reply = emulator.send("GET", path, headers={**HTML, **headers})
        assert reply.http_status == 403 and not reply.headers["Access-Control-Allow-Origin"]


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_a_page_must_send_json(emulator, content_type):
    origin = "https://{}:{}".format(*emulator.address)
    headers = {"Origin": origin, **({"Content-Type": content_type} if content_type else {})}
    before = emulator.control("GET", "clock")["now"]
    reply = emulator.send("POST", "/_emulator/clock", '{"advanceSeconds":90000}', headers)
    assert reply.http_status == 403 and "application/json" in reply.json["error"]
    assert emulator.control("GET", "clock")["now"] - before < 60
    for good in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        headers["Content-Type"] = good
        assert emulator.send("POST", "/_emulator/clock", '{"advanceSeconds":0}', headers).http_status == 200


def test_no_page_of_another_origin_gets_a_reply_into_it(emulator):
    for path in ("outbox", "events", "exchanges", "overview", "export"):
        connection = emulator.connect()
        connection.request("GET", "/_emulator/" + path)
        headers = connection.getresponse().headers
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "no-store"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        connection.close()


def test_a_gateway_reply_cannot_stand_in_the_page_s_place(emulator):
    brand = emulator.brand()
    assert emulator.send("PUT", f"/_emulator/gateway/{brand.name}//", {}).http_status == 400


# Events


def test_an_otp_and_every_exchange_are_told_as_they_happen(own_emulator):
    customer = own_emulator.brand().customer()
    with listening(own_emulator) as events:
        customer.started()
        exchange = events.until("exchange")
        assert exchange["path"] == "/auth/v1/token/generate" and exchange["code"] == exchange["status"] == 200
        customer.generate_otp()
        told = events.until("otp")
        assert told["state"] == "open" and told["otp"] == customer.otp() and told["identifierValue"] == customer.value
        assert told == own_emulator.control("GET", "phone")["messages"][0]
        customer.validate_otp()
        assert events.until("otp") == {**told, "state": "used"}
        own_emulator.advance(minutes=1)
        assert events.until("changed") == {}


def test_events_reach_every_listener_at_once(own_emulator):
    with listening(own_emulator) as one, listening(own_emulator) as other:
        own_emulator.send("GET", "/nowhere")
        assert one.until("exchange") == other.until("exchange")


def test_who_reads_slowly_is_told_that_events_were_lost(start):
    emulator = start("--quiet", tls=False)
    with listening(emulator) as events:
        for _ in range(12):  # more than the sockets between us hold
            for _ in range(1100):
                emulator.send("GET", "/x" + "y" * 1000)
        names = [events.next()[0] for _ in range(5)]
        while "lost" not in names:
            names = [events.next()[0]]
        emulator.send("GET", "/last")
        while events.until("exchange")["path"] != "/last":
            pass


def test_there_is_a_limit_to_listeners_and_who_leaves_makes_room(own_emulator):
    open_streams = [Events(own_emulator) for _ in range(32)]
    refused = own_emulator.send("GET", "/_emulator/events")
    assert refused.http_status == 400 and "32" in refused.json["error"]
    for stream in open_streams:
        stream.close()
    deadline = time.monotonic() + 60
    while own_emulator.send("HEAD", "/_emulator/events").http_status != 200:
        own_emulator.send("GET", "/news")  # a stream that has nothing to send finds out with the next beat
        assert time.monotonic() < deadline


def test_the_emulator_ends_although_pages_are_open(start):
    emulator = start(tls=False)
    with listening(emulator), listening(emulator):
        assert emulator.stop() == 0  # libmicrohttpd aborts if it is stopped while a connection is suspended


def test_a_listener_disturbs_nobody_under_load(start):
    emulator = start("--quiet", tls=False)
    seen: list[int] = []

    def listen(events):
        while len(seen) < 2000:
            seen.append(events.until("exchange")["id"])

    with listening(emulator) as events:
        reader = threading.Thread(target=listen, args=(events,))
        reader.start()
        for _ in range(2000):
            emulator.send("GET", "/x")
        reader.join(30)
    assert seen == list(range(1, 2001))


# Exchanges


def test_an_exchange_is_kept_with_headers_and_bodies(own_emulator):
    customer = own_emulator.brand().customer().started()
    customer.generate_otp(query="?fallbackChannel=", headers={"X-App": "1.2"})
    newest = own_emulator.control("GET", "exchanges?limit=1")["exchanges"][0]
    whole = own_emulator.control("GET", f"exchanges/{newest['id']}")
    assert {name: whole[name] for name in newest} == newest and whole["whole"]
    assert whole["query"] == "?fallbackChannel=" and whole["customer"] == "MOBILE|" + customer.value
    assert ["X-App", "1.2"] in whole["request"]["headers"]
    assert json.loads(whole["request"]["body"])["sessionId"] == customer.session_id
    assert json.loads(whole["reply"]["body"])["status"]["code"] == 200
    assert ["Content-Type", "application/json"] in whole["reply"]["headers"]


def test_secrets_are_masked_until_they_are_asked_for(own_emulator):
    brand = own_emulator.brand(PASSWORD_ENABLED=True, FIXED_OTP="8024681357")
    customer = brand.customer()
    customer.started(password="pass-word-1", confirmPassword="pass-word-1").generate_otp()
    otp = customer.otp()
    customer.validate_otp()
    customer.change("pass-word-1", "pass-word-2")
    customer.regenerate()
    customer.gateway()
    own_emulator.send("POST", "/auth/v1/token/generate", '{"password":"pass-word-1"')
    secrets = [otp, "pass-word-1", "pass-word-2", customer.token, customer.key]
    ids = [each["id"] for each in own_emulator.control("GET", "exchanges")["exchanges"]]
    masked = [own_emulator.send("GET", f"/_emulator/exchanges/{each}").body.decode() for each in ids]
    shown = [own_emulator.send("GET", f"/_emulator/exchanges/{each}?secrets=true").body.decode() for each in ids]
    summaries = own_emulator.send("GET", "/_emulator/exchanges").body.decode()
    overview = own_emulator.send("GET", "/_emulator/overview").body.decode()
    for secret in secrets:
        assert secret not in "".join(masked) + summaries + overview
        assert secret in "".join(shown)
    assert sum(MASK in each for each in masked) == 6
    assert own_emulator.send("GET", "/_emulator/exchanges/1?secrets=yes").http_status == 400


def test_exchanges_are_bounded(start):
    emulator = start("--quiet", tls=False)
    for _ in range(1010):
        emulator.send("POST", "/auth/v1/token/generate", b"x" * 30000)
    kept = emulator.control("GET", "exchanges")["exchanges"]
    assert [each["id"] for each in kept] == list(range(1010, 10, -1))
    newest = emulator.control("GET", "exchanges/1010?secrets=true")
    assert newest["request"]["length"] == 30000 and newest["request"]["kept"] == 16384
    oldest = emulator.control("GET", "exchanges/11")
    assert oldest["whole"] is False or len(oldest["request"]["body"]) > 0
    assert emulator.send("GET", "/_emulator/exchanges/10").http_status == 404
    assert emulator.send("GET", "/_emulator/exchanges/x").http_status == 404


def test_bytes_that_are_no_text_leave_exchanges_and_events_readable(start):
    emulator = start(tls=False)
    with listening(emulator) as events, socket.create_connection(emulator.address, timeout=20) as connection:
        body = b'{"password":"\xff\x00","brand":"\xc3("}'
        connection.sendall(
            b"POST /auth/v1/\xff%00%0a%ff?\xfe=%0d%0a HTTP/1.1\r\nHost: x\r\nX-Odd: \xff\xfe\tx\r\n"
            b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
        )
        assert connection.recv(12) == b"HTTP/1.1 404"
        assert events.until("exchange")["id"] == 1
    for secrets in ("false", "true"):
        whole = emulator.control("GET", "exchanges/1?secrets=" + secrets)
        assert whole["request"]["length"] == len(body) and whole["status"] == 404
    assert emulator.send("GET", "/", headers=HTML).http_status == 200


def test_a_reset_connection_and_a_fault_are_seen(own_emulator):
    own_emulator.fault(path="/auth/v1/token/generate", reset="after")
    with pytest.raises((ConnectionError, OSError)):
        own_emulator.brand().customer().generate()
    newest = own_emulator.control("GET", "exchanges?limit=1")["exchanges"][0]
    assert newest["status"] is None and newest["fault"] is True and newest["code"] == 200


def test_a_delay_counts_as_time_that_it_took(own_emulator):
    own_emulator.fault(path="/auth/v1/token/generate", delayMs=120)
    own_emulator.brand().customer().generate()
    assert own_emulator.control("GET", "exchanges?limit=1")["exchanges"][0]["tookMs"] >= 120


def test_what_the_page_reads_is_not_in_the_log(own_emulator):
    own_emulator.send("GET", "/_emulator/overview", headers={"X-Emulator-Page": "1"})
    own_emulator.send("POST", "/_emulator/clock", {"advanceSeconds": 1}, {"X-Emulator-Page": "1"})
    own_emulator.send("GET", "/auth/v1/none", headers={"X-Emulator-Page": "1"})
    paths = [each["path"] for each in own_emulator.control("GET", "log")["requests"]]
    assert paths == ["/auth/v1/none", "/_emulator/clock"]


# OTPs, customers, sessions, tokens


def states(brand):
    query = "phone?brand=" + brand.name
    return [each["state"] for each in brand.emulator.control("GET", query)["messages"]]


def test_an_otp_is_open_replaced_used_or_void(emulator):
    brand = emulator.brand(CONF_MAX_OTP_RETRY_COUNT=1)
    customer = brand.customer().started()
    customer.generate_otp()
    assert states(brand) == ["open"]
    customer.generate_otp()
    assert states(brand) == ["open", "replaced"]
    customer.validate_otp()
    assert states(brand) == ["used", "replaced"]
    customer.started().generate_otp()
    customer.spend_otps(2)
    assert states(brand)[0] == "void"
    customer.started().generate_otp()
    emulator.control("DELETE", f"customers/{brand.name}/MOBILE/{customer.value}")
    assert states(brand)[0] == "void"


def test_an_otp_whose_time_is_over_has_expired_and_is_not_void(own_emulator):
    brand = own_emulator.brand()
    brand.customer().started().generate_otp()
    own_emulator.advance(minutes=16)
    (message,) = own_emulator.control("GET", "phone?brand=" + brand.name)["messages"]
    assert message["state"] == "open" and message["expiresAtMs"] < own_emulator.control("GET", "overview")["nowMs"]


def test_an_otp_says_until_when_it_counts(emulator):
    brand = emulator.brand(CONF_TOKEN_SESSION_EXPIRY_MINUTES=7)
    customer = brand.customer().started()
    customer.generate_otp()
    (message,) = emulator.control("GET", "phone?brand=" + brand.name)["messages"]
    assert abs(message["expiresAtMs"] - message["sentAtMs"] - 7 * 60000) < 20000


def overview(brand):
    return brand.emulator.control("GET", "overview?brand=" + brand.name)


def test_the_overview_tells_of_customers_sessions_and_tokens(emulator):
    brand = emulator.brand(PASSWORD_ENABLED=True)
    brand.put_customer("9177001", password="x", customerId="77", mfa=True, identifiers={"EMAIL": "o@example.com"})
    customer = brand.customer(value="9177001").started()
    told = overview(brand)
    (person,) = told["customers"]
    assert person["identifiers"] == [
        {"type": "MOBILE", "value": "9177001"},
        {"type": "EMAIL", "value": "o@example.com"},
    ]
    assert (person["password"], person["mfaPassword"], person["mfa"]) == ("set", "none", True)
    (session,) = told["sessions"]
    assert session["expiresAtMs"] - session["startedAtMs"] == 15 * 60000
    assert session["id"] == customer.session_id and session["customerId"] == "77" and session["otpSent"] is False
    customer.validate_password("x")
    told = overview(brand)
    assert told["sessions"] == [] and [each["kind"] for each in told["tokens"]] == ["key", "token"]
    assert told["tokens"][1]["header"]["idv"] == ["MOBILE|9177001"] and told["tokens"][1]["claims"]["uid"] == "77"
    assert any(each["name"] == brand.name for each in told["brands"])


def test_tokens_of_a_customer_are_ended(emulator):
    brand = emulator.brand()
    customer, other = brand.customer().sign_in(), brand.customer().sign_in()
    emulator.control("DELETE", f"tokens/{brand.name}/MOBILE/{customer.value}")
    assert customer.gateway().http_status == 401 and other.gateway().http_status == 200
    ended = {(each["kind"], each["ended"]) for each in overview(brand)["tokens"]}
    assert ended == {("token", True), ("token", False), ("key", False)}
    customer._keep(customer.regenerate(key=customer.key))
    assert customer.gateway().http_status == 200  # the key stays valid
    assert emulator.send("DELETE", f"/_emulator/tokens/{brand.name}/MOBILE/0").http_status == 404


def test_a_reset_clears_the_tokens_that_were_kept(emulator):
    brand, other = emulator.brand(), emulator.brand()
    for each in (brand, other):
        each.customer().sign_in()
    emulator.control("POST", "reset?brand=" + brand.name)
    assert overview(brand)["tokens"] == [] and len(overview(other)["tokens"]) == 2


def test_a_customer_is_locked_and_unlocked(own_emulator):
    brand = own_emulator.brand()
    customer = brand.customer().sign_in()
    path = f"locks/{brand.name}/MOBILE/{customer.value}"
    own_emulator.control("PUT", path, {"minutes": 10})
    assert customer.generate().code == 1518 and overview(brand)["customers"][0]["lockedUntilMs"] > 0
    own_emulator.control("DELETE", path)
    assert customer.generate().code == 200 and overview(brand)["customers"][0]["lockedUntilMs"] == 0
    own_emulator.control("PUT", path)
    own_emulator.advance(minutes=31)
    assert customer.generate().code == 200
    for wrong in ({"minutes": 0}, {"minutes": "5"}, {"hours": 1}):
        assert own_emulator.send("PUT", "/_emulator/" + path, wrong).http_status == 400


def test_the_overview_and_the_kept_tokens_are_bounded(start):
    emulator = start("--quiet", tls=False)
    brand = emulator.brand(FIXED_OTP="1")
    for _ in range(520):
        brand.customer().sign_in()
    told = overview(brand)
    assert len(told["customers"]) == len(told["tokens"]) == 200
    newest = brand.customer().sign_in()
    assert overview(brand)["customers"][0]["identifiers"][0]["value"] == newest.value
    emulator.control("DELETE", "brands/" + brand.name)
    assert emulator.control("GET", "overview")["tokens"] == []
    assert len(gzip.compress(emulator.send("GET", "/", headers=HTML).body)) < 60 * 1024
