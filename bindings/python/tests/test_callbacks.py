"""on_change, log and trace."""

import contextvars
import datetime
import gc
import logging
import weakref

import pytest

import capauth
from capauth.testing import Emulator


def test_change_is_told_with_the_session(customer: capauth.Session, emulator: Emulator, mobile: str) -> None:
    told: list[tuple[bool, str]] = []
    customer.on_change(lambda changed: told.append((changed.signed_in, changed.export())))
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(emulator.otp(mobile, brand=customer.brand))
    assert told[-1] == (True, customer.export())
    customer.sign_out()
    assert told[-1][0] is False
    customer.on_change(None)
    count = len(told)
    customer.generate_token()
    assert len(told) == count


def test_callback_that_raises_does_no_harm(
    customer: capauth.Session, unraisable: list[object], emulator: Emulator, mobile: str
) -> None:
    def broken(changed: capauth.Session) -> None:
        raise RuntimeError("mine")

    customer.on_change(broken)
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(emulator.otp(mobile, brand=customer.brand))
    assert customer.signed_in
    assert unraisable and all(isinstance(error, RuntimeError) for error in unraisable)


def test_callbacks_do_not_run_in_the_context_of_the_operation(emulator: Emulator, brand: str) -> None:
    who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")
    seen: dict[str, str] = {}
    options = {name: lambda *_, name=name: seen.update({name: who.get()}) for name in ("log", "trace")}
    with emulator.client(**options) as client:
        customer = client.session(brand=brand, mobile="919999999993", device_id="d")
        who.set("alice")
        customer.on_change(lambda changed: seen.update(on_change=who.get()))
        who.set("bob")
        customer.generate_token()
    assert seen == {"log": "nobody", "trace": "nobody", "on_change": "alice"}


def test_waiting_in_a_callback_is_refused(customer: capauth.Session, emulator: Emulator, mobile: str) -> None:
    errors: list[capauth.Error] = []
    started: list[capauth.Call[str]] = []

    def curious(changed: capauth.Session) -> None:
        try:
            started.append(changed.start_ensure_token())  # is allowed
            changed.gateway("GET", "customer/get")
        except capauth.UsageError as error:
            errors.append(error)

    customer.generate_token()
    customer.generate_otp()
    customer.on_change(curious)
    customer.validate_otp(emulator.otp(mobile, brand=customer.brand))
    customer.on_change(None)
    assert [error.name for error in errors] == ["REENTRANT"]
    assert started[0].result() == customer.token


def test_session_may_be_closed_in_its_callback(signed_in: capauth.Session) -> None:
    signed_in.on_change(lambda changed: changed.close())
    signed_in.regenerate_token()
    with pytest.raises(capauth.ClosedError):
        signed_in.regenerate_token()


def test_callbacks_keep_nothing_alive(emulator: Emulator, brand: str) -> None:
    def references() -> list[weakref.ref[object]]:
        client: capauth.Client
        client = emulator.client(log=lambda level, message: client, trace=lambda event: client)
        customer = client.session(brand=brand, mobile="91", device_id="d")
        customer.on_change(lambda changed: customer)
        customer.generate_token()
        return [weakref.ref(client), weakref.ref(customer)]

    left = references()
    gc.collect()
    assert [reference() for reference in left] == [None, None]


def test_log_goes_to_the_logger(customer: capauth.Session, caplog: pytest.LogCaptureFixture, mobile: str) -> None:
    caplog.set_level(logging.DEBUG, "capauth")
    customer.generate_token()
    records = [record for record in caplog.records if record.name == "capauth"]
    assert records and any("token_generate" in record.getMessage() for record in records)
    assert {record.levelno for record in records} <= {logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR}
    assert mobile not in caplog.text and str(customer.token) not in caplog.text


def test_quiet_logger_stays_quiet(customer: capauth.Session, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "capauth")
    customer.generate_token()
    assert caplog.records == []


def test_log_goes_to_the_callable_alone(emulator: Emulator, brand: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "capauth")
    said: list[tuple[int, str]] = []
    with emulator.client(log=lambda level, message: said.append((level, message))) as client:
        client.session(brand=brand, mobile="919999999993", device_id="d").generate_token()
    assert said and caplog.records == []
    assert all(level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR) for level, _ in said)


@pytest.mark.parametrize("least", [logging.DEBUG, logging.INFO, logging.INFO + 1, logging.CRITICAL])
def test_log_gets_the_levels_from_log_level_on(emulator: Emulator, brand: str, least: int) -> None:
    said: list[int] = []
    with emulator.client(log=lambda level, message: said.append(level), log_level=least) as client:
        customer = client.session(brand=brand, mobile="919999999993", device_id="d")
        customer.generate_token()
        with pytest.raises(capauth.InvalidOtpError):
            customer.generate_otp()
            customer.validate_otp("000000")
    assert all(level >= least for level in said)
    assert (min(said, default=None) == least) == (least in (logging.DEBUG, logging.INFO))


def test_log_level_that_cannot_be_meant_is_refused(emulator: Emulator) -> None:
    with pytest.raises(capauth.InvalidArgumentError, match="log_level"):
        emulator.client(log_level=logging.INFO)
    with pytest.raises(TypeError, match="log_level must be an int"):
        emulator.client(log=lambda level, message: None, log_level="INFO")


def test_log_that_raises_does_no_harm(emulator: Emulator, brand: str, unraisable: list[object]) -> None:
    with emulator.client(log=lambda level: None) as client:
        client.session(brand=brand, mobile="919999999993", device_id="d").generate_token()
    assert unraisable and all(isinstance(error, TypeError) for error in unraisable)


def test_trace_tells_start_and_end(emulator: Emulator, brand: str) -> None:
    before = datetime.datetime.now(datetime.UTC)
    events: list[capauth.TraceEvent] = []
    with emulator.client(trace=events.append) as client:
        customer = client.session(brand=brand, mobile="919999999993", device_id="d")
        customer.generate_token()
        customer.generate_otp()
        with pytest.raises(capauth.InvalidOtpError):
            customer.validate_otp("x")
    assert [(event.kind, event.operation) for event in events] == [
        ("start", "token_generate"),
        ("end", "token_generate"),
        ("start", "otp_generate"),
        ("end", "otp_generate"),
        ("start", "otp_validate"),
        ("end", "otp_validate"),
    ]
    assert events[0].call_id == events[1].call_id != events[2].call_id
    last = events[-1]
    assert (last.result, last.name, last.http_status, last.attempts) == (1506, "INVALID_OTP", 200, 1)
    assert [(event.result, event.name) for event in events[:-1]] == [(0, "")] * 5
    assert 0 <= last.duration < 20
    times = [event.time for event in events]
    assert before <= times[0] and times == sorted(times) and times[-1] <= datetime.datetime.now(datetime.UTC)


def test_every_step_of_a_sign_in_is_told(customer: capauth.Session, emulator: Emulator, mobile: str) -> None:
    steps: list[str] = []
    customer.on_change(lambda changed: steps.append(changed.next_step))
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(emulator.otp(mobile, brand=customer.brand))
    assert steps == ["otp_generate", "otp_validate", "done"]
