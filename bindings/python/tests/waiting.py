"""Waits for what happens, never for time: a test that sleeps and hopes fails on a busy machine."""

import threading
import time
from collections.abc import Callable

from capauth.testing import Emulator

PATIENCE_SECONDS = 30  # until what was to happen never will


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def arrives(emulator: Emulator, brand: str, operation: str = "token/generate") -> None:
    """Waits until the emulator has got a request of this operation, which it may be slow to answer."""
    until(lambda: emulator.requests(brand=brand).get(f"POST /auth/v1/{operation}", 0) > 0)


def at_once(first: Callable[[], object], then: Callable[[], object]) -> threading.Thread:
    """A thread that waits for `first` to return, then does the other thing."""

    def run() -> None:
        first()
        then()

    thread = threading.Thread(target=run)
    thread.start()
    return thread
