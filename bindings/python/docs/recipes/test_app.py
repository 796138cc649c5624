import pytest

import capauth


@pytest.fixture
def customer(capauth_emulator):  # a fixture that capauth brings: an emulator that all tests of a run share
    capauth_emulator.brand("MyBrand", CONF_MAX_OTP_RETRY_COUNT=2)
    with capauth_emulator.client() as client:
        customer = client.session(brand="MyBrand", mobile="919999996001", device_id="device-1")
        customer.generate_token()
        customer.generate_otp()
        yield customer


def test_signs_in(capauth_emulator, customer):
    customer.validate_otp(capauth_emulator.otp("919999996001", brand="MyBrand"))
    assert customer.signed_in


def test_token_is_regenerated_when_an_hour_has_passed(capauth_emulator, customer):
    customer.validate_otp(capauth_emulator.otp("919999996001", brand="MyBrand"))
    before = customer.token
    capauth_emulator.advance(3600, brand="MyBrand")  # at once
    assert customer.gateway("GET", "customer/get").ok
    assert customer.token != before


def test_code_may_be_on_its_way_when_the_reply_is_lost(capauth_emulator, customer):
    capauth_emulator.fault("/auth/v1/otp/generate", brand="MyBrand", reset="after")
    with pytest.raises(capauth.UnknownOutcomeError) as caught:
        customer.generate_otp()
    assert caught.value.maybe_sent
    customer.validate_otp(capauth_emulator.otp("919999996001", brand="MyBrand"))  # it was


def test_customer_has_three_tries(customer):
    for expected in (capauth.InvalidOtpError, capauth.InvalidOtpError, capauth.TooManyAttemptsError):
        with pytest.raises(expected):
            customer.validate_otp("no code")
