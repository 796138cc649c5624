"""Signs a customer in, with what is installed and nothing else, and tells what is inside."""

import pathlib
import sys

import capauth
from capauth.testing import Emulator

assert capauth.__file__.startswith(sys.prefix), capauth.__file__
with Emulator() as emulator, emulator.client() as client:
    customer = client.session(brand="DocDemo", mobile="919999999993", device_id="device-1")
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(emulator.otp("919999999993"))
    assert customer.gateway("GET", "customer/get").json()
    emulator.advance(7 * 24 * 3600)
    customer.ensure_token()
    print("signed in as", customer.role)
    program = pathlib.Path(f"/proc/{emulator._process.pid}/exe").resolve()
assert program.is_relative_to(pathlib.Path(sys.prefix).resolve()), program
loaded = pathlib.Path("/proc/self/maps").read_text()
for library in ("libcurl", "libjson-c", "libnghttp2", "libcapauth"):
    assert library not in loaded, library
for name, version in capauth.versions().items():
    print(name, version)
