"""The root of all exceptions; _errors.py has the rest of the tree."""

from typing import Any, TypeVar


class Error(Exception):
    """Root of everything that capauth reports."""

    code: int
    """Negative: capauth's own; positive: the Auth Engine's number."""
    name: str
    """The code's stable name, "INVALID_OTP": what an application keys its translations on."""
    message: str
    operation: str
    """Which operation failed ("otp_validate"), or ""."""
    http_status: int
    """0 when no HTTP answer arrived."""
    retryable: bool
    """The same call may succeed later, and repeating it does no harm."""
    retry_after: float | None
    """Seconds, when the server said so."""
    maybe_sent: bool
    """The request may have reached the Auth Engine."""
    request_id: str | None
    """The CDN's id of the request, for support."""
    server_code: int
    """status.code as it came, also when `code` could not take it; 0 without."""
    server_message: str

    def __init__(
        self,
        code: int,
        message: str,
        *,
        name: str = "",
        operation: str = "",
        http_status: int = 0,
        retryable: bool = False,
        retry_after: float | None = None,
        maybe_sent: bool = False,
        request_id: str | None = None,
        server_code: int = 0,
        server_message: str = "",
        **details: object,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.name = name
        self.message = message
        self.operation = operation
        self.http_status = http_status
        self.retryable = retryable
        self.retry_after = retry_after
        self.maybe_sent = maybe_sent
        self.request_id = request_id
        self.server_code = server_code
        self.server_message = server_message
        self.__dict__.update(details)

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the class with `args` alone.
        return _unpickled, (type(self), self.args), self.__dict__


E = TypeVar("E", bound=Error)


def _unpickled(kind: type[E], args: tuple[object, ...]) -> E:
    error = kind.__new__(kind, *args)
    error.args = args  # which the classes that are OSErrors too leave to __init__
    return error
