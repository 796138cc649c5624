"""The root of all exceptions; _errors.py has the rest of the tree."""

from . import _flat as flat


class Error(Exception):
    """Root of everything that capauth reports."""

    code: int
    """Negative: capauth's own; positive: the Auth Engine's number."""
    name: str
    """The code's stable name, "INVALID_OTP": what an application keys its translations on."""
    message: str
    """One sentence; also what `str()` gives."""
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
    """status.message as it came; "" without."""

    _code: int  # what one is made with that is told nothing else

    def __init__(
        self,
        message: str = "",
        *,
        code: int | None = None,
        name: str | None = None,
        operation: str = "",
        http_status: int = 0,
        retryable: bool | None = None,
        retry_after: float | None = None,
        maybe_sent: bool = False,
        request_id: str | None = None,
        server_code: int = 0,
        server_message: str = "",
        **details: object,
    ) -> None:
        """An application needs none of these for its tests: `raise capauth.InvalidOtpError`. Without a code it is the
        class's own; without a message, a name, or a word on whether to repeat, they are the code's."""
        code = self._code if code is None else code
        message = message or str(flat.strerror(code))
        super().__init__(message)
        self.code = code
        self.name = str(flat.error_name(code)) if name is None else name
        self.message = message
        self.operation = operation
        self.http_status = http_status
        self.retryable = bool(flat.error_retryable(code)) if retryable is None else retryable
        self.retry_after = retry_after
        self.maybe_sent = maybe_sent
        self.request_id = request_id
        self.server_code = server_code
        self.server_message = server_message
        self.__dict__.update(details)

    def __reduce__(self) -> tuple[object, ...]:
        # The default would call the class with `args` alone.
        return _unpickled, (type(self), self.args), self.__dict__


Error.__module__ = "capauth"  # where users find it


def _unpickled(kind: type[Error], args: tuple[object, ...]) -> Error:
    error = kind.__new__(kind, *args)
    error.args = args  # which the classes that are OSErrors too leave to __init__
    return error
