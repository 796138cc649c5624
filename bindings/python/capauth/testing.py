"""An emulator of the Auth Engine for an application's own tests.

    with Emulator() as emulator, emulator.client() as client:
        customer = client.session(brand="DocDemo", mobile="919999999993", device_id="device-1")
        customer.generate_token()
        customer.generate_otp()
        customer.validate_otp(emulator.otp("919999999993"))

With pytest, the fixture `capauth_emulator` gives one that all tests of a run share.
"""

import importlib.metadata
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import weakref
from collections.abc import Callable, Mapping
from typing import IO, Any, Self, TypeVar

from ._sync import Client

__all__ = ["Emulator"]

ClientT = TypeVar("ClientT")
START_SECONDS = 30


class Emulator:
    """A running emulator, with TLS on a free port of this machine. It ends with the `with` block, with `close()`, with
    this object, or with the process, whichever comes first."""

    def __init__(self, program: str | os.PathLike[str] | None = None, *arguments: str) -> None:
        """`program`: default the environment's CAPAUTH_EMULATOR, else the one that `pip install 'capauth[testing]'`
        brought, else `capauth-emulator` on PATH. `arguments`: more for its command line, `"--brands", PATH` for
        example."""
        path = program or os.environ.get("CAPAUTH_EMULATOR") or _installed() or shutil.which("capauth-emulator")
        if not path:
            raise FileNotFoundError(
                "capauth-emulator is neither installed (pip install 'capauth[testing]'), nor on PATH, nor named by "
                "CAPAUTH_EMULATOR"
            )
        self._folder = tempfile.TemporaryDirectory(prefix="capauth-emulator-")
        folder = pathlib.Path(self._folder.name)
        output = folder / "output"
        command = [os.fspath(path), "--listen", "127.0.0.1:0", "--tls", "--ca-file", os.fspath(folder / "ca.pem")]
        with output.open("wb") as file:  # a pipe would fill up
            self._process = subprocess.Popen(
                [*command, *arguments], stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
            )
        self._finalizer: Callable[[], object] = weakref.finalize(self, _end, os.getpid(), self._process, self._folder)
        said = self._read_start(output)
        self._found(said["listening on"], said["ca file"])

    url: str
    """What to give a client as `base_url`."""
    ca_file: str
    """What to give a client as `ca_file`."""

    @classmethod
    def attach(cls, url: str, ca_file: str | os.PathLike[str]) -> Self:
        """One that somebody else started, and ends."""
        emulator = cls.__new__(cls)
        emulator._finalizer = lambda: None
        emulator._found(url, os.fspath(ca_file))
        return emulator

    def _found(self, url: str, ca_file: str) -> None:
        self.url = url
        self.ca_file = ca_file
        self._tls = ssl.create_default_context(cafile=ca_file)

    def _read_start(self, output: pathlib.Path) -> dict[str, str]:
        end = time.monotonic() + START_SECONDS
        while True:
            lines = output.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
            said = {
                prefix: line.removeprefix(prefix).strip()
                for line in lines
                for prefix in ("listening on", "ca file")
                if line.startswith(prefix) and line.endswith("\n")
            }
            if len(said) == 2:
                return said
            if self._process.poll() is not None or time.monotonic() > end:
                self.close()
                raise RuntimeError(f"the emulator did not start; its output: {''.join(lines)}")
            time.sleep(0.01)

    def client(self, **options: Any) -> Client:
        """A client of this emulator; more options as for `capauth.Client`."""
        return Client(**self.options(**options))

    def options(self, **options: Any) -> dict[str, Any]:
        """The options for any kind of client: `capauth.aio.Client(**emulator.options())`."""
        return {"base_url": self.url, "ca_file": self.ca_file, **options}

    def otp(self, identifier: str, *, brand: str | None = None) -> str:
        """The OTP that was sent last for this identifier, or to this mobile or email."""
        messages = self.outbox(identifier, brand=brand)
        if not messages:
            raise LookupError(f"no OTP was sent for {identifier}")
        return str(messages[0]["otp"])

    def outbox(self, identifier: str | None = None, *, brand: str | None = None) -> list[dict[str, Any]]:
        """The messages with OTPs, newest first."""
        messages: list[dict[str, Any]] = self._get("outbox", brand=brand, identifier=identifier)["messages"]
        return messages

    def brand(self, brand: str, settings: Mapping[str, object] | None = None, /, **more: object) -> None:
        """Makes or replaces a brand with these settings; what is not named is at its default."""
        self._send("PUT", ["brands", brand], {**(settings or {}), **more})

    def customer(
        self,
        brand: str,
        *,
        mobile: str | None = None,
        email: str | None = None,
        username: str | None = None,
        external_id: str | None = None,
        password: str | None = None,
        customer_id: str | None = None,
        mfa: bool | None = None,
        mfa_password: str | None = None,
        identifiers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        """A customer who is there already; give one of `mobile`, `email`, `username`, `external_id`, and further ones
        as `identifiers`, like {"EMAIL": "t@e.com"}. The rest is by the emulator's names, like firstname="Ada", for what
        `customer/get` shows."""
        kinds = {"MOBILE": mobile, "EMAIL": email, "USERNAME": username, "EXTERNALID": external_id}
        given = [(kind, value) for kind, value in kinds.items() if value is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of mobile, email, username and external_id")
        body = {
            "password": password,
            "customerId": customer_id,
            "mfa": mfa,
            "mfaPassword": mfa_password,
            "identifiers": identifiers,
        }
        known = {name: value for name, value in body.items() if value is not None}
        self._send("PUT", ["customers", brand, *given[0]], {**known, **more})

    def gateway(self, brand: str, endpoint: str, body: object, *, status: int = 200, view: bool = False) -> None:
        """What the gateway answers at this endpoint, or at this path of its host if it begins with "/". `view`: also to
        a VIEW token, before anybody has signed in."""
        self._send("PUT", ["gateway", brand, *endpoint.split("/")], {"status": status, "body": body, "view": view})

    def fault(self, path: str, *, brand: str | None = None, count: int = 1, **what: object) -> None:
        """The next `count` requests of a path go wrong: one of `delayMs`, `reset` ("before" or "after"),
        `truncateAfter`, or `status` with `body` and `headers`."""
        fault: dict[str, object] = {"path": path, "count": count, **what}
        if brand is not None:
            fault["brand"] = brand
        self._send("POST", ["faults"], fault)

    def advance(self, seconds: float, *, brand: str | None = None) -> int:
        """Moves the emulator's clock on, or only that of one brand, and gives its Unix time."""
        body = {"advanceSeconds": seconds} if brand is None else {"advanceSeconds": seconds, "brand": brand}
        return int(self._send("POST", ["clock"], body)["now"])

    def hold_clock(self, held: bool = True) -> None:
        """Has the emulator's clock stand still, save when it is advanced; False lets it run again."""
        self._send("POST", ["clock"], {"held": held})

    def requests(self, *, brand: str | None = None) -> dict[str, int]:
        """How often each method and path was requested since the last reset."""
        counts: dict[str, int] = self._get("requests", brand=brand)["counts"]
        return counts

    def reset(self, *, brand: str | None = None) -> None:
        """Clears what happened; clock and brands stay."""
        self._send("POST", ["reset"], {}, brand=brand)

    def close(self) -> None:
        """Ends it."""
        self._finalizer()

    def _get(self, name: str, **query: str | None) -> Any:
        return self._request("GET", [name], None, query)

    def _send(self, method: str, path: list[str], body: Mapping[str, object], **query: str | None) -> Any:
        return self._request(method, path, json.dumps(body).encode(), query)

    def _request(self, method: str, path: list[str], body: bytes | None, query: Mapping[str, str | None]) -> Any:
        url = "/".join([self.url.rstrip("/"), "_emulator", *(urllib.parse.quote(part, safe="") for part in path)])
        given = {name: value for name, value in query.items() if value is not None}
        if given:
            url += "?" + urllib.parse.urlencode(given)
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(  # the environment's proxies are not for this machine
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self._tls)
        )
        try:
            with opener.open(request, timeout=START_SECONDS) as answer:
                return _json(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                text = refusal.read().decode("utf-8", "replace")
            raise ValueError(f"the emulator refused {method} {url}: {text}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<capauth.testing.Emulator {getattr(self, 'url', 'not started')}>"


def _installed() -> str | None:
    """The program of the distribution capauth-emulator; a virtual environment that is not activated has no PATH."""
    try:
        files = importlib.metadata.files("capauth-emulator") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    places = (os.path.normpath(str(file.locate())) for file in files if file.name == "capauth-emulator")
    return next((place for place in places if os.access(place, os.X_OK)), None)


def _json(answer: IO[bytes]) -> Any:
    return json.loads(answer.read() or b"{}")


def _end(owner: int, process: subprocess.Popen[bytes], folder: "tempfile.TemporaryDirectory[str]") -> None:
    if os.getpid() != owner:  # a child process that ends does not end it for the others
        folder._finalizer.detach()  # type: ignore[attr-defined]
        return
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    folder.cleanup()
