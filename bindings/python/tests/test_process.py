"""What a process may do to capauth, and what else may be in it: other interpreters, other SWIG modules, no descriptors
left, copies of handles."""

import copy
import os
import pathlib
import pickle
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable

import pytest

import capauth
import capauth.aio
from capauth.testing import Emulator


def run(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps], ids=lambda function: function.__name__)
def test_handles_cannot_be_copied(
    client: capauth.Client, customer: capauth.Session, duplicate: Callable[[object], object]
) -> None:
    other = capauth.aio.Client(cluster="EU")
    session = other.session(brand="B", mobile="919999999993", device_id="d")
    for handle in (client, customer, customer.start_ensure_token(), other, session):
        with pytest.raises(TypeError, match=rf"{type(handle).__name__} .*export\(\)"):
            duplicate(handle)


def test_values_can_be_copied(customer: capauth.Session, emulator: Emulator) -> None:
    customer.generate_token()
    for value in (customer.otp, customer.next_step, capauth.Reply(200, True, 0, "", b"{}")):
        assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value


# No more descriptors than are open already.
NO_DESCRIPTORS = """
import errno, os, resource, capauth
from capauth import Client  # which loads the rest of the package, while there are descriptors
taken = []
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (20, hard))
try:
    while True:
        taken.append(os.dup(0))
except OSError:
    pass
client = Client(base_url="https://127.0.0.1:1")
customer = client.session(brand="B", mobile="919999999993", device_id="d")
try:
    customer.generate_token()
except capauth.Error as error:
    print(error.name, error.retryable, os.strerror(errno.EMFILE) in error.message)
for descriptor in taken:
    os.close(descriptor)
try:
    customer.generate_token()
except capauth.Error as error:
    print(error.name)
"""


def test_out_of_descriptors_is_not_out_of_memory() -> None:
    assert run(NO_DESCRIPTORS).split() == ["SYSTEM", "True", "True", "CONNECT"]


SUB_INTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import capauth
report = "try: import capauth\\nexcept ImportError as error: assert 'main interpreter' in str(error), error\\nelse: 1/0"
failed = interpreters.run_string(interpreters.create(), report)
assert failed is None, failed
capauth.Client(cluster="EU").close()
print("fine")
"""


@pytest.mark.usefixtures("may_leak")
def test_sub_interpreter_is_refused() -> None:
    assert run(SUB_INTERPRETER).strip() == "fine"


SECOND_MODULE = """
%module second
%{
typedef struct capauth_client { char nothing[65536]; } capauth_client;
static capauth_client *make(void) { static capauth_client client; return &client; }
%}
typedef struct capauth_client {} capauth_client;
capauth_client *make(void);
"""

TWO_MODULES = """
import sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    __import__(name)
import second
from capauth import _flat as flat
code, client = flat.client_new()
print(type(second.make()).__module__, type(client).__module__)
"""


@pytest.mark.usefixtures("may_leak")
def test_second_swig_module_does_not_share_types(tmp_path: pathlib.Path) -> None:
    swig = os.environ.get("SWIG_EXECUTABLE") or shutil.which("swig")
    compiler = shutil.which("cc")
    if swig is None or compiler is None:
        pytest.skip("swig or cc is not installed")
    (tmp_path / "second.i").write_text(SECOND_MODULE)
    subprocess.run([swig, "-python", "second.i"], cwd=tmp_path, check=True)
    include = sysconfig.get_path("include")
    command = [compiler, "-shared", "-fPIC", f"-I{include}", "second_wrap.c", "-o", "_second.so"]
    subprocess.run(command, cwd=tmp_path, check=True)
    for order in (["capauth", "second"], ["second", "capauth"]):
        assert run(TWO_MODULES, str(tmp_path), *order).strip() == "second capauth._flat"
