"""What a sign-in costs on a network where only distance counts."""

import pytest
from conftest import BRAND, new_customer
from slow_network import SlowNetwork


@pytest.fixture
def network(opened, emulator):
    return opened(SlowNetwork(emulator.port))


@pytest.fixture
def cost(network, emulator):
    """Signs somebody in, and gives how many round trips that took."""

    def sign_in(client):
        before = network.round_trips
        customer = new_customer(client)
        network.carry(client, customer.start_generate_token())
        network.carry(client, customer.start_generate_otp())
        network.carry(client, customer.start_validate_otp(emulator.otp(customer.identifier, brand=BRAND)))
        assert customer.signed_in
        return network.round_trips - before

    return sign_in


def test_a_new_connection_costs_two_more(client, emulator, network, cost):
    client = client(base_url=network.url, ca_file=emulator.ca_file)
    assert cost(client) == 1 + 1 + 3  # TCP, TLS 1.3, three requests
    assert cost(client) == 3
    assert cost(client) == 3
    assert network.connections == 1


def test_so_does_one_that_resumes_a_tls_session(client, emulator, network, cost):
    client = client(base_url=network.url, ca_file=emulator.ca_file)
    assert cost(client) == 5
    network.hang_up()
    assert cost(client) == 5
    assert network.connections == 2


def test_gateway_calls_cost_one(client, emulator, network):
    client = client(base_url=network.url, ca_file=emulator.ca_file)
    customer = new_customer(client)
    network.carry(client, customer.start_generate_token())
    network.carry(client, customer.start_generate_otp())
    network.carry(client, customer.start_validate_otp(emulator.otp(customer.identifier, brand=BRAND)))
    before = network.round_trips
    assert network.carry(client, customer.start_gateway("GET", "customer/get")).ok
    assert network.carry(client, customer.start_gateway("POST", "no/such", body={"a": "x" * 5000})).http_status == 404
    assert network.round_trips - before == 2
