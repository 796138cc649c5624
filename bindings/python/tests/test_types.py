"""The package is typed, and what a typed application writes is understood."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

import capauth

HERE = pathlib.Path(__file__).resolve().parent


def mypy(*paths: pathlib.Path, cache: pathlib.Path) -> str:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    package = pathlib.Path(capauth.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={cache}", *map(str, paths)],
        env={**os.environ, "MYPYPATH": str(package)},
        cwd=cache,
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


def test_package_is_strictly_typed(tmp_path: pathlib.Path) -> None:
    package = pathlib.Path(capauth.__file__).parent
    assert (package / "py.typed").exists()
    assert "Success: no issues found" in mypy(package, HERE / "typed_sample.py", cache=tmp_path)
