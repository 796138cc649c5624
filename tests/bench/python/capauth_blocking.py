# SPDX-License-Identifier: Apache-2.0
"""capauth_blocking.py COUNT [ENDPOINT]: capauth, one customer or gateway call after the other."""

import measure

import capauth

client = capauth.Client(base_url=measure.URL, ca_file=measure.CA_FILE)


def sign_in():
    session = client.session(brand=measure.BRAND, mobile=measure.mobile(), device_id="device-1")
    session.generate_token()
    session.generate_otp()
    session.validate_otp(measure.OTP)
    return session


def get():
    assert signed_in.gateway("GET", measure.ENDPOINT).json()


if measure.ENDPOINT:
    signed_in = sign_in()
measure.run(get if measure.ENDPOINT else sign_in)
