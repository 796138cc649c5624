"""Signs one customer in by OTP, in Python. `run` starts the emulator and says where it is."""

import os

import capauth
from capauth.testing import Emulator

URL = os.environ["CAPAUTH_DEMO_URL"]
CA_FILE = os.environ["CAPAUTH_DEMO_CA_FILE"]
MOBILE = "919999990002"  # the emulator signs up whom it has not seen


def say(step: str, what: str) -> None:
    print(f"{step:<17} {what}", flush=True)


def redacted(secret: str | None) -> str:
    return f"{secret[:3]}…({len(secret)} characters)" if secret else "none"


# The emulator keeps what it would have sent to the customer's telephone.
telephone = Emulator.attach(URL, CA_FILE)

with capauth.Client(base_url=URL, ca_file=CA_FILE) as client:
    customer = client.session(brand="DocDemo", mobile=MOBILE, device_id="demo-python")

    customer.generate_token()
    say("token generate", f"next: {customer.next_step}")

    customer.generate_otp()
    say("OTP generate", f"sent to {customer.otp.destination}")

    customer.validate_otp(telephone.otp(MOBILE))
    say("OTP validate", f"token {redacted(customer.token)}, key {redacted(customer.key)}")

    customer.regenerate_token()
    say("token regenerate", f"token {redacted(customer.token)}")

    reply = customer.gateway("GET", "customer/get", query={"mlp": "true"})
    reply.raise_for_refusal()
    found = reply.json()["customers"]["customer"][0]
    say("customer/get", f"HTTP {reply.http_status}, customer {found['user_id']}")

    say("the token says", f"role {customer.role}, brand {customer.brand}, expires {customer.expires_at:%F %T %Z}")
