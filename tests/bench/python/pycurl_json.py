# SPDX-License-Identifier: Apache-2.0
"""pycurl_json.py COUNT [ENDPOINT]: pycurl and json, one customer or gateway call after the other."""

import json

import measure
import pycurl

curl = pycurl.Curl()
curl.setopt(pycurl.CAINFO, measure.CA_FILE)
curl.setopt(pycurl.PROXY, "")
curl.setopt(pycurl.HTTPHEADER, ["Content-Type: application/json"])


def post(url, request):
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.POSTFIELDS, json.dumps(request))
    return json.loads(curl.perform_rb())


def sign_in():
    measure.sign_in(post)


def get():
    assert json.loads(curl.perform_rb())


if measure.ENDPOINT:
    curl.setopt(pycurl.URL, measure.GATEWAY)
    curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in measure.GATEWAY_HEADERS.items()])
measure.run(get if measure.ENDPOINT else sign_in)
