"""The pytest plugin of capauth, found by pytest wherever capauth is installed: the fixture `capauth_emulator`.

It stands beside the package, not in it: pytest loads it in every run, also in those that have nothing to do with
capauth, and also where the package cannot be imported because libcurl is missing.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from capauth.testing import Emulator


@pytest.fixture(scope="session")
def capauth_emulator() -> "Iterator[Emulator]":
    """An emulator that all tests share: tests with brands of their own do not meet. One that moves the clock should
    start its own."""
    from capauth.testing import Emulator

    with Emulator() as emulator:
        yield emulator
