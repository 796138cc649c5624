"""All that `capauth` offers; __init__.py has it loaded when it is used."""

from typing import Any

from . import _flat, _sign_in
from ._client import BaseClient
from ._reply import Reply
from ._sign_in import *  # noqa: F403
from ._types import Headers, Json, LogCallback, Method, Otp, Query, Secret, TraceCallback, TraceEvent

__all__ = [
    "Headers",
    "Json",
    "LogCallback",
    "Method",
    "Otp",
    "Query",
    "Reply",
    "Secret",
    "TraceCallback",
    "TraceEvent",
    "diagnose",
    "versions",
]
__all__ += _sign_in.__all__


def diagnose(client: BaseClient[Any] | None = None) -> str:
    """What a support request needs: versions, TLS library, CA store and why that one."""
    return str(_flat.diagnose(None if client is None else client._handle)[1])  # type: ignore[arg-type]


def versions() -> dict[str, str]:
    """The version of each library at work, by its name, such as capauth, libcurl, OpenSSL and json-c.

    A wheel carries its libraries: then also those, as whoever packaged their sources names and counts them.
    """
    told = [line.partition(": ") for line in diagnose().splitlines()]
    lines = [entry for line, _, inside in told for entry in (inside.split(", ") if inside else [line.split(",")[0]])]
    return dict(line.split(" ", 1) for line in lines)


diagnose.__module__ = versions.__module__ = "capauth"  # where users find them
