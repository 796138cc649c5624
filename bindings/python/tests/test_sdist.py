"""The source distribution: built away from the repository, without a network, and installed where nothing else is."""

import email
import importlib.util
import os
import pathlib
import subprocess
import sys
import tarfile
import venv
import zipfile

import pytest

import capauth

PROJECT = pathlib.Path(__file__).resolve().parents[1]

IN_THE_NEW_PLACE = """
import sys, capauth, capauth.aio, capauth.storage, capauth.testing
assert capauth.__file__.startswith(sys.prefix), capauth.__file__
with capauth.Client(cluster="EU") as client:
    client.session(brand="B", mobile="919999999993", device_id="d")
from importlib.resources import files
assert list(files("capauth").joinpath("redis_scripts").iterdir())
from importlib.metadata import entry_points, version
(plugin,) = (point for point in entry_points(group="pytest11") if "capauth" in point.name)
assert plugin.value == "capauth_pytest"
print(capauth.__version__, version("capauth"))
"""


def run(*command: str | os.PathLike[str], **options: object) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PATH"] = os.pathsep.join([str(pathlib.Path(sys.executable).parent), environment["PATH"]])
    done = subprocess.run(command, env=environment, capture_output=True, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


def look_at(wheel: pathlib.Path) -> None:
    """What an index and an installer read of it."""
    info = f"capauth-{capauth.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        said = email.message_from_bytes(archive.read(f"{info}/METADATA"))
        assert archive.read(f"{info}/licenses/LICENSE") == (PROJECT / "LICENSE").read_bytes()
    assert {name.split("/")[0] for name in names} == {"capauth", "capauth_pytest.py", info}
    assert said["License-Expression"] == "Apache-2.0" and said.get_all("License-File") == ["LICENSE"]
    assert set(said.get_all("Provides-Extra", [])) == {"redis", "testing"}
    assert "Typing :: Typed" in said.get_all("Classifier", [])
    assert "# capauth for Python" in said.get_payload()


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    if importlib.util.find_spec("scikit_build_core") is None:
        pytest.skip("scikit-build-core is not installed")
    folder = tmp_path_factory.mktemp("sdist")
    program = "import sys, build_backend; print(build_backend.build_sdist(sys.argv[1]))"
    return folder / run(sys.executable, "-c", program, folder, cwd=PROJECT).splitlines()[-1]


def test_sdist_holds_what_its_build_needs_and_no_more(sdist: pathlib.Path) -> None:
    top = f"capauth-{capauth.__version__}"
    assert sdist.name == f"{top}.tar.gz"
    with tarfile.open(sdist) as archive:
        names = {name.removeprefix(f"{top}/") for name in archive.getnames()}
    assert {"PKG-INFO", "pyproject.toml", "README.md", "LICENSE", "source/core/include/capauth/capauth.h"} <= names
    assert {name for name in names if "/tests/" in name or "__pycache__" in name or "/." in name} == set()


def test_sdist_builds_and_its_wheel_can_be_installed(sdist: pathlib.Path, tmp_path: pathlib.Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps"]
    run(*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", tmp_path, sdist, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith(f"capauth-{capauth.__version__}-cp311-abi3-")
    look_at(wheel)
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    run(*pip, f"--python={python}", "install", *offline, wheel, cwd=tmp_path)
    said = run(python, "-c", IN_THE_NEW_PLACE, cwd=tmp_path)
    assert said.split() == [capauth.__version__, capauth.__version__]
