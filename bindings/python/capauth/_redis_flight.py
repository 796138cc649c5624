"""One at a time for each customer in this process: the first who wants something does it, the others share what comes
of it."""

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
from ._redis_database import Steps

T = TypeVar("T")


def drive(steps: Steps[T]) -> T:
    try:
        step = next(steps)
        while True:
            try:
                value = step()
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: T = end.value
        return result


async def drive_async(steps: Steps[T]) -> T:
    try:
        step = next(steps)
        while True:
            try:
                value = await step()
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: T = end.value
        return result


def too_late() -> Error | MemoryError:
    return error_of_code(flat.E_DEADLINE, "others were at work on this customer all the time")


class Interrupted(Exception):
    """Whoever did it for all was stopped: somebody else is to do it."""


class BlockingFlights(Generic[T]):
    """For threads. Who does it for all also waits for it, within its own time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, concurrent.futures.Future[T]] = {}

    def join(self, name: str, begin: Callable[[float], Steps[T]], end: float, is_hurried: bool) -> T:
        """`begin(end)` gives the steps; `is_hurried`: this caller has less time than is usual, and its deadline says
        nothing about the others."""
        while True:
            with self._lock:
                flight = self._flights.get(name)
                if first := flight is None:
                    flight = self._flights[name] = concurrent.futures.Future()
            if first:
                return self._lead(name, flight, begin(end), is_hurried)
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

    def _lead(self, name: str, flight: "concurrent.futures.Future[T]", steps: Steps[T], is_hurried: bool) -> T:
        try:
            result = drive(steps)
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
    """For tasks. It is done in a task of its own, with the usual time, which goes on when those who wait are
    cancelled."""

    def __init__(self, usual_seconds: Callable[[], float]) -> None:
        self._usual_seconds = usual_seconds
        self._flights: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Task[T]] = {}

    async def join(self, name: str, begin: Callable[[float], Steps[T]], end: float, is_hurried: bool) -> T:
        key = asyncio.get_running_loop(), name
        flight = self._flights.get(key)
        if flight is None or flight.done():
            steps = begin(time.monotonic() + self._usual_seconds())
            flight = self._flights[key] = kept(drive_async(steps))
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
    """A task that nobody needs to hold, and whose failure perhaps nobody looks at."""
    task = asyncio.get_running_loop().create_task(work)
    TASKS.add(task)
    task.add_done_callback(TASKS.discard)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


class AsyncReads(Generic[T]):
    """One read of a customer for all tasks that ask in the same turn of the loop. It is sent after the last of them
    asked, so that everybody sees what was stored before."""

    def __init__(self) -> None:
        self._reads: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Task[T]] = {}

    async def join(self, name: str, begin: Callable[[float], Steps[T]], end: float, is_hurried: bool) -> T:
        key = asyncio.get_running_loop(), name
        read = None if is_hurried else self._reads.get(key)
        if read is None:
            read = kept(self._soon(key, begin, end))
            if not is_hurried:
                self._reads[key] = read
        return await asyncio.shield(read)

    async def _soon(
        self, key: tuple[asyncio.AbstractEventLoop, str], begin: Callable[[float], Steps[T]], end: float
    ) -> T:
        self._reads.pop(key, None)
        return await drive_async(begin(end))


class BlockingReads(Generic[T]):
    def join(self, name: str, begin: Callable[[float], Steps[T]], end: float, is_hurried: bool) -> T:
        return drive(begin(end))
