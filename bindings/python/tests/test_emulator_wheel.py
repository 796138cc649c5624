"""The emulator's wheel: built alone, and found by capauth.testing where pip put it, without PATH."""

import importlib.util
import os
import pathlib
import subprocess
import sys
import venv

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[1] / "emulator"

START = """
import capauth.testing
with capauth.testing.Emulator() as emulator:
    print(emulator._process.args[0])
"""


def run(*command: str | os.PathLike[str], **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "CAPAUTH_EMULATOR"}
    done = subprocess.run(command, env={**kept, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.usefixtures("may_leak")  # compilers and pip do
def test_wheel_brings_the_program_that_testing_starts(tmp_path: pathlib.Path) -> None:
    if importlib.util.find_spec("scikit_build_core") is None:
        pytest.skip("scikit-build-core is not installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps"]
    quick = ["--no-build-isolation", "--config-settings=cmake.build-type=Debug"]
    run(*pip, "wheel", *offline, *quick, "--wheel-dir", tmp_path, PROJECT)
    (wheel,) = tmp_path.glob("capauth_emulator-*-py3-none-*.whl")
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv/bin/python"
    run(*pip, f"--python={python}", "install", *offline, wheel)
    said = run(python, "-c", START, PATH="/nowhere")
    assert said.strip() == str(tmp_path / "venv/bin/capauth-emulator")
