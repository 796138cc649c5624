"""The operations, each once. The blocking, the started and the awaited form of each are made from these functions,
which start it; what they document is what the finished form does."""

import datetime
import json
from collections.abc import Mapping

from . import _flat as flat
from ._call import Started, begin
from ._options import CallOptions
from ._reply import Reply, reply_of
from ._session import BaseSession
from ._types import Headers, Json, Method, Query, Secret


def _nothing(_call: flat.CallHandle) -> None:
    return None


def _body_text(body: str | Json | None) -> str | None:
    if body is None or isinstance(body, str):
        return body
    if not isinstance(body, Mapping | list | tuple):
        raise TypeError(f"body must be str, a mapping or a list, not {type(body)}")
    value = dict(body) if isinstance(body, Mapping) else body
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def generate_token(
    session: BaseSession,
    password: Secret | None = None,
    *,
    timeout: float | None = None,
    headers: Headers | None = None,
) -> Started[None]:
    """Begins a sign-in. `password` is the first one of a customer of a password brand."""
    return begin(
        session,
        _nothing,
        lambda: flat.token_generate(session._handle, CallOptions().common(timeout, headers).password(password).handle),
    )


def generate_otp(
    session: BaseSession,
    fallback_channel: str | None = None,
    payload_hash: str | None = None,
    payload_timestamp: datetime.datetime | int | None = None,
    *,
    timeout: float | None = None,
    headers: Headers | None = None,
) -> Started[None]:
    """Sends an OTP, again if called again; never repeated by itself. Where the brand has payload encryption, the
    application makes `payload_hash`, and `payload_timestamp` (an aware datetime, or Unix milliseconds) goes with it."""
    if isinstance(payload_timestamp, datetime.datetime):
        payload_timestamp = round(payload_timestamp.timestamp() * 1000)
    timestamp_ms = payload_timestamp
    return begin(
        session,
        _nothing,
        lambda: flat.otp_generate(
            session._handle,
            CallOptions().common(timeout, headers).otp(fallback_channel, payload_hash, timestamp_ms).handle,
        ),
    )


def validate_otp(
    session: BaseSession, otp: Secret, *, timeout: float | None = None, headers: Headers | None = None
) -> Started[None]:
    """Signs in with the OTP (text: 012345 would lose its zero). After InvalidOtpError the step is still open."""
    return begin(
        session,
        _nothing,
        lambda: flat.otp_validate(session._handle, otp, CallOptions().common(timeout, headers).handle),
    )


def validate_password(
    session: BaseSession, password: Secret, *, timeout: float | None = None, headers: Headers | None = None
) -> Started[None]:
    """Signs in with the password. After InvalidPasswordError the step is still open."""
    return begin(
        session,
        _nothing,
        lambda: flat.password_validate(session._handle, password, CallOptions().common(timeout, headers).handle),
    )


def change_password(
    session: BaseSession,
    current_password: Secret,
    new_password: Secret,
    *,
    timeout: float | None = None,
    headers: Headers | None = None,
) -> Started[None]:
    """Changes the password of a customer who is signed in."""
    return begin(
        session,
        _nothing,
        lambda: flat.password_change(
            session._handle, current_password, new_password, CallOptions().common(timeout, headers).handle
        ),
    )


def forget_password(
    session: BaseSession, new_password: Secret, *, timeout: float | None = None, headers: Headers | None = None
) -> Started[None]:
    """Sets a new password; an OTP confirms it, so go on with generating one."""
    return begin(
        session,
        _nothing,
        lambda: flat.password_forget(session._handle, new_password, CallOptions().common(timeout, headers).handle),
    )


def regenerate_token(
    session: BaseSession, *, timeout: float | None = None, headers: Headers | None = None
) -> Started[None]:
    """Gets a fresh token. Joins a regeneration in flight."""
    return begin(
        session,
        _nothing,
        lambda: flat.token_regenerate(session._handle, CallOptions().common(timeout, headers).handle),
    )


def ensure_token(
    session: BaseSession,
    margin: float | None = None,
    *,
    timeout: float | None = None,
    headers: Headers | None = None,
) -> Started[str]:
    """Gives a token that is valid for `margin` more seconds (default: the client's `refresh_margin`), regenerating it
    only if it must."""
    return begin(
        session,
        lambda _call: session._text(flat.session_copy_token),
        lambda: flat.token_ensure(session._handle, CallOptions().common(timeout, headers, margin).handle),
    )


def expire_token(session: BaseSession, *, timeout: float | None = None, headers: Headers | None = None) -> Started[None]:
    """Ends this token at the Auth Engine; the key stays. Sessions of the second factor only."""
    return begin(
        session,
        _nothing,
        lambda: flat.token_expire(session._handle, CallOptions().common(timeout, headers).handle),
    )


def update_identifier(
    session: BaseSession, new_value: str, *, timeout: float | None = None, headers: Headers | None = None
) -> Started[None]:
    """Gives the customer who is signed in a new mobile or email."""
    return begin(
        session,
        _nothing,
        lambda: flat.identifier_update(session._handle, new_value, CallOptions().common(timeout, headers).handle),
    )


def sign_out(session: BaseSession, *, timeout: float | None = None, headers: Headers | None = None) -> Started[None]:
    """Forgets token, key and step at once, also without a network, and expires the token where the flow can."""
    return begin(
        session,
        _nothing,
        lambda: flat.session_sign_out(session._handle, CallOptions().common(timeout, headers).handle),
    )


def gateway(
    session: BaseSession,
    method: Method,
    endpoint: str,
    query: Query | None = None,
    body: str | Json | None = None,
    repeatable: bool = False,
    *,
    view: bool = False,
    margin: float | None = None,
    timeout: float | None = None,
    headers: Headers | None = None,
) -> Started[Reply]:
    """Calls one of the brand's endpoints with a valid token, regenerated when needed, and gives what HTTP answered,
    whatever it says. An `endpoint` that begins with / is a path on the gateway's host. A str `body` is sent as it is,
    anything else as JSON. `repeatable`: another method than GET may be sent twice without harm. `view`: before anybody
    has signed in, the VIEW token will do."""
    text = _body_text(body)
    return begin(
        session,
        reply_of,
        lambda: flat.gateway_call(
            session._handle,
            method,
            endpoint,
            text,
            CallOptions().common(timeout, headers, margin).gateway(query, repeatable, view).handle,
        ),
    )
