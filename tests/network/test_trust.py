"""Who is trusted, who we are, and that a refusal says why. The core's own tests have the rest."""

import ssl

import pytest
from conftest import new_customer

import capauth

ANOTHER_PIN = "sha256//" + "A" * 43 + "="


@pytest.fixture
def refusal(client):
    """The message of the TlsError that this server, or these options, lead to."""

    def attempt(server, **options):
        with pytest.raises(capauth.TlsError) as caught:
            new_customer(client(base_url=server.url, **options)).generate_token()
        assert not caught.value.maybe_sent
        assert caught.value.http_status == 0
        assert not server.heard
        return str(caught.value)

    return attempt


CERTIFICATES = {
    "of another host": ({"host": "DNS:auth.other.test"}, "127.0.0.1"),
    "of another address": ({"host": "IP:127.0.0.2"}, "127.0.0.1"),
    "expired": ({"begin": "20200101000000Z", "end": "20210101000000Z"}, "expired"),
    "not yet valid": ({"begin": "20480101000000Z"}, "not yet valid"),
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_that_is_not_as_it_should_be(authority, relay, refusal, name):
    issued, word = CERTIFICATES[name]
    server = relay(authority.issue(name.replace(" ", "-"), **issued).server())
    message = refusal(server, ca_file=authority.file)
    assert word in message
    assert f"CA store: ca_file: {authority.file}" in message


def test_a_certificate_that_nobody_vouches_for(authority, relay, refusal, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    server = relay(authority.self_signed("alone").server())
    for options, store in [
        ({"ca_file": authority.file}, f"ca_file: {authority.file}"),
        ({"ca_pem": authority.file.read_text()}, "ca_pem"),
        ({}, "system: "),
    ]:
        message = refusal(server, **options)
        assert "self-signed" in message or "self signed" in message
        assert f"CA store: {store}" in message
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    assert f"CA store: SSL_CERT_FILE: {authority.file}" in refusal(server)


def test_an_authority_of_somebody_else(emulator, certificate, relay, refusal):
    message = refusal(relay(certificate.server()), ca_file=emulator.ca_file)
    assert "issuer" in message
    assert emulator.ca_file in message


def test_an_authority_as_text(authority, certificate, client, relay, sign_in):
    server = relay(certificate.server())
    assert sign_in(client(base_url=server.url, ca_pem=authority.file.read_text())).signed_in


@pytest.mark.parametrize("kind", ["ca_file", "ca_pem"])
def test_pinned_keys(authority, certificate, client, relay, refusal, sign_in, kind):
    authorities = {"ca_file": authority.file, "ca_pem": authority.file.read_text()}
    options = {kind: authorities[kind]}
    server = relay(certificate.server())
    message = refusal(server, **options, pinned_keys=ANOTHER_PIN)
    assert "public key" in message
    assert sign_in(client(base_url=server.url, **options, pinned_keys=[ANOTHER_PIN, certificate.pin()])).signed_in
    other = relay(authority.self_signed(f"pinned-{kind}").server())
    assert "self-signed" in refusal(other, **options, pinned_keys=certificate.pin())


def test_the_oldest_tls_allowed(authority, certificate, client, refuse, relay, refusal, sign_in):
    context = certificate.server(maximum_version=ssl.TLSVersion.TLSv1_2)
    assert "protocol version" in refusal(refuse(context), ca_file=authority.file, tls_min="1.3")
    old = relay(context)
    assert sign_in(client(base_url=old.url, ca_file=authority.file, tls_min="1.2")).signed_in
    new = relay(certificate.server(minimum_version=ssl.TLSVersion.TLSv1_3))
    assert sign_in(client(base_url=new.url, ca_file=authority.file, tls_min="1.3")).signed_in
    assert [old.tls_objects[0].version(), new.tls_objects[0].version()] == ["TLSv1.2", "TLSv1.3"]


# ---- Client certificates ----


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture
def strict(authority, certificate):
    """For servers that want to know who calls."""

    def context(version=ssl.TLSVersion.TLSv1_3):
        made = certificate.server(minimum_version=version, maximum_version=version, verify_mode=ssl.CERT_REQUIRED)
        made.load_verify_locations(authority.file)
        return made

    return context


@pytest.mark.parametrize("kind", ["ca_file", "ca_pem"])
@pytest.mark.parametrize("version", VERSIONS)
def test_our_certificate_is_shown(authority, client, relay, strict, sign_in, version, kind):
    authorities = {"ca_file": authority.file, "ca_pem": authority.file.read_text()}
    mine = authority.issue("client")
    server = relay(strict(version))
    options = {"client_cert": mine.file, "client_key": mine.key, kind: authorities[kind]}
    assert sign_in(client(base_url=server.url, **options)).signed_in
    assert server.tls_objects[0].getpeercert()["subject"] == ((("commonName", "client"),),)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mine", ["none", "of somebody else"])
def test_a_server_that_does_not_know_us(authority, client, refuse, strict, version, mine):
    """With TLS 1.3 the client learns of it only after it has sent its request, which the server does not read."""
    options = {}
    if mine != "none":
        stranger = authority.self_signed("stranger")
        options = {"client_cert": stranger.file, "client_key": stranger.key}
    customer = new_customer(client(base_url=refuse(strict(version)).url, ca_file=authority.file, **options))
    with pytest.raises(capauth.TlsError, match="alert"):
        customer.generate_token()


def test_a_key_that_does_not_fit_its_certificate(authority, relay, strict, refusal):
    one, other = authority.issue("one"), authority.issue("other")
    options = {"ca_file": authority.file, "client_cert": one.file, "client_key": other.key}
    assert "key" in refusal(relay(strict()), **options)
