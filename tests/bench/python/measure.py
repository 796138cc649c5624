# SPDX-License-Identifier: Apache-2.0
"""What the programs in Python share. It imports next to nothing: what a program imports is part of what it costs."""

import os
import sys
import time

URL = os.environ["CAPAUTH_BENCH_URL"]
CA_FILE = os.environ["CAPAUTH_BENCH_CA_FILE"]
BRAND, OTP = "Bench", "012345"
COUNT = int(sys.argv[1])
# A gateway's, for those programs that know it: then that is called, instead of sign-ins.
ENDPOINT = sys.argv[2] if len(sys.argv) > 2 else None
GENERATE_TOKEN, GENERATE_OTP, VALIDATE_OTP = (
    f"{URL}/auth/v1/{name}" for name in ("token/generate", "otp/generate", "otp/validate")
)
GATEWAY = f"{URL}/mobile/v2/api/{ENDPOINT}"
GATEWAY_HEADERS = {"cap_authorization": "x" * 420, "cap_brand": BRAND, "cap_device_id": "device-1"}

_customers = iter(range(10**8))


def mobile():
    """Of a customer nobody has seen before."""
    return f"9199{next(_customers):08}"


def customer():
    """What a request of a peer's begins with."""
    return {"identifierType": "MOBILE", "identifierValue": mobile(), "brand": BRAND, "deviceId": "device-1"}


def sign_in(post):
    """By a peer: `post(url, request)` gives the reply."""
    request = customer()
    reply = post(GENERATE_TOKEN, request)
    assert reply["status"]["success"]
    request["sessionId"] = reply["user"]["sessionId"]
    assert post(GENERATE_OTP, request)["status"]["success"]
    request["otp"] = OTP
    assert post(VALIDATE_OTP, request)["auth"]["token"]


def report(start, start_cpu, count):
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    count = max(1, count)
    print(f'{{"rate": {count / seconds:.1f}, "cpu_us": {cpu * 1e6 / count:.2f}}}')


def run(work):
    """After one that connects."""
    work()
    start, start_cpu = time.perf_counter(), time.process_time()
    for _ in range(COUNT):
        work()
    report(start, start_cpu, COUNT)


async def run_at_once(work, at_once):
    """`at_once` tasks, after one sign-in of each that connects."""
    import asyncio

    async def some(count):
        for _ in range(count):
            await work()

    async def round_of(count):
        await asyncio.gather(*(some(count // at_once) for _ in range(at_once)))

    await round_of(at_once)
    start, start_cpu = time.perf_counter(), time.process_time()
    count = max(1, COUNT // at_once) * at_once
    await round_of(count)
    report(start, start_cpu, count)
