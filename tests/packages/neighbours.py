"""Three wheels that carry OpenSSL or libcurl of their own, in one process with ours; each does its work, in turns."""

import io

import psycopg  # type: ignore[import-not-found]
import pycurl  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import capauth
from capauth.testing import Emulator

MOBILE = "919999999993"


def fetch(emulator):
    body = io.BytesIO()
    handle = pycurl.Curl()
    handle.setopt(pycurl.URL, emulator.url + "/_emulator/requests")
    handle.setopt(pycurl.CAINFO, emulator.ca_file)
    handle.setopt(pycurl.WRITEDATA, body)
    handle.perform()
    handle.close()
    return body.getvalue()


def encrypt():
    key = AESGCM.generate_key(128)
    sealed = AESGCM(key).encrypt(b"0" * 12, b"words", None)
    assert AESGCM(key).decrypt(b"0" * 12, sealed, None) == b"words"


def refuse():
    try:
        psycopg.connect("host=127.0.0.1 port=1 sslmode=require connect_timeout=5")
    except psycopg.OperationalError as error:
        assert "refused" in str(error)


with Emulator() as emulator, emulator.client() as client:
    customer = client.session(brand="DocDemo", mobile=MOBILE, device_id="device-1")
    for step in (
        customer.generate_token,
        customer.generate_otp,
        lambda: customer.validate_otp(emulator.otp(MOBILE)),
        lambda: customer.gateway("GET", "customer/get"),
    ):
        encrypt()
        assert b"counts" in fetch(emulator)
        refuse()
        step()
    print("signed in as", customer.role, "beside", pycurl.version, "and libpq", psycopg.pq.version())
    print(capauth.versions())
