"""The pytest fixture, found by pytest where capauth is installed; else: pytest -p capauth.pytest_plugin."""

from collections.abc import Iterator

import pytest

from .testing import Emulator


@pytest.fixture(scope="session")
def capauth_emulator() -> Iterator[Emulator]:
    """An emulator that all tests share: tests with brands of their own do not meet. One that moves the clock should
    start its own."""
    with Emulator() as emulator:
        yield emulator
