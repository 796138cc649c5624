import asyncio

import capauth.aio


async def sign_in(client, mobile):
    customer = client.session(brand="DocDemo", mobile=mobile, device_id="device-1")
    await customer.generate_token()
    await customer.generate_otp()
    otp = await asyncio.to_thread(input, f"OTP of {mobile}: ")
    await customer.validate_otp(otp)
    return customer


async def main():
    async with capauth.aio.Client(base_url="http://127.0.0.1:8080") as client:
        await client.prepare()  # loads the certificates and connects, where a stall is welcome
        customer = await sign_in(client, "919999994011")
        replies = await asyncio.gather(*(customer.gateway("GET", "customer/get") for _ in range(3)))
        print("signed in as", customer.role, "and called", [reply.http_status for reply in replies])


asyncio.run(main())
