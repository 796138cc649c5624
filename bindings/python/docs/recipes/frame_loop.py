import time

import capauth

with capauth.Client(base_url="http://127.0.0.1:8080") as client:
    client.start_prepare()  # connects while the game loads
    customer = client.session(brand="DocDemo", mobile="919999994001", device_id="device-1")
    call = customer.start_generate_token()
    frames = 0
    while not customer.signed_in:
        client.poll()  # does what can be done now, and returns
        if call.done():
            call.result()  # raises what went wrong
            if customer.next_step == capauth.Step.OTP_GENERATE:
                call = customer.start_generate_otp()
            elif customer.next_step == capauth.Step.OTP_VALIDATE:
                call = customer.start_validate_otp(input("OTP: "))  # a game draws a field for it
        frames += 1
        time.sleep(1 / 60)  # a game draws its frame here
    print("signed in as", customer.role, "after at least one frame:", frames > 0)
