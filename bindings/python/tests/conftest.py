"""Every test has a brand of its own, so that all can share one emulator, also when they run at once."""

import itertools
import os
import sys
from collections.abc import Callable, Iterator

import pytest

import capauth
from capauth.testing import Emulator

COUNT = itertools.count(1)


@pytest.fixture
def emulator(capauth_emulator: Emulator) -> Emulator:
    return capauth_emulator


@pytest.fixture
def brand(emulator: Emulator, request: pytest.FixtureRequest) -> str:
    name = f"Brand{os.getpid()}x{next(COUNT)}"
    emulator.brand(name)
    return name


@pytest.fixture
def client(emulator: Emulator) -> Iterator[capauth.Client]:
    with emulator.client() as client:
        yield client


@pytest.fixture
def mobile() -> str:
    return f"91{os.getpid() % 10**6:06}{next(COUNT):04}"


@pytest.fixture
def customer(client: capauth.Client, brand: str, mobile: str) -> capauth.Session:
    """Somebody who is about to sign in."""
    return client.session(brand=brand, mobile=mobile, device_id="device-1")


@pytest.fixture
def sign_in(emulator: Emulator) -> Callable[[capauth.Session], capauth.Session]:
    def by_otp(customer: capauth.Session) -> capauth.Session:
        customer.generate_token()
        customer.generate_otp()
        customer.validate_otp(emulator.otp(str(customer.identifier), brand=customer.brand))
        return customer

    return by_otp


@pytest.fixture
def signed_in(customer: capauth.Session, sign_in: Callable[[capauth.Session], capauth.Session]) -> capauth.Session:
    return sign_in(customer)


@pytest.fixture
def unraisable(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    caught: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: caught.append(report.exc_value))
    return caught


@pytest.fixture
def may_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    """For programs that a test starts, which are not ours or end in the midst of something: under AddressSanitizer,
    what they leave behind is no mistake."""
    monkeypatch.setenv("ASAN_OPTIONS", f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0")
