"""The second factor: its codes, and what its settings change."""

import pytest
from conftest import decode

PASSWORD = "Secret-1"
MFA = {"IS_MFA_ENABLED": True, "IS_MFA_PASSWORD_ENABLED": True}


@pytest.fixture(scope="module")
def brand(emulator):
    return emulator.brand(**MFA)


def pending(brand, **members):
    """A customer after the first factor, with the second wanted."""
    customer = brand.customer()
    brand.put_customer(customer.value, mfa=True, **members)
    customer.sign_in()
    assert decode(customer.token)[1]["rol"] == "MFA_PENDING"
    return customer


def second_of(customer, **members):
    return customer.second().started(authorizedToken=customer.token, **members)


def test_mfa_off_is_1504(emulator):
    customer = emulator.brand().customer().sign_in()
    assert customer.second().generate(authorizedToken=customer.token).code == 1504


def test_authorized_token_refusals(own_emulator):
    brand = own_emulator.brand(**MFA)
    customer = pending(brand)
    view = customer.generate().token
    other_brand = own_emulator.brand(**MFA).customer().sign_in().token
    for token in (view, "a.b.c", customer.token[:-2] + "xx", other_brand):
        assert customer.second().generate(authorizedToken=token).code == 1519
    own_emulator.advance(minutes=15)
    assert customer.second().generate(authorizedToken=customer.token).code == 1529


def test_authorized_token_may_be_user(brand):
    customer = brand.customer().sign_in()
    assert decode(customer.token)[1]["rol"] == "USER"
    second = second_of(customer)
    second.generate_otp()
    assert second.validate_otp().code == 200
    # Enrolled from now on.
    customer.sign_in()
    assert decode(customer.token)[1]["rol"] == "MFA_PENDING" and customer.key is None


def test_forced_mfa_makes_every_first_factor_pending(emulator):
    customer = emulator.brand(CONF_FORCED_MFA=True, **MFA).customer().sign_in()
    assert decode(customer.token)[1]["rol"] == "MFA_PENDING"


def test_mfa_role(emulator):
    brand = emulator.brand(MFA_ROLE="TRUSTED", **MFA)
    second = second_of(pending(brand))
    second.generate_otp()
    reply = second.validate_otp()
    assert reply.user["role"] == "TRUSTED" and decode(reply.token)[1]["rol"] == "TRUSTED"


def test_another_customers_identifier_is_1541(brand):
    customer, other = pending(brand), pending(brand)
    assert customer.second(value=other.value).generate(authorizedToken=customer.token).code == 1541


def test_identifier_taken_while_the_second_factor_was_under_way_is_1541(brand):
    customer = pending(brand)
    second = customer.second(type="EMAIL", value="raced@example.com").started(authorizedToken=customer.token)
    second.generate_otp()
    brand.put_customer("raced@example.com", "EMAIL")
    assert second.validate_otp().code == 1541


def test_external_id_needs_its_setting_in_the_second_factor_too(brand):
    customer = pending(brand)
    second = customer.second(type="EXTERNALID", value="external-7")
    assert second.generate(authorizedToken=customer.token).code == 3005
    brand.set(**MFA, CONF_EXTERNAL_ID_LOGIN_ENABLED=True)
    second.started(authorizedToken=customer.token)
    assert second.generate_otp().code == 200
    assert brand.outbox("external-7")[0]["to"] == customer.value
    assert second.validate_otp().code == 200


def test_what_differs_from_the_mfa_session(emulator, brand):
    customer = pending(brand)
    second = second_of(customer)
    assert second.generate_otp(deviceId="device-2").code == 1508
    assert second.generate_otp(brand=emulator.brand(**MFA).name).code == 1509
    assert second.generate_otp(identifierValue="910").code == 1541
    assert second.generate_otp().code == 200


def test_mfa_attempts_and_lock_are_apart_from_the_first_factors(own_emulator):
    brand = own_emulator.brand(
        CONF_ENABLE_ACCOUNT_LOCKING_MFA=True,
        CONF_MFA_LOCK_PERIOD_IN_MINUTES=10,
        CONF_MFA_MAX_OTP_RETRY_COUNT=2,
        **MFA,
    )
    customer = pending(brand)
    second = second_of(customer)
    second.generate_otp()
    assert second.spend_otps(3) == [1506, 1506, 1518]
    assert second.generate(authorizedToken=customer.token).code == 1518
    customer.sign_in()  # the first factor is not locked
    own_emulator.advance(minutes=10)
    assert second.generate(authorizedToken=customer.token).code == 200


def test_mfa_password_attempts_and_lock(emulator):
    brand = emulator.brand(CONF_ENABLE_ACCOUNT_LOCKING_MFA=True, CONF_MFA_MAX_PASSWORD_RETRY_COUNT=2, **MFA)
    customer = pending(brand, mfaPassword=PASSWORD)
    second = second_of(customer)
    assert [second.validate_password("wrong").code for _ in range(3)] == [1528, 1528, 1530]
    assert second.generate(authorizedToken=customer.token).code == 1530


def test_first_factor_lock_leaves_the_second_open(emulator):
    brand = emulator.brand(**MFA)
    customer = pending(brand)
    brand.set(CONF_ENABLE_ACCOUNT_LOCKING=True, CONF_MAX_OTP_RETRY_COUNT=0, **MFA)
    first = brand.customer(value=customer.value).started()
    first.generate_otp()
    assert first.spend_otps(1) == [1518]
    assert first.generate().code == 1518
    assert second_of(customer).session_id


def test_mfa_session_life(own_emulator):
    brand = own_emulator.brand(
        CONF_MFA_TOKEN_SESSION_EXPIRY_MINUTES=5, CONF_MFA_SESSION_EXPIRY_MINUTES=1, **MFA
    )
    second = second_of(pending(brand))
    own_emulator.advance(minutes=4)
    assert second.generate_otp().code == 200
    own_emulator.advance(minutes=1)
    assert second.generate_otp().code == 1505


def test_mfa_token_and_key_life(own_emulator):
    brand = own_emulator.brand(
        CONF_MFA_TOKEN_EXPIRY_IN_MINUTES=7,
        CONF_ENABLE_EXPIRY_BASED_KEY=True,
        CONF_KEY_EXPIRY_MFA_IN_MINUTES=9,
        **MFA,
    )
    second = second_of(pending(brand))
    second.generate_otp()
    second.validate_otp()
    claims = decode(second.token)[1]
    assert claims["exp"] - claims["iat"] == 7 * 60
    own_emulator.advance(minutes=8)
    assert second.regenerate().code == 200
    own_emulator.advance(minutes=1)
    assert second.regenerate().code == 1597


def test_no_mfa_key_where_regeneration_is_off(emulator):
    second = second_of(pending(emulator.brand(CONF_REGENERATE_MFA_TOKEN=False, **MFA)))
    second.generate_otp()
    assert second.validate_otp().key is None and second.token


def test_without_an_mfa_password_token_generate_is_200(brand):
    customer = pending(brand)
    second = second_of(customer)
    assert second.validate_password("x").code == 1526
    assert second.generate_otp().code == 200


def test_mfa_passwords_switched_off_are_1524(emulator):
    customer = pending(emulator.brand(IS_MFA_ENABLED=True))
    second = second_of(customer, password="ignored", confirmPassword="differs")
    assert second.validate_password("x").code == 1524
    assert second.forget("x").code == 1524
    second.generate_otp()
    second.validate_otp()
    assert second.change("a", "b").code == 1524


def test_first_mfa_password_refusals(emulator):
    brand = emulator.brand(MFA_PASSWORD_REGEX="[0-9]{4}", **MFA)
    customer = pending(brand)

    def code(**members):
        return customer.second().generate(authorizedToken=customer.token, **members).code

    assert code(password="1234") == 1519
    assert code(password="1234", confirmPassword="1235") == 1521
    assert code(password="12345", confirmPassword="12345") == 1542
    assert code(password="1234", confirmPassword="1234") == 200


def test_mfa_password_counts_only_after_its_otp(brand):
    customer = pending(brand)
    second = second_of(customer, password=PASSWORD, confirmPassword=PASSWORD)
    assert second.validate_password(PASSWORD).code == 1526


def test_skip_otp_when_an_mfa_password_is_set(emulator):
    customer = pending(emulator.brand(CONF_SKIP_OTP_VALIDATE=True, **MFA))
    second = second_of(customer, password=PASSWORD, confirmPassword=PASSWORD)
    assert second.validate_password(PASSWORD).code == 200


@pytest.mark.parametrize("skip", [False, True])
def test_skip_otp_when_an_mfa_password_is_reset(emulator, skip):
    customer = pending(emulator.brand(CONF_SKIP_OTP_VALIDATE_RESET=skip, **MFA), mfaPassword=PASSWORD)
    second = second_of(customer)
    assert second.forget("Secret-2").code == 200
    second = second_of(customer)
    assert second.validate_password("Secret-2").code == (200 if skip else 1526)


@pytest.mark.parametrize("skip,code", [(True, 200), (False, 1532)])
def test_a_forgotten_password_that_needs_no_otp_needs_no_otps(emulator, skip, code):
    brand = emulator.brand(**MFA)
    customer = pending(brand, mfaPassword=PASSWORD)
    second = second_of(customer)
    brand.set(**MFA, OTP_ENABLED=False, CONF_SKIP_OTP_VALIDATE_RESET=skip)
    assert second.forget("Secret-2").code == code


def test_mfa_forget_without_a_password_is_1515(brand):
    assert second_of(pending(brand)).forget(PASSWORD).code == 1515


def test_mfa_change_refusals(own_emulator):
    brand = own_emulator.brand(**MFA)
    customer = pending(brand, mfaPassword=PASSWORD)
    second = second_of(customer)
    assert second.change(PASSWORD, "b", token=customer.token).code == 1519  # MFA_PENDING
    second.validate_password(PASSWORD)
    assert second.change("wrong", "b").code == 1528
    assert second.change(PASSWORD, PASSWORD).code == 1527
    assert second.change(PASSWORD, "b", confirm="c").code == 1521
    own_emulator.advance(minutes=15)
    assert second.change(PASSWORD, "b").code == 1529


def test_auto_filled_identifier(emulator):
    brand = emulator.brand(CONF_AUTO_FILL_2ND_FACTOR_IDENTIFIER=True, **MFA)
    customer = pending(brand, mfaPassword=PASSWORD)
    nothing = {"identifierType": None, "identifierValue": None}
    second = second_of(customer, **nothing)
    assert second.generate_otp(**nothing).code == 200
    assert second.validate_otp(**nothing).code == 200
    assert second.change(PASSWORD, "Secret-2", **nothing).code == 200
    assert second.regenerate(**nothing).code == 200
    assert second.expire(**nothing).code == 200


def test_first_factor_tokens_are_accepted_by_expire_and_mfa_pending_too(brand):
    customer = pending(brand)
    assert customer.expire().code == 200
    assert customer.second().generate(authorizedToken=customer.token).code == 1529


def test_mfa_operations_need_a_device(brand):
    customer = pending(brand)
    assert customer.second(device=None).generate(authorizedToken=customer.token).code == 1519
