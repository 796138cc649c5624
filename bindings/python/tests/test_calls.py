"""Calls in flight: start, wait, poll, cancel; threads and signals."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from waiting import arrives, at_once

import capauth
from capauth import _flat as flat
from capauth import _operations as operations
from capauth import _public
from capauth.testing import Emulator

SLOW = 20000


@pytest.fixture
def slow(customer: capauth.Session, emulator: Emulator) -> capauth.Session:
    """Whose token generate takes longer than any test."""
    emulator.fault("/auth/v1/token/generate", brand=customer.brand, count=99, delayMs=SLOW)
    return customer


def test_started_call_gives_its_result(customer: capauth.Session) -> None:
    call = customer.start_generate_token()
    assert not call.done() and call.wait(0) is False
    assert call.wait(10) is True and call.done()
    call.result()
    call.result()  # again is fine
    assert customer.role == "VIEW"
    token = customer.start_ensure_token()
    with pytest.raises(capauth.SignInRequiredError):
        token.result()


def test_result_waits(customer: capauth.Session) -> None:
    customer.start_generate_token().result()
    assert customer.next_step is capauth.Step.OTP_GENERATE


def test_wait_ends_after_its_time(slow: capauth.Session) -> None:
    call = slow.start_generate_token()
    begin = time.monotonic()
    assert call.wait(0.25) is False and call.wait(-1) is False
    assert time.monotonic() - begin > 0.24


def test_cancelled_call_raises(slow: capauth.Session) -> None:
    call = slow.start_generate_token()
    call.wait(0.05)
    call.cancel()
    call.cancel()
    with pytest.raises(capauth.CancelledError):
        call.result()


@pytest.mark.parametrize("give_up", ["cancel", "drop"])
def test_step_that_was_given_up_leaves_room_for_the_next(
    customer: capauth.Session, emulator: Emulator, give_up: str
) -> None:
    emulator.fault("/auth/v1/token/generate", brand=customer.brand, delayMs=SLOW)
    call = customer.start_generate_token()
    call.wait(0.05)
    if give_up == "cancel":
        call.cancel()
    del call
    customer.generate_token()
    assert customer.next_step is capauth.Step.OTP_GENERATE


def test_cancel_after_the_end_does_nothing(customer: capauth.Session) -> None:
    call = customer.start_generate_token()
    call.wait()
    call.cancel()
    call.result()
    assert customer.next_step == "otp_generate"


def test_second_step_is_busy(slow: capauth.Session) -> None:
    first = slow.start_generate_token()
    second = slow.start_generate_token()
    assert second.done()
    with pytest.raises(capauth.BusyError) as caught:
        second.result()
    assert caught.value.retryable
    assert not first.done()


def test_dropped_call_is_cancelled(client: capauth.Client, slow: capauth.Session) -> None:
    slow.start_generate_token()
    client.poll()
    with pytest.raises(capauth.DeadlineError):  # not BusyError
        slow.generate_token(timeout=0.1)


def test_poll_and_next_done_hand_out_calls(client: capauth.Client, emulator: Emulator, brand: str) -> None:
    calls = [
        client.session(brand=brand, mobile=f"9199000000{i:02}", device_id="d").start_generate_token() for i in range(20)
    ]
    left = set(calls)
    end = time.monotonic() + 20
    while left and time.monotonic() < end:
        client.poll(0.5)
        while (call := client.next_done()) is not None:
            call.result()
            left.remove(call)  # each once
    assert not left
    assert client.next_done() is None and client.poll() == 0


def test_next_done_passes_over_calls_that_were_dropped_or_are_anothers(
    client: capauth.Client, emulator: Emulator, brand: str
) -> None:
    customers = [client.session(brand=brand, mobile=f"9199100000{i:02}", device_id="d") for i in range(8)]
    operation = operations.generate_token  # as the blocking form starts it
    others = [capauth.Call(operation(customer)) for customer in customers[:4]]
    calls = [customer.start_generate_token() for customer in customers[4:]]
    while not all(call.done() for call in [*others, *calls]):
        client.poll(1)
    assert {client.next_done() for _ in calls} == set(calls)
    assert client.next_done() is None


def test_descriptor_is_readable_when_there_is_something_to_do(
    client: capauth.Client, customer: capauth.Session
) -> None:
    call = customer.start_generate_token()
    while not call.done():
        readable, _, _ = select.select([client], [], [], 20)
        assert readable == [client]
        client.poll()
    call.result()
    assert customer.next_step is capauth.Step.OTP_GENERATE


@pytest.fixture
def hold_interpreter() -> Iterator[None]:
    """Threads take turns only where one lets go of the interpreter."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(600)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hold_interpreter")
def test_other_threads_advance_while_one_waits(slow: capauth.Session) -> None:
    waits = threading.Event()
    call = slow.start_generate_token()
    assert call._handle
    thread = at_once(waits.wait, call.cancel)
    waits.set()
    assert flat.call_wait(call._handle, -1) == flat.E_CANCELLED  # not in slices: it lets go of the interpreter once
    thread.join()


def test_many_threads_share_a_client(emulator: Emulator, brand: str) -> None:
    emulator.brand(brand, FIXED_OTP="012345")
    failures: list[BaseException] = []
    with emulator.client(max_connections=4) as client:

        def work(number: int) -> None:
            try:
                for turn in range(10):
                    customer = client.session(brand=brand, mobile=f"91{number:03}{turn:03}", device_id="d")
                    customer.generate_token()
                    customer.generate_otp()
                    customer.validate_otp("012345")
                    assert customer.signed_in
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def test_close_from_another_thread_ends_the_waiting(
    client: capauth.Client, slow: capauth.Session, emulator: Emulator
) -> None:
    thread = at_once(lambda: arrives(emulator, slow.brand), client.close)
    with pytest.raises(capauth.CancelledError):
        slow.generate_token()
    thread.join()


def test_interrupt_ends_the_waiting(slow: capauth.Session, emulator: Emulator) -> None:
    thread = at_once(lambda: arrives(emulator, slow.brand), lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        slow.generate_token()
    thread.join()
    assert slow.next_step is capauth.Step.TOKEN_GENERATE  # it did not wait for the answer
    with pytest.raises(capauth.DeadlineError):  # the call is gone: not BusyError
        slow.generate_token(timeout=0.1)


def test_closed_handles_say_so(client: capauth.Client, signed_in: capauth.Session) -> None:
    text = signed_in.export()
    signed_in.close()
    signed_in.close()
    for operation in (signed_in.generate_token, signed_in.ensure_token, signed_in.regenerate_token):
        with pytest.raises(capauth.ClosedError):
            operation()
    assert signed_in.signed_in and signed_in.export() == text
    client.close()
    client.close()
    with pytest.raises(capauth.ClosedError):
        signed_in.gateway("GET", "customer/get")
    with pytest.raises(capauth.ClosedError):
        client.session(brand="B", mobile="1", device_id="d")
    with pytest.raises(capauth.ClosedError):
        client.restore(text)
    with pytest.raises(capauth.ClosedError):
        client.prepare()
    with pytest.raises(capauth.ClosedError):
        client.fileno()


def test_prepare_connects(emulator: Emulator) -> None:
    with emulator.client() as client:
        client.prepare()
    with capauth.Client(base_url="https://nowhere.invalid", max_retries=0) as client:
        with pytest.raises(capauth.NetworkError) as caught:
            client.prepare()
        assert caught.value.name == "RESOLVE"


def test_settings_are_told_in_words(client: capauth.Client, emulator: Emulator) -> None:
    assert capauth.__version__ in capauth.diagnose()
    assert emulator.ca_file in capauth.diagnose(client)


def test_versions_of_the_libraries_are_told() -> None:
    versions = capauth.versions()
    assert versions["capauth"] == capauth.__version__
    assert {"libcurl", "json-c"} < set(versions)
    assert all(version[0].isdigit() for version in versions.values())


def test_versions_of_what_a_wheel_carries_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "json-c 0.16\ninside: zlib 1:1.2.13, openssl 3.0.17-1~deb12u2\n"
    monkeypatch.setattr(_public, "diagnose", lambda: told)
    assert capauth.versions() == {"json-c": "0.16", "zlib": "1:1.2.13", "openssl": "3.0.17-1~deb12u2"}


def run(program: str, emulator: Emulator) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "URL": emulator.url, "CA_FILE": emulator.ca_file}
    head = (
        "import os, sys, threading, capauth, capauth.aio\n"
        "client = capauth.Client(base_url=os.environ['URL'], ca_file=os.environ['CA_FILE'])\n"
        "customer = client.session(brand='DocDemo', mobile='919999999993', device_id='d')\n"
    )
    return subprocess.run(
        [sys.executable, "-c", head + program], env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.usefixtures("may_leak")
def test_child_process_gets_a_clear_error_and_the_parent_goes_on(emulator: Emulator) -> None:
    done = run(
        "customer.generate_token()\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    try:\n"
        "        customer.generate_otp()\n"
        "    except capauth.UsageError as error:\n"
        "        assert error.name == 'FORKED', error.name\n"
        "        assert customer.role == 'VIEW'\n"
        "        del customer; client.close(); del client\n"
        "        sys.exit(7)\n"
        "_, status = os.waitpid(pid, 0)\n"
        "assert os.waitstatus_to_exitcode(status) == 7, status\n"
        "customer.generate_otp()\n"
        "print('fine')\n",
        emulator,
    )
    assert done.stdout == "fine\n", done.stderr


@pytest.mark.usefixtures("may_leak")
@pytest.mark.parametrize(
    "program",
    [
        "call = customer.start_generate_token()\n",
        "sys.call = customer.start_generate_token()\nsys.client = client\n",
        "call = customer.start_generate_token()\nthreading.Thread(target=call.wait, daemon=True).start()\n",
        "cycle = [client, customer]\ncycle.append(cycle)\ndel client, customer\n",
        "import atexit\natexit.register(lambda: (customer.close(), client.close()))\n",
        "customer.on_change(lambda changed: None)\ncustomer.generate_token()\ncall = customer.start_generate_otp()\n",
        "class Late:\n    def __del__(self):\n        client.close()\nlate = Late()\n",
    ],
)
def test_interpreter_ends_with_live_handles(emulator: Emulator, program: str) -> None:
    done = run(program + "print('end', flush=True)\n", emulator)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")
