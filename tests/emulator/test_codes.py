"""Every row of "Which code when", in the first factor; the second factor's are in test_mfa.py."""

import pytest

PASSWORD = "Secret-1"


@pytest.fixture(scope="module")
def brand(emulator):
    return emulator.brand()


@pytest.fixture(scope="module")
def passwords(emulator):
    return emulator.brand(PASSWORD_ENABLED=True, PASSWORD_REGEX=r"^(?=.*\d)(?=.*[A-Z])[A-Za-z\d-]{6,}$")


@pytest.fixture
def with_password(passwords):
    return passwords.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)


@pytest.mark.parametrize("family", ["mobile", "web", "mfa"])
def test_unknown_brand_is_1504_with_its_message(brand, family):
    reply = brand.customer(family).call("token/generate", brand="Unheard-of", authorizedToken="x")
    assert reply.json["status"] == {"success": False, "code": 1504, "message": "Unsupported brand"}


OPERATIONS = [
    ("mobile", "token/generate", "POST", []),
    ("mobile", "otp/generate", "POST", ["deviceId", "sessionId"]),
    ("mobile", "otp/validate", "POST", ["deviceId", "sessionId", "otp"]),
    ("mobile", "password/validate", "POST", ["deviceId", "sessionId", "password"]),
    ("mobile", "password/change", "POST", ["deviceId", "token", "password", "newPassword", "confirmPassword"]),
    ("mobile", "password/forget", "POST", ["deviceId", "sessionId", "password", "confirmPassword"]),
    ("mobile", "token/regenerate", "POST", ["deviceId", "key"]),
    ("web", "token/generate", "POST", []),
    ("web", "otp/generate", "POST", ["sessionId"]),
    ("web", "otp/validate", "POST", ["sessionId", "otp"]),
    ("web", "password/validate", "POST", ["sessionId", "password"]),
    ("web", "password/change", "POST", ["token", "password", "newPassword", "confirmPassword"]),
    ("web", "password/forget", "POST", ["sessionId", "password", "confirmPassword"]),
    ("web", "token/regenerate", "POST", ["expiredToken"]),
    ("mfa", "token/generate", "POST", ["deviceId", "authorizedToken"]),
    ("mfa", "otp/generate", "POST", ["deviceId", "sessionId"]),
    ("mfa", "otp/validate", "POST", ["deviceId", "sessionId", "otp"]),
    ("mfa", "password/validate", "POST", ["deviceId", "sessionId", "password"]),
    ("mfa", "password/change", "POST", ["deviceId", "token", "password", "newPassword", "confirmPassword"]),
    ("mfa", "password/forget", "POST", ["deviceId", "sessionId", "password", "confirmPassword"]),
    ("mfa", "token/regenerate", "POST", ["deviceId", "key"]),
    ("mfa", "token/expire", "DELETE", ["deviceId", "token"]),
]


@pytest.mark.parametrize("family,operation,method,required", OPERATIONS)
@pytest.mark.parametrize("nothing", [None, ""])
def test_each_missing_or_empty_member_is_1519(emulator, family, operation, method, required, nothing):
    brand = emulator.brand(IS_MFA_ENABLED=True, PASSWORD_ENABLED=True, IS_MFA_PASSWORD_ENABLED=True)
    signed_in = brand.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    customer = brand.customer(family, value=signed_in.value)
    full = {name: signed_in.token if "oken" in name else "something" for name in required}
    for name in [*required, "identifierType", "identifierValue", "brand"]:
        assert customer.call(operation, method=method, **{**full, name: nothing}).code == 1519, name
    assert customer.call(operation, method=method, **full).code != 1519


@pytest.mark.parametrize("name", ["token", "newIdentifierValue", "identifierType", "identifierValue", "brand"])
def test_identifier_update_without_a_member_is_1519(brand, name):
    customer = brand.customer().sign_in()
    assert customer.update("918888888811", **{name: None}).code == 1519
    assert customer.regenerate().code == 200  # nothing changed


def test_external_id_is_3005_unless_enabled(emulator, brand):
    assert brand.customer(type="EXTERNALID", value="x-1").generate().code == 3005
    enabled = emulator.brand(CONF_EXTERNAL_ID_LOGIN_ENABLED=True)
    assert enabled.customer(type="EXTERNALID", value="x-1").generate().code == 200


@pytest.mark.parametrize("members", [{}, {"password": ""}, {"confirmPassword": PASSWORD}])
def test_no_first_password_is_1520(passwords, members):
    assert passwords.customer().generate(**members).code == 1520


def test_first_password_and_confirmation_differ_1521(passwords):
    assert passwords.customer().generate(password=PASSWORD, confirmPassword="Secret-2").code == 1521


@pytest.mark.parametrize("password", ["short", "nodigits-A", "noupper-1", "Bad-1!", "A1-"])
def test_password_that_breaks_the_rules_is_1542(passwords, with_password, password):
    assert passwords.customer().generate(password=password, confirmPassword=password).code == 1542
    assert with_password.change(PASSWORD, password).code == 1542
    assert with_password.started().forget(password).code == 1542


def test_username_of_another_contact_is_1543(brand):
    def generate(**contact):
        return brand.customer(type="USERNAME", value="taken").generate(**contact).code

    assert generate(mobile="911") == 200
    assert generate(mobile="911") == 200
    assert generate() == 200
    assert generate(mobile="912") == 1543
    assert generate(mobile="911", email="a@example.com") == 200
    assert generate(email="b@example.com") == 1543


def test_session_unknown_expired_or_ended_is_1505(own_emulator):
    customer = own_emulator.brand().customer().started()
    assert customer.generate_otp(sessionId="P-00000000-0000-4000-8000-000000000000").code == 1505
    customer.generate_otp()
    otp = customer.otp()
    own_emulator.advance(minutes=14)
    assert customer.generate_otp().code == 200
    own_emulator.advance(minutes=1)
    assert customer.generate_otp().code == 1505
    assert customer.validate_otp(otp).code == 1505
    customer.sign_in()
    assert customer.validate_otp().code == 1505


@pytest.mark.parametrize(
    "operation", ["otp/generate", "otp/validate", "password/validate", "password/forget"]
)
def test_what_differs_from_the_session(emulator, passwords, operation):
    customer = passwords.customer().started(password=PASSWORD, confirmPassword=PASSWORD)
    members = {"sessionId": customer.session_id, "otp": "1", "password": "x", "confirmPassword": "x"}

    def code(**changes):
        return customer.call(operation, **{**members, **changes}).code

    assert code(deviceId="device-2") == 1508
    assert code(brand=emulator.brand().name) == 1509
    assert code(identifierValue="910") == 1541
    assert code(identifierType="EMAIL") == 1541
    assert code(identifierType=None, identifierValue=None, mobile="910") == 1507
    assert code(deviceId="device-2", brand=emulator.brand().name, identifierValue="910") == 1508
    assert code(brand=emulator.brand().name, identifierValue="910") == 1509
    customer.generate_otp()
    assert customer.validate_otp().code == 200  # the session stood


@pytest.mark.parametrize("type", ["USERNAME", "EXTERNALID"])
def test_otp_without_a_contact_is_1540(emulator, type):
    brand = emulator.brand(CONF_EXTERNAL_ID_LOGIN_ENABLED=True)
    customer = brand.customer(type=type, value="nowhere").started()
    assert customer.generate_otp().code == 1540
    assert customer.generate_otp(mobile="915").code == 200
    assert brand.outbox("nowhere")[0]["to"] == "915"


def test_otp_switched_off_is_1503(emulator):
    assert emulator.brand(OTP_ENABLED=False).customer().started().generate_otp().code == 1503


def test_otp_limit_is_1534_until_its_window_has_passed(own_emulator):
    customer = own_emulator.brand(otpMaxCount=2, otpTimeOut=10).customer().started()
    assert [customer.generate_otp().code for _ in range(3)] == [200, 200, 1534]
    customer.started()  # the limit is the identifier's, not the session's
    assert customer.generate_otp().code == 1534
    other = customer.brand.customer().started()
    assert other.generate_otp().code == 200
    own_emulator.advance(minutes=10)
    assert customer.started().generate_otp().code == 200


def test_otp_limit_of_zero_is_1535(emulator):
    assert emulator.brand(otpMaxCount=0, otpTimeOut=10).customer().started().generate_otp().code == 1535


def test_resend_makes_the_old_otp_wrong(brand):
    customer = brand.customer().started()
    customer.generate_otp()
    old = customer.otp()
    while customer.otp() == old:
        assert customer.generate_otp().code == 200
    assert customer.validate_otp(old).code == 1506
    assert customer.validate_otp().code == 200


def test_fallback_channels(emulator):
    brand = emulator.brand(CONF_FALLBACK_CHANNELS="SMS, EMAIL")

    def code(customer, channel, **members):
        return customer.generate_otp(query="?fallbackChannel=" + channel, **members).code

    mobile = brand.customer().started()
    assert code(mobile, "SMS") == 200
    assert brand.outbox(mobile.value)[0]["channel"] == "SMS"
    assert code(mobile, "VOICE") == 1603
    assert code(mobile, "EMAIL") == 1602
    email = brand.customer(type="EMAIL").started()
    assert code(email, "SMS") == 1601
    assert code(email, "EMAIL") == 200
    assert code(emulator.brand().customer().started(), "SMS") == 1603


def test_sealed_otp_generate(own_emulator):
    brand = own_emulator.brand(CONF_ENABLE_ENCRYPTION=True, CONF_ENCRYPTION_VALID_IN_SECONDS=60)
    customer = brand.customer().started()
    now = own_emulator.advance() * 1000
    assert customer.generate_otp().code == 5004
    assert customer.generate_otp(hash="aGFzaA==").code == 5004
    assert customer.generate_otp(timeStamp=now).code == 5004
    assert customer.generate_otp(hash="aGFzaA==", timeStamp="yesterday").code == 5004
    assert customer.generate_otp(hash="aGFzaA==", timeStamp=now).code == 200
    assert customer.generate_otp(hash="aGFzaA==", timeStamp=str(now)).code == 200
    assert customer.generate_otp(hash="aGFzaA==", timeStamp=now + 70000).code == 5004
    own_emulator.advance(seconds=61)
    assert customer.generate_otp(hash="aGFzaA==", timeStamp=now).code == 5004


def test_calls_past_the_cdn_are_1503(emulator):
    customer = emulator.brand(CONFIG_REJECT_NON_CF_CALLS=True).customer().started()
    assert customer.generate_otp().code == 1503
    assert customer.generate_otp(headers={"X-Amz-Cf-Id": "id"}).code == 200


def test_otp_validate_before_any_otp_is_1537(brand):
    assert brand.customer().started().validate_otp("123456").code == 1537


def test_wrong_otps_are_1506_up_to_the_limit_then_1518(brand):
    customer = brand.customer().started()
    customer.generate_otp()
    message = customer.validate_otp(customer.wrong_otp()).json["status"]["message"]
    assert message == "Invalid OTP"
    assert customer.spend_otps(5) == [1506, 1506, 1506, 1506, 1518]
    assert customer.validate_otp().code == 1518
    assert customer.sign_in().token  # no lock unless the brand has it


def test_right_otp_after_the_limit_is_1518_too(brand):
    customer = brand.customer().started()
    customer.generate_otp()
    assert customer.spend_otps(5) == [1506] * 5
    assert customer.validate_otp().code == 1518


def test_right_otp_as_last_allowed_attempt(brand):
    customer = brand.customer().started()
    customer.generate_otp()
    assert customer.spend_otps(4) == [1506] * 4
    assert customer.validate_otp().code == 200


def test_locked_customer_is_1518_until_the_lock_ends(own_emulator):
    brand = own_emulator.brand(CONF_ENABLE_ACCOUNT_LOCKING=True, CONF_LOCK_PERIOD_IN_MINUTES=20)
    customer = brand.customer().started()
    customer.generate_otp()
    assert customer.spend_otps()[-1] == 1518
    assert customer.generate().code == 1518
    assert brand.customer().generate().code == 200
    own_emulator.advance(minutes=19)
    assert customer.generate().code == 1518
    own_emulator.advance(minutes=1)
    assert customer.generate().code == 200


def test_attempts_count_anew_after_the_interval(own_emulator):
    customer = own_emulator.brand(CONF_INCORRECT_ATTEMPT_INTERVAL=5).customer().started()
    customer.generate_otp()
    assert customer.spend_otps(5) == [1506] * 5
    own_emulator.advance(minutes=5)
    assert customer.spend_otps(5) == [1506] * 5
    assert customer.validate_otp().code == 1518


def test_password_validate_where_there_is_none(emulator, brand, passwords):
    assert brand.customer().started().validate_password("x").code == 1524
    customer = passwords.customer().started(password=PASSWORD, confirmPassword=PASSWORD)
    assert customer.validate_password(PASSWORD).code == 1526


def test_unseen_identifier_is_1515_where_sign_up_is_off(emulator):
    brand = emulator.brand(SIGN_UP=False)
    customer = brand.customer()
    assert customer.generate().code == 1515
    brand.put_customer(customer.value)
    assert customer.sign_in().token


def test_wrong_passwords_are_1528_then_1530(with_password):
    with_password.started()
    codes = [with_password.validate_password("wrong").code for _ in range(6)]
    assert codes == [1528] * 5 + [1530]
    assert with_password.validate_password(PASSWORD).code == 1530
    assert with_password.started().validate_password(PASSWORD).code == 200


def test_locked_by_passwords_is_1530(own_emulator):
    brand = own_emulator.brand(
        PASSWORD_ENABLED=True, CONF_ENABLE_ACCOUNT_LOCKING=True, CONF_MAX_PASSWORD_RETRY_COUNT=1
    )
    customer = brand.customer()
    brand.put_customer(customer.value, password=PASSWORD)
    customer.started()
    assert [customer.validate_password("wrong").code for _ in range(2)] == [1528, 1530]
    assert customer.generate().code == 1530
    own_emulator.advance(minutes=30)
    assert customer.started().validate_password(PASSWORD).code == 200


def test_password_change_refusals(own_emulator):
    brand = own_emulator.brand(PASSWORD_ENABLED=True)
    customer = brand.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    other = brand.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    view = customer.generate().token
    for token in (other.token, view, customer.key, "not.a.token", customer.token[:-2] + "xx"):
        assert customer.change(PASSWORD, "Secret-2", token=token).code == 1519
    assert customer.change("wrong", "Secret-2").code == 1528
    assert customer.change(PASSWORD, PASSWORD).code == 1527
    assert customer.change(PASSWORD, "Secret-2", confirm="Secret-3").code == 1521
    own_emulator.advance(minutes=15)
    assert customer.change(PASSWORD, "Secret-2").code == 1529
    assert customer.started().validate_password(PASSWORD).code == 200  # nothing changed


def test_password_change_without_passwords(emulator, brand):
    assert brand.customer().sign_in().change("a", "b").code == 1524
    customer = brand.emulator.brand(PASSWORD_ENABLED=True).customer()
    customer.brand.set(PASSWORD_ENABLED=False)
    customer.sign_in()
    customer.brand.set(PASSWORD_ENABLED=True)
    assert customer.change("a", "b").code == 1523


def test_password_forget_refusals(brand, passwords, with_password):
    assert brand.customer().started().forget("x").code == 1524
    with_password.started()
    assert with_password.forget(PASSWORD, sessionId="P-none").code == 1505
    assert with_password.forget(PASSWORD, identifierValue="910").code == 1541
    assert with_password.forget(PASSWORD, confirmPassword=None).code == 1519
    assert with_password.forget(PASSWORD, "Secret-9").code == 1521
    first_time = passwords.customer().started(password=PASSWORD, confirmPassword=PASSWORD)
    assert first_time.forget("Secret-2").code == 1515
    stranger = passwords.customer()
    passwords.put_customer(stranger.value)
    assert stranger.started(password=PASSWORD, confirmPassword=PASSWORD).forget(PASSWORD).code == 1515
    assert with_password.forget(PASSWORD).code == 1527
    assert with_password.validate_password(PASSWORD).code == 200


def test_a_password_that_no_otp_could_confirm_cannot_be_forgotten(emulator):
    brand = emulator.brand(PASSWORD_ENABLED=True, OTP_ENABLED=False)
    customer = brand.customer()
    brand.put_customer(customer.value, password=PASSWORD)
    assert customer.started().forget("Secret-2").code == 1532
    assert customer.validate_password(PASSWORD).code == 200


def test_a_password_forgotten_twice_is_not_the_one_in_force(passwords, with_password):
    with_password.started()
    assert [with_password.forget("Secret-2").code for _ in range(2)] == [200, 200]
    with_password.generate_otp()
    assert with_password.validate_otp().code == 200
    assert with_password.started().forget("Secret-2").code == 1527


def test_regenerate_refusals(emulator, brand):
    customer = brand.customer().sign_in()
    for forged in ("x", "a.b.c", customer.key[:-2] + "xx", customer.token):
        assert customer.regenerate(key=forged).code == 1597
    assert customer.regenerate(key=brand.customer().sign_in().key).code == 1525
    assert customer.regenerate(deviceId="device-2").code == 1525
    assert customer.regenerate(brand=emulator.brand().name).code == 1525
    assert customer.regenerate(identifierValue="910").code == 1525
    assert customer.second().regenerate(key=customer.key).code == 1525
    assert customer.regenerate().code == 200


def test_expired_key_is_1597(own_emulator):
    brand = own_emulator.brand(CONF_ENABLE_EXPIRY_BASED_KEY=True, CONF_KEY_EXPIRY_IN_MINUTES=60)
    customer = brand.customer().sign_in()
    own_emulator.advance(minutes=59)
    assert customer.regenerate().code == 200
    own_emulator.advance(minutes=1)
    assert customer.regenerate().code == 1597


def test_web_regenerate_refusals(own_emulator):
    brand = own_emulator.brand()
    customer = brand.customer("web")
    view = customer.generate().token
    customer.sign_in()
    other = brand.customer("web").sign_in()
    for token in (view, other.token, "a.b.c", customer.token[:-2] + "xx"):
        assert customer.regenerate(expiredToken=token).code == 1525
    own_emulator.advance(minutes=15)  # expired
    assert customer.regenerate().code == 200
    own_emulator.advance(minutes=14)  # not longer than a session lives
    assert customer.regenerate().code == 200
    own_emulator.advance(minutes=1)
    assert customer.regenerate().code == 1525


def test_expire_refusals(own_emulator):
    brand = own_emulator.brand()
    customer = brand.customer().sign_in()
    assert customer.expire(token="x").code == 1531
    assert customer.expire(token=customer.key).code == 1531
    assert customer.expire(token=brand.customer().sign_in().token).code == 1531
    assert customer.expire().code == 200
    assert customer.expire().code == 1529
    customer.sign_in()
    own_emulator.advance(minutes=15)
    assert customer.expire().code == 1529


def test_identifier_update_refusals(own_emulator):
    brand = own_emulator.brand(CONF_EXTERNAL_ID_LOGIN_ENABLED=True)
    customer = brand.customer().sign_in()
    other = brand.customer().sign_in()
    assert customer.update("918", token="a.b.c").code == 1519
    assert customer.update("918", token=other.token).code == 1519
    assert customer.update("918", identifierValue="910").code == 1519
    assert customer.update(other.value).code == 1519
    assert customer.update("a@example.com").code == 1519
    email = brand.customer(type="EMAIL").sign_in()
    assert email.update("918").code == 1519
    name = brand.customer(type="USERNAME", value="name").sign_in(mobile="914")
    assert name.update("name2").code == 1519
    own_emulator.advance(minutes=15)
    assert customer.update("918").code == 1519
    assert customer.regenerate().code == 200  # nothing changed


def test_unseen_identifier_signs_up(brand):
    reply = brand.customer().generate()
    assert reply.code == 200 and reply.user["userRegisteredForPassword"] is False
