"""The snippet in README.md runs as it stands."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys

import pytest

from capauth.testing import Emulator

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"
SNIPPETS = re.findall(r"^```python run ?(\w*)\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)


def test_readme_has_snippets() -> None:
    assert len(SNIPPETS) >= 3


@pytest.mark.parametrize(("needs", "snippet"), SNIPPETS)
def test_snippet_runs(emulator: Emulator, needs: str, snippet: str) -> None:
    if needs and importlib.util.find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed")
    emulator.brand("DocDemo", FIXED_OTP="483920")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet],
        input="483920\n",
        env={**os.environ, "CAPAUTH_URL": emulator.url, "CAPAUTH_CA_FILE": emulator.ca_file},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "USER" in done.stdout
