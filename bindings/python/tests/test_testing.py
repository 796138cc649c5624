"""capauth.testing: what an application's own tests build on."""

import os
import pathlib
import shutil
import subprocess
import sys
import tomllib

import pytest

import capauth
from capauth.testing import Emulator

pytest_plugins = ["pytester"]
HERE = pathlib.Path(__file__).resolve().parent


def alive(pid: int) -> bool:
    return pathlib.Path(f"/proc/{pid}").exists()


def test_emulator_ends_with_its_block() -> None:
    with Emulator() as emulator:
        pid = emulator._process.pid
        assert alive(pid) and emulator.url.startswith("https://127.0.0.1:")
        assert pathlib.Path(emulator.ca_file).exists()
    assert not alive(pid)
    assert not pathlib.Path(emulator.ca_file).exists()
    emulator.close()


def test_emulator_ends_with_its_object_and_with_the_process() -> None:
    emulator: Emulator | None = Emulator()
    assert emulator is not None
    pid = emulator._process.pid
    emulator = None
    assert not alive(pid)
    program = "from capauth.testing import Emulator; e = Emulator(); print(e._process.pid); import sys; sys.e = e"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not alive(int(done.stdout))


def test_emulator_outlives_a_child_process() -> None:
    with Emulator() as emulator:
        pid = os.fork()
        if pid == 0:
            emulator.close()
            os._exit(0)
        os.waitpid(pid, 0)
        assert emulator.requests() == {}


def test_program_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAPAUTH_EMULATOR", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FileNotFoundError, match="capauth-emulator"):
        Emulator()
    with pytest.raises(FileNotFoundError):
        Emulator("/nowhere/capauth-emulator")


def test_program_that_fails_is_told() -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        Emulator("/bin/false")


def test_emulator_refuses_what_it_does_not_know(emulator: Emulator, brand: str) -> None:
    with pytest.raises(ValueError, match="NO_SUCH"):
        emulator.brand(brand, NO_SUCH=1)
    with pytest.raises(ValueError):
        emulator.customer(brand, mobile="1", email="2")
    with pytest.raises(LookupError):
        emulator.otp("nobody", brand=brand)


def test_clock_and_reset(brand: str) -> None:
    with Emulator() as emulator, emulator.client() as client:
        emulator.hold_clock()
        before = emulator.advance(0)
        assert emulator.advance(900) == before + 900
        assert emulator.advance(60, brand="DocDemo") == before + 960
        assert emulator.advance(0) == before + 900
        emulator.hold_clock(False)
        client.session(brand="DocDemo", mobile="91", device_id="d").generate_token()
        assert emulator.requests(brand="DocDemo") == {"POST /auth/v1/token/generate": 1}
        emulator.reset(brand="DocDemo")
        assert emulator.requests(brand="DocDemo") == {}


def test_customer_has_a_profile(emulator: Emulator, brand: str) -> None:
    emulator.brand(brand, FIXED_OTP="123456")
    emulator.customer(brand, mobile="919999999993", customer_id="77", firstname="Ada", loyalty_points=12)
    with emulator.client() as client:
        customer = client.session(brand=brand, mobile="919999999993", device_id="d")
        customer.generate_token()
        customer.generate_otp()
        customer.validate_otp("123456")
        (found,) = customer.gateway("GET", "customer/get").json()["customers"]["customer"]
    assert (found["user_id"], found["firstname"], found["loyalty_points"]) == (77, "Ada", 12)


def test_fixture_is_there_for_an_application(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(capauth_emulator):
            with capauth_emulator.client() as client:
                client.session(brand="DocDemo", mobile="919", device_id="d").generate_token()
        """
    )
    result = pytester.runpytest_subprocess("-p", "capauth.pytest_plugin")
    result.assert_outcomes(passed=1)


def test_options_serve_every_kind_of_client(emulator: Emulator) -> None:
    import capauth.aio

    for kind in (capauth.aio.Client, capauth.Client):
        client = kind(**emulator.options(timeout=3))
        assert client.timeout == 3
        client.close()


def installed(folder: pathlib.Path) -> pathlib.Path:
    """A folder as pip would leave it: the package, the plugin, and what tells pytest of it."""
    package = pathlib.Path(capauth.__file__).parent
    shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(package.parent / "capauth_pytest.py", folder)
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ((name, target),) = project["entry-points"]["pytest11"].items()
    info = folder / f"capauth-{capauth.__version__}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: capauth\nVersion: {capauth.__version__}\n")
    (info / "entry_points.txt").write_text(f"[pytest11]\n{name} = {target}\n")
    return folder


APPLICATION = """
def test_other():
    pass

def test_with_it(capauth_emulator):
    assert capauth_emulator.url
"""


@pytest.mark.parametrize("arguments", [(), ("-p", "capauth.pytest_plugin")])
def test_plugin_is_found_once_installed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(installed(tmp_path / "site")))
    pytester.makepyfile(APPLICATION)
    pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=2)


def test_missing_library_breaks_only_the_tests_that_need_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    site = installed(tmp_path / "site")
    (site / "capauth" / "_capauth.abi3.so").write_bytes(b"")
    monkeypatch.setenv("PYTHONPATH", str(site))
    pytester.makepyfile(APPLICATION)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ImportError*_capauth*"])
