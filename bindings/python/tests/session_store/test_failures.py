"""capauth.redis: which failures are shared, and with whom."""

from collections.abc import Callable

import pytest
from support import KEY, REFUSAL, REGENERATE, Store

import capauth
from capauth.testing import Emulator

# ---- What goes wrong ----


def test_failure_is_shared_and_not_repeated_at_once(
    store: Store, other: Store, expired: str, emulator: Emulator, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, count=9, status=400, body="no")
    for each in (store, other):
        with pytest.raises(capauth.ServiceError, match="token_regenerate"), each.session(KEY) as customer:
            customer.gateway("GET", "customer/get")
    assert regenerations() == 1
    with other.session(KEY) as customer:
        assert customer.signed_in and customer.token == expired


def test_refusal_for_good_signs_out_everywhere(
    store: Store, other: Store, expired: str, emulator: Emulator, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, status=200, body=REFUSAL)
    with other.session(KEY) as second:
        for each in (store, other):
            with pytest.raises(capauth.SignInRequiredError), each.session(KEY) if each is store else second as customer:
                customer.gateway("GET", "customer/get")
    with other.session(KEY) as customer:
        assert not customer.signed_in
        assert customer.next_step == capauth.Step.TOKEN_GENERATE
    assert regenerations() == 1


def test_sign_in_over_several_workers(
    store: Store, other: Store, customer: capauth.Session, emulator: Emulator, brand: str
) -> None:
    changes: list[bool] = []
    store.save(KEY, customer)
    with store.session(KEY) as first:
        first.generate_token()
        first.generate_otp()
    with other.session(KEY) as second:
        second.on_change(lambda changed: changes.append(changed.signed_in))
        with pytest.raises(capauth.InvalidOtpError):
            second.validate_otp("x")
        assert second.otp.wrong_answers == 1
        second.validate_otp(emulator.otp(str(customer.identifier), brand=brand))
        assert second.signed_in and changes[-1]
    with store.session(KEY) as third:
        assert third.gateway("GET", "customer/get").ok
        third.sign_out()
    with other.session(KEY) as fourth:
        assert not fourth.signed_in
        with pytest.raises(capauth.SignInRequiredError):
            fourth.ensure_token()
