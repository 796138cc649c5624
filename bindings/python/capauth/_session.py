"""What the blocking and the asyncio session share: everything but the operations."""

from __future__ import annotations

import contextvars
from collections import abc

from . import _flat as flat
from ._configured import ConfiguredClient
from ._enums import FLOWS, IDENTIFIERS, Step
from ._failure import error_of_code, invalid_argument, value_or_raise
from ._handle import Handle, called
from ._later import callbacks, datetime, types, typing
from ._options import checked, milliseconds


def identifier_of(
    mobile: str | None, email: str | None, username: str | None, external_id: str | None
) -> tuple[str, int, str] | None:
    """The name of the argument, the core's type and the value of the one identifier given."""
    given = [
        (argument, kind, value)
        for argument, kind, value in (
            ("mobile", flat.IDENTIFIER_MOBILE, mobile),
            ("email", flat.IDENTIFIER_EMAIL, email),
            ("username", flat.IDENTIFIER_USERNAME, username),
            ("external_id", flat.IDENTIFIER_EXTERNALID, external_id),
        )
        if value is not None
    ]
    if len(given) > 1:
        raise invalid_argument(given[1][0], f"cannot be given together with {given[0][0]}")
    return given[0] if given else None


@called("Session")
class BaseSession(Handle):
    """One customer of one brand on one device. Made by a client."""

    __slots__ = ("_client", "_handle", "_listener", "_context", "_telling", "__weakref__")

    _client: ConfiguredClient

    def __init__(self, client: ConfiguredClient, handle: flat.SessionHandle) -> None:
        self._client = client
        self._handle = handle
        self._listener: abc.Callable[[typing.Any], object] | None = None
        self._context: contextvars.Context | None = None
        self._telling: typing.Any = None  # in asyncio: the task that awaits a callback

    def _set(
        self, argument: str, setter: abc.Callable[..., int], *values: object, seconds: float | None = None
    ) -> None:
        checked(
            argument,
            lambda: setter(self._handle, *values),
            lambda: self._text(flat.session_copy_error_message),
            seconds,
        )

    def _text(self, getter: abc.Callable[..., typing.Any]) -> str:
        return str(value_or_raise(getter(self._handle)))

    def _identify(self, identifier: tuple[str, int, str] | None, device_id: str | None) -> None:
        if identifier:
            argument, kind, value = identifier
            self._set(argument, flat.session_set_identifier, kind, value)
        if device_id is not None:
            self._set("device_id", flat.session_set_device_id, device_id)

    @property
    def next_step(self) -> Step:
        """What to do next. Advice only: resending and the other ways to sign in stay open."""
        return Step(str(flat.step_name(flat.session_next_step(self._handle))))

    @property
    def signed_in(self) -> bool:
        """There is a token of a customer who has proved who they are. Its mere expiry does not end that."""
        return bool(flat.session_signed_in(self._handle))

    @property
    def token(self) -> str | None:
        """The access token: a secret."""
        return self._text(flat.session_copy_token) or None

    @property
    def key(self) -> str | None:
        """What fresh tokens are made from (mobile and second factor): a secret that lives longer than the token."""
        return self._text(flat.session_copy_key) or None

    @property
    def role(self) -> str:
        """The token's role: "VIEW", "USER", "MFA_PENDING" or one of the brand's; "" without a token."""
        return self._text(flat.session_copy_role)

    @property
    def expires_at(self) -> datetime.datetime | None:
        """When the token expires, as it says itself."""
        return time_of(flat.session_expires_at(self._handle))

    @property
    def expires_in(self) -> float | None:
        """For how many seconds the token is still valid, by the server's clock and not by this machine's. 0: it has
        expired; None: not known, since there is no token, it does not say, or the client has not heard from the Auth
        Engine yet."""
        left_ms = flat.session_expires_in_ms(self._handle)
        return None if left_ms < 0 else left_ms / 1000

    @property
    def customer_id(self) -> str | None:
        """The customer's id, a decimal string, as the token says."""
        return self._text(flat.session_copy_customer_id) or None

    @property
    def app_registered(self) -> bool | None:
        """None when the Auth Engine has not said."""
        return _answer(flat.session_app_registered(self._handle))

    @property
    def registered_for_password(self) -> bool | None:
        """None when the Auth Engine has not said."""
        return _answer(flat.session_registered_for_password(self._handle))

    @property
    def otp(self) -> types.Otp:
        """What is known of the OTP that was sent last."""
        return types.Otp(
            sent_at=time_of(flat.session_otp_sent_at(self._handle)),
            destination=self._text(flat.session_copy_otp_destination) or None,
            channel=self._text(flat.session_copy_otp_channel) or None,
            wrong_answers=flat.session_otp_wrong_answers(self._handle),
        )

    @property
    def brand(self) -> str:
        """The brand, as given."""
        return self._text(flat.session_copy_brand)

    @property
    def flow(self) -> str:
        """ "mobile", "web", "mfa" or "external"."""
        return FLOWS.get(flat.session_flow(self._handle), "unknown")

    @property
    def identifier(self) -> str | None:
        """Who the customer is, as given; None in an external session."""
        return self._text(flat.session_copy_identifier) or None

    @property
    def identifier_type(self) -> str | None:
        """ "mobile", "email", "username" or "external_id"."""
        return IDENTIFIERS.get(flat.session_identifier_type(self._handle))

    @property
    def device_id(self) -> str | None:
        """The device, as given; None in a web or external session."""
        return self._text(flat.session_copy_device_id) or None

    def second_factor(
        self,
        device_id: str | None = None,
        *,
        mobile: str | None = None,
        email: str | None = None,
        username: str | None = None,
        external_id: str | None = None,
    ) -> typing.Self:
        """A session of its own for the second factor of this customer; what is not given is this one's. Once it is
        done, keep it and close this one."""
        identifier = identifier_of(mobile, email, username, external_id)
        result: typing.Any = flat.session_second_factor(self._handle)
        code, handle = result
        if code:
            why = self._text(flat.session_copy_error_message)
            details = {"next_step": self.next_step} if code == flat.E_WRONG_STEP else {}
            raise error_of_code(code, why, operation="second_factor", **details)
        second: typing.Self = self._client._wrap(handle)
        second._identify(identifier, device_id)
        return second

    def on_change(self, callback: abc.Callable[[typing.Self], object] | None) -> None:
        """Calls `callback(session)` when anything changed that an export holds, so that it can save an export. None
        removes the callback. One call at a time, in a copy of the context (`contextvars`) in which it was registered.

        What a callback raises goes to `sys.unraisablehook`. When something interrupts it (Ctrl-C, an exit, what a
        signal handler raises), it is called once more at once, so that the change is not lost; then the operation
        raises the interruption."""
        self._listen(callback)

    def _listen(self, callback: abc.Callable[[typing.Any], object] | None, *, may_be_async: bool = False) -> None:
        callbacks.check_callback("callback", callback, may_be_async=may_be_async)
        self._listener = callback
        self._context = contextvars.copy_context()
        deliver = None if callback is None else callbacks.delivering(self, BaseSession._changed)
        code = flat.session_on_change(self._handle, deliver)
        if code:
            raise error_of_code(code)

    def _changed(self) -> None:
        if self._listener is not None:
            told = callbacks.run(self._listener, self, context=self._context)
            if told is not None and callbacks.is_awaitable(told):
                self._follow(told)

    def _follow(self, told: abc.Awaitable[object]) -> None:
        """The callback returned a coroutine, and there is no loop in which it could run."""
        if isinstance(told, abc.Coroutine):
            told.close()
        mistake = TypeError("the callback of on_change returned a coroutine, and nothing would await it")
        flat.report(mistake, self._listener)

    def export(self) -> str:
        """The session as one text, at any step of the sign-in. As secret as the key."""
        return self._text(flat.session_export)

    def reload(self, text: str) -> None:
        """Takes over an export of the same customer that another process wrote."""
        self._set("text", flat.session_reload, text)

    def pause_refresh(self, duration: float) -> None:
        """For `duration` seconds (0: no longer) only regenerate_token gets a new token; what needs one meanwhile uses
        the one there is, then raises TokenExpiredError."""
        self._set("duration", flat.session_pause_refresh, milliseconds("duration", duration), seconds=duration)

    def close(self) -> None:
        """Cancels what is in flight. Does not sign out and never talks to the network; properties and `export` still
        work."""
        flat.session_close(self._handle)

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.Session {self.brand!r} {self.flow} {self.next_step}>"


def _answer(value: int) -> bool | None:
    return None if value < 0 else bool(value)


def time_of(unix_ms: int) -> datetime.datetime | None:
    """The aware datetime of one of the core's times, of which 0 is none."""
    if not unix_ms:
        return None
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    try:
        return epoch + datetime.timedelta(milliseconds=unix_ms)
    except OverflowError:  # a token may say anything
        return None
