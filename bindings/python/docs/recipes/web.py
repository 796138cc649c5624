import capauth

with capauth.Client(base_url="http://127.0.0.1:8080") as client:
    customer = client.session(brand="DocDemo", mobile="919999993001", flow="web")  # no device
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(input("OTP: "))
    print("signed in as", customer.role, "with a key:", customer.key is not None)

    customer.regenerate_token()  # of the token itself, even of one that has expired: web has no key
    print("a new token, valid for", round(customer.expires_in or 0), "seconds")
