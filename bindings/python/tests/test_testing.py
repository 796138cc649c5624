"""capauth.testing: what an application's own tests build on."""

import os
import pathlib
import subprocess
import sys

import pytest

from capauth.testing import Emulator

pytest_plugins = ["pytester"]


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
        before = emulator.advance(0)
        assert 900 <= emulator.advance(900) - before < 960
        client.session(brand="DocDemo", mobile="91", device_id="d").generate_token()
        assert emulator.requests(brand="DocDemo") == {"POST /auth/v1/token/generate": 1}
        emulator.reset(brand="DocDemo")
        assert emulator.requests(brand="DocDemo") == {}


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

    capauth.aio.Client(**emulator.options(timeout=3)).close()
    capauth.Client(**emulator.options(timeout=3)).close()
