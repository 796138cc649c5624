"""Runs the cells of tests/faults, all of one fault at once; its README.md says what the words mean."""

import json
import os
import pathlib
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

import capauth

PATIENCE_S = 40
GIVEN = os.environ.get("CAPAUTH_FAULTS")
TABLE: dict[str, Any] = json.loads(pathlib.Path(GIVEN).read_text(encoding="utf-8")) if GIVEN else {"faults": []}
FAULTS: list[dict[str, Any]] = TABLE["faults"]
OF_ERRORS = {"code", "class", "maybe_sent", "retryable", "http_status", "retry_after"}
SECONDS = re.compile(r"_ms$")

cells_run = 0


def test_there_are_cells() -> None:
    assert FAULTS, "run it by tests/with_faults"


@pytest.fixture(scope="module", autouse=True)
def tell_how_many() -> Iterator[None]:
    yield
    pathlib.Path(os.environ["CAPAUTH_FAULTS_RUN"]).write_text(str(cells_run), encoding="utf-8")


def requests_by_cell() -> dict[str, int]:
    """The control server disturbs idle connections before it answers."""
    with capauth.Client(base_url=TABLE["control"]) as client:
        counts: dict[str, int] = client.external_session("Faults", "A", "I").gateway("GET", "/requests").json()
        return counts


def client_of(settings: dict[str, Any]) -> capauth.Client:
    """By Python's names: times are seconds."""
    options = {
        SECONDS.sub("", name): value / 1000 if name.endswith("_ms") else value for name, value in settings.items()
    }
    return capauth.Client(**options)


class Cell:
    """One operation that meets one fault, in a session and a client of its own."""

    def __init__(self, row: dict[str, Any], kept: bool) -> None:
        self.row = row
        self.client = client_of(row["client"])
        self.session = self.client.restore(row["session"])
        if kept:
            self.client.session(brand="Faults", mobile="919999999970", device_id="device-1").generate_token()

    def arguments(self) -> dict[str, Any]:
        timeout = {"timeout": self.row["timeout_ms"] / 1000} if self.row["timeout_ms"] else {}
        return {**self.row["arguments"], **(timeout if self.row["method"] != "prepare" else {})}

    def start(self) -> None:
        owner = self.client if self.row["method"] == "prepare" else self.session
        self.call: capauth.Call[Any] = getattr(owner, f"start_{self.row['method']}")(**self.arguments())

    def is_done(self) -> bool:
        self.client.poll(0)
        return self.call.done()

    def told(self) -> dict[str, Any]:
        """What the call gave or raised, as the table's members."""
        try:
            result = self.call.result()
        except MemoryError:
            return {"code": "NO_MEMORY"}
        except capauth.Error as error:
            return of_error(error)
        return of_reply(result) if isinstance(result, capauth.Reply) else {"code": "OK"}

    def left(self) -> dict[str, Any]:
        return {
            "next_step": self.session.next_step,
            "signed_in": self.session.signed_in,
            "token": self.session.token or "",
            "key": self.session.key or "",
            "identifier": self.session.identifier,
        }


def of_error(error: capauth.Error) -> dict[str, Any]:
    return {
        "code": error.name,
        "class": type(error).__name__,
        "maybe_sent": error.maybe_sent,
        "retryable": error.retryable,
        "http_status": error.http_status,
        "retry_after": error.retry_after or 0,
    }


def of_reply(reply: capauth.Reply) -> dict[str, Any]:
    try:
        reply.raise_for_refusal()
    except capauth.Error as error:
        told = of_error(error)
        assert (reply.retryable, reply.retry_after or 0) == (told["retryable"], told["retry_after"])
        return {**told, "code": "OK", "ok": reply.ok, "refusal": told["code"]}
    return {"code": "OK", "ok": reply.ok, "refusal": "OK", "http_status": reply.http_status}


def expected_of(row: dict[str, Any]) -> dict[str, Any]:
    """Python has an exception of its own for want of memory, which tells no more."""
    expected: dict[str, Any] = row["expected"]
    if expected["code"] != "NO_MEMORY":
        return expected
    return {member: value for member, value in expected.items() if member == "code" or member not in OF_ERRORS}


@pytest.mark.parametrize("fault", FAULTS, ids=[fault["name"] for fault in FAULTS])
def test_fault(fault: dict[str, Any]) -> None:
    global cells_run
    cells = [Cell(row, fault["kept"]) for row in fault["cells"]]
    before = requests_by_cell()
    for cell in cells:
        cell.start()
    end = time.monotonic() + PATIENCE_S
    while not all([cell.is_done() for cell in cells]):
        assert time.monotonic() < end
        time.sleep(0.002)
    after = requests_by_cell()
    for cell in cells:
        actual = {**cell.told(), **cell.left(), "requests": after[cell.row["name"]] - before[cell.row["name"]]}
        assert {member: actual[member] for member in expected_of(cell.row)} == expected_of(cell.row), cell.row["name"]
        cell.client.close()
        cells_run += 1
