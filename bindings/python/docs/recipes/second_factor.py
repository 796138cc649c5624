import capauth


def by_otp(customer):
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(input("OTP: "))


with capauth.Client(base_url="http://127.0.0.1:8080") as client:
    first = client.session(brand="TwoFactors", mobile="919999991001", device_id="device-1")
    by_otp(first)
    print("after the first factor:", first.role, first.next_step)

    customer = first
    if first.next_step == capauth.Step.SECOND_FACTOR:
        customer = first.second_factor()  # a session in its own right; with email=... another identity
        by_otp(customer)
        first.close()  # from here on only the second counts: keep and export that one
    print("signed in as", customer.role, "in the flow", customer.flow)
