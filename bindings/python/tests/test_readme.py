"""Each program in README.md runs as it stands, and each fragment after the lines that its mark names.

```python run [PACKAGE]      a program
```python with NAME...       a fragment of one that has these already: see HAVING
"""

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from capauth.testing import Emulator

TESTS = pathlib.Path(__file__).resolve().parent
README = TESTS.parent / "README.md"
SNIPPETS = re.findall(r"^```python (run|with) ?([\w ]*)\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)
HAVING = {
    "client": 'import os, capauth\nclient = capauth.Client(base_url=os.environ["CAPAUTH_URL"], '
    'ca_file=os.environ["CAPAUTH_CA_FILE"])\n',
    "customer": 'customer = client.session(brand="DocDemo", mobile="919999999997", device_id="device-1")\n'
    'customer.generate_token()\ncustomer.generate_otp()\ncustomer.validate_otp("483920")\n',
    "key": 'key = "cookie"\n',
}
# What a fragment has done, by a word in it.
AFTERWARDS = {
    "FileStore": "assert not text; customer.generate_token(); assert store.load() == customer.export()\n",
    "keyring": "customer.generate_token(); assert keyring.get_password('my app', 'session') == customer.export()\n",
    "SessionStore": "assert reply.ok and not store.exists(key)\n",
}


def run(emulator: Emulator, program: str, folder: pathlib.Path) -> str:
    environment = {"CAPAUTH_URL": emulator.url, "CAPAUTH_CA_FILE": emulator.ca_file, "XDG_DATA_HOME": str(folder)}
    environment["PYTHON_KEYRING_BACKEND"] = "keyrings.alt.file.PlaintextKeyring"
    emulator.brand("DocDemo", FIXED_OTP="483920")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        input="483920\n",
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Of a real server; 0 where there is none."""
    if is_missing("redis") or shutil.which("redis-server") is None:
        yield 0
        return
    sys.path.append(str(TESTS / "session_store"))
    from redis_server import RedisServer

    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server.port
    server.stop()


def is_missing(package: str) -> bool:
    return importlib.util.find_spec(package) is None


def test_readme_has_snippets() -> None:
    assert len(SNIPPETS) >= 7
    assert all(any(word in snippet for _, _, snippet in SNIPPETS) for word in AFTERWARDS)


@pytest.mark.parametrize(("needs", "snippet"), [(needs, text) for how, needs, text in SNIPPETS if how == "run"])
def test_program_runs(emulator: Emulator, needs: str, snippet: str, tmp_path: pathlib.Path) -> None:
    if needs and is_missing(needs):
        pytest.skip(f"{needs} is not installed")
    said = run(emulator, snippet, tmp_path)
    assert "USER" in said or "print" not in snippet


@pytest.mark.parametrize(("given", "snippet"), [(given, text) for how, given, text in SNIPPETS if how == "with"])
def test_fragment_runs(emulator: Emulator, given: str, snippet: str, tmp_path: pathlib.Path, redis_port: int) -> None:
    for package in ("keyring", "redis"):
        if f"import {package}\n" in snippet and is_missing(package):
            pytest.skip(f"{package} is not installed")
    (afterwards,) = (lines for word, lines in AFTERWARDS.items() if word in snippet)
    if "redis.Redis" in snippet and not redis_port:
        pytest.skip("redis-server is not installed")
    snippet = snippet.replace("redis.Redis()", f"redis.Redis(port={redis_port})")
    run(emulator, "".join(HAVING[name] for name in given.split()) + snippet + afterwards, tmp_path)
