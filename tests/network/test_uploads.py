"""A long request that nobody reads to its end."""

import json
import pathlib

import pytest
from http1_servers import StoppingServer

import capauth

SIGNED_IN = pathlib.Path(__file__).parent.parent / "exports" / "signed_in_opaque_token.json"
LONG = "x" * (16 << 20)  # more than the sockets between us hold


@pytest.fixture
def stopping(opened, background, certificate):
    return opened(StoppingServer(background, certificate.server()))


@pytest.fixture
def customer(client, stopping, authority):
    text = json.loads(SIGNED_IN.read_text(encoding="utf-8"))
    return client(base_url=stopping.url, ca_file=authority.file).restore(json.dumps({**text, "origin": stopping.url}))


@pytest.mark.parametrize("repeatable", [False, True])
def test_an_upload_that_stalls_ends_at_its_deadline(customer, stopping, repeatable):
    kind = capauth.DeadlineError if repeatable else capauth.UnknownOutcomeError
    with pytest.raises(kind) as caught:
        customer.gateway("POST", "customer/update", body=LONG, repeatable=repeatable, timeout=1.5)
    assert caught.value.maybe_sent
    assert caught.value.retryable == repeatable
    assert stopping.requests == 1
    assert customer.signed_in


def test_an_upload_that_stalls_can_be_cancelled(customer, stopping):
    call = customer.start_gateway("POST", "customer/update", body=LONG)
    while not stopping.requests:
        call.wait(0.01)
    call.cancel()
    with pytest.raises(capauth.UnknownOutcomeError):
        call.result()
    assert customer.signed_in
