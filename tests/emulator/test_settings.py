"""The settings of a brand that change what other files do not look at."""

import pytest
from conftest import decode


def minutes_of(token):
    claims = decode(token)[1]
    return (claims["exp"] - claims["iat"]) / 60


def test_default_brands(emulator):
    def code(brand):
        body = {"identifierType": "MOBILE", "identifierValue": "91", "brand": brand, "deviceId": "d"}
        return emulator.send("POST", "/auth/v1/token/generate", body).code

    assert (code("DocDemo"), code("DocDemoPassword"), code("DocDemoOther")) == (200, 1520, 1504)


def test_absent_settings_go_to_their_defaults(emulator):
    brand = emulator.brand(OTP_ENABLED=False)
    customer = brand.customer().started()
    brand.set()
    assert customer.generate_otp().code == 200


@pytest.mark.parametrize("length", [1, 4, 6, 16])
def test_otp_length(emulator, length):
    customer = emulator.brand(CONF_OTP_LENGTH=length).customer().started()
    customer.generate_otp()
    assert len(customer.otp()) == length and customer.otp().isdigit()


def test_fixed_otp_still_refuses_wrong_ones(emulator):
    customer = emulator.brand(FIXED_OTP="0042").customer().started()
    customer.generate_otp()
    assert customer.otp() == "0042"
    assert customer.validate_otp("0043").code == 1506
    assert customer.validate_otp("0042").code == 200


def test_otp_retry_count(emulator):
    customer = emulator.brand(CONF_MAX_OTP_RETRY_COUNT=1).customer().started()
    customer.generate_otp()
    assert customer.spend_otps(2) == [1506, 1518]


def test_password_retry_count(emulator):
    brand = emulator.brand(CONF_MAX_PASSWORD_RETRY_COUNT=2, PASSWORD_ENABLED=True)
    customer = brand.customer()
    brand.put_customer(customer.value, password="right")
    customer.started()
    assert [customer.validate_password("wrong").code for _ in range(3)] == [1528, 1528, 1530]


def test_session_life(own_emulator):
    customer = own_emulator.brand(CONF_TOKEN_SESSION_EXPIRY_MINUTES=60).customer().started()
    own_emulator.advance(minutes=59)
    assert customer.generate_otp().code == 200
    own_emulator.advance(minutes=1)
    assert customer.generate_otp().code == 1505


def test_token_life(emulator):
    customer = emulator.brand(TOKEN_EXPIRY_IN_MINUTES=180).customer()
    assert minutes_of(customer.generate().token) == 180
    assert minutes_of(customer.sign_in().token) == 180
    assert minutes_of(customer.regenerate().token) == 180


def test_key_life(emulator):
    brand = emulator.brand(CONF_ENABLE_EXPIRY_BASED_KEY=True, CONF_KEY_EXPIRY_IN_MINUTES=90)
    assert minutes_of(brand.customer().sign_in().key) == 90


def test_no_key_where_regeneration_is_off(emulator):
    assert emulator.brand(CONF_REGENERATE_TOKEN=False).customer().sign_in().key is None


@pytest.mark.parametrize("channel", ["WHATSAPP", "ZALO"])
def test_sub_channel_with_its_template(emulator, channel):
    brand = emulator.brand(
        CONF_MOBILE_SUB_CHANNEL=channel, CONF_MOBILE_SUB_CHANNEL_PROPERTIES="Your OTP is {otp}, {otp}!", FIXED_OTP="77"
    )
    customer = brand.customer().started()
    customer.generate_otp()
    message = brand.outbox(customer.value)[0]
    assert message["channel"] == channel and message["text"] == "Your OTP is 77, 77!"
    email = brand.customer(type="EMAIL").started()
    email.generate_otp()
    assert brand.outbox(email.value)[0]["channel"] == "EMAIL"


def test_mfa_sub_channel_and_fallback_template(emulator):
    brand = emulator.brand(
        IS_MFA_ENABLED=True,
        FIXED_OTP="88",
        CONF_MFA_MOBILE_SUB_CHANNEL="ZALO",
        CONF_MFA_MOBILE_SUB_CHANNEL_PROPERTIES="second {otp}",
        CONF_FALLBACK_CHANNELS="sms",
        CONF_FALLBACK_CHANNELS_PROPERTIES="fallback {otp}",
    )
    customer = brand.customer().sign_in()
    second = customer.second().started(authorizedToken=customer.token)
    second.generate_otp()
    second.generate_otp(query="?fallbackChannel=SMS")
    newest = [(message["channel"], message.get("text")) for message in brand.outbox(customer.value)]
    assert newest == [("SMS", "fallback 88"), ("ZALO", "second 88"), ("SMS", None)]


@pytest.mark.parametrize("send,to", [("mobile", "912"), ("email", "ext@example.com")])
def test_where_an_external_id_gets_its_otp(emulator, send, to):
    brand = emulator.brand(CONF_EXTERNAL_ID_LOGIN_ENABLED=True, CONF_OTP_SEND_FOR_EXTERNAL_ID=send)
    customer = brand.customer(type="EXTERNALID", value="ext").started(mobile="912", email="ext@example.com")
    customer.generate_otp()
    assert brand.outbox("ext")[0]["to"] == to


@pytest.mark.parametrize("endpoints,first,second", [("", 5004, 5004), ("OTP", 5004, 200), ("MFA_OTP", 200, 5004)])
def test_encrypted_endpoints(emulator, endpoints, first, second):
    brand = emulator.brand(IS_MFA_ENABLED=True)
    signed_in = brand.customer().sign_in()
    brand.set(
        IS_MFA_ENABLED=True,
        CONF_ENABLE_ENCRYPTION=True,
        CONF_ENCRYPTION_ENDPOINTS=endpoints,
        CONF_ENCRYPTION_PUBLIC_KEY="cHVi",
        CONF_ENCRYPTION_PRIVATE_KEY="cHJp",
    )
    assert brand.customer().started().generate_otp().code == first
    assert brand.customer("web").started().generate_otp().code == first
    assert signed_in.second().started(authorizedToken=signed_in.token).generate_otp().code == second


@pytest.mark.parametrize(
    "regex,good,bad",
    [
        (r".{8,}", "12345678", "1234567"),
        (r"^[a-z]+$", "abc", "abc1"),
        (r"[a-z]+", "abc", "abc1"),
        (r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[@$!%*?&])[A-Za-z\d@$!%*?&]{8,}$", "Abcdef1!", "Abcdefg1"),
        (r"(?!.*\s).{3,}", "abc", "a bc"),
        (r"(?:ab|cd)\d{2}", "cd12", "ab1"),
        (r"[\w.\-\]]{2,}", "a-]_.", "a!"),
        (r"[^\d]+", "abc", "ab1"),
        (r"^(?=.*\d)", "x1", "xx"),
        (r"(?=.*[)\]])(?!.*\))", "x]", "x)"),
        (r"(?i)secret-\p{Lu}+(?<!Z)", "SECRET-AB", "secret-AZ"),
        (r"(\w)\1{2}", "aaa", "aab"),
        (r"\S{3}", "\u00e9\u4e2d\U0001f600", "\u00e9\u4e2d"),
        (r"(?>a+)b|c++d", "aab", "aac"),
    ],
)
def test_password_rules_as_brands_write_them(emulator, regex, good, bad):
    brand = emulator.brand(PASSWORD_ENABLED=True, PASSWORD_REGEX=regex)
    assert brand.customer().generate(password=bad, confirmPassword=bad).code == 1542
    assert brand.customer().generate(password=good, confirmPassword=good).code == 200


@pytest.mark.parametrize(
    "name,value",
    [
        ("UNKNOWN", 1),
        ("PASSWORD_ENABLED", "true"),
        ("PASSWORD_ENABLED", None),
        ("CONF_OTP_LENGTH", "6"),
        ("CONF_OTP_LENGTH", 0),
        ("CONF_OTP_LENGTH", 6.5),
        ("CONF_OTP_LENGTH", None),
        ("otpMaxCount", -1),
        ("CONF_LOCK_PERIOD_IN_MINUTES", 43201),
        ("CONF_MFA_LOCK_PERIOD_IN_MINUTES", 43201),
        ("FIXED_OTP", "12a"),
        ("FIXED_OTP", 123),
        ("PASSWORD_REGEX", "("),
        ("MFA_PASSWORD_REGEX", "a(?=b"),
        ("CONF_MOBILE_SUB_CHANNEL", "PIGEON"),
        ("CONF_OTP_SEND_FOR_EXTERNAL_ID", "both"),
        ("CONF_ENCRYPTION_ENDPOINTS", "OTP,ALL"),
        ("MFA_ROLE", ["A"]),
    ],
)
def test_an_invalid_setting_is_a_400_that_names_it(emulator, name, value):
    brand = emulator.brand(FIXED_OTP="1234")
    body = {"FIXED_OTP": "9999", name: value} if name != "FIXED_OTP" else {name: value}
    reply = emulator.send("PUT", "/_emulator/brands/" + brand.name, body)
    assert reply.http_status == 400 and name in reply.json["error"]
    customer = brand.customer().started()
    customer.generate_otp()
    assert customer.otp() == "1234"  # nothing changed


def test_largest_lock_period(emulator):
    emulator.brand(CONF_LOCK_PERIOD_IN_MINUTES=43200, CONF_MFA_LOCK_PERIOD_IN_MINUTES=43200)


@pytest.mark.parametrize(
    "regex,length", [("(?:a+)+[bc]|a+", 22), ("(?=(?:a|aa)+[bc]|a+).*", 32), ("(.*)*(.*)*[xy]|a+", 200)]
)
def test_a_rule_that_needs_too_many_tries_refuses_the_password_and_says_so(emulator, regex, length):
    # The last alternative matches, but a long password comes to it only after millions of tries.
    brand = emulator.brand(PASSWORD_ENABLED=True, PASSWORD_REGEX=regex)
    assert brand.customer().generate(password="aaa", confirmPassword="aaa").code == 200
    assert brand.customer().generate(password="a" * length, confirmPassword="a" * length).code == 1542
    newest = emulator.control("GET", "log?limit=1&brand=" + brand.name)["requests"][0]
    assert newest["reason"] == "PASSWORD_REGEX needs too many tries to tell whether the password matches"


@pytest.mark.parametrize("name", ["PASSWORD_REGEX", "MFA_PASSWORD_REGEX"])
@pytest.mark.parametrize(
    "pattern,sentence",
    [
        ("abc[z-a]", "range out of order in character class at character 7"),
        ("(?=.*[a-z]", "missing closing parenthesis at character 11"),
        ("a**", "quantifier does not follow a repeatable item at character 3"),
        ("\u00e9[", "missing terminating ] for character class at character 3"),
    ],
)
def test_a_pattern_that_is_none_is_refused_in_the_words_of_pcre2(emulator, name, pattern, sentence):
    reply = emulator.send("PUT", "/_emulator/brands/Rules", {name: pattern})
    assert reply.http_status == 400
    assert reply.json["error"] == f'setting "{name}" is not a regular expression: {sentence}'
