"""What is asked of Redis, and how its answers are read. The protocol is described beside the scripts, which all
languages share."""

import dataclasses
import hashlib
import importlib.resources
from typing import Any

FIELDS = ("name", "v", "fence", "text", "stored", "expires")
VERSION = "1"


@dataclasses.dataclass(frozen=True, slots=True)
class Script:
    source: str = dataclasses.field(repr=False)
    digest: str


def _load(name: str) -> Script:
    source = importlib.resources.files(__package__).joinpath("redis_scripts", f"{name}.lua").read_text(encoding="utf-8")
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


LOCK, UNLOCK, PUT = map(_load, ("lock", "unlock", "put"))


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """What is stored of a customer. Times are microseconds by Redis's clock; 0: not known."""

    fence: str = ""
    text: str = dataclasses.field(default="", repr=False)
    stored: int = 0
    expires: int = 0

    def left(self, now: int) -> float | None:
        """For how many seconds the token is still valid; None: not known. What was stored in the future was stored
        before the clock went back."""
        return (self.expires - max(now, self.stored)) / 1e6 if self.expires else None

    @property
    def life(self) -> float:
        """How many seconds the token had when it was stored."""
        return (self.expires - self.stored) / 1e6


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A script's, or that of a plain read, whose outcome is "read" or "missing"."""

    outcome: str
    state: State = State()
    now: int = 0
    failure: str = ""
    wait: float = 0.0


class MisreadError(Exception):
    """This is the answer to somebody else's question: an exception left it unread in a connection of the pool."""


def read_script(name: str, question: str, answer: Any) -> Answer:
    parts = _texts(answer, 10)
    if parts[:2] != [name, question]:
        raise MisreadError
    _, _, now, outcome, fence, text, stored, expires, failure, wait = parts
    return Answer(outcome, State(fence, text, int(stored or 0), int(expires or 0)), int(now), failure, int(wait) / 1000)


def read_fields(name: str, answer: Any) -> Answer:
    parts = _texts(answer, len(FIELDS))
    if not any(parts):
        return Answer("missing")
    if parts[0] != name:
        raise MisreadError
    if parts[1] != VERSION:
        return Answer("version")
    if not parts[3]:
        return Answer("missing")  # or deleted, which the script tells
    return Answer("read", State(parts[2], parts[3], int(parts[4] or 0), int(parts[5] or 0)))


def _texts(answer: Any, length: int) -> list[str]:
    """As text, "" for what is not there, whatever the client decodes."""
    if not isinstance(answer, list) or len(answer) != length:
        raise MisreadError
    try:
        return [part.decode() if isinstance(part, bytes) else str("" if part is None else part) for part in answer]
    except UnicodeDecodeError:
        raise MisreadError from None
