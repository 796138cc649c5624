"""Makes exceptions of codes and of failed calls."""

from __future__ import annotations

from . import _flat as flat
from ._enums import Step
from ._errors import CLASSES, Error, InvalidArgumentError, RefusedError
from ._later import typing


def class_of(code: int) -> type[Error]:
    """The class of a code, known to this version or not: a positive number is always a refusal."""
    return CLASSES.get(code, RefusedError if code > 0 else Error)


def error_of_code(code: int, message: str = "", **details: object) -> Error | MemoryError:
    """The exception of a code that did not come from a call."""
    if code == flat.E_NO_MEMORY:
        return MemoryError(message or str(flat.strerror(code)))
    return class_of(code)(message, code=code, **details)  # type: ignore[arg-type]


def value_or_raise(result: typing.Any) -> typing.Any:
    """The value that the flat layer gave beside the code 0. Another code raises."""
    code, value = result
    if code:
        raise error_of_code(code)
    return value


def error_of_call(call: flat.CallHandle, code: int) -> Error | MemoryError:
    """The exception of a call that has finished with a code. All of it is the call's: other threads use the session."""
    retry_after_ms = flat.call_retry_after_ms(call)
    details: dict[str, object] = {
        "operation": flat.call_operation(call),
        "http_status": flat.call_http_status(call),
        "retryable": bool(flat.call_retryable(call)),
        "retry_after": None if retry_after_ms < 0 else retry_after_ms / 1000,
        "maybe_sent": bool(flat.call_maybe_sent(call)),
        "request_id": flat.call_request_id(call) or None,
        "server_code": flat.call_server_code(call),
        "server_message": flat.call_server_message(call),
    }
    message = str(flat.call_error_message(call))
    if code == flat.E_INVALID_ARGUMENT:
        details["argument"] = str(flat.call_argument(call))
    if code == flat.E_WRONG_STEP:
        details["next_step"] = Step(str(flat.step_name(flat.call_next_step(call))))
    return error_of_code(code, message, **details)


def invalid_argument(argument: str, message: str) -> InvalidArgumentError:
    """For what only this layer can see. The message starts like the core's."""
    return InvalidArgumentError(f"{argument} {message}", argument=argument)


flat.set_invalid_argument(invalid_argument)

# The core's names of what a setter was given, where Python has another name for it.
SUBJECTS = {"identifier", "contact", "header", "hash", "timestamp_ms"}


def error_of_setter(code: int, argument: str, why: str, seconds: float | None = None) -> Error | MemoryError:
    """The exception of a setter: the core's sentence, in our names and units."""
    if code not in (flat.E_INVALID_ARGUMENT, flat.E_UNSUPPORTED):
        return error_of_code(code)
    subject, _, rest = why.partition(" ")
    bounds = why.partition("must be ")[2].split(" ")  # 1 to 86400000
    if seconds is not None and bounds[1:2] == ["to"]:
        lowest, highest = (f"{int(bound) / 1000:.10g}" for bound in bounds[0:3:2])
        message = f"{argument} is {seconds:.10g}; it must be {lowest} to {highest} seconds"
    elif subject.removesuffix("_ms") == argument.partition("[")[0] or subject in SUBJECTS:
        message = f"{argument} {rest}"
    else:
        message = f"{argument}: {why}"
    details = {"argument": argument.partition("[")[0]} if code == flat.E_INVALID_ARGUMENT else {}
    return error_of_code(code, message, **details)
