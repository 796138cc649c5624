"""A client's handle, configured by its options. It knows neither calls nor sessions."""

from __future__ import annotations

import os
from collections import abc

from . import _flat as flat
from ._failure import invalid_argument, value_or_raise
from ._handle import Handle, called
from ._later import callbacks, traces, types, typing
from ._logger import LEVELS, core_level, log_to_logger, wanted_level
from ._options import checked, milliseconds, named, pairs

LONGEST_CLOCK_MS = 2**62


@called("Client")
class ConfiguredClient(Handle):
    """Configuration and connections, to be shared by threads."""

    __slots__ = ("_handle", "_log", "_level", "_trace", "__weakref__")

    def _create(self, cluster: str | None, base_url: str | None) -> None:
        if cluster is None and base_url is None:
            raise invalid_argument("base_url", "or cluster is missing")
        if cluster is not None and base_url is not None:
            raise invalid_argument("base_url", "cannot be given together with cluster")
        self._handle: flat.ClientHandle = value_or_raise(flat.client_new())
        self._set_up()

    def _observe(self, log: types.LogCallback | None, log_level: int | None, trace: types.TraceCallback | None) -> None:
        if log is not None:
            callbacks.check_callback("log", log)
        if trace is not None:
            callbacks.check_callback("trace", trace)
        if log is None and log_level is not None:
            raise invalid_argument("log_level", "needs log: without it, the logger's own level counts")
        self._log = log
        self._level: int | None = None  # that the logger wanted last
        if log is None:
            self._option("log", flat.client_set_log, log_to_logger)
            self._ask_logger()
        else:
            self._option("log", flat.client_set_log, callbacks.delivering(self, ConfiguredClient._on_log))
            if log_level is not None:
                self._option("log_level", flat.client_set_log_level, core_level(log_level))
        self._trace = trace
        if trace is not None:
            self._option("trace", flat.client_set_trace, traces.tracing(self))

    def _ask_logger(self) -> None:
        """Whoever configures logging may do so at any time; what the logger does not want is not even written."""
        if self._log is None:
            level = wanted_level()
            if level != self._level:
                flat.client_set_log_level(self._handle, level)
                self._level = level

    def _poll(self, timeout_ms: int) -> int:
        self._ask_logger()
        return flat.client_poll(self._handle, timeout_ms)

    def _on_log(self, level: int, message: str) -> None:
        if self._log is not None:
            callbacks.run(self._log, LEVELS.get(level, LEVELS[flat.LOG_DEBUG]), message)

    def _set_up(self) -> None:
        """For what a kind of client has beside these."""

    def _option(
        self, argument: str, setter: abc.Callable[..., int], *values: object, seconds: float | None = None
    ) -> None:
        if values != (None,):
            checked(argument, lambda: setter(self._handle, *values), self._error_message, seconds)

    def _seconds(self, argument: str, setter: abc.Callable[..., int], seconds: float | None) -> None:
        if seconds is not None:
            self._option(argument, setter, milliseconds(argument, seconds), seconds=seconds)

    def _clock(self, argument: str, setter: abc.Callable[..., int], seconds: float | None) -> None:
        if seconds is not None:
            self._option(argument, setter, milliseconds(argument, seconds, LONGEST_CLOCK_MS), seconds=seconds)

    def _texts(self, argument: str, setter: abc.Callable[..., int], texts: str | abc.Iterable[str] | None) -> None:
        self._option(argument, setter, texts if texts is None or isinstance(texts, str) else ";".join(texts))

    def _pairs(self, argument: str, setter: abc.Callable[..., int], values: types.Headers | None) -> None:
        for name, value in pairs(argument, values or {}):
            self._option(named(argument, name), setter, name, value)

    def _path(self, argument: str, setter: abc.Callable[..., int], path: str | os.PathLike[str] | None) -> None:
        if not isinstance(path, str | os.PathLike | None):
            raise TypeError(f"{argument} must be a path, not {type(path).__name__}")
        self._option(argument, setter, None if path is None else os.fspath(path))

    def _error_message(self) -> str:
        return str(flat.client_copy_error_message(self._handle)[1])

    def _wrap(self, handle: flat.SessionHandle) -> typing.Any:
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
    def _client(self) -> typing.Self:
        """What every owner of calls has: see `Owner` in _call.py."""
        return self

    def close(self) -> None:
        """Cancels what is in flight and closes all connections; never waits for the network. Later operations raise
        ClosedError; the properties of sessions and `export` still work."""
        flat.client_close(self._handle)

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.Client at {id(self):#x}>"
