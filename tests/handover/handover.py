"""Half a sign-in, in Python: `begin` asks for an OTP, prints the export and waits; `finish` goes on from its text."""

import os
import signal
import sys

import capauth


def begin(client: capauth.Client) -> None:
    customer = client.session(brand="DocDemo", mobile=os.environ["HANDOVER_MOBILE"], device_id="device-1")
    customer.generate_token()
    customer.generate_otp()
    print(customer.export(), flush=True)
    while True:
        signal.pause()


def finish(client: capauth.Client) -> None:
    customer = client.restore(sys.stdin.readline())
    customer.validate_otp(os.environ["HANDOVER_OTP"])
    print(customer.role, str(customer.signed_in).lower())


with capauth.Client(base_url=os.environ["CAPAUTH_URL"], ca_file=os.environ["CAPAUTH_CA_FILE"]) as client:
    {"begin": begin, "finish": finish}[sys.argv[1]](client)
