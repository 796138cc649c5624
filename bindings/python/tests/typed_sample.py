"""Not a test: what a typed application writes. mypy --strict reads it."""

import datetime
from typing import assert_type

import redis
import redis.asyncio

import capauth
import capauth.aio
from capauth.redis import AsyncCustomer, Customer, SessionStore
from capauth.storage import FileStore, Store


def blocking(client: capauth.Client, store: FileStore) -> None:
    customer = client.session(brand="DocDemo", mobile="919999999993", device_id="device-1")
    assert_type(customer, capauth.Session)
    customer.on_change(lambda changed: store.save(changed.export()))
    customer.generate_token()
    customer.generate_otp(fallback_channel="SMS", timeout=5, headers={"X": "y"})
    try:
        customer.validate_otp(b"123456")
    except capauth.WrongStepError as error:
        assert_type(error.next_step, capauth.Step)
    except capauth.Error as error:
        assert_type(error.retry_after, float | None)
    call = customer.start_ensure_token(margin=60)
    assert_type(call, capauth.Call[str])
    assert_type(call.result(), str)
    assert_type(customer.ensure_token(), str)
    assert_type(customer.gateway("GET", "customer/get", query={"n": 1}), capauth.Reply)
    assert_type(customer.start_gateway("POST", "x", body={"a": [1]}), capauth.Call[capauth.Reply])
    lines: list[dict[str, object]] = [{"a": 1}]
    counts: dict[str, int] = {"a": 1}
    bodies: list[capauth.Json] = [lines, counts, ({"a": 1},)]
    customer.gateway("POST", "x", body=lines)
    customer.gateway("POST", "x", body=counts, query=[("a", 1), ("a", "b")], view=True)
    customer.gateway("POST", "x", body=bodies[0])
    customer.gateway("PATCH", "x")  # type: ignore[arg-type]
    customer.gateway("POST", "x", body=7)  # type: ignore[arg-type]
    method: capauth.Method = "GET"
    query: capauth.Query = {"a": 1}
    headers: capauth.Headers = {"X": "y"}
    secret: capauth.Secret = b"123456"
    customer.gateway(method, "x", query=query, headers=headers)
    customer.validate_otp(secret)
    assert_type(client.prepare(), None)
    assert_type(client.start_prepare(), capauth.Call[None])
    assert_type(client.timeout, float)
    assert_type(customer.second_factor(), capauth.Session)
    assert_type(customer.expires_at, datetime.datetime | None)
    assert_type(customer.otp, capauth.Otp)
    customer.generate_token(passwrd="x")  # type: ignore[call-arg]
    customer.validate_otp(123456)  # type: ignore[arg-type]


class Memory:
    """A store of one's own."""

    def save(self, text: str) -> None: ...
    def load(self) -> str | None: ...
    def delete(self) -> None: ...


def stores() -> list[Store]:
    return [FileStore("x"), Memory()]


def on_log(level: int, message: str) -> None: ...
def on_trace(event: capauth.TraceEvent) -> None:
    assert_type(event.time, datetime.datetime)
    assert_type(event.name, str)


def options() -> capauth.Client:
    log: capauth.LogCallback = on_log
    trace: capauth.TraceCallback = on_trace
    return capauth.Client(cluster="EU", timeout=None, log=log, trace=trace)


def exceptions() -> None:
    raise capauth.RateLimitedError("text", retry_after=3)


async def save(changed: capauth.aio.Session) -> None: ...


async def asynchronous(client: capauth.aio.Client) -> None:
    customer = client.restore("text")
    assert_type(customer, capauth.aio.Session)
    await customer.generate_token(password=bytearray(b"x"))
    assert_type(await customer.ensure_token(), str)
    assert_type(await customer.gateway("GET", "customer/get"), capauth.Reply)
    customer.on_change(save)
    call = customer.start_ensure_token()
    assert_type(call, capauth.aio.Call[str])
    assert_type(await call, str)
    assert_type(call.result(), str)
    assert_type(await client.prepare(), None)
    assert_type(await client.start_prepare(), None)
    await customer.validate_otp(123456)  # type: ignore[arg-type]


def fleet(client: capauth.Client) -> None:
    store = SessionStore(redis.Redis(), client, prefix="app:", lock_seconds=5)
    assert_type(store, SessionStore[capauth.Client])
    with store.session("key", margin=60) as customer:
        assert_type(customer, Customer)
        assert_type(customer.ensure_token(), str)
        assert_type(customer.gateway("GET", "customer/get"), capauth.Reply)
        store.save("key", customer, ttl=60)
        assert_type(customer.second_factor(), capauth.Session)
    store.delete("key", b"other")
    assert_type(store.exists("key"), bool)
    store.touch("key", ttl=datetime.timedelta(days=30))
    SessionStore(redis.RedisCluster(), client, ttl=60, metrics=lambda event: print(event.kind, event.seconds))
    SessionStore(redis.asyncio.Redis(), client)  # type: ignore[call-overload]


async def asynchronous_fleet(client: capauth.aio.Client) -> None:
    store = SessionStore(redis.asyncio.Redis(), client)
    async with store.session("key") as customer:
        assert_type(customer, AsyncCustomer)
        assert_type(await customer.ensure_token(), str)
        await store.save("key", customer)
    await store.delete("key")
