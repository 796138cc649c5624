# SPDX-License-Identifier: Apache-2.0
"""capauth_asyncio.py COUNT AT_ONCE: capauth.aio, with as many connections as sign-ins at once."""

import asyncio
import sys

import measure

import capauth.aio


async def main(at_once):
    async with capauth.aio.Client(
        base_url=measure.URL, ca_file=measure.CA_FILE, max_connections=at_once, timeout=300
    ) as client:

        async def sign_in():
            session = client.session(brand=measure.BRAND, mobile=measure.mobile(), device_id="device-1")
            await session.generate_token()
            await session.generate_otp()
            await session.validate_otp(measure.OTP)

        await measure.run_at_once(sign_in, at_once)


asyncio.run(main(int(sys.argv[2])))
