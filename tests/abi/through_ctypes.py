# SPDX-License-Identifier: Apache-2.0
"""Signs in with a libcapauth.so.1 that was loaded by ctypes, function by function."""

import ctypes
import os

FLOW_MOBILE = IDENTIFIER_MOBILE = 1


def sign_in(library, mobile):
    client, customer = ctypes.c_void_p(), ctypes.c_void_p()

    def good(name, *arguments):
        code = getattr(library, name)(*arguments)
        assert code == 0, (name, code)

    good("capauth_client_new", ctypes.byref(client))
    good("capauth_client_set_base_url", client, os.environ["CAPAUTH_URL"].encode())
    good("capauth_client_set_ca_file", client, os.environ["CAPAUTH_CA_FILE"].encode())
    good("capauth_session_new", client, FLOW_MOBILE, b"Otp", ctypes.byref(customer))
    good("capauth_session_set_identifier", customer, IDENTIFIER_MOBILE, mobile.encode())
    good("capauth_session_set_device_id", customer, b"device-1")
    good("capauth_token_generate", customer, None, None)
    good("capauth_otp_generate", customer, None, None)
    good("capauth_otp_validate", customer, b"012345", None, None)
    good("capauth_token_regenerate", customer, None, None)
    good("capauth_session_sign_out", customer, None, None)
    library.capauth_session_free(ctypes.byref(customer))
    library.capauth_client_free(ctypes.byref(client))
