# SPDX-License-Identifier: Apache-2.0
"""Two copies of capauth in one process sign in at once:  two_copies.py MODULE LIBRARY (local | global)

One is inside the Python package, as in a wheel; the other is the system's library, loaded before it with RTLD_LOCAL or
RTLD_GLOBAL, under a wrapper module of its own.
"""

import ctypes
import importlib
import os
import sys
import threading

import through_module

ROUNDS = 8
NUMBERS = "9199999{:05d}".format


def sign_in_with_the_package(capauth, mobile):
    """A client for each, so that one copy's last client ends while the other copy is busy."""
    with (
        capauth.Client(base_url=os.environ["CAPAUTH_URL"], ca_file=os.environ["CAPAUTH_CA_FILE"]) as client,
        client.session(brand="Otp", mobile=mobile, device_id="device-1") as customer,
    ):
        customer.generate_token()
        customer.generate_otp()
        customer.validate_otp("012345")
        assert customer.gateway("GET", "customer/get").ok
        customer.sign_out()


def many(sign_in, start, failures):
    """Signs customers in one after the other; both copies at the same time."""

    def run():
        try:
            for number in range(start, start + ROUNDS):
                sign_in(NUMBERS(number))
        except BaseException as error:  # told by the thread that waits
            failures.append(error)

    return threading.Thread(target=run)


def addresses(path):
    """Where a file is in memory."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        for line in maps:
            if line.rstrip().endswith(os.path.realpath(path)):
                start, _, end = line.split()[0].partition("-")
                yield range(int(start, 16), int(end, 16))


def check_each_has_its_own(library, package):
    """The system's has its functions; the package's has them where nobody finds them."""
    public = ctypes.cast(library.capauth_version, ctypes.c_void_p).value
    assert any(public in part for part in addresses(library._name))
    assert any(addresses(package.__file__))
    inside, everywhere = ctypes.CDLL(package.__file__), ctypes.CDLL(None)
    assert not hasattr(inside, "capauth_version")
    assert not any(hasattr(place, "capauth__engine_turn") for place in (inside, everywhere, library))


def main(module, library, mode):
    how = {"local": ctypes.RTLD_LOCAL, "global": ctypes.RTLD_GLOBAL}[mode]
    system = ctypes.CDLL(library, mode=how)
    flat = through_module.load(module)
    import capauth

    check_each_has_its_own(system, importlib.import_module("capauth._capauth"))
    failures: list[BaseException] = []
    threads = [
        many(lambda mobile: through_module.sign_in(flat, mobile), 10000, failures),
        many(lambda mobile: sign_in_with_the_package(capauth, mobile), 20000, failures),
        many(lambda mobile: through_module.sign_in(flat, mobile), 30000, failures),
        many(lambda mobile: sign_in_with_the_package(capauth, mobile), 40000, failures),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    print(f"signed in with {flat.version()} and {capauth.__version__}")


if __name__ == "__main__":
    main(*sys.argv[1:])
