"""What attacks share: how a program is run whose end is the test. `CAPAUTH_ATTACK_SEED` chooses the random parts,
`CAPAUTH_ATTACK_SECONDS` makes them about as long as that."""

import faulthandler
import gc
import os
import pathlib
import sys
import traceback
from collections.abc import Callable

import pytest

SEED = int(os.environ.get("CAPAUTH_ATTACK_SEED", "1"))
SECONDS = float(os.environ.get("CAPAUTH_ATTACK_SECONDS", "0"))
PATIENCE_SECONDS = 200 + 2 * SECONDS

HEAD = """
import asyncio, atexit, gc, os, random, signal, sys, threading, time, weakref
import capauth, capauth.aio
URL, CA_FILE, BRAND = os.environ["URL"], os.environ["CA_FILE"], os.environ["BRAND"]
def new_client(kind=capauth.Client, **options):
    return kind(base_url=URL, ca_file=CA_FILE, **options)
def new_session(client, mobile="919999999993"):
    return client.session(brand=BRAND, mobile=mobile, device_id="d")
def sign_in(session):
    session.generate_token()
    session.generate_otp()
    session.validate_otp("012345")
    return session
"""

Attack = Callable[..., str]


class Counts:
    """What the figure says, counted as it happens."""

    def __init__(self) -> None:
        self.functions = self.values = self.calls = self.memory = self.situations = self.crashes = 0

    def write(self) -> None:
        folder = os.environ.get("CAPAUTH_FIGURES")
        if folder:
            version = ".".join(map(str, sys.version_info[:2]))
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            pathlib.Path(folder, f"attack-python-{version}").write_text(
                f"attack on Python {version}: {self.functions:,} functions, {self.values} hostile arguments, "
                f"{self.calls:,} calls; {self.memory:,} without memory; {self.situations} situations; "
                f"{self.crashes} crashes\n",
                encoding="utf-8",
            )


def fail(counts: Counts, status: object, told: str) -> None:
    counts.crashes += 1
    pytest.fail(f"ended with {status}, seed {SEED}:\n{told[-8000:]}")


def run_and_exit(program: str, arguments: list[str], told: pathlib.Path) -> None:
    status = 1
    try:
        file = os.open(told, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        os.dup2(file, 1), os.dup2(file, 2)
        sys.stdout = sys.stderr = os.fdopen(1, "w", closefd=False)  # not pytest's
        sys.unraisablehook = sys.__unraisablehook__
        faulthandler.enable(file)
        faulthandler.dump_traceback_later(PATIENCE_SECONDS, exit=True, file=file)
        sys.argv = ["-c", *arguments]
        gc.freeze()  # what pytest has made is none of the attack's
        exec(compile(program, "<attack>", "exec"), {"__name__": "__main__"})
        status = 0
    except BaseException:
        traceback.print_exc(file=sys.__stderr__ if sys.stderr is None else sys.stderr)
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()
        os._exit(status)
