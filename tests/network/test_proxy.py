"""Proxies: who goes through one, and that it learns nothing; nor does anybody learn its password."""

import logging

import pytest
from conftest import BRAND, new_customer

import capauth

PASSWORD = "Proxy-Secret-1"
ORIGIN = "https://auth.brand.test"  # which nobody here can look up: only the proxy can reach it
NAMES = ["http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def picky(proxy):
    return proxy(password=PASSWORD)


def with_credentials(proxy, password=PASSWORD):
    return proxy.url.replace("http://", f"http://user:{password}@")


@pytest.mark.parametrize("http2", [False, True])
def test_a_sign_in_and_a_gateway_call_in_a_tunnel(client, emulator, picky, sign_in, http2):
    client = client(base_url=ORIGIN, ca_file=emulator.ca_file, proxy=with_credentials(picky), http2=http2)
    customer = sign_in(client)
    reply = customer.gateway("POST", "customer/get", body={"a": "b"}, headers={"X-Brand": "mine"})
    assert reply.ok
    assert picky.connections == 1
    [head] = picky.heads
    assert head.startswith(b"CONNECT auth.brand.test:443 HTTP/1.1\r\nHost: auth.brand.test:443\r\n")
    assert f"\r\nUser-Agent: capauth/{capauth.__version__}\r\n".encode() in head
    in_clear = (head + picky.heard).lower()
    assert in_clear.count(b"authorization") == 1  # the proxy's own
    for word in ["cap_", "x-brand", "/auth/v1", customer.identifier, customer.token[:20]]:
        assert word.lower().encode() not in in_clear


def test_what_may_not_be_repeated_begins_a_tunnel(client, emulator, picky):
    """The proxy's own request is not yet ours."""
    options = {"base_url": ORIGIN, "ca_file": emulator.ca_file, "proxy": with_credentials(picky)}
    customer = new_customer(client(**options))
    customer.generate_token()
    customer = client(**options).restore(customer.export())
    customer.generate_otp()
    customer = client(**options).restore(customer.export())
    customer.validate_otp(emulator.otp(customer.identifier, brand=BRAND))
    assert picky.connections == 3


@pytest.mark.parametrize("kept", [False, True])
def test_nor_is_it_repeated_in_another_tunnel(client, emulator, picky, arrivals, fault, kept):
    options = {"base_url": ORIGIN, "ca_file": emulator.ca_file, "proxy": with_credentials(picky), "max_retries": 2}
    customer = new_customer(client(**options))
    customer.generate_token()
    if not kept:
        customer = client(**options).restore(customer.export())
    fault("otp/generate", reset="after")
    before = arrivals("otp/generate")
    with pytest.raises(capauth.UnknownOutcomeError):
        customer.generate_otp()
    assert arrivals("otp/generate") == before + 1


def test_loopback_never_goes_through_a_proxy(client, emulator, picky, sign_in, monkeypatch):
    monkeypatch.setenv("https_proxy", with_credentials(picky))
    for host in ["127.0.0.1", "localhost"]:
        for proxy in [with_credentials(picky), "env"]:
            url = f"https://{host}:{emulator.port}"
            assert sign_in(client(base_url=url, ca_file=emulator.ca_file, proxy=proxy)).signed_in
    assert picky.connections == 0


# ---- The environment ----


@pytest.fixture
def options(emulator):
    """Of a client whose origin can be reached with a proxy and without one."""
    return {"base_url": f"https://0.0.0.0:{emulator.port}", "ca_file": emulator.ca_file}


@pytest.mark.parametrize("asked_for", [None, ""])
def test_the_environment_is_not_asked(client, options, picky, sign_in, monkeypatch, asked_for):
    for name in NAMES[:6]:
        monkeypatch.setenv(name, with_credentials(picky))
    assert sign_in(client(**options, proxy=asked_for)).signed_in
    assert picky.connections == 0


def test_the_environment_as_it_was(client, options, picky, sign_in, monkeypatch):
    monkeypatch.setenv("https_proxy", with_credentials(picky))
    before = client(**options, proxy="env")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "0.0.0.0")
    assert sign_in(before).signed_in
    assert picky.connections == 1


@pytest.mark.parametrize("bypass", ["0.0.0.0", "brand.test,0.0.0.0", "*"])
def test_exceptions_in_the_environment(client, options, picky, sign_in, monkeypatch, bypass):
    monkeypatch.setenv("https_proxy", with_credentials(picky))
    monkeypatch.setenv("no_proxy", bypass)
    assert sign_in(client(**options, proxy="env")).signed_in
    assert picky.connections == 0
    assert sign_in(client(**options, proxy=with_credentials(picky))).signed_in  # they are not for this one
    assert picky.connections == 1


def test_capitals(client, options, picky, sign_in, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # a CGI program's client can set this one
    assert sign_in(client(**options, proxy="env")).signed_in
    assert picky.connections == 0
    monkeypatch.setenv("HTTPS_PROXY", with_credentials(picky))
    assert sign_in(client(**options, proxy="env")).signed_in
    assert picky.connections == 1


# ---- SOCKS ----


@pytest.mark.parametrize("scheme", ["socks4a", "socks5h"])
def test_a_proxy_that_looks_names_up(client, emulator, socks, sign_in, scheme):
    proxy = socks.url.replace("http", scheme)
    assert sign_in(client(base_url=ORIGIN, ca_file=emulator.ca_file, proxy=proxy)).signed_in
    assert socks.asked == ["auth.brand.test"]


@pytest.mark.parametrize("scheme", ["socks4", "socks5"])
def test_a_proxy_that_wants_an_address(client, options, socks, sign_in, monkeypatch, scheme):
    monkeypatch.setenv("all_proxy", socks.url.replace("http", scheme))
    assert sign_in(client(**options, proxy="env")).signed_in
    assert socks.asked == ["0.0.0.0"]


# ---- What goes wrong ----


@pytest.fixture
def failure(client, options, caplog):
    """The error of a client with this proxy, after a look at all that was said."""

    def attempt(proxy, kind):
        caplog.set_level(logging.DEBUG, "capauth")
        customer = None
        with pytest.raises(kind) as caught:
            made = client(**{**options, "base_url": ORIGIN}, proxy=proxy)
            assert "through a proxy" in capauth.diagnose(made)
            customer = new_customer(made)
            customer.generate_token()
        error = caught.value
        said = [str(error), repr(error), caplog.text, str(vars(error))]
        if customer:
            said += [capauth.diagnose(made), repr(made), repr(customer)]
        assert not [text for text in said if "Secret" in text]
        return error

    return attempt


def test_a_proxy_that_does_not_know_us(failure, picky):
    error = failure(with_credentials(picky, "Another-Secret"), capauth.ServiceError)
    assert "the proxy 127.0.0.1 wants another user or password (HTTP 407)" in str(error)
    assert error.http_status == 407
    assert not error.maybe_sent
    assert not error.retryable
    assert picky.connections == 1
    assert b"cap_" not in picky.heads[0]


def test_a_proxy_that_is_not_there(failure):
    error = failure(f"http://user:{PASSWORD}@127.0.0.1:1", capauth.NetworkError)
    assert error.name == "CONNECT"
    assert "127.0.0.1" in str(error)
    assert not error.maybe_sent


@pytest.mark.parametrize(
    "proxy",
    [
        f"foo://user:{PASSWORD}@127.0.0.1:1",
        f"http://user:{PASSWORD}@127.0.0.1:port",
        f"http://user:{PASSWORD}@127.0.0.1:123456",
        f"http://user:{PASSWORD}@[127.0.0.1",
        f"http://user:{PASSWORD}@",
        f"http://user:{PASSWORD} 2@127.0.0.1:1",
    ],
)
def test_a_proxy_that_is_none(failure, proxy):
    failure(proxy, capauth.Error)
