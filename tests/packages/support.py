# SPDX-License-Identifier: Apache-2.0
"""What the tests of the packages share: where things are, running commands, and a sign-in as the demo does it."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "build" / "packages"
DEPS = pathlib.Path(os.environ.get("CAPAUTH_DEPS", ROOT / "build" / "deps"))
EMULATOR = ROOT / "build" / "bin" / "capauth-emulator"
DEMO = ROOT / "tests" / "demo"

sys.path.insert(0, str(ROOT / ".ci"))
import version  # noqa: E402  (found by the line above)

VERSION = version.current(ROOT)
ARCHIVE = PACKAGES / f"capauth-{VERSION}.tar.gz"


def environment(**more):
    """That of a user who has nothing of ours: no variables that lead into a build tree."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "LANG") if name in os.environ}
    return {**kept, **{name: str(value) for name, value in more.items()}}


def run(*command, cwd=None, **variables):
    """Runs a command, and returns what it printed."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment(**variables), capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{' '.join(words)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def mirror():
    """Where this machine's apt gets Debian from."""
    found = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages")
    return next(line.split()[0] for line in found.splitlines() if line.split()[1] == "bookworm")


def sign_in(*command, cwd=None, emulator=(), **variables):
    """Runs a program beside an emulator, as `make demo` does, and returns what it printed. `emulator`: its options."""
    handed_over = 'CAPAUTH_DEMO_URL=$CAPAUTH_URL CAPAUTH_DEMO_CA_FILE=$CAPAUTH_CA_FILE exec "$@"'
    variables.setdefault("CAPAUTH_EMULATOR", EMULATOR)
    beside = ROOT / "tests" / "with_emulator", *emulator, "--", "sh", "-c", handed_over, "sh"
    return run(*beside, *command, cwd=cwd, **variables)
