"""A kept connection serves again only while nothing is wrong with it, and what left on one that dies is counted."""

import asyncio
import json
import ssl

import pytest
from conftest import new_customer
from http1_servers import TalkativeServer, reply

import capauth
import capauth.aio

VERSIONS = {"plain": None, "tls1.2": ssl.TLSVersion.TLSv1_2, "tls1.3": ssl.TLSVersion.TLSv1_3}


@pytest.fixture(params=VERSIONS)
def talkative(request, opened, background, certificate, authority):
    """A server, and the options of its clients."""
    version = VERSIONS[request.param]

    def start(**settings):
        tls = certificate.server(maximum_version=version) if version else None
        server = opened(TalkativeServer(background, tls, **settings))
        return server, {"base_url": server.url, "ca_file": authority.file if tls else None}

    return start


def session_id(customer):
    return json.loads(customer.export()).get("sessionId")


# ---- What is healthy is kept ----


def test_a_healthy_connection_is_used_again(client, talkative):
    server, options = talkative()
    customer = new_customer(client(**options))
    for _ in range(20):
        customer.generate_token()
    assert (server.requests, server.connections) == (20, 1)


def connections_of_a_prepared_sign_in(client, talkative):
    server, options = talkative()
    client = client(**options)
    client.prepare()
    server.until_connected()
    assert (server.requests, server.connections) == (0, 1)
    customer = new_customer(client)
    customer.generate_token()
    customer.generate_otp()
    assert server.requests == 2
    return server.connections


def test_what_prepare_connected_is_used_by_the_first_sign_in(client, talkative):
    """On a busy machine TLS 1.3's tickets may come so late that they look like words that nobody asked for."""
    assert any(connections_of_a_prepared_sign_in(client, talkative) == 1 for _ in range(5))


def test_prepare_and_a_sign_in_at_the_emulator_make_one_connection(client, emulator, relay, sign_in):
    relay = relay()
    client = client(base_url=relay.url, ca_file=emulator.ca_file)
    client.prepare()
    sign_in(client)
    assert relay.connections == 1


# ---- Words that nobody asked for ----

TIMED_OUT = reply("408 Request Timeout")
ANOTHERS = reply(session="another's")


@pytest.mark.parametrize("words", [TIMED_OUT, ANOTHERS, b"?"], ids=["408", "another's reply", "a byte"])
def test_words_on_an_idle_connection_are_no_answer(client, talkative, words):
    server, options = talkative()
    customer = new_customer(client(**options))
    customer.generate_token()
    server.say(words)
    customer.generate_token()  # may be repeated, but nothing had left: max_retries is 0
    assert (server.requests, server.connections) == (2, 2)
    server.say(words)
    customer.generate_otp()  # may not be repeated
    assert (server.requests, server.connections) == (3, 3)
    assert session_id(customer) == "P-1"


@pytest.mark.parametrize("words", [TIMED_OUT, ANOTHERS], ids=["408", "another's reply"])
def test_words_after_prepare_are_no_answer(client, talkative, words):
    server, options = talkative()
    client = client(**options)
    client.prepare()
    server.until_connected()
    server.say(words)
    customer = new_customer(client)
    customer.generate_token()
    assert (server.requests, server.connections) == (1, 2)
    assert session_id(customer) == "P-1"


# ---- Connections that died ----


async def keep_connections(client, count):
    await asyncio.gather(*(new_customer(client).generate_token() for _ in range(count)))


async def meet_dead_connections(options, server, end, retries):
    """Eight kept connections, of which none will carry an answer: what became of one more token generate, and how many
    times it arrived."""
    attempts = []
    async with capauth.aio.Client(
        **options, max_retries=retries, trace=lambda event: attempts.append(event.attempts)
    ) as client:
        await keep_connections(client, 8)
        assert server.connections == 8
        end()
        before, error = server.requests, None
        try:
            await new_customer(client).generate_token()
        except capauth.NetworkError as raised:
            error = raised
        return error, server.requests - before, attempts[-1]


def test_kept_connections_that_have_closed_cost_no_attempt(talkative):
    server, options = talkative(together=8)
    outcome = asyncio.run(meet_dead_connections(options, server, server.hang_up, retries=0))
    assert outcome == (None, 1, 1)


@pytest.mark.parametrize("retries", [0, 2])
def test_a_kept_connection_that_dies_of_a_request_is_one_attempt(talkative, retries):
    """Whether the request arrived cannot be known; that it is sent again is counted, and it goes to a new one."""
    server, options = talkative(together=8)
    error, arrivals, attempts = asyncio.run(
        meet_dead_connections(options, server, lambda: setattr(server, "deadly", True), retries)
    )
    if retries:
        assert (error, arrivals, attempts) == (None, 2, 2)
    else:
        assert (arrivals, attempts) == (1, 1)
        assert error.maybe_sent and error.retryable


def test_what_may_not_be_repeated_is_sent_once_on_a_kept_connection_that_dies(client, talkative):
    server, options = talkative()
    customer = new_customer(client(**options, max_retries=2))
    customer.generate_token()
    server.deadly = True
    with pytest.raises(capauth.UnknownOutcomeError):
        customer.generate_otp()
    assert server.requests == 2


# ---- 408 as an answer ----


def test_408_is_tried_again_on_a_new_connection_where_that_is_safe(client, talkative):
    server, options = talkative(replies=[TIMED_OUT])
    customer = new_customer(client(**options, max_retries=1))
    customer.generate_token()
    assert (server.requests, server.connections) == (2, 2)


def test_408_is_an_error_where_it_is_not(client, talkative):
    server, options = talkative(replies=[reply(), TIMED_OUT])
    customer = new_customer(client(**options, max_retries=1))
    customer.generate_token()
    with pytest.raises(capauth.ServiceError) as caught:
        customer.generate_otp()
    assert (caught.value.http_status, caught.value.retryable, server.requests) == (408, True, 2)
