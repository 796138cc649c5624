"""A client's handle, configured by its options. It knows neither calls nor sessions."""

import datetime
import logging
import os
from collections.abc import Callable, Iterable
from typing import Any, Literal, Self, TypeAlias

from . import _flat as flat
from ._callbacks import LEVELS, check_callback, delivering, log_to_logger, run
from ._failure import gained, invalid_argument
from ._options import checked, milliseconds, pairs
from ._types import Handle, Headers, LogCallback, TraceCallback, TraceEvent

Path: TypeAlias = str | os.PathLike[str]


class ConfiguredClient(Handle):
    """Configuration and connections, to be shared by threads."""

    __slots__ = ("_handle", "_log", "_trace", "__weakref__")

    def __init__(
        self,
        *,
        cluster: Literal["APAC", "APAC2", "EU"] | str | None = None,
        base_url: str | None = None,
        gateway_url: str | None = None,
        timeout: float | None = 20,
        connect_timeout: float | None = 10,
        max_retries: int | None = 2,
        max_connections: int | None = 8,
        http2: bool | None = False,
        ca_file: Path | None = None,
        ca_pem: str | None = None,
        tls_min: Literal["1.2", "1.3"] | str | None = "1.2",
        pinned_keys: str | Iterable[str] | None = None,
        client_cert: Path | None = None,
        client_key: Path | None = None,
        proxy: str | None = None,
        user_agent: str | None = f"capauth/{flat.version()}",
        headers: Headers | None = None,
        refresh_margin: float | None = 30,
        auto_refresh: bool | None = True,
        allow_http: bool | None = False,
        clock_offset: float | None = 0,
        cap_mobile: bool | None = False,
        log: LogCallback | None = None,
        trace: TraceCallback | None = None,
    ) -> None:
        """One of `cluster` and `base_url` is to be given. Times are seconds; None is the default of everything.

        Args:
            cluster: "APAC", "APAC2" or "EU".
            base_url: The brand's own Auth Engine, "https://auth.brand.example".
            gateway_url: Where gateway calls go, if not to the cluster's gateway or to {base_url}/mobile.
            timeout: For a whole call, retries included.
            connect_timeout: For name lookup, TCP and TLS of one attempt.
            max_retries: How often what may be repeated is repeated.
            max_connections: At once; further calls wait in a queue.
            http2: HTTP/2 over TLS, many calls on one connection.
            ca_file: PEM certificates, the only authorities trusted; without it, those of the system.
            ca_pem: The same as text.
            tls_min: "1.2" or "1.3".
            pinned_keys: Public keys, one of which the server must show: "sha256//BASE64".
            client_cert: A PEM file.
            client_key: A PEM file, not encrypted.
            proxy: A URL, or "env" for that of the environment.
            user_agent: What requests call themselves.
            headers: Of every request.
            refresh_margin: A token that expires within this time is regenerated before it is used.
            auto_refresh: Whether gateway calls regenerate the token by themselves.
            allow_http: Plain HTTP beyond loopback, for test networks.
            clock_offset: Added to the local clock, for tests.
            cap_mobile: Gateway calls also send the older cap_mobile header.
            log: `log(level, message)` gets levels of the logging module; without it, the logger "capauth" does.
            trace: `trace(event)` gets a TraceEvent at the start and at the end of each call.
        """
        if (cluster is None) == (base_url is None):
            raise invalid_argument("base_url", "or cluster is to be given, and not both")
        self._handle: flat.ClientHandle = gained(flat.client_new())
        self._begin()

        self._option("allow_http", flat.client_set_allow_http, allow_http)  # first: URLs are looked at when they are set
        self._option("cluster", flat.client_set_cluster, cluster)
        self._option("base_url", flat.client_set_base_url, base_url)
        self._option("gateway_url", flat.client_set_gateway_url, gateway_url)
        self._seconds("timeout", flat.client_set_timeout_ms, timeout)
        self._seconds("connect_timeout", flat.client_set_connect_timeout_ms, connect_timeout)
        self._option("max_retries", flat.client_set_max_retries, max_retries)
        self._option("max_connections", flat.client_set_max_connections, max_connections)
        self._option("http2", flat.client_set_http2, http2)
        self._path("ca_file", flat.client_set_ca_file, ca_file)
        self._option("ca_pem", flat.client_set_ca_pem, ca_pem)
        self._option("tls_min", flat.client_set_tls_min, tls_min)
        if pinned_keys is not None and not isinstance(pinned_keys, str):
            pinned_keys = ";".join(pinned_keys)
        self._option("pinned_keys", flat.client_set_pinned_keys, pinned_keys)
        self._path("client_cert", flat.client_set_client_cert, client_cert)
        self._path("client_key", flat.client_set_client_key, client_key)
        self._option("proxy", flat.client_set_proxy, proxy)
        self._option("user_agent", flat.client_set_user_agent, user_agent)
        for pair in pairs("headers", headers or {}):
            self._option(f"headers[{pair[0]!r}]", flat.client_add_header, *pair)
        self._seconds("refresh_margin", flat.client_set_refresh_margin_ms, refresh_margin)
        self._option("auto_refresh", flat.client_set_auto_refresh, auto_refresh)
        self._seconds("clock_offset", flat.client_set_clock_offset_ms, clock_offset, 2**62)
        self._option("cap_mobile", flat.client_set_cap_mobile, cap_mobile)
        self._observe(log, trace)

    def _observe(self, log: LogCallback | None, trace: TraceCallback | None) -> None:
        check_callback("log", log)
        check_callback("trace", trace)
        self._log = log
        if log is None:
            self._option("log", flat.client_set_wanted_log, log_to_logger)
        else:
            self._option("log", flat.client_set_log, delivering(self, ConfiguredClient._on_log))
        self._trace = trace
        if trace is not None:
            self._option("trace", flat.client_set_trace, delivering(self, ConfiguredClient._on_trace))

    def _on_log(self, level: int, message: str) -> None:
        if self._log is not None:
            run(self._log, LEVELS.get(level, logging.DEBUG), message)

    def _on_trace(
        self, event: int, call_id: int, operation: str, result: int, http_status: int, attempts: int, duration_ms: int
    ) -> None:
        if self._trace is None:
            return
        ended = event == flat.TRACE_END
        told = TraceEvent(
            kind="end" if ended else "start",
            call_id=call_id,
            operation=operation,
            time=datetime.datetime.now(datetime.UTC),
            result=result if ended else 0,
            name=flat.error_name(result) if ended and result else "",
            http_status=http_status,
            attempts=attempts,
            duration=duration_ms / 1000,
        )
        run(self._trace, told)

    def _begin(self) -> None:
        """For what a kind of client has beside these."""

    def _option(
        self, argument: str, setter: Callable[..., int], *values: object, seconds: float | None = None
    ) -> None:
        if values != (None,):
            checked(argument, lambda: setter(self._handle, *values), self._error_message, seconds)

    def _seconds(self, argument: str, setter: Callable[..., int], seconds: float | None, *longest_ms: int) -> None:
        if seconds is not None:
            self._option(argument, setter, milliseconds(argument, seconds, *longest_ms), seconds=seconds)

    def _path(self, argument: str, setter: Callable[..., int], path: Path | None) -> None:
        if not isinstance(path, str | os.PathLike | None):
            raise TypeError(f"{argument} must be a path, not {type(path)}")
        self._option(argument, setter, None if path is None else os.fspath(path))

    def _error_message(self) -> str:
        return str(flat.client_copy_error_message(self._handle)[1])

    def _wrap(self, handle: flat.SessionHandle) -> Any:
        """This kind of client's session around the handle."""
        raise NotImplementedError

    @property
    def timeout(self) -> float:
        """What a whole call may take, in seconds."""
        return float(flat.client_timeout_ms(self._handle)) / 1000

    @property
    def refresh_margin(self) -> float:
        """A token that expires within these seconds is regenerated before it is used."""
        return float(flat.client_refresh_margin_ms(self._handle)) / 1000

    @property
    def _client(self) -> Self:
        """What every owner of calls has: see `Owner` in _call.py."""
        return self

    def close(self) -> None:
        """Cancels what is in flight and closes all connections; never waits for the network. Later operations raise
        ClosedError; the properties of sessions and `export` still work."""
        flat.client_close(self._handle)

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.Client at {id(self):#x}>"
