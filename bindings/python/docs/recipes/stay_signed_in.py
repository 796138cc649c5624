import capauth
from capauth.storage import FileStore

store = FileStore("session.json")  # for its owner alone, replaced as a whole, on the disk when save() returns


def sign_in(client):
    customer = client.session(brand="DocDemo", mobile="919999992001", device_id="device-1")
    customer.on_change(lambda changed: store.save(changed.export()))  # also in the midst of a sign-in
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(input("OTP: "))
    return customer


def restored(client):
    """The customer who was signed in when this program last ran; None: nobody."""
    text = store.load()
    if not text:
        return None
    customer = client.restore(text)
    customer.on_change(lambda changed: store.save(changed.export()))
    return customer if customer.signed_in else None


with capauth.Client(base_url="http://127.0.0.1:8080") as client:
    customer = restored(client) or sign_in(client)
    try:
        reply = customer.gateway("GET", "customer/get")  # with a valid token, regenerated when needed
    except capauth.SignInRequiredError:  # the key was refused: only the customer can help
        print("Please sign in again.")
        customer = sign_in(client)
        reply = customer.gateway("GET", "customer/get")
    print("signed in, and the gateway said", reply.http_status)
