"""Signing in, all flows, against the emulator."""

import datetime
import socket
from collections.abc import Callable

import pytest

import capauth
from capauth import Step
from capauth.testing import Emulator

SignIn = Callable[[capauth.Session], capauth.Session]
PASSWORD = "Correct-Horse-1"


def test_customer_signs_in_by_otp(customer: capauth.Session, emulator: Emulator, mobile: str) -> None:
    assert customer.next_step == "token_generate"
    assert not customer.signed_in and customer.token is None and customer.role == ""
    customer.generate_token()
    assert customer.next_step == "otp_generate"
    assert customer.role == "VIEW" and not customer.signed_in
    customer.generate_otp()
    assert customer.next_step == "otp_validate"
    assert customer.otp.sent_at is not None and customer.otp.sent_at.tzinfo is not None
    assert customer.otp.destination and mobile not in customer.otp.destination
    customer.validate_otp(emulator.otp(mobile, brand=customer.brand))
    assert customer.next_step == "done" and customer.signed_in
    assert customer.role == "USER" and customer.token and customer.key and customer.customer_id
    assert customer.expires_in is not None and 800 < customer.expires_in <= 900
    assert customer.expires_at is not None and customer.expires_at.utcoffset() == datetime.timedelta(0)


def test_session_goes_on_after_a_wrong_otp(customer: capauth.Session, emulator: Emulator, mobile: str) -> None:
    customer.generate_token()
    customer.generate_otp()
    otp = emulator.otp(mobile, brand=customer.brand)
    with pytest.raises(capauth.InvalidOtpError) as caught:
        customer.validate_otp("000000" if otp != "000000" else "111111")
    error = caught.value
    assert (error.code, error.name, error.operation, error.http_status) == (1506, "INVALID_OTP", "otp_validate", 200)
    assert error.maybe_sent and not error.retryable and error.retry_after is None
    assert isinstance(error, capauth.RefusedError)
    assert customer.otp.wrong_answers == 1 and customer.next_step is Step.OTP_VALIDATE
    customer.validate_otp(otp)
    assert customer.signed_in


@pytest.mark.parametrize("kind", [str, str.encode, lambda otp: bytearray(otp, "ascii")])
def test_otp_may_be_text_or_bytes(
    customer: capauth.Session, emulator: Emulator, mobile: str, kind: Callable[[str], str | bytes | bytearray]
) -> None:
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(kind(emulator.otp(mobile, brand=customer.brand)))
    assert customer.signed_in


def failing(client: capauth.Client) -> capauth.Error:
    with client, pytest.raises(capauth.Error) as caught:
        client.session(brand="DocDemo", mobile="919999999993", device_id="d").generate_token()
    return caught.value


def test_failures_are_told_apart(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"https://127.0.0.1:{unused.getsockname()[1]}"
    unknown_host = failing(capauth.Client(base_url="https://nowhere.invalid", max_retries=0))
    refused = failing(capauth.Client(base_url=nobody, max_retries=0))
    wrong_ca = failing(capauth.Client(base_url=emulator.url, max_retries=0))
    assert (unknown_host.name, type(unknown_host)) == ("RESOLVE", capauth.NetworkError)
    assert (refused.name, type(refused)) == ("CONNECT", capauth.NetworkError)
    assert (wrong_ca.name, type(wrong_ca)) == ("TLS", capauth.TlsError)
    assert unknown_host.retryable and refused.retryable and not wrong_ca.retryable
    for error in (unknown_host, refused, wrong_ca):
        assert not error.maybe_sent and error.http_status == 0 and isinstance(error, ConnectionError)


def test_lost_answer_is_an_unknown_outcome(customer: capauth.Session, emulator: Emulator) -> None:
    customer.generate_token()
    emulator.fault("/auth/v1/otp/generate", brand=customer.brand, reset="after")
    with pytest.raises(capauth.UnknownOutcomeError) as caught:
        customer.generate_otp()
    assert caught.value.maybe_sent and not isinstance(caught.value, capauth.NetworkError)
    assert emulator.requests(brand=customer.brand)["POST /auth/v1/otp/generate"] == 1


def test_deadline_ends_a_call(customer: capauth.Session, emulator: Emulator) -> None:
    emulator.fault("/auth/v1/token/generate", brand=customer.brand, delayMs=20000)
    with pytest.raises(capauth.DeadlineError) as caught:
        customer.generate_token(timeout=0.1)
    assert isinstance(caught.value, TimeoutError)


def test_answer_of_something_in_between_is_a_service_error(customer: capauth.Session, emulator: Emulator) -> None:
    emulator.fault(
        "/auth/v1/token/generate",
        brand=customer.brand,
        count=9,
        status=403,
        body="<html>blocked</html>",
        headers={"X-Amz-Cf-Id": "cdn-1", "Content-Type": "text/html"},
    )
    with pytest.raises(capauth.ServiceError) as caught:
        customer.generate_token()
    assert caught.value.http_status == 403 and caught.value.request_id == "cdn-1"


def test_rate_limit_says_how_long(customer: capauth.Session, emulator: Emulator) -> None:
    emulator.fault(
        "/auth/v1/otp/generate", brand=customer.brand, count=9, status=429, body="", headers={"Retry-After": "7"}
    )
    customer.generate_token()
    with pytest.raises(capauth.RateLimitedError) as caught:
        customer.generate_otp()
    assert caught.value.retry_after == 7.0 and caught.value.retryable


def test_code_that_nobody_knows_reaches_the_caller(customer: capauth.Session, emulator: Emulator) -> None:
    emulator.fault(
        "/auth/v1/token/generate",
        brand=customer.brand,
        count=9,
        status=200,
        body={"status": {"success": False, "code": 1777, "message": "strange"}},
    )
    with pytest.raises(capauth.RefusedError) as caught:
        customer.generate_token()
    assert caught.value.code == caught.value.server_code == 1777
    assert caught.value.server_message == "strange" and caught.value.name == "UNKNOWN"


def test_customer_signs_in_by_password(emulator: Emulator, client: capauth.Client, brand: str, mobile: str) -> None:
    emulator.brand(brand, PASSWORD_ENABLED=True)
    emulator.customer(brand, mobile=mobile, password=PASSWORD)
    customer = client.session(brand=brand, mobile=mobile, device_id="d")
    customer.generate_token()
    assert customer.registered_for_password is True and customer.next_step is Step.PASSWORD_VALIDATE
    with pytest.raises(capauth.InvalidPasswordError):
        customer.validate_password("wrong")
    customer.validate_password(PASSWORD)
    assert customer.signed_in
    customer.change_password(PASSWORD, "Another-Horse-2")
    with pytest.raises(capauth.PasswordRulesError):
        customer.change_password("Another-Horse-2", "Another-Horse-2")
    again = client.session(brand=brand, mobile=mobile, device_id="d")
    again.generate_token()
    again.validate_password(b"Another-Horse-2")
    assert again.signed_in


def test_first_password_is_asked_for(
    emulator: Emulator, client: capauth.Client, brand: str, mobile: str, sign_in: SignIn
) -> None:
    emulator.brand(brand, PASSWORD_ENABLED=True)
    customer = client.session(brand=brand, mobile=mobile, device_id="d")
    with pytest.raises(capauth.PasswordRequiredError):
        customer.generate_token()
    assert customer.next_step is Step.PASSWORD_CREATE
    customer.generate_token(PASSWORD)
    customer.generate_otp()
    customer.validate_otp(emulator.otp(mobile, brand=brand))
    assert customer.signed_in and customer.registered_for_password is True


def test_password_has_a_tab_and_device_id_512_bytes(
    emulator: Emulator, client: capauth.Client, brand: str, mobile: str
) -> None:
    emulator.brand(brand, PASSWORD_ENABLED=True)
    emulator.customer(brand, mobile=mobile, password="Tab\tHorse-1\x7f")
    customer = client.session(brand=brand, mobile=mobile, device_id="d" * 512)
    customer.generate_token()
    customer.validate_password("Tab\tHorse-1\x7f")
    assert customer.signed_in
    with pytest.raises(capauth.InvalidArgumentError, match="longer than 512 bytes"):
        client.session(brand=brand, mobile=mobile, device_id="d" * 513)


def test_forgotten_password_is_set_anew(emulator: Emulator, client: capauth.Client, brand: str, mobile: str) -> None:
    emulator.brand(brand, PASSWORD_ENABLED=True)
    emulator.customer(brand, mobile=mobile, password=PASSWORD)
    customer = client.session(brand=brand, mobile=mobile, device_id="d")
    customer.generate_token()
    customer.forget_password(bytearray(b"New-Horse-3"))
    assert customer.next_step is Step.OTP_GENERATE
    customer.generate_otp()
    customer.validate_otp(emulator.otp(mobile, brand=brand))
    assert customer.signed_in


def test_web_flow_has_no_key(emulator: Emulator, client: capauth.Client, brand: str, sign_in: SignIn) -> None:
    customer = sign_in(client.session(brand=brand, email="a@b.example", flow="web"))
    assert customer.signed_in and customer.key is None and customer.flow == "web"
    customer.regenerate_token()
    assert customer.signed_in
    assert emulator.requests(brand=brand)["POST /auth/v1/web/token/regenerate"] == 1


def test_username_gets_its_otp_at_the_contact(emulator: Emulator, client: capauth.Client, brand: str) -> None:
    customer = client.session(brand=brand, username="somebody", contact_mobile="919999900001", device_id="d")
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(emulator.otp("919999900001", brand=brand))
    assert customer.signed_in and customer.identifier_type == "username"


def test_fallback_channel_is_asked_for(emulator: Emulator, client: capauth.Client, brand: str, mobile: str) -> None:
    emulator.brand(brand, CONF_FALLBACK_CHANNELS="SMS,WHATSAPP")
    customer = client.session(brand=brand, mobile=mobile, device_id="d")
    customer.generate_token()
    customer.generate_otp(fallback_channel="WHATSAPP")
    assert customer.otp.channel == "WHATSAPP"
    with pytest.raises(capauth.RefusedError) as caught:
        customer.generate_otp("PIGEON")
    assert caught.value.name == "CHANNEL_NOT_CONFIGURED"


def test_payload_hash_goes_with_the_otp(emulator: Emulator, client: capauth.Client, brand: str, mobile: str) -> None:
    emulator.brand(brand, CONF_ENABLE_ENCRYPTION=True)
    customer = client.session(brand=brand, mobile=mobile, device_id="d")
    customer.generate_token()
    with pytest.raises(capauth.RefusedError) as caught:
        customer.generate_otp()
    assert caught.value.code == 5004
    customer.generate_otp(payload_hash="aGFzaA==", payload_timestamp=emulator.advance(0) * 1000)
    now = datetime.datetime.fromtimestamp(emulator.advance(0), datetime.UTC)
    customer.generate_otp(payload_hash="aGFzaA==", payload_timestamp=now)


@pytest.mark.parametrize("first", ["otp", "password"])
@pytest.mark.parametrize("second", ["otp", "password"])
def test_second_factor(
    emulator: Emulator, client: capauth.Client, brand: str, mobile: str, first: str, second: str
) -> None:
    emulator.brand(brand, PASSWORD_ENABLED=first == "password", IS_MFA_ENABLED=True, IS_MFA_PASSWORD_ENABLED=True)
    emulator.customer(brand, mobile=mobile, password=PASSWORD, mfa=True, mfa_password="Second-Horse-4")

    def answer(session: capauth.Session, factor: str, password: str) -> None:
        session.generate_token()
        if factor == "otp":
            session.generate_otp()
            session.validate_otp(emulator.otp(mobile, brand=brand))
        else:
            session.validate_password(password)

    customer = client.session(brand=brand, mobile=mobile, device_id="d")
    answer(customer, first, PASSWORD)
    assert customer.next_step is Step.SECOND_FACTOR and not customer.signed_in
    with customer.second_factor() as other:
        answer(other, second, "Second-Horse-4")
        customer.close()
        assert other.signed_in and other.flow == "mfa" and other.next_step is Step.DONE
        other.expire_token()
        other.sign_out()


def test_second_factor_needs_the_first(customer: capauth.Session) -> None:
    with pytest.raises(capauth.WrongStepError) as caught:
        customer.second_factor()
    assert caught.value.next_step is Step.TOKEN_GENERATE
    assert str(caught.value) == "second_factor: an earlier step is missing: no token; finish the first factor"
    assert str(caught.value) == "second_factor: an earlier step is missing: no token; finish the first factor"


def test_second_factor_of_web_gets_a_device(
    emulator: Emulator, client: capauth.Client, brand: str, mobile: str
) -> None:
    emulator.brand(brand, CONF_FORCED_MFA=True, IS_MFA_ENABLED=True)
    customer = client.session(brand=brand, mobile=mobile, flow="web")
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(emulator.otp(mobile, brand=brand))
    second = customer.second_factor(device_id="device-2", email="x@y.example")
    assert (second.device_id, second.identifier, second.identifier_type) == ("device-2", "x@y.example", "email")
    second.generate_token()
    second.generate_otp()
    second.validate_otp(emulator.otp("x@y.example", brand=brand))
    assert second.signed_in


def test_token_cannot_expire_outside_the_second_factor(signed_in: capauth.Session) -> None:
    with pytest.raises(capauth.UsageError) as caught:
        signed_in.expire_token()
    assert caught.value.name == "UNSUPPORTED"


def test_identifier_is_updated(signed_in: capauth.Session, mobile: str) -> None:
    signed_in.update_identifier(f"{mobile}5")
    assert signed_in.identifier == f"{mobile}5"


def test_token_is_regenerated_only_when_it_must(signed_in: capauth.Session, emulator: Emulator) -> None:
    token = signed_in.ensure_token()
    assert token == signed_in.token
    path = "POST /auth/v1/token/regenerate"
    assert path not in emulator.requests(brand=signed_in.brand)
    assert signed_in.ensure_token(margin=86400) == signed_in.token
    signed_in.regenerate_token()
    assert emulator.requests(brand=signed_in.brand)[path] == 2


def test_sign_out_clears(signed_in: capauth.Session) -> None:
    signed_in.sign_out()
    assert not signed_in.signed_in and signed_in.token is None and signed_in.key is None
    for ask in (signed_in.ensure_token, signed_in.regenerate_token, lambda: signed_in.gateway("GET", "customer/get")):
        for _ in range(2):  # each time: an application sends its user to sign in, whichever request comes
            with pytest.raises(capauth.SignInRequiredError) as caught:
                ask()
            assert not isinstance(caught.value, capauth.UsageError) and not caught.value.retryable


def test_missing_step_says_what_to_do_first(customer: capauth.Session) -> None:
    with pytest.raises(capauth.WrongStepError) as caught:
        customer.validate_otp("123456")
    assert caught.value.next_step is Step.TOKEN_GENERATE
    assert caught.value.operation == "otp_validate"


def test_sign_in_goes_on_in_another_client(customer: capauth.Session, emulator: Emulator, mobile: str) -> None:
    customer.generate_token()
    customer.generate_otp()
    text = customer.export()
    customer.close()
    with emulator.client() as other:
        restored = other.restore(text)
        assert restored.next_step is Step.OTP_VALIDATE and restored.brand == customer.brand
        restored.validate_otp(emulator.otp(mobile, brand=restored.brand))
        assert restored.signed_in
        with other.restore(text) as third:
            third.reload(restored.export())
            assert third.token == restored.token


@pytest.mark.parametrize("text", ["", "{}", "no JSON", '{"v":99}'])
def test_text_that_is_no_export_is_refused(client: capauth.Client, customer: capauth.Session, text: str) -> None:
    for take in (client.restore, customer.reload):
        with pytest.raises(capauth.InvalidArgumentError) as caught:
            take(text)
        assert caught.value.argument == "text" and str(caught.value)


def test_reload_says_what_is_wrong_with_its_text(customer: capauth.Session) -> None:
    with pytest.raises(capauth.WrongStepError):
        customer.validate_otp("123456")
    with pytest.raises(capauth.InvalidArgumentError, match="the export is not JSON"):
        customer.reload("no JSON")


def test_origins_compare_without_case_and_default_port() -> None:
    with capauth.Client(base_url="https://auth.brand.example") as client:
        exported = client.session(brand="B", mobile="1", device_id="d").export()
    for url in ("https://auth.brand.example:443", "HTTPS://Auth.Brand.Example/"):
        with capauth.Client(base_url=url) as client:
            assert client.restore(exported).export() == exported


def test_export_of_another_origin_is_refused(signed_in: capauth.Session) -> None:
    with capauth.Client(base_url="https://elsewhere.example") as other, pytest.raises(capauth.InvalidArgumentError):
        other.restore(signed_in.export())
