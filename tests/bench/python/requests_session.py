# SPDX-License-Identifier: Apache-2.0
"""requests_session.py COUNT [ENDPOINT]: a session of requests, one customer or gateway call after the other."""

import measure
import requests

session = requests.Session()
session.trust_env = False
session.verify = measure.CA_FILE


def sign_in():
    measure.sign_in(lambda url, request: session.post(url, json=request).json())


def get():
    assert session.get(measure.GATEWAY, headers=measure.GATEWAY_HEADERS).json()


measure.run(get if measure.ENDPOINT else sign_in)
