"""One piece of work at a time for each customer in this process: the first caller does it, and the others share its
result."""

import asyncio
import concurrent.futures
import contextlib
import copy
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from . import _flat as flat
from ._errors import Error
from ._failure import error_of_code
from ._redis_database import Parts

T = TypeVar("T")


def drive(parts: Parts[T]) -> T:
    try:
        part = next(parts)
        while True:
            try:
                value = part()
            except BaseException as error:
                part = parts.throw(error)
            else:
                part = parts.send(value)
    except StopIteration as end:
        result: T = end.value
        return result


async def drive_async(parts: Parts[T]) -> T:
    try:
        part = next(parts)
        while True:
            try:
                value = await part()
            except BaseException as error:
                part = parts.throw(error)
            else:
                part = parts.send(value)
    except StopIteration as end:
        result: T = end.value
        return result


def too_late() -> Error | MemoryError:
    return error_of_code(flat.E_DEADLINE, "other workers held this customer's lock until the deadline")


class Interrupted(Exception):
    """The caller that did the work for all was stopped: another one must do it."""


class BlockingFlights(Generic[T]):
    """For threads. The thread that does the work for all has no more time for it than its own call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, concurrent.futures.Future[T]] = {}

    def join(self, name: str, work: Callable[[float], Parts[T]], end: float, is_hurried: bool) -> T:
        """`work(end)` is what to do. `is_hurried`: this caller has less time than is usual, so its deadline says
        nothing about the others."""
        while True:
            with self._lock:
                flight = self._flights.get(name)
                if first := flight is None:
                    flight = self._flights[name] = concurrent.futures.Future()
            if first:
                return self._lead(name, flight, work(end), is_hurried)
            try:
                return flight.result(max(0, end - time.monotonic()))
            except Interrupted:
                continue
            except concurrent.futures.TimeoutError as error:
                if not flight.done():
                    raise too_late() from None
                raise copy.copy(error) from None
            except Exception as error:
                raise copy.copy(error) from None  # each has a traceback of its own

    def _lead(self, name: str, flight: "concurrent.futures.Future[T]", parts: Parts[T], is_hurried: bool) -> T:
        try:
            result = drive(parts)
        except BaseException as error:
            mine = is_hurried and isinstance(error, TimeoutError)
            self._land(name)
            flight.set_exception(Interrupted() if mine or not isinstance(error, Exception) else copy.copy(error))
            raise
        self._land(name)
        flight.set_result(result)
        return result

    def _land(self, name: str) -> None:
        with self._lock:
            del self._flights[name]


class AsyncFlights(Generic[T]):
    """For tasks. The work is done in a task of its own, with the usual time, and goes on when those who wait for it are
    cancelled."""

    def __init__(self, usual_seconds: Callable[[], float]) -> None:
        self._usual_seconds = usual_seconds
        self._flights: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Task[T]] = {}

    async def join(self, name: str, work: Callable[[float], Parts[T]], end: float, is_hurried: bool) -> T:
        key = asyncio.get_running_loop(), name
        flight = self._flights.get(key)
        if flight is None or flight.done():
            parts = work(time.monotonic() + self._usual_seconds())
            flight = self._flights[key] = kept(drive_async(parts))
            flight.add_done_callback(lambda done: self._land(key, done))
        if not is_hurried:  # then the flight has an end before this caller has
            with contextlib.suppress(Exception):
                await asyncio.shield(flight)
        elif not (await asyncio.wait([flight], timeout=max(0, end - time.monotonic())))[0]:
            raise too_late()
        if error := flight.exception():
            raise copy.copy(error) from None
        return flight.result()

    def _land(self, key: tuple[asyncio.AbstractEventLoop, str], done: "asyncio.Task[T]") -> None:
        if self._flights.get(key) is done:
            del self._flights[key]


TASKS: set[asyncio.Task[Any]] = set()


def kept(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    """A task that nobody needs to keep a reference to, and whose failure may go unread."""
    task = asyncio.get_running_loop().create_task(work)
    TASKS.add(task)
    task.add_done_callback(TASKS.discard)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


class AsyncReads(Generic[T]):
    """One read of a customer for all tasks that ask in the same turn of the loop. It is sent after the last of them
    asked, so that each sees what was stored before it asked."""

    def __init__(self) -> None:
        self._reads: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Task[T]] = {}

    async def join(self, name: str, work: Callable[[float], Parts[T]], end: float, is_hurried: bool) -> T:
        key = asyncio.get_running_loop(), name
        read = None if is_hurried else self._reads.get(key)
        if read is None:
            read = kept(self._soon(key, work, end))
            if not is_hurried:
                self._reads[key] = read
        return await asyncio.shield(read)

    async def _soon(
        self, key: tuple[asyncio.AbstractEventLoop, str], work: Callable[[float], Parts[T]], end: float
    ) -> T:
        self._reads.pop(key, None)
        return await drive_async(work(end))


class BlockingReads(Generic[T]):
    def join(self, name: str, work: Callable[[float], Parts[T]], end: float, is_hurried: bool) -> T:
        return drive(work(end))
