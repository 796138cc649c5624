"""What help(), inspect and documentation tools show."""

import ast
import inspect
import pathlib
import pydoc
import re
import typing
from typing import Any

import pytest

import capauth
import capauth.aio
import capauth.storage
from capauth import _errors as errors
from capauth import _operations as operations
from capauth.testing import Emulator

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "bindings" / "python" / "capauth"
HEADER = (ROOT / "core" / "include" / "capauth" / "capauth.h").read_text(encoding="utf-8")

OPERATIONS = [
    name
    for name, what in vars(operations).items()
    if inspect.isfunction(what) and what.__module__ == operations.__name__ and name[0] != "_"
]
GIVES = {"ensure_token": str, "gateway": capauth.Reply}
CLASSES = [
    capauth.Client,
    capauth.Session,
    capauth.Call,
    capauth.aio.Client,
    capauth.aio.Session,
    capauth.aio.Call,
    capauth.Reply,
    capauth.Otp,
    capauth.TraceEvent,
    capauth.Step,
    capauth.storage.FileStore,
    capauth.storage.Store,
    Emulator,
]


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("module", [capauth, capauth.aio], ids=["blocking", "asyncio"])
def test_operation_shows_what_each_form_gives(module: Any, name: str) -> None:
    gives = GIVES.get(name)
    finished, started = getattr(module.Session, name), getattr(module.Session, f"start_{name}")
    for method, result in ((finished, gives), (started, module.Call[gives])):
        signature = inspect.signature(method, eval_str=True)
        assert signature.return_annotation == result
        assert next(iter(signature.parameters)) == "self"
        assert typing.get_type_hints(method)["return"] == (type(None) if result is None else result)
        assert "BaseCall" not in pydoc.render_doc(method) and "session:" not in pydoc.render_doc(method)
        assert list(signature.parameters)[1:] == list(inspect.signature(getattr(operations, name)).parameters)[1:]
    assert inspect.iscoroutinefunction(finished) is (module is capauth.aio)
    shown = f"-> '{'replies.' if gives is capauth.Reply else ''}{'None' if gives is None else gives.__name__}'"
    assert shown in pydoc.render_doc(finished)


@pytest.mark.parametrize(
    "kind", [*CLASSES, *map(vars(capauth).get, errors.__all__)], ids=lambda kind: f"{kind.__module__}.{kind.__name__}"
)
def test_every_hint_can_be_evaluated(kind: type) -> None:
    typing.get_type_hints(kind)
    own = [inspect.getattr_static(kind, name) for name in dir(kind) if not hasattr(Exception, name)]
    functions = [what.fget if isinstance(what, property) else getattr(what, "__func__", what) for what in own]
    for function in filter(inspect.isfunction, functions):
        typing.get_type_hints(function)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_everything_public_is_documented(kind: type) -> None:
    assert kind.__doc__
    own = [name for name in dir(kind) if name[0] != "_" and not hasattr(str, name)]
    for name in own:
        what = inspect.getattr_static(kind, name)
        if isinstance(what, property | classmethod) or inspect.isfunction(what):
            assert getattr(what, "__doc__", None), f"{kind.__name__}.{name}"


@pytest.mark.parametrize("file", ["_types", "_reply", "_error", "testing"])
def test_every_field_of_a_public_class_is_documented(file: str) -> None:
    tree = ast.parse((PACKAGE / f"{file}.py").read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert classes
    for node in classes:
        for field, after in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id[0] != "_":
                said = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                assert said, f"{node.name}.{field.target.id}"


def test_defaults_that_are_shown_are_the_cores() -> None:
    shown = {name: what.default for name, what in inspect.signature(capauth.Client).parameters.items()}
    for name, default in {
        "timeout": 20,
        "connect_timeout": 10,
        "max_retries": 2,
        "max_connections": 8,
        "refresh_margin": 30,
        "auto_refresh": 1,
        "http2": 0,
        "allow_http": 0,
        "clock_offset": 0,
        "cap_mobile": 0,
    }.items():
        setter = rf"CAPAUTH_API int capauth_client_set_{name}(?:_ms)?\(capauth_client \*client, (\w+) (\w+)\)"
        comment = re.search(rf"/\*((?:(?!\*/).)*)\*/\s*{setter}", HEADER, re.S)
        assert comment, name
        said = re.search(r"[Dd]efault:?[\s*]+([\d,]+)", comment[1])
        assert said, name
        value = int(said[1].replace(",", "")) / (1000 if comment[3].endswith("_ms") else 1)
        assert value == default == shown[name], name
    assert re.search(r'"1\.2" \(default\)', HEADER) and shown["tls_min"] == "1.2"
    assert shown["user_agent"] == f"capauth/{capauth.__version__}"


def test_defaults_are_those_of_a_client_that_is_told_none(emulator: Emulator) -> None:
    shown = {name: what.default for name, what in inspect.signature(capauth.Client).parameters.items()}
    nothing = {name: None for name in shown if name not in ("base_url", "ca_file")}
    for options in ({}, nothing):
        with emulator.client(**options) as client:
            assert (client.timeout, client.refresh_margin) == (shown["timeout"], shown["refresh_margin"])


def test_plain_http_is_for_those_who_allow_it() -> None:
    with capauth.Client(base_url="http://test.example", allow_http=True) as client:
        customer = client.session(brand="B", mobile="919999999993", device_id="d")
        assert customer.next_step is capauth.Step.TOKEN_GENERATE
    with pytest.raises(capauth.InvalidArgumentError, match="base_url"):
        capauth.Client(base_url="http://test.example")


def test_every_argument_of_a_client_is_explained() -> None:
    explained = re.findall(r"^ +(\w+): ", capauth.Client.__init__.__doc__ or "", re.M)
    assert explained == list(inspect.signature(capauth.Client).parameters)
