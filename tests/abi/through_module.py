# SPDX-License-Identifier: Apache-2.0
"""Signs in with the wrapper module of the first days of ABI 1:  through_module.py MODULE

Its functions are C's: what C gives through an `**out` follows the code in a list.
"""

import importlib.machinery
import importlib.util
import os
import sys


def load(path):
    loader = importlib.machinery.ExtensionFileLoader("_capauth", path)
    spec = importlib.util.spec_from_loader("_capauth", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def good(result):
    """What came beside the code, which must be 0."""
    code, *rest = result if isinstance(result, list) else [result]
    assert code == 0, code
    return rest[0] if rest else None


def new_client(flat):
    client = good(flat.client_new())
    good(flat.client_set_base_url(client, os.environ["CAPAUTH_URL"]))
    good(flat.client_set_ca_file(client, os.environ["CAPAUTH_CA_FILE"]))
    return client


def new_customer(flat, client, mobile):
    customer = good(flat.session_new(client, flat.FLOW_MOBILE, "Otp"))
    good(flat.session_set_identifier(customer, flat.IDENTIFIER_MOBILE, mobile))
    good(flat.session_set_device_id(customer, "device-1"))
    return customer


def finish(flat, started):
    call = good(started)
    good(flat.call_wait(call, -1))
    return call


def sign_in(flat, mobile):
    """Told of by callbacks, waited for, then out again."""
    told = []
    client = new_client(flat)
    good(flat.client_set_log(client, lambda *line: told.append(line)))
    good(flat.client_set_trace(client, lambda *event: told.append(event)))
    customer = new_customer(flat, client, mobile)
    good(flat.session_on_change(customer, lambda: told.append("changed")))
    finish(flat, flat.token_generate(customer, None))
    finish(flat, flat.otp_generate(customer, None))
    wrong = good(flat.otp_validate(customer, "999999", None))
    assert flat.call_wait(wrong, -1) == flat.INVALID_OTP
    assert flat.call_error_message(wrong)
    finish(flat, flat.otp_validate(customer, "012345", None))
    assert flat.session_signed_in(customer)
    assert good(flat.session_copy_token(customer)).count(".") == 2
    call = finish(flat, flat.gateway_call(customer, "GET", "customer/get", None, None))
    assert flat.call_ok(call)
    assert flat.call_body(call).startswith(b"{")
    assert good(flat.session_restore(client, good(flat.session_export(customer))))
    finish(flat, flat.session_sign_out(customer, None))
    assert "changed" in told
    assert len(told) > 10


if __name__ == "__main__":
    module = load(sys.argv[1])
    sign_in(module, "919999999995")
    print(f"signed in with {module.version()}")
