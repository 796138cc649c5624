import capauth


def sign_in(client, password):
    """The first time with a first password, which an OTP confirms; later with the password alone."""
    customer = client.session(brand="DocDemoPassword", email="ada@python.example", device_id="device-1")
    try:
        customer.generate_token()
    except capauth.PasswordRequiredError:  # next_step is password_create
        customer.generate_token(password=password)
        customer.generate_otp()
        customer.validate_otp(input("OTP: "))
        print("first time: the password counts from now on")
        return customer
    customer.validate_password(password)  # InvalidPasswordError leaves the step open: ask again
    print("later: signed in by password")
    return customer


def forgotten(client, new_password):
    customer = client.session(brand="DocDemoPassword", email="ada@python.example", device_id="device-1")
    customer.generate_token()
    customer.forget_password(new_password)
    customer.generate_otp()  # an OTP confirms the new password
    customer.validate_otp(input("OTP: "))
    print("forgotten: the new password counts")


with capauth.Client(base_url="http://127.0.0.1:8080") as client:
    sign_in(client, "analytical-1")
    customer = sign_in(client, "analytical-1")
    customer.change_password("analytical-1", "analytical-2")  # PasswordRulesError: show the brand's rule
    print("changed, by who is signed in")
    forgotten(client, "analytical-3")
    sign_in(client, "analytical-3")
