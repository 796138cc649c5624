"""The generated layer, under the package: nothing that a program does to it may crash."""

import gc
import pathlib
import weakref
from typing import Any

import pytest

import capauth
from capauth import _flat as flat


def new_client() -> flat.ClientHandle:
    client: Any
    code, client = flat.client_new()
    assert code == flat.OK
    assert flat.client_set_base_url(client, "https://127.0.0.1:1") == flat.OK
    return client  # type: ignore[no-any-return]


def new_session(client: flat.ClientHandle) -> flat.SessionHandle:
    code, session = flat.session_new(client, flat.FLOW_WEB, "DocDemo")
    assert code == flat.OK
    return session  # type: ignore[return-value]


def test_version_is_that_of_the_project() -> None:
    project = (pathlib.Path(__file__).parents[3] / "CMakeLists.txt").read_text(encoding="utf-8")
    assert f"project(capauth VERSION {flat.version()} " in project
    assert capauth.__version__ == flat.version()


def test_none_for_a_handle_is_an_invalid_argument() -> None:
    assert flat.client_close(None) == flat.E_INVALID_ARGUMENT  # type: ignore[arg-type]
    assert flat.session_new(None, 1, "b") == [flat.E_INVALID_ARGUMENT, None]  # type: ignore[arg-type]
    assert flat.otp_validate(None, "1", None)[0] == flat.E_INVALID_ARGUMENT  # type: ignore[arg-type]
    assert flat.session_role(None) == ""  # type: ignore[arg-type]
    body: Any = flat.call_body(None)  # type: ignore[arg-type]
    assert body == b""


def test_handle_of_another_class_is_a_type_error() -> None:
    client = new_client()
    with pytest.raises(TypeError):
        flat.session_close(client)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        flat.call_wait("call", 0)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        flat.token_generate(new_session(client), client)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["ClientHandle", "SessionHandle", "CallHandle", "OptionsHandle"])
def test_handle_cannot_be_made_by_hand(name: str) -> None:
    kind = getattr(flat, name)
    with pytest.raises(AttributeError):
        kind()
    with pytest.raises((AttributeError, TypeError)):
        flat.call_cancel(kind.__new__(kind))


def test_handle_cannot_be_freed_by_hand() -> None:
    client: Any = new_client()
    kept = client.this
    assert not {"__swig_destroy__", "thisown"} & set(dir(client))
    assert not {"own", "disown", "acquire", "append", "next"} & set(dir(kept))
    del client.this
    with pytest.raises(TypeError, match="client_close: client must be of class ClientHandle"):
        flat.client_close(client)
    client.this = kept
    assert flat.client_close(client) == flat.OK


class Callback:
    def __call__(self, level: int, message: str) -> None: ...


def test_handles_die_in_any_order() -> None:
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)):
        client = new_client()
        callback = Callback()
        kept = weakref.ref(callback)
        assert flat.client_set_log(client, callback) == flat.OK
        session = new_session(client)
        _, call = flat.token_generate(session, None)
        handles: list[object] = [client, session, call]
        del client, session, call, callback
        for index in order:
            assert kept() is not None
            handles[index] = None
            gc.collect()
        assert kept() is None  # the client is gone, whoever kept it


@pytest.mark.parametrize("text", ["a\0b", "\0", "\ud800"])
def test_text_that_c_cannot_hold_is_refused_with_its_name(text: str) -> None:
    client = new_client()
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        flat.client_set_user_agent(client, text)
    assert caught.value.argument == "user_agent"
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        flat.otp_validate(new_session(client), text, None)
    assert caught.value.argument == "otp"


@pytest.mark.parametrize("secret", [b"12\x0034", bytearray(b"\0")])
def test_secret_bytes_with_a_nul_are_refused(secret: bytes | bytearray) -> None:
    with pytest.raises(capauth.InvalidArgumentError):
        flat.otp_validate(new_session(new_client()), secret, None)


@pytest.mark.parametrize("value", [None, 7, b"bytes", 1.5, ["x"]])
def test_text_of_another_type_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match="user_agent must be str"):
        flat.client_set_user_agent(new_client(), value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, 123456, 1.5, memoryview(b"1")])
def test_secret_of_another_type_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match="otp must be str, bytes or bytearray"):
        flat.otp_validate(new_session(new_client()), value, None)  # type: ignore[arg-type]


def test_callback_that_cannot_be_called_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        flat.client_set_log(new_client(), "log")


def test_next_done_does_not_own_the_call() -> None:
    client = new_client()
    assert flat.client_next_done(client) == [0, 0]
    _, call = flat.token_generate(new_session(client), None)
    assert flat.call_wait(call, -1) < 0  # type: ignore[arg-type]
    assert flat.call_address(call) > 0  # type: ignore[arg-type]
