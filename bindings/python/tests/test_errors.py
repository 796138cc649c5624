"""The tree of exceptions."""

import copy
import json
import pathlib
import pickle
from unittest import mock

import pytest

import capauth
from capauth._failure import class_of, error_of_code
from capauth.testing import Emulator

TABLE = json.loads((pathlib.Path(__file__).resolve().parents[3] / "core" / "errors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", TABLE["codes"], ids=lambda row: row["name"])
def test_code_has_its_class(row: dict[str, object]) -> None:
    error = error_of_code(row["code"])  # type: ignore[arg-type]
    if row["name"] == "E_NO_MEMORY":
        assert type(error) is MemoryError
        return
    assert isinstance(error, capauth.Error)
    assert type(error) is getattr(capauth, str(row["class"]))
    assert error.name == str(row["name"]).removeprefix("E_")
    assert error.retryable is row["retryable"]
    assert str(error) == error.message == row["text"]


@pytest.mark.parametrize("row", [row for row in TABLE["codes"] if row["code"] > 0], ids=lambda row: row["name"])
def test_refusal_arrives_with_its_class(
    row: dict[str, object], customer: capauth.Session, emulator: Emulator, brand: str
) -> None:
    message = f"the server's {row['name']}"
    body = {"status": {"success": False, "code": row["code"], "message": message}}
    emulator.fault("/auth/v1/token/generate", brand=brand, status=200, body=body)
    with pytest.raises(capauth.RefusedError) as caught:
        customer.generate_token()
    assert type(caught.value) is getattr(capauth, str(row["class"]))
    assert (caught.value.code, caught.value.name) == (row["code"], row["name"])
    assert caught.value.retryable is row["retryable"]
    assert (caught.value.server_code, caught.value.server_message) == (row["code"], message)
    assert str(row["text"]) in str(caught.value)


@pytest.mark.parametrize("row", TABLE["classes"], ids=lambda row: row["name"])
def test_class_has_its_parents(row: dict[str, str]) -> None:
    error = getattr(capauth, row["name"])
    assert error.__module__ == "capauth"
    assert issubclass(error, getattr(capauth, row["parent"] or "Error"))
    builtin = {"ValueError": ValueError, "ConnectionError": ConnectionError, "TimeoutError": TimeoutError}
    assert issubclass(error, builtin.get(row["python"], Exception))


def test_number_that_nobody_knows_is_a_refusal() -> None:
    assert class_of(1999) is capauth.RefusedError
    assert class_of(-999) is capauth.Error


CLASSES = [getattr(capauth, row["name"]) for row in TABLE["classes"]]


@pytest.mark.parametrize("code", [1506, -20, -23, -30, -1, -2])
def test_error_survives_pickle_and_copy(code: int) -> None:
    error = error_of_code(
        code,
        "what happened",
        operation="otp_validate",
        retry_after=1.5,
        http_status=200,
        retryable=True,
        maybe_sent=True,
        request_id="cdn-1",
        server_code=7,
        server_message="theirs",
    )
    error.add_note("and more")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is type(error)
        assert str(twin) == "what happened" and twin.args == error.args
        assert vars(twin) == vars(error)


@pytest.mark.parametrize("kind", CLASSES)
def test_error_is_made_without_arguments(kind: type[capauth.Error]) -> None:
    """As `raise kind`, and `mock.side_effect = kind`, do it."""
    error = kind()
    assert class_of(error.code) is kind
    other = error_of_code(error.code)
    assert isinstance(other, kind) and vars(error) == vars(other) and str(error) == str(other) != ""
    with pytest.raises(kind):
        mock.Mock(side_effect=kind)()


@pytest.mark.parametrize("kind", CLASSES)
def test_error_is_made_of_a_message_and_again_of_its_arguments(kind: type[capauth.Error]) -> None:
    error = kind("text")
    assert str(error) == error.message == "text" and error.code == kind().code
    twin = kind(*json.loads(json.dumps(error.args)))  # as Celery's JSON backend does
    assert vars(twin) == vars(error) and str(twin) == "text"


def test_error_takes_its_details_by_name() -> None:
    error = capauth.RateLimitedError("text", code=1534, retry_after=3.0, http_status=429, operation="otp_generate")
    assert (error.code, error.name, error.retry_after) == (1534, "OTP_LIMIT_REACHED", 3.0)
    assert capauth.InvalidArgumentError("text").argument == ""
    assert capauth.InvalidArgumentError("text", argument="otp").argument == "otp"
    assert isinstance(capauth.WrongStepError().next_step, capauth.Step)
    with pytest.raises(TypeError):
        capauth.Error(-52, "text")  # type: ignore[call-arg, arg-type]


def test_network_errors_are_no_errno() -> None:
    error = error_of_code(-21)
    assert isinstance(error, ConnectionError)
    assert error.errno is None


def test_step_that_nobody_knows_is_a_step() -> None:
    step = capauth.Step("dance")
    assert step == "dance" and step.name == "DANCE" and isinstance(step, capauth.Step)
    assert capauth.Step("done") is capauth.Step.DONE
    with pytest.raises(ValueError):
        capauth.Step(7)  # type: ignore[arg-type]
