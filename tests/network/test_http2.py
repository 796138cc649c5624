"""HTTP/2: many calls on one connection, and still each that may happen only once does."""

import asyncio
import json

import pytest
from conftest import BRAND, new_customer
from http2_servers import PROGRAM, EarlyServer, Nghttpx, SilentServer, StrangeServer

import capauth
import capauth.aio


@pytest.fixture
def nghttpx(opened, emulator, certificate):
    if PROGRAM is None:
        pytest.skip("nghttpx is not installed")
    return opened(Nghttpx(emulator, certificate))


@pytest.fixture
def relayed(nghttpx, authority, relay):
    """A relay before nghttpx, and the options of its clients."""
    between = relay(port=nghttpx.port)
    options = {"base_url": between.url, "ca_file": authority.file, "http2": True}
    return between, options


def test_one_after_the_other_use_one_connection(client, relayed, sign_in):
    relay, options = relayed
    client = client(**options)
    for _ in range(5):
        customer = sign_in(client)
    assert customer.gateway("GET", "customer/get").ok
    assert relay.connections == 1


def test_a_hundred_at_once_use_one_connection(relayed, sign_in_many):
    relay, options = relayed
    sign_in_many(100, **options)
    assert relay.connections == 1


def test_more_than_one_connection_can_carry(relayed, sign_in_many):
    relay, options = relayed
    sign_in_many(150, **options, max_connections=2)
    assert relay.connections <= 2


# ---- A connection that falls silent ----


@pytest.fixture
def silent(opened, background, certificate, authority):
    """A server whose first connection has been in use and is silent now, and a client of it."""
    server = opened(SilentServer(background, certificate.server()))
    client = opened(capauth.Client(base_url=server.url, ca_file=authority.file, http2=True, max_retries=0))
    new_customer(client).generate_token()
    server.silent = True
    return server, client


def give_up_by_deadline(client):
    with pytest.raises(capauth.DeadlineError):
        new_customer(client).generate_token(timeout=0.1)


def give_up_by_cancel(client):
    call = new_customer(client).start_generate_token()
    call.wait(0.05)
    call.cancel()
    with pytest.raises(capauth.CancelledError):
        call.result()


@pytest.mark.parametrize("give_up", [give_up_by_deadline, give_up_by_cancel])
def test_a_connection_on_which_nothing_came_is_left(silent, give_up):
    server, client = silent
    give_up(client)
    for _ in range(5):
        new_customer(client).generate_token()
    assert server.spoken_to == {0: 2, 1: 5}


def test_it_is_left_by_what_comes_later_while_others_still_wait_on_it(silent):
    server, client = silent
    waiting = [new_customer(client).start_generate_token() for _ in range(3)]
    give_up_by_deadline(client)
    for _ in range(5):
        new_customer(client).generate_token()
    assert server.spoken_to[0] == 1 + 3 + 1
    assert sum(server.spoken_to.values()) == server.spoken_to[0] + 5
    for call in waiting:
        call.cancel()


def test_a_connection_that_answers_others_is_kept(client, strange, authority):
    client = client(base_url=strange.url, ca_file=authority.file, http2=True)
    new_customer(client).generate_token()
    strange.manner = strange.ignore
    ignored = new_customer(client).start_generate_token(timeout=0.3)
    while strange.requests < 2:
        client.poll(0.01)
    new_customer(client).generate_token()
    with pytest.raises(capauth.DeadlineError):
        ignored.result()
    new_customer(client).generate_token()
    assert (strange.requests, strange.connections) == (4, 1)


# ---- What is spoken ----


@pytest.fixture
def strange(opened, background, certificate):
    return opened(StrangeServer(background, certificate.server()))


def test_http2_is_asked_for(client, strange, authority):
    new_customer(client(base_url=strange.url, ca_file=authority.file, http2=True)).generate_token()
    assert strange.tls_objects[0].selected_alpn_protocol() == "h2"


def test_and_is_not_without_being_told(client, authority, certificate, relay, sign_in):
    context = certificate.server()
    context.set_alpn_protocols(["h2", "http/1.1"])  # in the order in which the server likes them
    server = relay(context)
    sign_in(client(base_url=server.url, ca_file=authority.file))
    assert server.tls_objects[0].selected_alpn_protocol() == "http/1.1"


def test_without_http2_a_server_that_has_both_gets_http_1(relayed, sign_in_many):
    relay, options = relayed
    sign_in_many(10, **{**options, "http2": False})
    assert relay.connections > 1  # with HTTP/2 one carries them all


def test_a_server_without_http2(emulator, relay, sign_in_many):
    relay = relay()
    options = {"base_url": relay.url, "ca_file": emulator.ca_file}
    sign_in_many(30, **options, http2=True, max_connections=3)
    assert relay.connections <= 3


# ---- At most once ----


@pytest.mark.parametrize("is_back", [False, True])
def test_a_proxy_that_dies_in_the_middle(client, nghttpx, authority, emulator, sign_in, arrivals, fault, is_back):
    client = client(base_url=nghttpx.url, ca_file=authority.file, http2=True, max_retries=2)
    sign_in(client)
    customer = new_customer(client)
    customer.generate_token()
    before = arrivals("otp/generate")
    fault("otp/generate", delayMs=5000)
    call = customer.start_generate_otp()
    while arrivals("otp/generate") == before:
        client.poll(0.01)
    nghttpx.kill()
    if is_back:  # before the client knows
        nghttpx.start()
    with pytest.raises(capauth.UnknownOutcomeError) as caught:
        call.result()
    assert caught.value.maybe_sent and not caught.value.retryable
    if not is_back:
        nghttpx.start()
    sign_in(client)
    assert arrivals("otp/generate") == before + 2  # the one whose outcome is not known, and that of the sign-in
    customer.validate_otp(emulator.otp(customer.identifier, brand=BRAND))  # it had arrived


MANNERS = ["answer_half", "fail", "refuse", "go_away", "hang_up"]


@pytest.mark.parametrize("manner", MANNERS)
def test_what_may_not_be_repeated_is_not(client, strange, authority, manner):
    customer = new_customer(client(base_url=strange.url, ca_file=authority.file, http2=True, max_retries=2))
    customer.generate_token()
    strange.manner = getattr(strange, manner)
    with pytest.raises(capauth.UnknownOutcomeError) as caught:
        customer.generate_otp()
    assert caught.value.maybe_sent
    assert strange.requests == 2
    customer.generate_otp()
    assert strange.requests == 3


@pytest.mark.parametrize("manner", MANNERS)
def test_what_may_be_repeated_is(client, strange, authority, manner):
    customer = new_customer(client(base_url=strange.url, ca_file=authority.file, http2=True, max_retries=2))
    strange.manner = getattr(strange, manner)
    customer.generate_token()
    assert customer.next_step == "otp_generate"
    assert strange.requests == 2


# ---- Replies before the request was read ----


@pytest.fixture
def early(opened, background, certificate, authority):
    """A server, and the options of its clients."""

    def start(**settings):
        server = opened(EarlyServer(background, certificate.server(), **settings))
        return server, {"base_url": server.url, "ca_file": authority.file, "http2": True}

    return start


@pytest.mark.parametrize("window", [0, 65535])
def test_an_early_refusal_is_that_refusal(client, early, window):
    server, options = early(in_pieces=True, window=window, status=429, body=b"<html>")
    customer = new_customer(client(**options))
    for _ in range(5):
        with pytest.raises(capauth.RateLimitedError):
            customer.generate_token()
    assert (server.requests, server.connections) == (5, 1)


def test_an_early_yes_is_a_yes(client, early):
    server, options = early(in_pieces=True)
    customer = new_customer(client(**options))
    for _ in range(5):
        customer.generate_token()
        customer.generate_otp()
    assert (server.requests, server.connections) == (10, 1)


@pytest.mark.parametrize("window", [0, 65535])
def test_an_early_reply_that_gets_lost_is_not_asked_for_twice(client, early, window):
    """libcurl 7.88 loses a reply that ends before it has begun to send the body. Then nobody knows what happened, and
    that is what has to be said."""
    server, options = early(in_pieces=False, window=window)
    customer = json.loads(new_customer(client(**options)).export())
    customer = json.dumps({**customer, "sessionId": "P-1", "nextStep": "otp_generate"})

    async def ask():
        async with capauth.aio.Client(**options) as client:
            customers = [client.restore(customer) for _ in range(100)]
            return await asyncio.gather(*(each.generate_otp() for each in customers), return_exceptions=True)

    outcomes = asyncio.run(ask())
    assert {type(outcome) for outcome in outcomes} <= {type(None), capauth.UnknownOutcomeError}
    assert server.requests == 100
