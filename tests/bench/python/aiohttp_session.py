# SPDX-License-Identifier: Apache-2.0
"""aiohttp_session.py COUNT AT_ONCE: a session of aiohttp, with as many connections as sign-ins at once."""

import asyncio
import ssl
import sys

import aiohttp
import measure


async def main(at_once):
    connector = aiohttp.TCPConnector(limit=at_once, ssl=ssl.create_default_context(cafile=measure.CA_FILE))
    async with aiohttp.ClientSession(connector=connector) as session:

        async def post(url, request):
            async with session.post(url, json=request) as reply:
                return await reply.json()

        async def sign_in():
            request = measure.customer()
            reply = await post(measure.GENERATE_TOKEN, request)
            assert reply["status"]["success"]
            request["sessionId"] = reply["user"]["sessionId"]
            assert (await post(measure.GENERATE_OTP, request))["status"]["success"]
            request["otp"] = measure.OTP
            assert (await post(measure.VALIDATE_OTP, request))["auth"]["token"]

        await measure.run_at_once(sign_in, at_once)


asyncio.run(main(int(sys.argv[2])))
