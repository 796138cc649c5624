"""The edges of every window: one second before, to the millisecond, and one after. The clock is held meanwhile."""

import itertools
import time

import pytest
from conftest import decode

PASSWORD = "Secret-1"
MS = 0.001


@pytest.fixture
def emulator(own_emulator):
    own_emulator.control("POST", "clock", {"held": True})
    return own_emulator


def now_ms(brand):
    """The held clock, from an OTP's time."""
    brand.customer().started().generate_otp()
    return brand.outbox()[0]["sentAtMs"]


def until_it_moves(emulator):
    """Until the clock of this emulator shows another second."""
    before = emulator.control("GET", "clock")["now"]
    end = time.monotonic() + 20
    while emulator.control("GET", "clock")["now"] == before:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_held_clock_stands_still_and_goes_on_from_there(start, own_emulator):
    control = own_emulator.control
    held = control("POST", "clock", {"held": True})["now"]
    assert control("POST", "clock", {"advanceSeconds": 10})["now"] == held + 10
    assert control("POST", "clock", {"advanceSeconds": -10, "held": True})["now"] == held
    until_it_moves(start(tls=False))  # a second has passed, elsewhere
    assert control("GET", "clock")["now"] == held
    assert control("POST", "clock", {"held": False})["now"] - held <= 1
    until_it_moves(own_emulator)
    assert own_emulator.send("POST", "/_emulator/clock", {"held": 1}).http_status == 400


@pytest.mark.parametrize("seconds,code", [(899, 200), (900 - MS, 200), (900, 1505), (900 + MS, 1505), (901, 1505)])
def test_the_life_of_a_session(emulator, seconds, code):
    customer = emulator.brand().customer().started()
    emulator.advance(seconds=seconds)
    assert customer.generate_otp().code == code


@pytest.mark.parametrize("seconds,code", [(419, 200), (420 - MS, 200), (420, 1505), (421, 1505)])
def test_the_life_of_an_mfa_session(emulator, seconds, code):
    brand = emulator.brand(IS_MFA_ENABLED=True, CONF_MFA_TOKEN_SESSION_EXPIRY_MINUTES=7)
    customer = brand.customer().sign_in()
    second = customer.second().started(authorizedToken=customer.token)
    emulator.advance(seconds=seconds)
    assert second.generate_otp().code == code


@pytest.mark.parametrize("seconds,code", [(119, 1534), (120 - MS, 1534), (120, 200), (121, 200)])
def test_the_window_of_the_otp_limit(emulator, seconds, code):
    customer = emulator.brand(otpMaxCount=2, otpTimeOut=2).customer().started()
    assert [customer.generate_otp().code for _ in range(3)] == [200, 200, 1534]
    emulator.advance(seconds=seconds)
    assert customer.generate_otp().code == code


def test_the_window_of_the_otp_limit_slides(emulator):
    customer = emulator.brand(otpMaxCount=2, otpTimeOut=2).customer().started()
    customer.generate_otp()
    emulator.advance(seconds=60)
    customer.generate_otp()
    emulator.advance(seconds=60)
    assert [customer.generate_otp().code for _ in range(2)] == [200, 1534]


@pytest.mark.parametrize("seconds,code", [(179, 1518), (180 - MS, 1518), (180, 200), (181, 200)])
@pytest.mark.parametrize("factor", ["first", "second"])
def test_the_period_of_a_lock(emulator, factor, seconds, code):
    brand = emulator.brand(
        IS_MFA_ENABLED=True,
        CONF_ENABLE_ACCOUNT_LOCKING=factor == "first",
        CONF_LOCK_PERIOD_IN_MINUTES=3,
        CONF_ENABLE_ACCOUNT_LOCKING_MFA=factor == "second",
        CONF_MFA_LOCK_PERIOD_IN_MINUTES=3,
    )
    customer = brand.customer().sign_in()
    members = {"authorizedToken": customer.token} if factor == "second" else {}
    locked = customer.second() if factor == "second" else customer
    locked.started(**members).generate_otp()
    assert locked.spend_otps() == [1506] * 5 + [1518]
    emulator.advance(seconds=seconds)
    assert locked.generate(**members).code == code


@pytest.mark.parametrize(
    "seconds,codes", [(239, [1518]), (240 - MS, [1518]), (240, [1506] * 5 + [1518]), (241, [1506])]
)
def test_the_interval_of_incorrect_attempts(emulator, seconds, codes):
    brand = emulator.brand(CONF_INCORRECT_ATTEMPT_INTERVAL=4, CONF_TOKEN_SESSION_EXPIRY_MINUTES=60)
    customer = brand.customer().started()
    customer.generate_otp()
    assert customer.spend_otps(5) == [1506] * 5
    emulator.advance(seconds=seconds)
    assert customer.spend_otps(len(codes)) == codes


def test_the_interval_is_that_since_the_last_wrong_attempt(emulator):
    brand = emulator.brand(CONF_INCORRECT_ATTEMPT_INTERVAL=4, CONF_TOKEN_SESSION_EXPIRY_MINUTES=60)
    customer = brand.customer().started()
    customer.generate_otp()
    for _ in range(5):
        assert customer.validate_otp(customer.wrong_otp()).code == 1506
        emulator.advance(seconds=239)
    assert customer.validate_otp().code == 1518


@pytest.mark.parametrize("seconds,code", [(299, 200), (300 - MS, 200), (300, 1597), (301, 1597)])
@pytest.mark.parametrize("factor", ["first", "second"])
def test_the_expiry_of_a_key(emulator, factor, seconds, code):
    brand = emulator.brand(
        IS_MFA_ENABLED=True,
        CONF_ENABLE_EXPIRY_BASED_KEY=True,
        CONF_KEY_EXPIRY_IN_MINUTES=5 if factor == "first" else 50,
        CONF_KEY_EXPIRY_MFA_IN_MINUTES=5 if factor == "second" else 50,
    )
    whole_second(emulator, brand)
    customer = brand.customer().sign_in()
    if factor == "second":
        customer = customer.second().sign_in(authorizedToken=customer.token)
    assert decode(customer.key)[1]["exp"] - decode(customer.key)[1]["iat"] == 300
    emulator.advance(seconds=seconds)
    assert customer.regenerate().code == code


def test_a_key_without_expiry_is_good_for_ever(emulator):
    customer = emulator.brand().customer().sign_in()
    emulator.advance(minutes=60 * 24 * 365 * 20)
    assert customer.regenerate().code == 200


def whole_second(emulator, brand):
    """Tokens count in seconds: their edges are sharp when they are made at the start of one."""
    emulator.advance(seconds=(1000 - now_ms(brand) % 1000) / 1000)
    assert now_ms(brand) % 1000 <= 1  # the second OTP of a millisecond has the next one as its time


@pytest.mark.parametrize("seconds,status", [(899, 200), (900 - MS, 200), (900, 401), (901, 401)])
def test_the_life_of_a_token(emulator, seconds, status):
    brand = emulator.brand(PASSWORD_ENABLED=True)
    whole_second(emulator, emulator.brand())
    customer = brand.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    emulator.advance(seconds=seconds)
    assert customer.gateway().http_status == status
    good = status == 200
    assert customer.change(PASSWORD, "Secret-2").code == (200 if good else 1529)
    assert customer.expire().code == (200 if good else 1529)


@pytest.mark.parametrize(
    "seconds,code", [(0, 200), (899, 200), (900, 200), (1799, 200), (1800 - MS, 200), (1800, 1525), (1801, 1525)]
)
def test_how_long_a_web_token_can_be_regenerated(emulator, seconds, code):
    brand = emulator.brand()
    whole_second(emulator, brand)
    customer = brand.customer("web").sign_in()
    emulator.advance(seconds=seconds)
    assert customer.regenerate().code == code


def test_the_regenerated_token_has_a_life_of_its_own(emulator):
    brand = emulator.brand()
    whole_second(emulator, brand)
    customer = brand.customer("web").sign_in()
    emulator.advance(seconds=1799)
    customer.token = customer.regenerate().token
    emulator.advance(seconds=899)
    assert customer.gateway().http_status == 200
    emulator.advance(seconds=1)
    assert customer.gateway().http_status == 401


@pytest.mark.parametrize(
    "away_ms,code", [(120000, 200), (-120000, 200), (120001, 5004), (-120001, 5004), (121000, 5004)]
)
def test_the_window_of_an_encrypted_request(emulator, away_ms, code):
    brand = emulator.brand(CONF_ENABLE_ENCRYPTION=True)
    now = now_ms(emulator.brand())
    customer = brand.customer().started()
    assert customer.generate_otp(hash="aGFzaA==", timeStamp=str(now + away_ms)).code == code


# What cannot be regenerated, or serves for nothing else, however fresh or old it is.


@pytest.mark.parametrize("family,seconds", list(itertools.product(["mobile", "web"], [0, 900, 1000])))
def test_a_token_that_token_expire_ended_is_never_regenerated_from(emulator, family, seconds):
    customer = emulator.brand().customer(family).sign_in()
    assert customer.expire(deviceId="device-1").code == 200
    emulator.advance(seconds=seconds)
    if family == "web":
        assert customer.regenerate().code == 1525
    else:
        assert customer.regenerate(key=customer.token).code == 1597
        assert customer.regenerate().code == 200  # the key is good on


@pytest.mark.parametrize("seconds", [0, 899, 900, 1000])
def test_tokens_of_nobody_are_never_regenerated(emulator, seconds):
    brand = emulator.brand(IS_MFA_ENABLED=True, CONF_FORCED_MFA=True)
    customer = brand.customer("web")
    view = customer.generate().token
    customer.sign_in()
    pending = customer.token
    assert decode(pending)[1]["rol"] == "MFA_PENDING"
    key_of = emulator.brand().customer().sign_in()
    emulator.advance(seconds=seconds)
    for token in (view, pending, key_of.key):
        assert customer.regenerate(expiredToken=token).code == 1525


@pytest.mark.parametrize("path", ["otp/validate", "password/validate"])
def test_a_session_serves_once(emulator, path):
    brand = emulator.brand(PASSWORD_ENABLED=True, FIXED_OTP="123456")
    customer = brand.customer().sign_in(password=PASSWORD, confirmPassword=PASSWORD)
    customer.started().generate_otp()
    members = {"sessionId": customer.session_id, "otp": "123456", "password": PASSWORD}
    assert [customer.call(path, **members).code for _ in range(2)] == [200, 1505]
