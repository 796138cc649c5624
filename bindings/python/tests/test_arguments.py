"""Bad input to every public function: a clear error, at once, and nothing is sent."""

import asyncio
import inspect
import logging
import types
from collections.abc import Callable
from typing import Any

import pytest

import capauth
import capauth.aio
from capauth._options import body_text
from capauth.testing import Emulator

BAD_TEXTS = ["", "x" * 2000, "a\nb", "a\x7fb", "a\0b", "\ud800"]
Options = dict[str, Any]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("cluster", "MOON"),
        ("base_url", "ftp://x"),
        ("base_url", "http://not-loopback.example"),
        ("base_url", "https://x\0y"),
        ("gateway_url", "nonsense"),
        ("timeout", 0),
        ("timeout", -1),
        ("timeout", float("inf")),
        ("timeout", float("nan")),
        ("connect_timeout", 1e9),
        ("max_retries", 99),
        ("max_retries", 2**70),
        ("max_connections", 0),
        ("ca_file", "/does/not/exist.pem"),
        ("ca_pem", "no certificate"),
        ("tls_min", "1.0"),
        ("pinned_keys", ["md5//nonsense"]),
        ("client_cert", "/does/not/exist.pem"),
        ("client_key", "/does/not/exist.pem"),
        ("proxy", "a\nb"),
        ("user_agent", "a\nb"),
        ("headers", {"Content-Length": "1"}),
        ("headers", {"cap_brand": "x"}),
        ("headers", {"X": "a\nb"}),
        ("refresh_margin", -1),
        ("clock_offset", 1e300),
    ],
)
def test_bad_client_option_is_named(option: str, value: object) -> None:
    options: Options = {"base_url": "https://x.example", option: value}
    if option == "cluster":
        del options["base_url"]
    for kind in (capauth.Client, capauth.aio.Client):
        with pytest.raises(capauth.InvalidArgumentError) as caught:
            kind(**options)
        assert caught.value.argument == option
        assert caught.value.code == -1 and caught.value.name == "INVALID_ARGUMENT"
        assert len(str(caught.value)) > len(option)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("timeout", "20"),
        ("timeout", True),
        ("max_retries", "2"),
        ("max_retries", 1.5),
        ("base_url", 7),
        ("ca_file", 7),
        ("headers", "X: y"),
        ("headers", {"X": None}),
        ("log", "log"),
        ("trace", 7),
        ("tiemout", 20),
    ],
)
def test_client_option_of_another_type_is_a_type_error(option: str, value: Any) -> None:
    with pytest.raises(TypeError, match=option):
        options: dict[str, Any] = {"base_url": "https://x.example", option: value}
        capauth.Client(**options)


def test_client_takes_every_option(emulator: Emulator) -> None:
    options = emulator.options(
        gateway_url=f"{emulator.url}/mobile",
        timeout=5,
        connect_timeout=2.5,
        max_retries=1,
        max_connections=2,
        http2=False,
        tls_min="1.3",
        pinned_keys=["sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],
        proxy="",
        user_agent="app/1",
        headers={"X-App": "1"},
        refresh_margin=10,
        auto_refresh=False,
        allow_http=True,
        clock_offset=0.5,
        cap_mobile=True,
        log=lambda level, message: None,
        log_level=20,
        trace=lambda event: None,
    )
    arguments = inspect.signature(capauth.Client).parameters
    for name, argument in arguments.items():
        if argument.default is not None:
            options.setdefault(name, argument.default)  # what has a default takes it too
    others = {"cluster", "ca_pem", "client_cert", "client_key"}  # which need a file, or exclude another
    assert options.keys() | others == arguments.keys()
    with capauth.Client(**options) as client:
        assert (client.timeout, client.refresh_margin) == (5, 10)
    del options["base_url"]
    with capauth.Client(cluster="EU", **options) as client:
        assert (client.timeout, client.refresh_margin) == (5, 10)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (lambda client, customer: type(client)(bse_url=""), "Client.__init__()"),
        (lambda client, customer: client.session(brnd=""), "Client.session()"),
        (lambda client, customer: client.close(1), "Client.close()"),
        (lambda client, customer: customer.gateway(), "Session.gateway()"),
        (lambda client, customer: customer.export(1), "Session.export()"),
        (lambda client, customer: customer.start_gateway("GET", "x").cancel(1), "Call.cancel()"),
    ],
)
def test_wrong_call_is_told_by_the_name_that_its_user_knows(
    client: capauth.Client, wrong: Callable[[Any, Any], object], name: str
) -> None:
    customer = client.session(brand="B", mobile="919999999999", device_id="d")
    with pytest.raises(TypeError) as told:
        wrong(client, customer)
    assert str(told.value).startswith(name)


def test_client_needs_one_place() -> None:
    for options in ({}, {"base_url": "https://x.example", "cluster": "EU"}):
        with pytest.raises(capauth.InvalidArgumentError) as caught:
            capauth.Client(**options)  # type: ignore[arg-type]
        assert caught.value.argument == "base_url"


@pytest.mark.parametrize("text", BAD_TEXTS)
@pytest.mark.parametrize("argument", ["brand", "mobile", "email", "username", "external_id", "device_id"])
def test_bad_identity_is_named(client: capauth.Client, argument: str, text: str) -> None:
    identity: Options = {"brand": "DocDemo", "device_id": "d"}
    if argument in ("brand", "device_id"):
        identity["mobile"] = "919999999993"
    identity[argument] = text
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        client.session(**identity)
    assert caught.value.argument == argument
    assert str(caught.value)


@pytest.mark.parametrize("text", BAD_TEXTS)
def test_bad_contact_is_named(client: capauth.Client, text: str) -> None:
    for argument in ("contact_mobile", "contact_email"):
        with pytest.raises(capauth.InvalidArgumentError) as caught:
            client.session(brand="B", username="u", device_id="d", **{argument: text})  # type: ignore[arg-type]
        assert caught.value.argument == argument


def test_session_needs_exactly_one_identifier(client: capauth.Client) -> None:
    with pytest.raises(capauth.InvalidArgumentError):
        client.session(brand="B", device_id="d")
    with pytest.raises(capauth.InvalidArgumentError):
        client.session(brand="B", device_id="d", mobile="1", email="e")
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        client.session(brand="B", device_id="d", mobile="1", flow="mfa")  # type: ignore[arg-type]
    assert caught.value.argument == "flow"


def test_session_argument_of_another_type_is_a_type_error(client: capauth.Client) -> None:
    for wrong in ({"brand": None}, {"mobile": 919999999993}, {"device_id": 7}, {"mobil": "1"}):
        with pytest.raises(TypeError):
            client.session(**{"brand": "B", "mobile": "1", "device_id": "d", **wrong})  # type: ignore[arg-type]


def test_web_session_has_no_device(client: capauth.Client) -> None:
    with pytest.raises(capauth.UsageError) as caught:
        client.session(brand="B", mobile="1", device_id="d", flow="web")
    assert caught.value.name == "UNSUPPORTED"


def test_mobile_session_without_a_device_is_told(client: capauth.Client) -> None:
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        client.session(brand="B", mobile="1").generate_token()
    assert caught.value.argument == "device_id"


@pytest.mark.parametrize("text", ["", "x" * 2000, "a\0b", "\ud800"])
@pytest.mark.parametrize(
    ("operation", "argument", "arguments"),
    [
        ("validate_otp", "otp", ["TEXT"]),
        ("validate_password", "password", ["TEXT"]),
        ("forget_password", "new_password", ["TEXT"]),
        ("generate_token", "password", ["TEXT"]),
    ],
)
def test_bad_secret_is_the_calls_error(
    customer: capauth.Session, operation: str, argument: str, arguments: list[str], text: str
) -> None:
    customer.generate_token()
    call = getattr(customer, f"start_{operation}")(*[text for _ in arguments])
    assert call.done()
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        call.result()
    assert caught.value.argument == argument
    assert text == "" or text not in str(caught.value)


@pytest.mark.parametrize("text", BAD_TEXTS)
def test_bad_arguments_of_somebody_signed_in_are_named(signed_in: capauth.Session, text: str) -> None:
    for argument, call in (
        ("current_password", signed_in.start_change_password(text, "New-1")),
        ("new_password", signed_in.start_change_password("Old-1", text)),
        ("new_value", signed_in.start_update_identifier(text)),
        ("method", signed_in.start_gateway(text, "customer/get")),  # type: ignore[arg-type]
        ("endpoint", signed_in.start_gateway("GET", text)),
    ):
        if argument == "endpoint" and text == "x" * 2000:
            continue
        if "password" in argument and text in ("a\nb", "a\x7fb"):  # which it may be
            call.cancel()
            continue
        with pytest.raises(capauth.InvalidArgumentError) as caught:
            call.result()
        assert caught.value.argument == argument


def test_bad_call_options_are_named(signed_in: capauth.Session) -> None:
    for argument, options in (
        ("timeout", {"timeout": 0}),
        ("timeout", {"timeout": float("nan")}),
        ("headers", {"headers": {"cap_brand": "x"}}),
        ("margin", {"margin": -1}),
    ):
        call = signed_in.start_ensure_token(**options)
        with pytest.raises(capauth.InvalidArgumentError) as caught:
            call.result()
        assert caught.value.argument == argument
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        signed_in.generate_otp(payload_timestamp=1)
    assert caught.value.argument == "payload_hash"
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        signed_in.generate_otp(payload_hash="x", payload_timestamp=2**70)
    assert caught.value.argument == "payload_timestamp"


@pytest.mark.parametrize(
    ("operation", "arguments", "options"),
    [
        ("validate_otp", [123456], {}),
        ("validate_otp", [None], {}),
        ("validate_otp", [], {}),
        ("generate_token", [7], {}),
        ("generate_token", [], {"timeout": "1"}),
        ("generate_token", [], {"headers": [1]}),
        ("generate_token", [], {"tiemout": 1}),
        ("change_password", ["a", None], {}),
        ("gateway", ["GET", None], {}),
        ("gateway", ["POST", "x"], {"body": b"bytes"}),
        ("gateway", ["POST", "x"], {"body": {"a": object()}}),
        ("gateway", ["GET", "x"], {"query": "a=b"}),
        ("gateway", ["GET", "x"], {"query": {"a": None}}),
        ("ensure_token", ["30"], {}),
    ],
)
def test_operation_argument_of_another_type_is_a_type_error(
    signed_in: capauth.Session, operation: str, arguments: list[object], options: Options
) -> None:
    for method in (operation, f"start_{operation}"):
        with pytest.raises(TypeError):
            getattr(signed_in, method)(*arguments, **options)


def test_typo_in_an_attribute_is_an_error(client: capauth.Client, customer: capauth.Session) -> None:
    things: tuple[Any, ...] = (client, customer, customer.otp, customer.start_generate_token())
    for thing in things:
        with pytest.raises((AttributeError, TypeError)):
            thing.tokn = 1


def test_uninitialised_objects_do_not_crash() -> None:
    for kind in (capauth.Client, capauth.Session, capauth.Call, capauth.aio.Client):
        empty = kind.__new__(kind)
        for name in ("close", "done", "wait", "cancel", "result", "export", "prepare", "generate_token"):
            if hasattr(kind, name):
                with pytest.raises(AttributeError):
                    outcome = getattr(empty, name)()
                    if inspect.iscoroutine(outcome):
                        asyncio.run(outcome)


def test_secrets_stay_out_of_sight(
    client: capauth.Client, signed_in: capauth.Session, caplog: pytest.LogCaptureFixture, mobile: str
) -> None:
    caplog.set_level(logging.DEBUG, "capauth")
    secret = "Secret-Horse-9"
    signed_in.gateway("GET", "customer/get")
    with pytest.raises(capauth.Error) as caught:
        signed_in.change_password(secret, secret + "2")
    shown = [
        repr(thing)
        for thing in (
            client,
            signed_in,
            signed_in.otp,
            caught.value,
            signed_in.start_ensure_token(),
            vars(caught.value),
        )
    ]
    text = "\n".join([*shown, str(caught.value), caplog.text, capauth.diagnose(client)])
    for hidden in (secret, str(signed_in.token), str(signed_in.key), mobile):
        assert hidden not in text


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"timeout": 0}, "timeout is 0; it must be 0.001 to 86400 seconds"),
        ({"connect_timeout": 1e9}, "connect_timeout is 1000000000; it must be 0.001 to 86400 seconds"),
        ({"refresh_margin": -1.5}, "refresh_margin is -1.5; it must be 0 to 86400 seconds"),
        ({"max_retries": 99}, "max_retries is 99; it must be 0 to 10"),
        ({"headers": {"X": "a\nb"}}, "headers['X'] value has a control character"),
        ({"user_agent": "a\0b"}, "user_agent contains a NUL character"),
    ],
)
def test_bad_client_option_is_told_in_pythons_words(options: Options, text: str) -> None:
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        capauth.Client(**{"base_url": "https://x.example", **options})
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("operation", "arguments", "text"),
    [
        ("ensure_token", {"margin": -1}, "margin is -1; it must be 0 to 86400 seconds"),
        ("ensure_token", {"timeout": 0}, "timeout is 0; it must be 0.001 to 86400 seconds"),
        ("generate_token", {"password": ""}, "password is empty"),
        ("generate_otp", {"payload_hash": ""}, "payload_hash is empty"),
        ("generate_otp", {"payload_hash": "x", "payload_timestamp": -1}, "payload_timestamp must be a time after 1970"),
        ("generate_otp", {"fallback_channel": ""}, "fallback_channel is empty"),
        ("gateway", {"method": "GET", "endpoint": "a//b"}, "endpoint has an empty segment"),
        ("gateway", {"method": "GET", "endpoint": "x", "headers": {"a b": "1"}}, "headers['a b'] "),
        ("gateway", {"method": "GET", "endpoint": "x", "query": {"": "1"}}, "query[''] name is empty"),
        ("update_identifier", {"new_value": ""}, "new_value is empty"),
        ("pause_refresh", {"duration": -1}, "duration is -1; it must be 0 to 2147483.647 seconds"),
        ("reload", {"text": "nonsense"}, "text: "),
    ],
)
def test_bad_argument_is_told_in_pythons_words(
    signed_in: capauth.Session, operation: str, arguments: Options, text: str
) -> None:
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        getattr(signed_in, operation)(**arguments)
    assert text in str(caught.value)
    assert caught.value.argument == text.partition(" ")[0].partition("[")[0].rstrip(":")


@pytest.mark.parametrize("argument", ["brand", "access_token", "id_token"])
def test_bad_argument_of_an_external_session_is_named(client: capauth.Client, argument: str) -> None:
    arguments = {"brand": "B", "access_token": "a", "id_token": "i", argument: ""}
    with pytest.raises(capauth.InvalidArgumentError, match=f"{argument} is empty") as caught:
        client.external_session(**arguments)
    assert caught.value.argument == argument


def test_what_is_not_supported_is_named(client: capauth.Client, signed_in: capauth.Session) -> None:
    with pytest.raises(capauth.UsageError, match="device_id"):
        client.session(brand="B", mobile="1", device_id="d", flow="web")
    with pytest.raises(capauth.UsageError, match="token_expire.*flow"):
        signed_in.expire_token()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"a": [1, "ü"]}, '{"a": [1, "ü"]}'),
        (types.MappingProxyType({"a": 1}), '{"a": 1}'),
        ([{"a": 1}], '[{"a": 1}]'),
        (({"a": 1}, 2), '[{"a": 1}, 2]'),
        ("as it is", "as it is"),
        (None, None),
    ],
)
def test_every_kind_of_body_becomes_its_text(body: Any, text: str | None) -> None:
    assert body_text(body) == text
