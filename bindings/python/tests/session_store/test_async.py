"""capauth.redis in asyncio."""

import asyncio
from collections.abc import Callable

import pytest
import redis
from redis_server import RedisServer
from support import KEY, REFUSAL, REGENERATE, in_loop

import capauth
import capauth.aio
from capauth.redis import SessionStore
from capauth.testing import Emulator


def test_async_customer_is_kept_and_regenerated_once(
    redis_server: RedisServer, emulator: Emulator, expired: str, regenerations: Callable[[], int]
) -> None:
    async def work(store: SessionStore[capauth.aio.Client]) -> None:
        async def one() -> str | None:
            async with store.session(KEY) as customer:
                assert (await customer.gateway("GET", "customer/get")).ok
                assert await customer.ensure_token() == customer.token
                return customer.token

        tokens = await asyncio.gather(*(one() for _ in range(30)))
        assert len(set(tokens)) == 1 and tokens[0] != expired
        async with store.session(KEY) as customer:
            await store.save("other", customer, ttl=60)
            await store.delete(KEY)
            with pytest.raises(KeyError):
                await customer.regenerate_token()
        async with store.session("other") as customer:
            assert repr(customer).startswith("<capauth.redis.")
            assert customer.token == tokens[0]

    in_loop(redis_server, emulator, work)
    assert regenerations() == 1


def test_async_sign_in(
    redis_server: RedisServer, database: redis.Redis, emulator: Emulator, brand: str, mobile: str
) -> None:
    async def work(store: SessionStore[capauth.aio.Client]) -> None:
        await store.save(KEY, store._work._client.session(brand=brand, mobile=mobile, device_id="device-1"))
        async with store.session(KEY) as customer:
            await customer.generate_token()
            await customer.generate_otp()
        async with store.session(KEY) as customer:
            with pytest.raises(capauth.InvalidOtpError):
                await customer.validate_otp("x")
            await customer.validate_otp(emulator.otp(mobile, brand=brand))
            assert customer.signed_in

    in_loop(redis_server, emulator, work)


def test_async_cancelled_waiter_leaves_the_regeneration_alone(
    redis_server: RedisServer, emulator: Emulator, expired: str, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=300)

    async def work(store: SessionStore[capauth.aio.Client]) -> None:
        async with store.session(KEY) as customer:
            task = asyncio.create_task(customer.regenerate_token())
            while not await asyncio.to_thread(regenerations):
                pass
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async with store.session(KEY) as customer:
            await customer.regenerate_token()
            assert customer.token != expired

    in_loop(redis_server, emulator, work)
    assert regenerations() == 1


def test_async_redis_restart_and_failure(
    redis_server: RedisServer, emulator: Emulator, expired: str, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, status=200, body=REFUSAL)

    async def work(store: SessionStore[capauth.aio.Client]) -> None:
        async with store.session(KEY) as customer, store.session(KEY) as second:
            restart = asyncio.create_task(asyncio.to_thread(redis_server.restart))
            for each in (customer, second):
                with pytest.raises(capauth.SignInRequiredError):
                    await each.gateway("GET", "customer/get")
            await restart
        async with store.session(KEY) as customer:
            assert not customer.signed_in

    in_loop(redis_server, emulator, work)
    assert regenerations() == 1
