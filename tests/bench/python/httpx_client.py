# SPDX-License-Identifier: Apache-2.0
"""httpx_client.py COUNT [ENDPOINT]: a client of httpx, one customer or gateway call after the other."""

import ssl

import httpx
import measure

client = httpx.Client(verify=ssl.create_default_context(cafile=measure.CA_FILE), trust_env=False)


def sign_in():
    measure.sign_in(lambda url, request: client.post(url, json=request).json())


def get():
    assert client.get(measure.GATEWAY, headers=measure.GATEWAY_HEADERS).json()


measure.run(get if measure.ENDPOINT else sign_in)
