"""Where the reference is silent: what the emulator does nevertheless."""

import pytest
from conftest import decode

PASSWORD = "Secret-1"


@pytest.fixture(scope="module")
def brand(emulator):
    return emulator.brand()


@pytest.fixture(scope="module")
def passwords(emulator):
    return emulator.brand(PASSWORD_ENABLED=True)


def test_a_body_that_does_not_deserialise_comes_before_the_brand(brand):
    body = {"brand": "Unheard-of", "identifierType": "FAX", "identifierValue": "1"}
    reply = brand.emulator.send("POST", "/auth/v1/token/generate", body)
    assert reply.http_status == 400


def test_the_brand_comes_before_missing_members(brand):
    reply = brand.emulator.send("POST", "/auth/v1/otp/validate", {"brand": "Unheard-of"})
    assert reply.code == 1504


def test_missing_members_come_before_the_session(brand):
    assert brand.customer().call("otp/validate", sessionId="P-none").code == 1519


def test_a_spent_session_comes_after_the_identifier(brand):
    customer = brand.customer().started()
    customer.generate_otp()
    customer.spend_otps()
    assert customer.validate_otp(identifierValue="910").code == 1541
    assert customer.generate_otp().code == 1518


def test_a_new_session_does_not_end_older_ones(brand):
    customer = brand.customer().started()
    older = customer.session_id
    customer.started()
    customer.session_id = older
    customer.generate_otp()
    assert customer.validate_otp().code == 200


def test_success_ends_the_session(brand):
    customer = brand.customer().sign_in()
    assert customer.generate_otp().code == 1505


def test_replies_hold_what_there_is(passwords):
    customer = passwords.customer()
    unknown_brand = customer.call("token/generate", brand="NoSuchBrand")
    assert unknown_brand.code == 1504 and set(unknown_brand.json) == {"status"}
    first = {"password": PASSWORD, "confirmPassword": PASSWORD}
    tokens = {"status", "auth", "user"}
    assert set(customer.generate(**first).json) == tokens
    assert set(customer.generate_otp().json) == {"status"}
    assert set(customer.validate_otp("0").json) == {"status"}
    assert set(customer.validate_otp().json) == tokens
    assert set(customer.validate_otp("0").json) == {"status"}
    customer.started()
    assert set(customer.validate_password("wrong").json) == {"status"}
    validated = customer.validate_password(PASSWORD)
    assert validated.json["identifiers"] == {"identifierList": None} and set(validated.json) == {*tokens, "identifiers"}
    regenerated = customer._keep(validated).json and customer.regenerate()
    assert set(regenerated.json) == tokens and regenerated.user["role"] == "USER" and regenerated.key is None


def test_full_replies_have_all_four_members(emulator):
    customer = emulator.brand(FULL_REPLIES=True).customer()
    for reply in (customer.generate(), customer.generate_otp(), customer.validate_otp("0"), customer.validate_otp()):
        assert set(reply.json) == {"status", "auth", "identifiers", "user"}
    refused = customer.validate_otp("0").json
    assert refused["auth"] is refused["identifiers"] is refused["user"] is None


@pytest.mark.parametrize("operation", ["otp/generate", "otp/validate", "token/regenerate"])
def test_only_token_generate_takes_a_missing_device(brand, operation):
    customer = brand.customer(device=None).started()
    members = {"sessionId": customer.session_id, "otp": "1", "key": "k"}
    assert customer.call(operation, **members).code == 1519


def test_a_session_without_a_device_accepts_any(brand):
    customer = brand.customer("web").started()
    customer.family = "mobile"
    assert customer.generate_otp(deviceId="any").code == 200
    reply = customer.validate_otp(deviceId="another")
    assert reply.code == 200 and decode(reply.key)[0]["dev"] == "another"


def test_web_paths_compare_no_device(brand):
    customer = brand.customer().started()
    customer.family = "web"
    assert customer.generate_otp(deviceId="another").code == 200
    assert customer.validate_otp().code == 200


def test_first_factor_sessions_do_not_work_on_mfa_paths_nor_the_other_way(emulator):
    brand = emulator.brand(IS_MFA_ENABLED=True)
    customer = brand.customer().sign_in()
    first = brand.customer(value=customer.value).started()
    assert first.call("otp/generate", family="mfa", sessionId=first.session_id).code == 1505
    second = customer.second().started(authorizedToken=customer.token)
    assert second.call("otp/generate", family="mobile", sessionId=second.session_id).code == 1505


def test_a_resend_does_not_reset_the_count(brand):
    customer = brand.customer().started()
    customer.generate_otp()
    assert customer.spend_otps(3) == [1506] * 3
    customer.generate_otp()
    assert customer.spend_otps(3) == [1506, 1506, 1518]


def test_a_session_spent_by_passwords_answers_1530_to_otps(passwords):
    customer = passwords.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD).started()
    customer.generate_otp()
    for _ in range(6):
        customer.validate_password("wrong")
    assert customer.generate_otp().code == 1530
    assert customer.validate_otp().code == 1530
    assert customer.validate_password(PASSWORD).code == 1530


def test_a_first_password_counts_once_the_otp_is_validated(passwords):
    customer = passwords.customer().started(password=PASSWORD, confirmPassword=PASSWORD)
    assert customer.generate().code == 1520
    customer.sign_in(password="Other-1", confirmPassword="Other-1")
    assert customer.started().validate_password("Other-1").code == 200


def test_a_first_password_without_confirmation_is_1519(passwords):
    assert passwords.customer().generate(password=PASSWORD).code == 1519


def test_a_password_is_ignored_where_there_is_one(passwords):
    customer = passwords.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    customer.sign_in(password="Ignored-1", confirmPassword="differs")
    assert customer.started().validate_password("Ignored-1").code == 1528
    assert customer.validate_password(PASSWORD).code == 200


def test_a_password_is_ignored_by_a_brand_without(brand):
    customer = brand.customer()
    assert customer.generate(password=PASSWORD).code == 200
    customer.generate_otp()
    assert customer.validate_otp().user["userRegisteredForPassword"] is False


def test_forget_leaves_the_session_and_unconfirms_the_password(passwords):
    customer = passwords.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    customer.started().forget("Secret-2")
    assert customer.validate_password("Secret-2").code == customer.validate_password(PASSWORD).code == 1526
    assert customer.generate().user["userRegisteredForPassword"] is False
    assert customer.validate_password("Secret-2").code == 1526
    customer.generate_otp()
    assert customer.validate_otp().user["userRegisteredForPassword"] is True
    assert customer.started().validate_password(PASSWORD).code == 1528
    assert customer.validate_password("Secret-2").code == 200


def test_an_otp_sent_as_a_number_is_padded(emulator):
    brand = emulator.brand(FIXED_OTP="000042")
    customer = brand.customer().started()
    customer.generate_otp()
    assert customer.validate_otp("42").code == 1506
    assert customer.validate_otp(420).code == 1506
    assert customer.validate_otp(42).code == 200


def test_otp_max_count_without_a_window_counts_for_ever(own_emulator):
    customer = own_emulator.brand(otpMaxCount=1).customer().started()
    assert customer.generate_otp().code == 200
    own_emulator.advance(minutes=1000000)
    assert customer.started().generate_otp().code == 1534


def test_expire_ends_only_that_token(brand):
    customer = brand.customer().sign_in()
    other = customer.regenerate().token
    assert customer.expire().code == 200
    assert customer.gateway(cap_authorization=other).http_status == 200
    assert customer.regenerate().code == 200


def test_old_tokens_and_keys_stay_valid_after_an_identifier_change(brand):
    customer = brand.customer().sign_in()
    old = customer.value
    assert customer.update("917000000001").code == 200
    assert customer.gateway().http_status == 200
    assert customer.regenerate().code == 1525  # by the old value
    customer.value = "917000000001"
    assert customer.gateway().http_status == 200
    again = customer.regenerate()
    assert decode(again.token)[0]["idv"] == ["MOBILE|917000000001"]
    assert old not in customer.gateway().body.decode()


def test_a_value_is_taken_when_any_customer_has_it(brand):
    brand.put_customer("917000000002", identifiers={"EMAIL": "has@example.com"})
    customer = brand.customer(type="EMAIL").sign_in()
    assert customer.update("has@example.com").code == 1519


def test_formats_of_identifiers_are_not_checked(brand):
    assert brand.customer(value="not a number").sign_in().token


def test_brands_compare_without_regard_to_case(brand):
    customer = brand.customer().started(brand=brand.name.upper())
    assert customer.generate_otp(brand=brand.name.lower()).code == 200
    reply = customer.validate_otp()
    assert decode(reply.token)[0]["org"] == brand.name.upper()


@pytest.mark.parametrize("value", ["x" * 2000, "line\nbreak", "nul\u0000inside"])
def test_overlong_and_control_characters_are_1519(brand, value):
    assert brand.customer(value=value).generate().code == 1519
    assert brand.customer().generate(deviceId=value).code == 1519


@pytest.mark.parametrize("device", [4711, "4711"])
def test_a_device_may_be_a_number(brand, device):
    customer = brand.customer(device=device).started()
    assert customer.generate_otp(deviceId="4711").code == 200
    assert decode(customer.validate_otp().token)[0]["dev"] == "4711"


def test_a_password_holds_any_character_but_nul(passwords):
    odd = "Tab\there, bell\x07, line\nbreak \u00e9"
    customer = passwords.customer().sign_in(password=odd, confirmPassword=odd)
    assert customer.started().validate_password(odd).code == 200
    assert customer.started().validate_password("nul\0here").code == 1519
    known = passwords.customer()
    passwords.put_customer(known.value, password=odd)
    assert known.started().validate_password(odd).code == 200


def test_a_device_id_may_be_as_long_as_a_user_agent(brand):
    assert brand.customer(device="d" * 512).sign_in().token
    assert brand.customer(device="d" * 513).generate().code == 1519
