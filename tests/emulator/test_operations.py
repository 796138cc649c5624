"""The 23 operations and the flows that they make up."""

import pytest
from conftest import decode

PASSWORD = "Secret-1"


@pytest.fixture(scope="module")
def brand(emulator):
    return emulator.brand()


@pytest.fixture(scope="module")
def passwords(emulator):
    return emulator.brand(PASSWORD_ENABLED=True)


@pytest.fixture(scope="module")
def mfa(emulator):
    return emulator.brand(PASSWORD_ENABLED=True, IS_MFA_ENABLED=True, IS_MFA_PASSWORD_ENABLED=True)


def test_mobile_otp_flow_ends_with_token_and_key(brand):
    customer = brand.customer()
    first = customer.generate()
    assert first.token and first.key is None and first.session_id.startswith("P-")
    assert customer.generate_otp().json == {"status": {"success": True, "code": 200, "message": "SUCCESS"}}
    signed_in = customer.validate_otp()
    assert signed_in.token and signed_in.key
    assert signed_in.user == {
        "appRegistered": False,
        "sessionId": None,
        "role": "USER",
        "userRegisteredForPassword": False,
    }
    again = customer.regenerate()
    assert again.token and again.token != signed_in.token and again.key is None
    assert again.user["role"] == "USER"


def test_web_otp_flow_has_no_key_and_regenerates_with_the_token(brand):
    customer = brand.customer("web").sign_in()
    assert customer.token and customer.key is None
    assert decode(customer.token)[0]["dev"] is None
    again = customer.regenerate()
    assert again.code == 200 and again.token and again.key is None


def test_tokens_have_the_documented_shape(brand):
    customer = brand.customer()
    header, claims = decode(customer.generate().token)
    identity = "MOBILE|" + customer.value
    assert header == {"idv": [identity], "dev": customer.device, "org": brand.name.upper(), "alg": "HS256"}
    assert claims["rol"] == "VIEW" and set(claims) == {"iss", "ogc", "exp", "iat", "rol"}
    customer.sign_in()
    header, claims = decode(customer.token)
    assert header["idv"] == [identity] and "typ" not in header
    assert claims["uid"].isdigit() and claims["rol"] == "USER" and claims["type"] == "WRITE"
    assert claims["iss"] == "CAPILLARY TECHNOLOGIES" and claims["isc"] == "false"
    assert len(claims["ogc"]) == 1 and claims["ogc"][0].count("|") == 1
    assert claims["exp"] - claims["iat"] == 900
    assert set(claims) == {"uid", "iss", "isc", "ogc", "exp", "iat", "rol", "type"}
    header, claims = decode(customer.key)
    assert header["idv"] == [identity] and header["dev"] == customer.device
    assert claims["rol"] == "AUTH" and claims["mfa"] is False
    assert set(claims) == {"uid", "iss", "mfa", "iat", "rol"}


def test_no_two_tokens_are_the_same(brand):
    customer = brand.customer().sign_in()
    tokens = [customer.token, *(customer.regenerate().token for _ in range(300))]
    assert len(set(tokens)) == len(tokens)
    customer.expire()
    customer.token = tokens[-1]
    assert customer.gateway().http_status == 200


@pytest.mark.parametrize("family", ["mobile", "web"])
def test_first_password_then_password_alone(passwords, family):
    customer = passwords.customer(family)
    assert customer.generate(password=PASSWORD, confirmPassword=PASSWORD).user["userRegisteredForPassword"] is False
    customer.generate_otp()
    assert customer.validate_otp().user["userRegisteredForPassword"] is True
    assert customer.generate().user["userRegisteredForPassword"] is True
    reply = customer.validate_password(PASSWORD)
    assert reply.code == 200 and reply.token and (reply.key is None) == (family == "web")


@pytest.mark.parametrize("family", ["mobile", "web"])
def test_password_change_counts_from_the_next_sign_in(passwords, family):
    customer = passwords.customer(family).sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    changed = customer.change(PASSWORD, "Secret-2")
    assert changed.code == 200 and set(changed.json) == {"status"}
    customer.started()
    assert customer.validate_password(PASSWORD).code == 1528
    assert customer.validate_password("Secret-2").code == 200


@pytest.mark.parametrize("same_session", [True, False])
@pytest.mark.parametrize("family", ["mobile", "web"])
def test_forgotten_password_leads_through_an_otp(passwords, family, same_session):
    customer = passwords.customer(family).sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    forgotten = customer.started().forget("Secret-3")
    assert forgotten.code == 200 and set(forgotten.json) == {"status"}
    if same_session:
        assert customer.generate_otp().code == 200 and customer.validate_otp().code == 200
    else:
        customer.sign_in()
    assert customer.started().validate_password("Secret-3").code == 200


def test_otp_instead_of_the_password(passwords):
    customer = passwords.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    assert customer.sign_in().token


@pytest.mark.parametrize("first_by", ["otp", "password"])
@pytest.mark.parametrize("second_by", ["otp", "password"])
def test_all_four_pairs_of_factors(mfa, first_by, second_by):
    customer = mfa.customer()
    mfa.put_customer(customer.value, password=PASSWORD, mfaPassword="Second-1", mfa=True)
    customer.started()
    if first_by == "otp":
        customer.generate_otp()
        reply = customer.validate_otp()
    else:
        reply = customer.validate_password(PASSWORD)
    assert reply.user["role"] == "MFA_PENDING" and reply.token and reply.key is None
    assert decode(reply.token)[1]["rol"] == "MFA_PENDING"
    second = customer.second()
    second.started(authorizedToken=reply.token)
    if second_by == "otp":
        second.generate_otp()
        reply = second.validate_otp()
    else:
        reply = second.validate_password("Second-1")
    assert reply.code == 200 and reply.user["role"] == "USER"
    assert decode(reply.key)[1]["mfa"] is True
    again = second.regenerate()
    assert again.code == 200 and decode(again.token)[1]["rol"] == "USER"


def test_mfa_password_is_set_with_an_otp_changed_and_forgotten(mfa):
    customer = mfa.customer()
    mfa.put_customer(customer.value, password=PASSWORD, mfa=True)
    customer.started().validate_password(PASSWORD)
    pending = customer.token
    second = customer.second()
    second.started(authorizedToken=pending, password="Second-1", confirmPassword="Second-1")
    second.generate_otp()
    assert second.validate_otp().user["userRegisteredForPassword"] is True
    second.started(authorizedToken=pending)
    assert second.validate_password("Second-1").code == 200
    assert second.change("Second-1", "Second-2").code == 200
    second.started(authorizedToken=pending)
    assert second.validate_password("Second-1").code == 1528
    assert second.forget("Second-3").code == 200
    second.sign_in(authorizedToken=pending)
    second.started(authorizedToken=pending)
    assert second.validate_password("Second-3").code == 200


def test_second_factor_with_another_identifier(mfa):
    customer = mfa.customer()
    mfa.put_customer(customer.value, password=PASSWORD, mfa=True)
    customer.started().validate_password(PASSWORD)
    second = customer.second(type="EMAIL", value="second@example.com")
    second.sign_in(authorizedToken=customer.token)
    assert decode(second.token)[0]["idv"] == ["EMAIL|second@example.com", "MOBILE|" + customer.value]
    assert second.gateway().json["customers"]["customer"][0]["mobile"] == customer.value
    # It is the customer's own from now on.
    by_email = mfa.customer("mobile", "EMAIL", "second@example.com").started()
    assert by_email.validate_password(PASSWORD).code == 200
    assert decode(by_email.token)[1]["uid"] == decode(customer.token)[1]["uid"]


def test_expire_ends_the_token(brand):
    customer = brand.customer().sign_in()
    assert customer.gateway().http_status == 200
    reply = customer.expire()
    assert reply.json["status"] == {"success": True, "code": 200, "message": "Token expired successfully"}
    assert customer.gateway().http_status == 401


@pytest.mark.parametrize("type,new_value", [("MOBILE", "918888888801"), ("EMAIL", "new-value@example.com")])
def test_identifier_update(brand, type, new_value):
    customer = brand.customer(type=type).sign_in()
    old_value = customer.value
    assert customer.update(new_value, deviceId=None).code == 200
    customer.value = new_value
    again = customer.regenerate()
    assert again.code == 200 and decode(again.token)[0]["idv"] == [type + "|" + new_value]
    # The old value is free again: whoever comes with it is a new customer.
    stranger = brand.customer(type=type, value=old_value).sign_in()
    assert decode(stranger.token)[1]["uid"] != decode(customer.token)[1]["uid"]


@pytest.mark.parametrize("family", ["mobile", "web"])
@pytest.mark.parametrize("works", [False, True])
def test_the_old_identifier_at_a_regeneration(emulator, family, works):
    customer = emulator.brand(OLD_IDENTIFIER_WORKS=works).customer(family).sign_in()
    old_value = customer.value
    assert customer.update("918888888802").code == 200
    assert customer.regenerate(identifierValue="918888888803").code == 1525
    again = customer.regenerate()
    assert again.code == (200 if works else 1525)
    customer.value = "918888888802"
    assert customer.regenerate().code == 200
    if works:
        assert decode(again.token)[0]["idv"] == ["MOBILE|918888888802"]
        assert customer.gateway(cap_authorization=again.token).http_status == 200
    # Only a regeneration takes it: to whoever comes with it, the value is free.
    stranger = customer.brand.customer(family, value=old_value).sign_in()
    assert stranger.regenerate().code == 200


@pytest.mark.parametrize("contact", [{"mobile": "917777777701"}, {"email": "contact@example.com"}])
def test_username_with_a_contact(emulator, contact):
    brand = emulator.brand()
    customer = brand.customer(type="USERNAME", value="user-name")
    customer.started(**contact)
    customer.generate_otp()
    message = brand.outbox("user-name")[0]
    assert message["to"] == list(contact.values())[0]
    assert message["channel"] == ("SMS" if "mobile" in contact else "EMAIL")
    assert brand.outbox(message["to"]) == [message]
    assert customer.validate_otp().code == 200


def test_operations_of_the_older_request_form(emulator):
    brand = emulator.brand(PASSWORD_ENABLED=True)
    mobile = "916666666601"

    def call(path, method="POST", **members):
        body = {"mobile": mobile, "brand": brand.name, "deviceId": 4711, "mobile_temp": mobile, "mobileTemp": 1}
        body.update({"timeStamp": {"any": "thing"}, "otp": None, **members})
        return emulator.send(method, "/auth/v1/" + path, body)

    session = call("token/generate", password=PASSWORD, confirmPassword=PASSWORD).session_id
    assert call("otp/generate", sessionId=session).code == 200
    signed_in = call("otp/validate", sessionId=session, otp=brand.outbox(mobile)[0]["otp"])
    assert decode(signed_in.token)[0] == {
        "idv": ["MOBILE|" + mobile],
        "dev": "4711",
        "org": brand.name.upper(),
        "alg": "HS256",
    }
    assert call("token/regenerate", key=signed_in.key).code == 200
    change = {"password": PASSWORD, "newPassword": "Other-1", "confirmPassword": "Other-1"}
    assert call("password/change", token=signed_in.token, **change).code == 200
    session = call("token/generate").session_id
    assert call("password/validate", sessionId=session, password="Other-1").code == 200
    session = call("token/generate").session_id
    assert call("password/forget", sessionId=session, password="Other-2", confirmPassword="Other-2").code == 200
    assert call("mfa/token/expire", "DELETE", token=signed_in.token).code == 200


def test_older_form_with_email(brand):
    body = {"email": "older@example.com", "brand": brand.name, "deviceId": "d"}
    token = brand.emulator.send("POST", "/auth/v1/token/generate", body).token
    assert decode(token)[0]["idv"] == ["EMAIL|older@example.com"]


def test_mobile_token_generate_without_device_goes_on_at_the_web_paths(brand):
    customer = brand.customer("mobile", device=None).started()
    customer.family = "web"
    customer.generate_otp()
    reply = customer.validate_otp()
    assert reply.code == 200 and reply.key is None and decode(reply.token)[0]["dev"] is None
