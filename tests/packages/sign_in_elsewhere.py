"""Signs a customer in under a Python that may lack ssl and zlib, and tells what is inside. curl gets the OTP."""

import json
import os
import platform
import subprocess
import sys

import capauth

URL, CA_FILE = os.environ["CAPAUTH_URL"], os.environ["CAPAUTH_CA_FILE"]
MOBILE = "919999999993"


def otp() -> str:
    command = ["curl", "-sSf", "--cacert", CA_FILE, f"{URL}/_emulator/outbox?identifier={MOBILE}"]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return str(json.loads(said)["messages"][0]["otp"])


with capauth.Client(base_url=URL, ca_file=CA_FILE) as client:
    customer = client.session(brand="DocDemo", mobile=MOBILE, device_id="device-1")
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(otp())
    customer.regenerate_token()
    assert customer.gateway("GET", "customer/get").json()
    print("signed in as", customer.role, "under Python", platform.python_version(), "on", platform.machine())
print("module for", sys.implementation._multiarch)  # type: ignore[attr-defined]
for name, version in capauth.versions().items():
    print(name, version)
