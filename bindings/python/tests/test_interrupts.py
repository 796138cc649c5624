"""Ctrl-C, exits, and what signal handlers raise: all come out of the operation that they interrupt."""

import asyncio
import functools
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

import pytest
from waiting import at_once

import capauth
import capauth.aio
from capauth.testing import Emulator

GATEWAY = "/mobile/v2/api/customer/get"

HEAD = """
import logging, os, signal, sys, capauth
client = capauth.Client(base_url=os.environ["URL"], ca_file=os.environ["CA_FILE"], timeout=60)
customer = client.restore(sys.stdin.readline())
"""

# The signal is let through only where it is counted.
COUNTING = """
count = 0
while count < int(sys.argv[1]):
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        print("ready", flush=True)
        while True:
            customer.gateway("GET", "customer/get")
    except KeyboardInterrupt:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        count += 1
"""


class SoftTimeLimit(Exception):
    """As Celery has one: an Exception, raised by a signal handler."""


def program(text: str, emulator: Emulator, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HEAD + text, *arguments],
        env={**os.environ, "URL": emulator.url, "CA_FILE": emulator.ca_file},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("logging_to", ["", "logging.basicConfig(level=logging.DEBUG, filename=os.devnull)\n"])
def test_no_ctrl_c_is_lost(emulator: Emulator, signed_in: capauth.Session, logging_to: str) -> None:
    count = 90
    moments = random.Random(count)
    emulator.fault(GATEWAY, brand=signed_in.brand, count=10**6, delayMs=60)
    with program(logging_to + COUNTING, emulator, str(count)) as process:
        assert process.stdin and process.stdout
        print(signed_in.export(), file=process.stdin, flush=True)
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        try:
            for _ in range(count):
                assert process.stdout.readline() == "ready\n", "one was lost, and it waited until the watchdog came"
                time.sleep(moments.uniform(0, 0.06))  # anywhere in a call
                process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            watchdog.cancel()
            process.kill()


@pytest.fixture
def handler() -> Iterator[Callable[[object], None]]:
    """Has SIGUSR1 handled so; afterwards as before."""
    before = signal.getsignal(signal.SIGUSR1)
    def handle(function: object) -> None:
        signal.signal(signal.SIGUSR1, function)  # type: ignore[arg-type]

    yield handle
    signal.signal(signal.SIGUSR1, before)


def raise_soft_limit(_number: int, _frame: FrameType | None) -> None:
    raise SoftTimeLimit


class Worker:
    def on_signal(self, number: int, frame: FrameType | None) -> None:
        raise_soft_limit(number, frame)

    __call__ = on_signal


HANDLERS = [
    raise_soft_limit,
    Worker().on_signal,
    Worker(),
    functools.partial(Worker().on_signal),
    lambda *_: sys.exit(3),
    signal.default_int_handler,
]


@pytest.mark.parametrize("function", HANDLERS)
@pytest.mark.parametrize("callback", ["on_change", "log", "trace"])
def test_exception_of_a_signal_handler_in_a_callback_comes_out(
    emulator: Emulator, brand: str, handler: Callable[[object], None], function: object, callback: str
) -> None:
    handler(function)
    signals = iter([signal.SIGUSR1])

    def interrupted(*_: object) -> None:
        for number in signals:
            signal.raise_signal(number)

    options = {} if callback == "on_change" else {callback: interrupted}
    with emulator.client(**options) as client:
        customer = client.session(brand=brand, mobile="919999999993", device_id="d")
        if callback == "on_change":
            customer.on_change(interrupted)
        with pytest.raises((SoftTimeLimit, SystemExit, KeyboardInterrupt)):
            customer.generate_token()
        customer.generate_token()  # the client is as usable as before


def test_interrupted_save_is_done_again_before_the_interruption_comes_out(customer: capauth.Session) -> None:
    saved: list[str] = []
    interruptions = iter([signal.SIGINT])

    def save(changed: capauth.Session) -> None:
        text = changed.export()
        for number in interruptions:
            signal.raise_signal(number)
        saved.append(text)

    customer.on_change(save)
    with pytest.raises(KeyboardInterrupt):
        customer.generate_token()
    assert saved == [customer.export()]


def test_save_that_is_interrupted_twice_gives_up(customer: capauth.Session) -> None:
    customer.on_change(lambda changed: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        customer.generate_token()


@pytest.mark.parametrize("way", ["wait", "result", "poll"])
def test_exit_in_a_callback_comes_out_of_every_way_to_wait(customer: capauth.Session, way: str) -> None:
    call = customer.start_generate_token()
    customer.on_change(lambda changed: sys.exit(5))
    with pytest.raises(SystemExit) as caught:
        while True:
            customer._client.poll(1) if way == "poll" else getattr(call, way)()
    assert caught.value.code == 5
    assert call.done() and customer.role == "VIEW"


def test_own_error_of_the_same_class_stays_in_the_callback(
    customer: capauth.Session, handler: Callable[[object], None], unraisable: list[object]
) -> None:
    handler(raise_soft_limit)

    def broken(changed: capauth.Session) -> None:
        raise SoftTimeLimit

    customer.on_change(broken)
    customer.generate_token()
    assert [type(error) for error in unraisable] == [SoftTimeLimit]


def test_interrupted_callback_leaves_nobody_waiting_in_asyncio(
    emulator: Emulator, brand: str, handler: Callable[[object], None]
) -> None:
    handler(raise_soft_limit)
    signals = iter([signal.SIGUSR1])
    reported: list[object] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, what: reported.append(what["exception"]))
        async with capauth.aio.Client(**emulator.options()) as client:
            customer = client.session(brand=brand, mobile="919999999993", device_id="d")
            customer.on_change(lambda changed: next(map(signal.raise_signal, signals), None))
            await asyncio.wait_for(customer.generate_token(), 20)

    asyncio.run(main())
    assert [type(error) for error in reported] == [SoftTimeLimit]


def test_ctrl_c_in_a_callback_ends_asyncio(emulator: Emulator, brand: str) -> None:
    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            customer = client.session(brand=brand, mobile="919999999993", device_id="d")
            customer.on_change(lambda changed: signal.default_int_handler(signal.SIGINT, None))
            await customer.generate_token()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())


def test_log_that_nobody_wants_costs_no_call_into_python(
    signed_in: capauth.Session, caplog: pytest.LogCaptureFixture
) -> None:
    def calls() -> set[str]:
        seen: set[str] = set()

        def profile(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call":
                seen.add(frame.f_code.co_name)

        sys.setprofile(profile)
        try:
            signed_in.gateway("GET", "customer/get")
        finally:
            sys.setprofile(None)
        return seen & {"log_to_logger", "log"}

    logger = logging.getLogger("capauth")
    for level, wanted in ((logging.WARNING, False), (logging.DEBUG, True), (logging.ERROR, False)):
        caplog.set_level(level, logger.name)
        assert bool(calls()) is wanted, level
    caplog.set_level(logging.DEBUG, logger.name)
    logging.disable(logging.CRITICAL)
    try:
        assert not calls()
    finally:
        logging.disable(logging.NOTSET)


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Somebody who accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def url_of(server: socket.socket) -> str:
    return f"https://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("operation", ["prepare", "generate_token", "poll", "wait"])
def test_whatever_waits_is_ended_by_a_signal(
    silent: socket.socket, operation: str, handler: Callable[[object], None]
) -> None:
    handler(raise_soft_limit)
    with capauth.Client(base_url=url_of(silent), timeout=600, connect_timeout=600) as client:
        customer = client.session(brand="B", mobile="919999999993", device_id="d")
        call = client.start_prepare()
        accepted: list[object] = []  # and not closed
        thread = at_once(
            lambda: accepted.append(silent.accept()), lambda: os.kill(os.getpid(), signal.SIGUSR1)
        )
        waits: dict[str, Callable[[], object]] = {
            "prepare": client.prepare,
            "generate_token": customer.generate_token,
            "poll": lambda: client.poll(None),
            "wait": call.wait,
        }
        with pytest.raises(SoftTimeLimit):
            waits[operation]()
        thread.join()
        assert not call.done()


def test_prepare_is_awaited_and_ends_with_its_task(emulator: Emulator, silent: socket.socket) -> None:
    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            await client.prepare()
            await client.start_prepare()
        async with capauth.aio.Client(base_url=url_of(silent), timeout=600, connect_timeout=600) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.prepare(), 0.05)
            call = client.start_prepare()
            asyncio.get_running_loop().call_soon(call.cancel)
            with pytest.raises(capauth.CancelledError):
                await call

    asyncio.run(main())
