"""on_change, log and trace in asyncio: contexts, coroutine functions; and calls that are started."""

import asyncio
import contextvars
import functools
import gc
import os
import weakref
from typing import Any

import pytest

import capauth
import capauth.aio
from capauth.testing import Emulator

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("WHO", default="nobody")


def new_session(client: capauth.aio.Client, brand: str, mobile: str = "919999999993") -> capauth.aio.Session:
    return client.session(brand=brand, mobile=mobile, device_id="d")


def test_on_change_runs_in_the_context_in_which_it_was_registered(emulator: Emulator, brand: str) -> None:
    told: list[tuple[str, str]] = []

    async def customer_of(client: capauth.aio.Client, name: str, mobile: str) -> None:
        WHO.set(name)
        customer = new_session(client, brand, mobile)
        customer.on_change(lambda changed: told.append((name, WHO.get())))
        WHO.set("later")
        await customer.generate_token()

    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            await asyncio.create_task(customer_of(client, "alice", "919999999991"))
            await asyncio.create_task(customer_of(client, "bob", "919999999992"))

    asyncio.run(main())
    assert set(told) == {("alice", "alice"), ("bob", "bob")}


def test_log_and_trace_run_in_nobodys_context(emulator: Emulator, brand: str) -> None:
    seen: set[str] = set()

    async def main() -> None:
        WHO.set("alice")
        options = emulator.options(log=lambda *_: seen.add(WHO.get()), trace=lambda _: seen.add(WHO.get()))
        async with capauth.aio.Client(**options) as client:
            await new_session(client, brand).generate_token()

    asyncio.run(main())
    assert seen == {"nobody"}


def test_coroutine_function_is_awaited_one_at_a_time_and_before_the_end(emulator: Emulator, brand: str) -> None:
    events: list[object] = []

    async def save(changed: capauth.aio.Session) -> None:
        events.append("begin")
        await asyncio.sleep(0.01)
        events.append((WHO.get(), changed.export()))

    async def main() -> str:
        async with capauth.aio.Client(**emulator.options()) as client:
            customer = new_session(client, brand)
            WHO.set("alice")
            customer.on_change(save)
            WHO.set("later")
            await customer.generate_token()
            await customer.generate_token()
        return customer.export()

    text = asyncio.run(main())
    assert events[::2] == ["begin"] * 2  # never both at once
    assert events[-1] == ("alice", text)


class Saver:
    async def __call__(self, changed: capauth.aio.Session) -> None:
        raise LookupError("mine")


@pytest.mark.parametrize(
    "callback",
    [Saver(), Saver().__call__, functools.partial(Saver().__call__), lambda changed: Saver()(changed)],
    ids=["object", "method", "partial", "lambda"],
)
def test_failure_of_a_coroutine_function_is_reported(emulator: Emulator, brand: str, callback: Any) -> None:
    reported: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, what: reported.append(what))
        async with capauth.aio.Client(**emulator.options()) as client:
            customer = new_session(client, brand)
            customer.on_change(callback)
            await customer.generate_token()
            assert customer.role == "VIEW"
        assert not client._telling

    asyncio.run(main())
    assert [type(what["exception"]) for what in reported] == [LookupError]
    assert "on_change" in reported[0]["message"]


async def nothing(*_: object) -> None:
    pass


class Asynchronous:
    __call__ = nothing


@pytest.mark.parametrize("function", [nothing, functools.partial(nothing), Asynchronous(), Asynchronous().__call__])
def test_coroutine_function_is_refused_where_nobody_awaits_it(
    customer: capauth.Session, emulator: Emulator, function: Any
) -> None:
    with pytest.raises(TypeError, match="coroutine"):
        customer.on_change(function)
    for option in ("log", "trace"):
        with pytest.raises(TypeError, match=f"{option} .*coroutine"):
            emulator.client(**{option: function})
        with pytest.raises(TypeError, match=f"{option} .*coroutine"):
            capauth.aio.Client(**emulator.options(**{option: function}))


@pytest.mark.filterwarnings("error")
def test_coroutine_that_nobody_awaits_is_reported(customer: capauth.Session, unraisable: list[object]) -> None:
    customer.on_change(lambda changed: nothing())
    customer.generate_token()
    gc.collect()
    assert [type(error) for error in unraisable] == [TypeError]


def test_started_call_is_awaited_as_often_as_wanted(emulator: Emulator, brand: str) -> None:
    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            customer = new_session(client, brand)
            call = customer.start_generate_token()
            assert isinstance(call, capauth.aio.Call) and not call.done()
            with pytest.raises(capauth.Error) as caught:
                call.result()
            assert caught.value.name == "PENDING"
            outcomes: Any = await asyncio.gather(call, call)
            assert outcomes == [None, None]
            assert call.done()
            await call
            call.result()
            refused = customer.start_ensure_token()
            for _ in range(2):
                with pytest.raises(capauth.Error):
                    await refused

    asyncio.run(main())


def test_started_call_is_cancelled_by_hand_or_with_its_task(emulator: Emulator, brand: str) -> None:
    emulator.fault("/auth/v1/token/generate", brand=brand, count=9, delayMs=20000)

    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            call = new_session(client, brand).start_generate_token()
            asyncio.get_running_loop().call_soon(call.cancel)
            with pytest.raises(capauth.CancelledError):
                await call
            call = new_session(client, brand).start_generate_token()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(call, 0.05)
            assert call.done()
            client.close()
            with pytest.raises(capauth.CancelledError):
                await call

    asyncio.run(main())


def test_close_from_another_thread_wakes_the_loop(emulator: Emulator, brand: str) -> None:
    emulator.fault("/auth/v1/token/generate", brand=brand, count=9, delayMs=20000)

    async def main() -> None:
        client = capauth.aio.Client(**emulator.options())
        customer = new_session(client, brand)
        call = customer.start_generate_token()
        closing = asyncio.get_running_loop().run_in_executor(None, client.close)
        with pytest.raises(capauth.CancelledError):
            await asyncio.wait_for(call, 10)
        await closing
        with pytest.raises(capauth.ClosedError):
            await customer.generate_token()
        assert not client._waiting and client._loop is None

    asyncio.run(main(), debug=True)  # asyncio then refuses calls from the wrong thread


def test_client_dropped_by_another_thread_leaves_the_loop_in_its_own(emulator: Emulator, brand: str) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        removed: list[bool] = []
        remove = loop.remove_reader

        def noted(descriptor: int) -> bool:
            removed.append(asyncio._get_running_loop() is loop)
            return remove(descriptor)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "remove_reader", noted)
            owner = [capauth.aio.Client(**emulator.options())]
            await new_session(owner[0], brand).generate_token()
            await asyncio.to_thread(owner.clear)
            await asyncio.sleep(0)  # what the other thread left for this loop
        assert removed == [True]

    asyncio.run(main())


def test_loop_keeps_nothing_of_the_first_requests_context(emulator: Emulator, brand: str) -> None:
    class Request:
        pass

    request: contextvars.ContextVar[Request] = contextvars.ContextVar("request")

    async def serve(client: capauth.aio.Client) -> "weakref.ref[Request]":
        current = Request()
        request.set(current)
        await new_session(client, brand).generate_token()
        return weakref.ref(current)

    async def main() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            served = await asyncio.create_task(serve(client))
            await asyncio.sleep(0)  # until then the loop holds the finished task
            assert served() is None

    asyncio.run(main())


def test_client_leaves_no_descriptor_behind(emulator: Emulator, brand: str) -> None:
    async def use() -> int:
        async with capauth.aio.Client(**emulator.options()) as client:
            await new_session(client, brand).generate_token()
        del client
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    async def main() -> None:
        first = await use()
        assert [await use() for _ in range(3)] == [first] * 3

    asyncio.run(main())
