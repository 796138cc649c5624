"""What a stored customer is, and what a store is told."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any, Literal

from . import _flat as flat
from ._client import BaseClient
from ._errors import InvalidArgumentError
from ._redis_scripts import State
from ._session import BaseSession

FOR_EVER_MS = 2**31 - 1
ORIGIN = re.compile(r'(\{"v":1,"origin":")([^"\\]*)"')  # how every export of the core starts


def plain_origin(url: str) -> str:
    return url.rstrip("/").lower()


class StaleError(Exception):
    """Not stored: somebody else has stored a newer state of this customer, or it was deleted."""

    __module__ = "capauth.redis"


@dataclasses.dataclass(frozen=True, slots=True)
class StoreEvent:
    """What `metrics` is told."""

    kind: Literal["hit", "wait", "regeneration", "failure", "shared_failure"]
    """A token that was valid; one that another worker regenerated; one that we did; our regeneration failed; another
    worker's failed."""
    seconds: float
    """How long it took."""
    error: str
    """The name of the error, "DEADLINE", or ""."""


StoreEvent.__module__ = "capauth.redis"  # where users find it


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    lock_seconds: float = 10
    ttl_ms: int = 0
    encrypt: Callable[[str], str] | None = None
    decrypt: Callable[[str], str] | None = None
    metrics: Callable[[StoreEvent], object] | None = None
    earlier_origins: frozenset[str] = frozenset()


class Unraisable:
    """Hands an exception that nobody can catch to sys.unraisablehook, as the interpreter does."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __del__(self) -> None:
        raise self._error


def reported(function: Callable[..., object], *arguments: object) -> None:
    """Calls what the application gave us. If it fails, that is reported, and the operation goes on."""
    try:
        function(*arguments)
    except Exception as error:
        Unraisable(error)


class Stored(BaseSession):
    """What a stored customer has beside a session."""

    __slots__ = ("_name", "_state")

    _client: BaseClient[Any]
    _name: str
    _state: State

    def _set_stored(self, name: str, state: State) -> None:
        self._name, self._state = name, state
        flat.session_pause_refresh(self._handle, FOR_EVER_MS)  # the store regenerates the token; reloads keep this

    def _adopt(self, state: State) -> bool:
        """Takes over what is stored, and tells whether that changed anything."""
        if state.fence == self._state.fence:
            return False
        try:
            BaseSession.reload(self, state.text)
        except InvalidArgumentError as error:
            if is_damaged(self._client, state.text):
                raise
            raise StaleError("another customer is stored under this key now") from error
        self._state = state
        return True

    def export(self) -> str:
        """What is stored, as text. As secret as the key."""
        return self._state.text

    def __repr__(self) -> str:
        return f"<capauth.redis.{type(self).__name__} {self.brand!r} {self.flow} {self.next_step}>"


def is_damaged(client: BaseClient[Any], text: str) -> bool:
    try:
        client.restore(text).close()
    except InvalidArgumentError:
        return True
    return False
