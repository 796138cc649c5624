"""The modules of the package stand in layers: each imports only those beneath it, so that no circle of them is ever
needed to understand, or to import, one."""

import ast
import graphlib
import pathlib
import subprocess
import sys

import pytest
from waiting import until

import capauth
from capauth.testing import Emulator

PACKAGE = pathlib.Path(capauth.__file__).parent
PLUGIN = PACKAGE.parent / "capauth_pytest.py"


def imports_of(source: str, files: dict[str, str]) -> set[str]:
    """Which of the files a text imports, wherever it does so: at its top, in a function, only for types."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, ["capauth" if node.level else "", node.module]))
            for alias in node.names:  # a module of a package, or else what a module holds
                found.add(name if (name := f"{base}.{alias.name}") in files else base)
    return found & files.keys()


def circle_in(imports: dict[str, set[str]]) -> str:
    """The modules of a circle, named as an arrow each; "" when there is none."""
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        return " <- ".join(error.args[1])
    return ""


def package_files() -> dict[str, str]:
    paths = {("capauth" if path.stem == "__init__" else f"capauth.{path.stem}"): path for path in PACKAGE.glob("*.py")}
    paths[PLUGIN.stem] = PLUGIN
    files = {name: path.read_text(encoding="utf-8") for name, path in paths.items()}
    return files | {f"capauth.{path.name.partition('.')[0]}": "" for path in PACKAGE.glob("*.so")}


def test_no_module_of_the_package_is_in_a_circle_of_imports() -> None:
    files = package_files()
    imports = {name: imports_of(text, files) for name, text in files.items()}
    assert {"capauth._flat", "capauth._errors"} <= imports["capauth._failure"], "the imports were not found"
    assert circle_in(imports) == ""


@pytest.mark.parametrize(
    "hidden",
    [
        "from ._b import B",
        "from . import _b",
        "import capauth._b",
        "from capauth._b import B",
        "def late():\n    from ._b import B",
        "if TYPE_CHECKING:\n    from ._b import B",
    ],
)
def test_a_circle_is_found_wherever_an_import_stands(hidden: str) -> None:
    files = {"capauth._a": hidden, "capauth._b": "import os\nfrom ._c import C", "capauth._c": "from . import _a"}
    circle = circle_in({name: imports_of(text, files) for name, text in files.items()})
    assert set(circle.split(" <- ")) == files.keys()


def test_a_module_that_imports_from_the_whole_package_is_in_a_circle() -> None:
    files = {"capauth": "from ._a import A", "capauth._a": "def late():\n    from . import A"}
    assert circle_in({name: imports_of(text, files) for name, text in files.items()})


def test_the_c_beneath_the_package_imports_nothing_of_it() -> None:
    root = pathlib.Path(__file__).resolve().parents[3]
    for path in [*root.glob("bindings/python/*.[ch]"), root / "swig" / "python.i", root / "swig" / "capauth.i"]:
        assert "PyImport_" not in path.read_text(encoding="utf-8"), path.name


def printed_by(program: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()


def test_importing_the_package_loads_the_library_and_nothing_that_takes_long() -> None:
    loads = "import sys; before = set(sys.modules); import capauth; print(*sorted(set(sys.modules) - before))"
    assert printed_by(loads) == ["capauth", "capauth._capauth", "capauth._flat", "swig_runtime_data5"]


@pytest.mark.parametrize(
    "use",
    [
        "print(*{*capauth.__all__} - {*dir(capauth)}, capauth.Client.__name__)",
        "from capauth import *; print(Client.__name__)",
        "capauth.Client = pickle.Pickler; capauth.Error; print(capauth.Client.__name__.replace('Pickler', 'Client'))",
        "print(pickle.loads(pickle.dumps(capauth.Client)).__name__)",
        "import capauth.aio; print(capauth.aio.Client.__name__)",
        "print(pydoc.locate('capauth.Client').__name__)",
    ],
)
def test_its_names_are_there_at_their_first_use(use: str) -> None:
    assert printed_by(f"import capauth, pickle, pydoc; {use}") == ["Client"]


@pytest.mark.parametrize("name", ["Clint", "_clint", "__path", ""])
def test_a_name_that_it_does_not_have_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'capauth' has no attribute '{name}'"):
        getattr(capauth, name)


def test_everything_that_it_offers_says_that_it_is_its_own() -> None:
    for name in capauth.__all__:
        assert "capauth." not in getattr(getattr(capauth, name), "__module__", "capauth"), name


SIGN_IN = """
import sys
import capauth
told = []
def tell(*arguments):
    told.append(arguments)
    raise ValueError("mine")
options = dict(log=tell, trace=tell) if "callbacks" in sys.argv else {}
sys.unraisablehook = lambda report: None
client = capauth.Client(base_url=sys.argv[1], ca_file=sys.argv[2], **options)
customer = client.session(sys.argv[3], mobile=sys.argv[4], device_id="device-1")
if options:
    customer.on_change(tell)
imported = []
sys.addaudithook(lambda event, arguments: imported.append(arguments[0]) if event == "import" else None)
try:
    customer.generate_otp(timeout=-1)
except capauth.InvalidArgumentError:
    pass
try:
    customer.generate_otp()
except capauth.WrongStepError as error:
    assert error.next_step == customer.next_step
customer.generate_token()
customer.generate_otp()
customer.validate_otp(input())
assert customer.signed_in
customer.start_sign_out().result()
assert len(told) > 5 if options else not told
"""


def signed_in_by(program: str, emulator: Emulator, brand: str, mobile: str, *more: str) -> list[str]:
    """What the program prints, which signs that customer in with the OTP from its standard input."""
    arguments = [emulator.url, str(emulator.ca_file), brand, mobile, *more]
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        until(lambda: bool(emulator.outbox(mobile, brand=brand)))
        output = process.communicate(emulator.otp(mobile, brand=brand))[0]
    assert process.returncode == 0
    return output.split()


def test_a_sign_in_loads_nothing_of_the_standard_library_that_takes_long(
    emulator: Emulator, brand: str, mobile: str
) -> None:
    long = {"typing", "re", "datetime", "json", "logging", "inspect", "signal"}
    program = f"{SIGN_IN}print(*({long} & sys.modules.keys()))"
    assert signed_in_by(program, emulator, brand, mobile) == []


@pytest.mark.parametrize("more", [[], ["callbacks"]], ids=["alone", "with callbacks"])
def test_once_there_is_a_client_nothing_of_a_sign_in_reads_files(
    emulator: Emulator, brand: str, mobile: str, more: list[str]
) -> None:
    assert signed_in_by(f"{SIGN_IN}print(*imported)", emulator, brand, mobile, *more) == []
