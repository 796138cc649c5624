"""The blocking client and session."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from . import _flat as flat
from . import _operations as operations
from ._call import Call, Started, StartedCalls, in_slices
from ._callbacks import client_poll
from ._client import BaseClient
from ._failure import error_of_code
from ._form import documented
from ._session import BaseSession

P = ParamSpec("P")
T = TypeVar("T")
Operation = Callable[Concatenate[BaseSession, P], Started[T]]


def waited(started: Started[T]) -> T:
    """Whatever interrupts the waiting (Ctrl-C) cancels the call."""
    call = Call(started)
    try:
        return call.result()
    finally:
        call._abandon()


def blocking(operation: Operation[P, T]) -> "Callable[Concatenate[Session, P], T]":
    """The form that waits."""

    def method(self: "Session", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return waited(operation(self, *args, **kwargs))

    return documented(method, operation, operation.__name__)


def starting(operation: Operation[P, T]) -> "Callable[Concatenate[Session, P], Call[T]]":
    """The form that gives the call."""

    def method(self: "Session", /, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        return self._client._handed_out(operation(self, *args, **kwargs))

    return documented(method, operation, f"start_{operation.__name__}", Call)


class Session(BaseSession):
    """One customer of one brand on one device. Operations wait for the answer and raise what went wrong; beside each, a
    `start_...` gives a Call at once."""

    __slots__ = ()

    _client: "Client"

    generate_token = blocking(operations.generate_token)
    generate_otp = blocking(operations.generate_otp)
    validate_otp = blocking(operations.validate_otp)
    validate_password = blocking(operations.validate_password)
    change_password = blocking(operations.change_password)
    forget_password = blocking(operations.forget_password)
    regenerate_token = blocking(operations.regenerate_token)
    ensure_token = blocking(operations.ensure_token)
    expire_token = blocking(operations.expire_token)
    update_identifier = blocking(operations.update_identifier)
    sign_out = blocking(operations.sign_out)
    gateway = blocking(operations.gateway)

    start_generate_token = starting(operations.generate_token)
    start_generate_otp = starting(operations.generate_otp)
    start_validate_otp = starting(operations.validate_otp)
    start_validate_password = starting(operations.validate_password)
    start_change_password = starting(operations.change_password)
    start_forget_password = starting(operations.forget_password)
    start_regenerate_token = starting(operations.regenerate_token)
    start_ensure_token = starting(operations.ensure_token)
    start_expire_token = starting(operations.expire_token)
    start_update_identifier = starting(operations.update_identifier)
    start_sign_out = starting(operations.sign_out)
    start_gateway = starting(operations.gateway)


class Client(BaseClient[Session]):
    """Configuration and connections, to be shared by threads."""

    __slots__ = ("_started",)

    def _begin(self) -> None:
        self._started = StartedCalls()

    def _handed_out(self, started: Started[T]) -> Call[T]:
        """The call, which `next_done` may give once more."""
        call = Call(started)
        self._started.add(call)
        return call

    def _wrap(self, handle: flat.SessionHandle) -> Session:
        return Session(self, handle)

    def prepare(self) -> None:
        """Loads the CA store and connects now, where a stall is welcome."""
        waited(self._prepare())

    def start_prepare(self) -> Call[None]:
        """`prepare`, started: gives the call at once."""
        return self._handed_out(self._prepare())

    def poll(self, timeout: float | None = 0.0) -> int:
        """Lets calls move on. Waits until one finishes, at most `timeout` seconds (0: does what can be done now; None:
        without limit), and gives how many finished since the last poll."""
        count = in_slices(lambda ms: client_poll(self._handle, ms), 0, timeout)
        if count < 0:
            raise error_of_code(count)
        return count

    def fileno(self) -> int:
        """A descriptor for an event loop of your own: when it is readable, call `poll()`. It stays the client's."""
        descriptor: int = flat.client_fd(self._handle)
        if descriptor < 0:
            raise error_of_code(descriptor)
        return descriptor

    def next_done(self) -> Call[Any] | None:
        """A call that was started, has finished, and was not handed out or waited for before; None when there is none
        left."""
        while True:
            code, address = flat.client_next_done(self._handle)
            if code < 0:
                raise error_of_code(code)
            call = self._started.take(address)  # None for one that another thread waits for
            if call is not None or not address:
                return call

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
