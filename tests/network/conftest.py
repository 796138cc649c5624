"""Real connections on loopback, with something in between that counts, delays, asks for credentials or breaks."""

import asyncio
import contextlib
import itertools
import ssl
import urllib.parse

import pytest
from certificates import Authority
from servers import Background, ConnectProxy, Refusal, Relay, SocksProxy

import capauth
import capauth.aio
from capauth.testing import Emulator

BRAND = "Network"
COUNT = itertools.count(1)


class ReachableEmulator(Emulator):
    @property
    def port(self):
        return urllib.parse.urlsplit(self.url).port


@pytest.fixture(scope="session")
def emulator():
    """auth.brand.test is a name that nobody can look up; 0.0.0.0 is this machine, but not loopback."""
    with ReachableEmulator(None, "--tls-name", "auth.brand.test", "--tls-name", "0.0.0.0") as running:
        running.brand(BRAND)
        yield running


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def certificate(authority):
    """One that is as it should be."""
    return authority.issue("server")


@pytest.fixture(scope="session")
def background():
    running = Background()
    yield running
    running.close()


@pytest.fixture
def opened():
    """Closes what a test has opened."""
    with contextlib.ExitStack() as stack:
        yield lambda thing: stack.enter_context(contextlib.closing(thing))


@pytest.fixture
def relay(opened, background, emulator):
    """Between a client and the emulator, or another port: `tls`, a server's context, to be the server that the client
    sees."""

    def start(tls=None, port=emulator.port):
        onward = ssl.create_default_context(cafile=emulator.ca_file) if tls else None
        return opened(Relay(background, port, tls, onward))

    return start


@pytest.fixture
def refuse(opened, background):
    """A server whose handshake fails with the client that the test has in mind."""
    return lambda tls: opened(Refusal(background, tls))


@pytest.fixture
def proxy(opened, background, emulator):
    return lambda **credentials: opened(ConnectProxy(background, emulator.port, **credentials))


@pytest.fixture
def socks(opened, background, emulator):
    return opened(SocksProxy(background, emulator.port))


@pytest.fixture
def client(opened):
    """Fails at once what fails, unless told otherwise."""
    return lambda **options: opened(capauth.Client(**{"max_retries": 0, **options}))


@pytest.fixture
def fault(emulator):
    """The next request of an operation goes wrong."""
    yield lambda operation, **what: emulator.fault(f"/auth/v1/{operation}", brand=BRAND, **what)
    emulator.reset(brand=BRAND)  # the next test is not to pay for one that did not happen


@pytest.fixture
def arrivals(emulator):
    """How often an operation was asked for so far."""
    return lambda operation: emulator.requests(brand=BRAND).get(f"POST /auth/v1/{operation}", 0)


@pytest.fixture
def sign_in(emulator):
    def by_otp(client):
        customer = new_customer(client)
        customer.generate_token()
        customer.generate_otp()
        customer.validate_otp(emulator.otp(customer.identifier, brand=BRAND))
        return customer

    return by_otp


@pytest.fixture
def sign_in_many(emulator):
    """That many at once, on one thread."""

    async def by_otp(client):
        customer = new_customer(client)
        await customer.generate_token()
        await customer.generate_otp()
        await customer.validate_otp(emulator.otp(customer.identifier, brand=BRAND))
        return customer

    async def all_of_them(count, options):
        async with capauth.aio.Client(max_retries=0, **options) as client:
            return await asyncio.gather(*(by_otp(client) for _ in range(count)))

    def sign_in(count, **options):
        customers = asyncio.run(all_of_them(count, options))
        assert [customer.signed_in for customer in customers] == [True] * count

    return sign_in


def new_customer(client):
    return client.session(brand=BRAND, mobile=f"9199{next(COUNT):08}", device_id="device-1")
