"""What the blocking and the asyncio client share: how sessions come to be."""

from __future__ import annotations

from . import _flat as flat
from ._call import Started, start_call
from ._client_options import ClientOptions
from ._failure import error_of_setter, invalid_argument
from ._handle import Generic, called
from ._later import typing
from ._session import BaseSession, identifier_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    SessionT = typing.TypeVar("SessionT", bound=BaseSession)
else:
    SessionT = BaseSession  # what is known of it without typing

FLOWS = {"mobile": flat.FLOW_MOBILE, "web": flat.FLOW_WEB}


@called("Client")
class BaseClient(ClientOptions, Generic[SessionT]):
    """Configuration and connections, to be shared by threads."""

    __slots__ = ()

    def _session(self, result: typing.Any, *arguments: str) -> SessionT:
        code, handle = result
        if code:
            why = self._error_message()
            argument = next((name for name in arguments if why.startswith(f"{name} ")), arguments[-1])
            raise error_of_setter(code, argument, why)
        session: SessionT = self._wrap(handle)
        return session

    def session(
        self,
        brand: str,
        *,
        mobile: str | None = None,
        email: str | None = None,
        username: str | None = None,
        external_id: str | None = None,
        contact_mobile: str | None = None,
        contact_email: str | None = None,
        device_id: str | None = None,
        flow: typing.Literal["mobile", "web"] = "mobile",
    ) -> SessionT:
        """A customer who is not signed in. Give exactly one of `mobile`, `email`, `username` (with a contact, where the
        OTP goes) and `external_id`; and `device_id`, except with flow="web"."""
        if flow not in FLOWS:
            raise invalid_argument("flow", 'must be "mobile" or "web"')
        identifier = identifier_of(mobile, email, username, external_id)
        if not identifier:
            raise invalid_argument("mobile", "(or email, username, external_id) is missing")
        session = self._session(flat.session_new(self._handle, FLOWS[flow], brand), "brand")
        session._identify(identifier, device_id)
        if contact_mobile is not None:
            session._set("contact_mobile", flat.session_set_contact, flat.IDENTIFIER_MOBILE, contact_mobile)
        if contact_email is not None:
            session._set("contact_email", flat.session_set_contact, flat.IDENTIFIER_EMAIL, contact_email)
        return session

    def external_session(self, brand: str, access_token: str, id_token: str) -> SessionT:
        """A customer whom the brand's OpenID provider signed in; `gateway` is its only operation."""
        result = flat.session_external_new(self._handle, brand, access_token, id_token)
        return self._session(result, "brand", "access_token", "id_token")

    def restore(self, text: str) -> SessionT:
        """A session from what `export` gave, at any step of the sign-in."""
        return self._session(flat.session_restore(self._handle, text), "text")

    def _prepare(self) -> Started[None]:
        return start_call(self, lambda _call: None, lambda: flat.client_start_prepare(self._handle))
