"""Every attack runs in a process of its own: what it looks for is a crash or a hang."""

import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest
from attacks import HEAD, PATIENCE_SECONDS, Attack, Counts, fail, run_and_exit

from capauth.testing import Emulator


@pytest.fixture(scope="session")
def counts() -> Iterator[Counts]:
    counts = Counts()
    yield counts
    counts.write()


@pytest.fixture
def environment(emulator: Emulator, brand: str) -> dict[str, str]:
    emulator.brand(brand, FIXED_OTP="012345")
    return {"URL": emulator.url, "CA_FILE": emulator.ca_file, "BRAND": brand}


@pytest.fixture
def attack(environment: dict[str, str], counts: Counts, may_leak: None) -> Attack:
    """Runs a program in a fresh interpreter, which must end with a status in time. Gives what it printed."""

    def run(program: str, *arguments: object, status: int = 0, head: str = HEAD) -> str:
        counts.situations += 1
        command = [sys.executable, "-X", "faulthandler", "-c", head + program, *map(str, arguments)]
        everything = {**os.environ, **environment}
        done = subprocess.run(command, env=everything, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        if done.returncode != status:
            fail(counts, done.returncode, done.stdout + done.stderr)
        return done.stdout

    return run


@pytest.fixture
def forked(environment: dict[str, str], counts: Counts, tmp_path: pathlib.Path) -> Attack:
    """The same in a child of this process, which costs less. How an interpreter ends is not part of it."""

    def run(program: str, *arguments: object) -> str:
        counts.situations += 1
        told = tmp_path / "told"
        child = os.fork()
        if not child:
            os.environ.update(environment)
            run_and_exit(HEAD + program, list(map(str, arguments)), told)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        text = told.read_text(encoding="utf-8", errors="replace")
        if status:
            fail(counts, status, text)
        return text

    return run
