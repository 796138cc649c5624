"""Calls the application's callbacks with the core's events.

The core delivers events in `call_wait` and `client_poll`. A mistake in an application's callback is reported
and goes no further. What interrupted a callback (Ctrl-C, an exit, what a signal handler raised) is raised by the
operation that delivered the event.

It is loaded with the first callback (_later.py), which may be told in want of files or memory.
"""

import contextvars
import functools
import inspect
import signal
import weakref
from collections.abc import Callable
from types import CodeType
from typing import Any, TypeVar

from . import _flat as flat

T = TypeVar("T")


def delivering(owner: T, deliver: Callable[..., None]) -> Callable[..., None]:
    """`deliver(owner, ...)` for the core to call. It does not keep its owner alive: Python could not collect such a
    cycle."""
    reference = weakref.ref(owner)

    def call(*arguments: object) -> None:
        alive = reference()
        if alive is not None:
            deliver(alive, *arguments)

    return call


def run(callback: Callable[..., object], *arguments: object, context: contextvars.Context | None = None) -> Any:
    """Calls an application's callback, in a copy of the context or in an empty one: never in that of the operation
    which happens to deliver, since it may be another customer's."""
    try:
        return (context.copy() if context else contextvars.Context()).run(callback, *arguments)
    except Exception as error:
        if raised_by_signal_handler(error):
            raise
        flat.report(error, callback)


def raised_by_signal_handler(error: BaseException) -> bool:
    """Whether it is from a handler that ran by chance in a callback's midst."""
    handlers = {code_of(signal.getsignal(number)) for number in signal.valid_signals()} - {None}
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in handlers:
            return True
        trace = trace.tb_next
    return False


def code_of(handler: Any) -> CodeType | None:
    """The code that runs when a function, a method, a partial or an object is called."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    if not hasattr(handler, "__code__"):
        handler = called_method(handler)
    return getattr(handler, "__code__", None)


def called_method(thing: Any) -> Any:
    """What runs when an object is called that is no function; None when it cannot be called."""
    return thing.__call__ if callable(thing) else None


def check_callback(argument: str, callback: Any, *, may_be_async: bool = False) -> None:
    """Nobody would await the coroutine of a function that is called by the core."""
    if callback is None:
        return
    if not callable(callback):
        raise TypeError(f"{argument} must be callable, not {type(callback).__name__}")
    if not may_be_async and is_async(callback):
        raise TypeError(f"{argument} must not be a coroutine function: nothing would await it")


def is_async(callback: Any) -> bool:
    return inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(callback.__call__)


def is_awaitable(told: object) -> bool:
    return inspect.isawaitable(told)
