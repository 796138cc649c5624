import capauth

with capauth.Client(base_url="http://127.0.0.1:8080") as client:
    customer = client.session(brand="DocDemo", mobile="919999999991", device_id="device-1")
    customer.generate_token()                      # begins a sign-in
    customer.generate_otp()                        # sends the OTP to the customer's phone
    while not customer.signed_in:
        try:
            customer.validate_otp(input("OTP: "))
        except capauth.InvalidOtpError:
            print("That was not it. Please try again.")
    print("signed in as", customer.role, "until", customer.expires_at)
    print(customer.gateway("GET", "customer/get").json())
