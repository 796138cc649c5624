import keyring

import capauth


def save(changed):
    keyring.set_password("my app", "session", changed.export())


def sign_in(client):
    customer = client.session(brand="DocDemo", mobile="919999992011", device_id="device-1")
    customer.on_change(save)  # also in the midst of a sign-in
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(input("OTP: "))
    return customer


def restored(client):
    """The customer who was signed in when this program last ran; None: nobody."""
    text = keyring.get_password("my app", "session")
    if not text:
        return None
    customer = client.restore(text)
    customer.on_change(save)
    return customer if customer.signed_in else None


with capauth.Client(base_url="http://127.0.0.1:8080") as client:
    customer = restored(client) or sign_in(client)
    print("signed in as", customer.role)
