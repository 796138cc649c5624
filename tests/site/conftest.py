"""The site, built once for all tests of it."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["CAPAUTH_BUILD"]).resolve()
SITE = BUILD / "site"
sys.path[:0] = [str(ROOT / "core" / "docs"), str(ROOT / "core"), str(ROOT / "bindings" / "lua")]
sys.path += [str(ROOT / "tests" / folder) for folder in ("emulator", "network", "readme")]


@pytest.fixture(scope="session")
def site():
    """The folder of the site, where a page of an earlier run lies. Sphinx takes warnings for errors."""
    SITE.mkdir(exist_ok=True)
    (SITE / "gone.html").touch()
    done = subprocess.run(
        [sys.executable, ROOT / "core" / "docs" / "build.py", BUILD],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return SITE


@pytest.fixture(scope="session")
def pages(site):
    """name -> text of each page."""
    return {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}


@pytest.fixture(scope="session")
def beside(tmp_path_factory):
    """A reader's machine, which all programs of the site share."""
    from beside import Beside

    machine = Beside(tmp_path_factory.mktemp("recipes"))
    yield machine
    machine.close()


def figure(part, text):
    """One line of the summary of `make test`."""
    if folder := os.environ.get("CAPAUTH_FIGURES"):
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        (pathlib.Path(folder) / part).write_text(text + "\n", encoding="utf-8")
