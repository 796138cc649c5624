"""What HTTP answered to a gateway call."""

from typing import Any, NamedTuple

from . import _flat as flat
from ._failure import error_of_code
from ._later import json


class Reply(NamedTuple):
    """The gateway's answer, whatever it says."""

    http_status: int
    """What HTTP said."""
    ok: bool
    """2xx, and no refusal in any of the shapes that the gateway knows."""
    code: int
    """status.code, or the first error's; 0 when there was none."""
    message: str
    """status.message, or the first error's; "" when there was none."""
    content: bytes
    """The body as it came."""
    request_id: str | None = None
    """The CDN's id of the request, for support."""
    retry_after: float | None = None
    """Seconds, when the server said so."""
    refusal: int = 0
    """The code of what raise_for_refusal raises; 0 when the reply is ok."""
    retryable: bool = False
    """The same call may succeed later, and repeating it does no harm."""
    error_message: str = ""
    """The message of what raise_for_refusal raises."""

    @property
    def body(self) -> str:
        """The body as text; what is not UTF-8 in it is replaced."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; a ValueError when it is something else."""
        return json.loads(self.content)

    def __repr__(self) -> str:
        """Without what may be the customer's."""
        hidden = ("content", "error_message")
        shown = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items() if name not in hidden)
        return f"Reply({shown})"

    def raise_for_refusal(self) -> None:
        """Raises what an operation would have raised for this answer; nothing when it is ok."""
        if self.ok:
            return
        raise error_of_code(
            self.refusal,
            self.error_message,
            operation="gateway",
            http_status=self.http_status,
            retryable=self.retryable,
            maybe_sent=True,
            request_id=self.request_id,
            retry_after=self.retry_after,
            server_code=self.code,
            server_message=self.message,
        )


Reply.__module__ = "capauth"  # where users find it


def reply_of(call: flat.CallHandle) -> Reply:
    retry_after_ms = flat.call_retry_after_ms(call)
    content: Any = flat.call_body(call)
    return Reply(
        http_status=flat.call_http_status(call),
        ok=bool(flat.call_ok(call)),
        code=flat.call_server_code(call),
        message=flat.call_server_message(call),
        content=content,
        request_id=flat.call_request_id(call) or None,
        retry_after=None if retry_after_ms < 0 else retry_after_ms / 1000,
        refusal=flat.call_refusal(call),
        retryable=bool(flat.call_retryable(call)),
        error_message=flat.call_error_message(call),
    )
