"""The package is typed, and what a typed application writes is understood."""

import importlib.util
import json
import os
import pathlib
import shutil
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


def test_pyright_understands_what_an_application_writes(tmp_path: pathlib.Path) -> None:
    where = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    pyright = shutil.which("pyright", path=where) or shutil.which("basedpyright", path=where)
    if pyright is None:
        pytest.skip("pyright is not installed")
    shutil.copy(HERE / "typed_sample.py", tmp_path)
    settings = {
        "typeCheckingMode": "standard",
        "enableTypeIgnoreComments": True,
        "extraPaths": [str(pathlib.Path(capauth.__file__).parent.parent)],
        "include": ["typed_sample.py"],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [pyright, "--project", str(tmp_path), "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
