"""Connections are kept, bounded, and TLS sessions resumed."""

import concurrent.futures
import ssl

import pytest
from conftest import new_customer


def test_one_after_the_other_use_one_connection(client, emulator, relay, sign_in):
    relay = relay()
    client = client(base_url=relay.url, ca_file=emulator.ca_file)
    for _ in range(20):
        sign_in(client)
    assert relay.connections == 1


def test_threads_share_one_set_of_connections(client, emulator, relay, sign_in):
    relay = relay()
    client = client(base_url=relay.url, ca_file=emulator.ca_file, max_connections=2)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: sign_in(client).signed_in, range(32)))
    assert relay.connections <= 2


@pytest.mark.parametrize("most", [1, 3, 8])
def test_many_at_once_stay_within_max_connections(emulator, relay, sign_in_many, most):
    relay = relay()
    sign_in_many(60, base_url=relay.url, ca_file=emulator.ca_file, max_connections=most)
    assert relay.connections == most


def test_prepare_takes_no_connection_away(client, emulator, relay, sign_in):
    relay = relay()
    client = client(base_url=relay.url, ca_file=emulator.ca_file, max_connections=1)
    client.prepare()
    sign_in(client)
    assert relay.connections == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_next_connection_resumes_the_tls_session(client, authority, certificate, relay, sign_in, version):
    relay = relay(certificate.server(maximum_version=version))
    client = client(base_url=relay.url, ca_file=authority.file, max_retries=2)
    for _ in range(3):
        sign_in(client)
        relay.drop_connections()
    assert [tls.session_reused for tls in relay.tls_objects] == [False, True, True]


def test_so_does_a_second_one_beside_the_first(client, authority, certificate, relay, sign_in, arrivals, fault):
    relay = relay(certificate.server())
    client = client(base_url=relay.url, ca_file=authority.file)
    sign_in(client)
    fault("token/generate", delayMs=5000)
    before = arrivals("token/generate")
    slow = new_customer(client).start_generate_token()
    while arrivals("token/generate") == before:
        client.poll(0.01)
    new_customer(client).generate_token()
    slow.cancel()
    assert [tls.session_reused for tls in relay.tls_objects] == [False, True]


def test_clients_do_not_share_tls_sessions(client, authority, certificate, relay, sign_in):
    relay = relay(certificate.server())
    for _ in range(2):
        sign_in(client(base_url=relay.url, ca_file=authority.file))
    assert [tls.session_reused for tls in relay.tls_objects] == [False, False]
