"""The logger "capauth", and the levels of the logging module, which takes longer to load than all of this package: that
is left to those who listen."""

from __future__ import annotations

import sys

from . import _flat as flat
from ._later import callbacks, logging, typing

# From the most to the least detailed, with logging's numbers.
LEVELS = {flat.LOG_DEBUG: 10, flat.LOG_INFO: 20, flat.LOG_WARNING: 30, flat.LOG_ERROR: 40}

_logger: typing.Any = None
_run: typing.Any = None


def logger() -> typing.Any:
    """The logger "capauth"; None as long as nobody in this process has imported logging."""
    global _logger, _run
    if _logger is None and "logging" in sys.modules:
        _run = callbacks.run
        _logger = logging.getLogger("capauth")
        _logger.addHandler(logging.NullHandler())  # else what nobody configured would be written to stderr
    return _logger


def core_level(least: int) -> int:
    """The core's number of the least severe level that is not below one of logging's; 0: none is."""
    if type(least) is not int:
        raise TypeError(f"log_level must be an int, a level of logging, not {type(least).__name__}")
    return next((level for level, known in LEVELS.items() if known >= least), 0)


def wanted_level() -> int:
    """The core's number of the least severe level that the logger wants now; 0: it wants none."""
    found = logger()
    return next((level for level, known in LEVELS.items() if found.isEnabledFor(known)), 0) if found else 0


def log_to_logger(level: int, message: str) -> None:
    """What becomes of log messages when nobody else takes them."""
    found = logger()
    if found:
        _run(found.log, LEVELS.get(level, LEVELS[flat.LOG_DEBUG]), "%s", message)
