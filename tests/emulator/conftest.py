"""Starts the emulator that CAPAUTH_EMULATOR names, and speaks plain HTTP with it: never by our own client."""

import base64
import http.client
import itertools
import json
import os
import ssl
import subprocess
import urllib.parse

import pytest

PROGRAM = os.environ.get("CAPAUTH_EMULATOR", "capauth-emulator")
FAMILIES = {"mobile": "/auth/v1", "web": "/auth/v1/web", "mfa": "/auth/v1/mfa"}
DEVICE = "device-1"
_numbers = itertools.count(1)


class Reply:
    def __init__(self, response):
        self.http_status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["status"]["code"]

    @property
    def token(self):
        return self.json["auth"]["token"]

    @property
    def key(self):
        return self.json["auth"]["key"]

    @property
    def user(self):
        return self.json["user"]

    @property
    def session_id(self):
        return self.json["user"]["sessionId"]


class Emulator:
    """One emulator, and one connection to it that is kept alive."""

    def __init__(self, *options, tls=True, environment=None, stderr=None):
        command = [PROGRAM, "--listen", "127.0.0.1:0", *(["--tls"] if tls else []), *options]
        environment = {**os.environ, **(environment or {})}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment
        )
        self.url = self._announced("listening on ")
        self.ca_file = self._announced("ca file ") if tls else None
        self.context = ssl.create_default_context(cafile=self.ca_file) if tls else None
        parts = urllib.parse.urlsplit(self.url)
        self.address = (parts.hostname, parts.port)
        self.connection = self.connect()

    def _announced(self, what):
        assert self.process.stdout
        line = self.process.stdout.readline().rstrip("\n")
        assert line.startswith(what), line
        return line[len(what) :]

    def connect(self, timeout=20):
        if self.context:
            return http.client.HTTPSConnection(*self.address, context=self.context, timeout=timeout)
        return http.client.HTTPConnection(*self.address, timeout=timeout)

    def stop(self):
        self.connection.close()
        self.process.terminate()
        status = self.process.wait(20)
        if self.process.stdout:
            self.process.stdout.close()
        return status

    def send(self, method, path, body=None, headers=None, connection=None):
        connection = connection or self.connection
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        try:
            connection.request(method, path, body=body, headers=headers or {})
            return Reply(connection.getresponse())
        except (http.client.HTTPException, OSError):
            connection.close()
            raise

    def control(self, method, path, body=None):
        reply = self.send(method, "/_emulator/" + path, body)
        assert reply.http_status == 200, reply.body
        return reply.json

    def advance(self, minutes=0, seconds=0):
        return self.control("POST", "clock", {"advanceSeconds": minutes * 60 + seconds})["now"]

    def brand(self, **settings):
        """A brand of the test's own."""
        return Brand(self, f"Brand{next(_numbers)}", settings)

    def fault(self, **members):
        self.control("POST", "faults", members)


class Brand:
    def __init__(self, emulator, name, settings):
        self.emulator = emulator
        self.name = name
        self.set(**settings)

    def set(self, **settings):
        self.emulator.control("PUT", "brands/" + self.name, settings)

    def put_customer(self, value, type="MOBILE", **members):
        path = "customers/{}/{}/{}".format(self.name, type, urllib.parse.quote(value, safe=""))
        self.emulator.control("PUT", path, members)

    def outbox(self, identifier=None):
        query = {"brand": self.name}
        if identifier:
            query["identifier"] = identifier
        return self.emulator.control("GET", "outbox?" + urllib.parse.urlencode(query))["messages"]

    def counts(self):
        return self.emulator.control("GET", "requests?brand=" + self.name)["counts"]

    def customer(self, family="mobile", type="MOBILE", value=None, device=DEVICE):
        if value is None:
            value = f"9199{next(_numbers):08}"
            if type != "MOBILE":
                value = f"customer{value}@example.com"
        return Customer(self, family, type, value, device)


class Customer:
    """One customer's operations, as raw requests. Every method gives the reply."""

    def __init__(self, brand, family, type, value, device):
        self.brand, self.family, self.type, self.value, self.device = brand, family, type, value, device
        self.session_id = self.token = self.key = None

    def second(self, **changes):
        """The same customer in the second factor."""
        members = {"type": self.type, "value": self.value, "device": self.device, **changes}
        return Customer(self.brand, "mfa", **members)

    def body(self, **members):
        body = {"identifierType": self.type, "identifierValue": self.value, "brand": self.brand.name}
        if self.family != "web":
            body["deviceId"] = self.device
        body.update(members)
        return {name: value for name, value in body.items() if value is not None}

    def call(self, operation, query="", method="POST", headers=None, family=None, **members):
        path = FAMILIES[family or self.family] + "/" + operation
        reply = self.brand.emulator.send(method, path + query, self.body(**members), headers)
        assert reply.http_status == 200, reply.body
        return reply

    def generate(self, **members):
        reply = self.call("token/generate", **members)
        if reply.code == 200:
            self.session_id = reply.session_id
        return reply

    def started(self, **members):
        """A session, where nothing may go wrong on the way to it."""
        assert self.generate(**members).code == 200
        return self

    def generate_otp(self, **members):
        return self.call("otp/generate", **{"sessionId": self.session_id, **members})

    def otp(self):
        return self.brand.outbox(self.value)[0]["otp"]

    def wrong_otp(self):
        otp = self.otp()
        return str((int(otp) + 1) % 10 ** len(otp)).zfill(len(otp))

    def _keep(self, reply):
        if reply.code == 200:
            self.token, self.key = reply.token, reply.key
        return reply

    def validate_otp(self, otp=None, **members):
        otp = self.otp() if otp is None else otp
        return self._keep(self.call("otp/validate", **{"sessionId": self.session_id, "otp": otp, **members}))

    def validate_password(self, password, **members):
        return self._keep(
            self.call("password/validate", **{"sessionId": self.session_id, "password": password, **members})
        )

    def forget(self, password, confirm=None, **members):
        members = {"sessionId": self.session_id, "confirmPassword": confirm or password, **members}
        return self.call("password/forget", password=password, **members)

    def change(self, current, new, confirm=None, **members):
        members = {"token": self.token, "confirmPassword": confirm or new, **members}
        return self.call("password/change", password=current, newPassword=new, **members)

    def regenerate(self, **members):
        mine = {"expiredToken": self.token} if self.family == "web" else {"key": self.key}
        return self.call("token/regenerate", **{**mine, **members})

    def expire(self, **members):
        return self.call("token/expire", method="DELETE", family="mfa", **{"token": self.token, **members})

    def update(self, new_value, **members):
        path = "/auth/v1/user/updateIdentifierValue"
        body = self.body(**{"token": self.token, "newIdentifierValue": new_value, **members})
        return self.brand.emulator.send("POST", path, body)

    def sign_in(self, **members):
        """By OTP, where nothing may go wrong."""
        self.started(**members)
        assert self.generate_otp().code == 200
        assert self.validate_otp().code == 200
        return self

    def spend_otps(self, wrong=6):
        """Gives wrong OTPs, and the codes they were refused with."""
        return [self.validate_otp(self.wrong_otp()).code for _ in range(wrong)]

    def headers(self, **changes):
        headers = {
            "cap_authorization": self.token,
            "cap_brand": self.brand.name,
            "cap_identifier_type": self.type,
            "cap_identifier_value": self.value,
            "cap_device_id": self.device if self.family != "web" else None,
        }
        headers.update(changes)
        return {name: value for name, value in headers.items() if value is not None}

    def gateway(self, endpoint="customer/get", method="GET", prefix="/mobile/v2/api/", **changes):
        return self.brand.emulator.send(method, prefix + endpoint, headers=self.headers(**changes))


def decode(token):
    """The header and the claims of a JWT."""
    parts = token.split(".")
    assert len(parts) == 3
    return [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2]]


@pytest.fixture(scope="session")
def emulator():
    """Shared: its tests use brands of their own, and leave the clock alone."""
    running = Emulator()
    yield running
    assert running.stop() == 0


@pytest.fixture
def own_emulator():
    """For tests that move the clock or reset everything."""
    running = Emulator()
    yield running
    assert running.stop() == 0


@pytest.fixture
def start():
    """Starts emulators with options, and stops them after the test."""
    running = []

    def begin(*options, tls=True, environment=None):
        running.append(Emulator(*options, tls=tls, environment=environment))
        return running[-1]

    yield begin
    for each in running:
        if each.process.poll() is None:
            assert each.stop() == 0
