"""capauth.aio, in asyncio's own loop and in uvloop where it is installed."""

import asyncio
import gc
import importlib.util
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from waiting import arrives

import capauth
import capauth.aio
from capauth import _flat as flat
from capauth.testing import Emulator

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    if request.param == "asyncio":
        return asyncio.run
    if importlib.util.find_spec("uvloop") is None:
        pytest.skip("uvloop is not installed")
    import uvloop

    return uvloop.run


async def sign_in(customer: capauth.aio.Session, emulator: Emulator, otp: str | None = None) -> None:
    await customer.generate_token()
    await customer.generate_otp()
    await customer.validate_otp(otp or emulator.otp(str(customer.identifier), brand=customer.brand))


def test_customer_signs_in(run: Run, emulator: Emulator, brand: str, mobile: str) -> None:
    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            customer = client.session(brand=brand, mobile=mobile, device_id="d")
            await sign_in(customer, emulator)
            assert customer.signed_in
            assert await customer.ensure_token() == customer.token
            reply = await customer.gateway("GET", "customer/get")
            assert reply.ok and reply.json()
            restored = client.restore(customer.export())
            assert isinstance(restored, capauth.aio.Session) and restored.signed_in
            await customer.sign_out()
            assert not customer.signed_in

    run(main())


def test_callbacks_come_on_the_loops_thread(run: Run, emulator: Emulator, brand: str, mobile: str) -> None:
    threads: set[int] = set()

    async def main() -> None:
        options = emulator.options(log=lambda level, message: threads.add(threading.get_ident()))
        async with capauth.aio.Client(**options) as client:
            customer = client.session(brand=brand, mobile=mobile, device_id="d")
            told: list[capauth.aio.Session] = []
            customer.on_change(told.append)
            await sign_in(customer, emulator)
            assert told and told[-1] is customer
        assert threads == {threading.get_ident()}

    run(main())


def test_errors_are_raised(run: Run, emulator: Emulator, brand: str, mobile: str) -> None:
    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            customer = client.session(brand=brand, mobile=mobile, device_id="d")
            with pytest.raises(capauth.WrongStepError):
                await customer.validate_otp("1")
            with pytest.raises(capauth.InvalidArgumentError):
                await customer.validate_otp("\0")
            with pytest.raises(TypeError):
                await customer.validate_otp(1)  # type: ignore[arg-type]
            await customer.generate_token()
            await customer.generate_otp()
            with pytest.raises(capauth.InvalidOtpError) as caught:
                await customer.validate_otp("x")
            assert caught.value.operation == "otp_validate"

    run(main())


@pytest.mark.parametrize("count", [1000])
def test_a_thousand_sign_in_at_once_on_one_thread(run: Run, emulator: Emulator, brand: str, count: int) -> None:
    emulator.brand(brand, FIXED_OTP="123456")
    threads = threading.active_count()

    async def main() -> None:
        async with capauth.aio.Client(**emulator.options(timeout=120)) as client:
            customers = [client.session(brand=brand, mobile=f"9188{i:06}", device_id="d") for i in range(count)]
            await asyncio.gather(*(sign_in(customer, emulator, "123456") for customer in customers))
            assert all(customer.signed_in for customer in customers)
            assert threading.active_count() == threads

    run(main())


def test_loop_turns_while_a_call_is_in_flight(run: Run, emulator: Emulator, brand: str, mobile: str) -> None:
    emulator.fault("/auth/v1/token/generate", brand=brand, delayMs=20000)

    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            slow = asyncio.ensure_future(client.session(brand=brand, mobile=mobile, device_id="d").generate_token())
            await asyncio.to_thread(arrives, emulator, brand)
            other = client.session(brand=brand, mobile=mobile, device_id="e")
            await other.generate_token()
            assert other.role == "VIEW" and not slow.done()
            slow.cancel()

    run(main())


def test_cancelled_task_cancels_its_call(run: Run, emulator: Emulator, brand: str, mobile: str) -> None:
    emulator.fault("/auth/v1/token/generate", brand=brand, count=9, delayMs=20000)
    ends: list[capauth.TraceEvent] = []

    async def main() -> None:
        options = emulator.options(trace=lambda event: ends.append(event) if event.kind == "end" else None)
        async with capauth.aio.Client(**options) as client:
            customer = client.session(brand=brand, mobile=mobile, device_id="d")
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(customer.generate_token(), 0.1)
            with pytest.raises(capauth.DeadlineError):  # not BusyError
                await customer.generate_token(timeout=0.1)
            task = asyncio.ensure_future(customer.generate_token())
            await asyncio.to_thread(arrives, emulator, brand)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not client._waiting

    run(main())


def test_call_is_told_even_if_its_handing_out_found_no_memory(
    run: Run, emulator: Emulator, brand: str, mobile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_done = flat.client_next_done
    lost: list[object] = []

    def without_memory(handle: flat.ClientHandle) -> list[int]:
        taken = next_done(handle)
        if taken[1] and not lost:
            lost.append(taken)
            raise MemoryError
        return taken

    async def main() -> None:
        reported: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context["exception"]))
        async with capauth.aio.Client(**emulator.options()) as client:
            first = client.session(brand=brand, mobile=mobile, device_id="d").start_generate_token()
            others = (client.session(brand=brand, mobile=mobile, device_id=f"d{i}").generate_token() for i in range(3))
            await asyncio.wait_for(asyncio.gather(first, first, *others), 10)
        assert lost and [type(each) for each in reported] == [MemoryError]

    monkeypatch.setattr(flat, "client_next_done", without_memory)
    run(main())


def test_one_whose_waking_found_no_memory_leaves_the_others_awake(
    run: Run, emulator: Emulator, brand: str, mobile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_done, end_wait = flat.client_next_done, capauth.aio._end_wait
    lost: list[object] = []

    def without_memory(handle: flat.ClientHandle) -> list[int]:
        taken = next_done(handle)
        if taken[1]:
            raise MemoryError
        return taken

    def without_memory_for_the_first(future: "asyncio.Future[None]", error: BaseException | None) -> None:
        if future in lost or not lost:
            lost.append(future)
            raise MemoryError
        end_wait(future, error)

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        async with capauth.aio.Client(**emulator.options()) as client:
            sessions = [client.session(brand=brand, mobile=mobile, device_id=f"d{i}") for i in range(3)]
            tasks = [asyncio.ensure_future(session.generate_token()) for session in sessions]
            ended = asyncio.as_completed(tasks, timeout=10)
            for _ in range(2):
                await next(ended)
            assert lost and sum(not task.done() for task in tasks) == 1
            monkeypatch.undo()
            client._wake(None)
            await asyncio.gather(*tasks)

    monkeypatch.setattr(flat, "client_next_done", without_memory)
    monkeypatch.setattr(capauth.aio, "_end_wait", without_memory_for_the_first)
    run(main())


@pytest.mark.parametrize("name", ["delivering", "weakref.finalize"])
def test_loop_that_cannot_be_used_for_want_of_memory_watches_nothing(
    run: Run, emulator: Emulator, brand: str, mobile: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def without_memory(*_arguments: object) -> None:
        raise MemoryError

    async def main() -> None:
        client = capauth.aio.Client(**emulator.options())
        customer = client.session(brand=brand, mobile=mobile, device_id="d")
        flat.client_fd(client._handle)
        async with capauth.aio.Client(**emulator.options()) as other:  # a loop opens its own when it first watches
            await other.session(brand=brand, mobile=mobile, device_id="other").generate_token()
        before = os.listdir("/proc/self/fd")
        with monkeypatch.context() as patched:
            patched.setattr(f"capauth.aio.{name}", without_memory)
            with pytest.raises(MemoryError):
                await customer.generate_token()
        assert os.listdir("/proc/self/fd") == before
        await customer.generate_token()
        client.close()

    run(main())


def test_close_ends_what_is_in_flight(run: Run, emulator: Emulator, brand: str, mobile: str) -> None:
    emulator.fault("/auth/v1/token/generate", brand=brand, count=9, delayMs=20000)

    async def main() -> None:
        client = capauth.aio.Client(**emulator.options())
        customer = client.session(brand=brand, mobile=mobile, device_id="d")
        task = asyncio.ensure_future(customer.generate_token())
        await asyncio.to_thread(arrives, emulator, brand)
        client.close()
        client.close()
        with pytest.raises(capauth.CancelledError):
            await task
        with pytest.raises(capauth.ClosedError):
            await customer.generate_token()
        assert customer.export()

    run(main())


def test_closed_session_ends_what_is_in_flight(run: Run, emulator: Emulator, brand: str, mobile: str) -> None:
    emulator.fault("/auth/v1/token/generate", brand=brand, count=9, delayMs=20000)

    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            with client.session(brand=brand, mobile=mobile, device_id="d") as customer:
                task = asyncio.ensure_future(customer.generate_token())
                await asyncio.to_thread(arrives, emulator, brand)
            with pytest.raises(capauth.CancelledError):
                await task

    run(main())


def test_client_moves_to_the_next_loop(run: Run, emulator: Emulator, brand: str, mobile: str) -> None:
    client = capauth.aio.Client(**emulator.options())
    customer = client.session(brand=brand, mobile=mobile, device_id="d")
    run(customer.generate_token())
    run(customer.generate_otp())
    run(customer.validate_otp(emulator.otp(mobile, brand=brand)))
    assert customer.signed_in
    client.close()


def test_client_is_for_one_running_loop(emulator: Emulator, brand: str, mobile: str) -> None:
    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            customer = client.session(brand=brand, mobile=mobile, device_id="d")
            await customer.generate_token()
            with pytest.raises(capauth.UsageError, match="another running event loop"):
                await asyncio.get_running_loop().run_in_executor(None, asyncio.run, customer.generate_otp())
            await customer.generate_otp()

    asyncio.run(main())


def test_loop_is_asked_for_once(
    run: Run, emulator: Emulator, brand: str, mobile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """asyncio's answer is a system call."""
    asked: list[None] = []
    running_loop = asyncio.get_running_loop

    def counted() -> asyncio.AbstractEventLoop:
        asked.append(None)
        return running_loop()

    async def main() -> None:
        monkeypatch.setattr(asyncio, "get_running_loop", counted)
        for _ in range(3):
            await customer.generate_token()

    client = capauth.aio.Client(**emulator.options())
    customer = client.session(brand=brand, mobile=mobile, device_id="d")
    run(main())
    assert len(asked) == 1
    run(main())  # another loop
    assert len(asked) == 2


def test_loop_that_ends_with_calls_in_flight_leaves_no_trace(
    run: Run, emulator: Emulator, brand: str, mobile: str, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.fault("/auth/v1/token/generate", brand=brand, count=9, delayMs=20000)
    client = capauth.aio.Client(**emulator.options())
    customer = client.session(brand=brand, mobile=mobile, device_id="d")

    async def main() -> None:
        asyncio.ensure_future(customer.generate_token())
        await asyncio.to_thread(arrives, emulator, brand)

    run(main())
    emulator.reset(brand=brand)
    run(customer.generate_token())
    assert customer.role == "VIEW"
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_forgotten_client_leaves_the_loop(run: Run, emulator: Emulator, brand: str, mobile: str) -> None:
    async def use() -> int:
        client = capauth.aio.Client(**emulator.options())
        await client.session(brand=brand, mobile=mobile, device_id="d").generate_token()
        return os.dup(0)

    async def main() -> None:
        for _ in range(5):  # the numbers of descriptors that were closed are used again at once
            descriptor = await use()
            gc.collect()
            os.close(descriptor)
        async with capauth.aio.Client(**emulator.options()) as client:
            customer = client.session(brand=brand, mobile=mobile, device_id="d")
            await customer.generate_token()
            assert customer.role == "VIEW"

    run(main())


def test_cancelling_at_any_moment_delivers_one_outcome(run: Run, emulator: Emulator, brand: str) -> None:
    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            for turn in range(150):
                customer = client.session(brand=brand, mobile=f"9177{turn:06}", device_id="d")
                task = asyncio.ensure_future(customer.generate_token())
                await asyncio.sleep(turn % 30 / 10000)
                task.cancel()
                assert (await asyncio.wait([task], timeout=15))[0] == {task}  # less than it would take by itself
                assert customer.role in ("", "VIEW")
            assert not client._waiting

    run(main())


def test_gateway_calls_at_expiry_regenerate_once(run: Run, brand: str, mobile: str) -> None:
    async def main(emulator: Emulator) -> None:
        async with capauth.aio.Client(**emulator.options(timeout=60)) as client:
            customer = client.session(brand="DocDemo", mobile=mobile, device_id="d")
            await sign_in(customer, emulator)
            emulator.advance(3600)
            replies = await asyncio.gather(*(customer.gateway("GET", "customer/get") for _ in range(100)))
            assert all(reply.ok for reply in replies)
            assert emulator.requests()["POST /auth/v1/token/regenerate"] == 1

    with Emulator() as emulator:  # whose clock it may move
        run(main(emulator))
