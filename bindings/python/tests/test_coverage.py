"""A new C function appears in Python by being in the header; here a gap fails."""

import importlib
import json
import pathlib
import re
import subprocess

import capauth
import capauth.aio
from capauth import _flat as flat

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGE = pathlib.Path(capauth.__file__).parent  # with the modules that are made of tables
HEADER = (ROOT / "core" / "include" / "capauth" / "capauth.h").read_text(encoding="utf-8")
DECLARED = set(re.findall(r"^CAPAUTH_API [^;(]*?\bcapauth_(\w+)\(", HEADER, re.M))

FREED_BY_PYTHON = {"client_free", "session_free", "call_free", "options_free", "string_free"}
# Borrowed text, for programs of one thread: the package uses the twins that copy.
BORROWED = {name.replace("_copy_", "_") for name in DECLARED if "_copy_" in name}


WAITED_FOR_HERE = {"client_prepare"}  # its started form, so that Ctrl-C is seen


def used_by_the_package() -> set[str]:
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.glob("*.py") if path.name != "_flat.py"]
    return {name for source in sources for name in re.findall(r"\b_?flat\.(\w+)", source)}


def test_header_is_understood() -> None:
    assert len(DECLARED) > 100
    assert {"token_generate", "gateway_call", "call_body", "client_fd"} <= DECLARED


def test_every_function_is_in_the_flat_module() -> None:
    assert {name for name in DECLARED - FREED_BY_PYTHON if not hasattr(flat, name)} == set()


def test_every_constant_is_in_the_flat_module() -> None:
    constants = set(re.findall(r"^\s+CAPAUTH_(\w+) = -?\d+", HEADER, re.M))
    assert "INVALID_OTP" in constants and "STEP_DONE" in constants
    assert {name for name in constants if not hasattr(flat, name)} == set()


def test_every_function_is_used_by_the_package() -> None:
    assert DECLARED - FREED_BY_PYTHON - BORROWED - WAITED_FOR_HERE - used_by_the_package() == set()


def test_package_uses_nothing_that_is_not_there() -> None:
    assert {name for name in used_by_the_package() if not hasattr(flat, name)} == set()


def test_every_operation_has_its_three_forms() -> None:
    operations = {row["method"] for row in json.loads((ROOT / "core" / "operations.json").read_text())["operations"]}
    assert "validate_otp" in operations
    for name in operations:
        for method in (getattr(capauth.Session, name), getattr(capauth.Session, f"start_{name}")):
            assert method.__doc__ and method.__name__ in (name, f"start_{name}")
        assert getattr(capauth.aio.Session, name).__doc__


def test_module_exports_only_its_entry_point() -> None:
    module = importlib.import_module("capauth._capauth")
    command = ["nm", "-D", "--defined-only", str(module.__file__)]
    symbols = subprocess.run(command, capture_output=True, text=True, check=True)
    assert symbols.stdout.split()[2::3] == ["PyInit__capauth"]
