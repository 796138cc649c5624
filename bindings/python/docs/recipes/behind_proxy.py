import pathlib

import capauth

with capauth.Client(
    base_url="https://auth.brand.example",
    proxy="http://user:password@127.0.0.1:3128",  # learns the host's name, and nothing else
    ca_file="ca.pem",  # the only authority that is trusted then
    pinned_keys=pathlib.Path("pin").read_text().strip(),  # two, in a real app: "sha256//...;sha256//..."
) as client:
    customer = client.session(brand="DocDemo", mobile="919999993011", device_id="device-1")
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(input("OTP: "))
    print("signed in as", customer.role, "through the proxy")
