"""Plays tests/scenarios/scenarios.json; its README.md says what the words mean."""

import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

import capauth
from capauth.testing import Emulator

ROOT = pathlib.Path(__file__).resolve().parents[3]


def read(name: str) -> Any:
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


SCENARIOS = read("tests/scenarios/scenarios.json")
EXPECTATIONS = {"op", "error", "next_step", "role", "signed_in", "identifier", "registered_for_password", "maybe_sent"}
GATEWAY_EXPECTATIONS = {"http_status", "ok", "code", "contains"}
OPERATIONS = {row["method"] for row in read("core/operations.json")["operations"]} - {"gateway"}


@pytest.fixture(scope="module")
def clocked() -> Iterator[Emulator]:
    """For the scenarios that move the clock."""
    with Emulator() as emulator:
        yield emulator


class Play:
    """One scenario as it is being played."""

    def __init__(self, emulator: Emulator, client: capauth.Client, brand: str) -> None:
        self.emulator = emulator
        self.client = client
        self.brand = brand
        self.customer: capauth.Session

    def do_session(self, **identity: Any) -> None:
        self.customer = self.client.session(brand=self.brand, **identity)

    def do_second_factor(self, **identity: str) -> None:
        self.customer = self.customer.second_factor(**identity)

    def do_restore(self, set: dict[str, Any] | None = None) -> None:
        exported = {**json.loads(self.customer.export()), **(set or {})}
        self.customer = self.client.restore(json.dumps(exported))

    def do_settings(self, settings: dict[str, Any]) -> None:
        self.emulator.brand(self.brand, settings)

    def do_customer(self, identifierType: str, identifierValue: str, body: dict[str, Any]) -> None:
        self.emulator._send("PUT", ["customers", self.brand, identifierType, identifierValue], body)

    def do_reply(self, endpoint: str, body: dict[str, Any]) -> None:
        self.emulator.gateway(self.brand, endpoint, body["body"], status=body["status"])

    def do_fault(self, path: str, count: int, members: dict[str, Any]) -> None:
        self.emulator.fault(path, brand=self.brand, count=count, **members)

    def do_advance(self, seconds: int) -> None:
        self.emulator.advance(seconds)

    def do_requests(self, request: str, count: int) -> None:
        assert self.emulator.requests(brand=self.brand).get(request, 0) == count

    def sent_otp(self) -> str:
        return str(self.emulator._get("outbox", brand=self.brand)["messages"][0]["otp"])

    def arguments(self, step: dict[str, Any]) -> dict[str, Any]:
        arguments = {name: value for name, value in step.items() if name not in EXPECTATIONS}
        if arguments.get("otp") == "$otp":
            arguments["otp"] = self.sent_otp()
        elif arguments.get("otp") == "$wrong":
            arguments["otp"] = "000000" if self.sent_otp() != "000000" else "111111"
        if "payload_timestamp" in arguments:
            now_ms = self.emulator.advance(0) * 1000
            arguments["payload_timestamp"] = now_ms - 3600000 * (arguments["payload_timestamp"] == "$late")
        return arguments

    def gateway(self, step: dict[str, Any]) -> None:
        arguments = {
            name: value for name, value in step.items() if name not in EXPECTATIONS and name not in GATEWAY_EXPECTATIONS
        }
        reply = self.customer.gateway(**arguments)
        for name in GATEWAY_EXPECTATIONS & step.keys() - {"contains"}:
            assert getattr(reply, name) == step[name], name
        assert step.get("contains", "") in str(reply.body)

    def operation(self, step: dict[str, Any]) -> None:
        if step["op"] == "gateway":
            self.gateway(step)
        else:
            assert step["op"] in OPERATIONS, step["op"]
            getattr(self.customer, step["op"])(**self.arguments(step))

    def refused(self, step: dict[str, Any]) -> None:
        with pytest.raises(capauth.Error) as caught:
            self.operation(step)
        assert caught.value.name == step["error"], str(caught.value)
        if "maybe_sent" in step:
            assert caught.value.maybe_sent == step["maybe_sent"]

    def step(self, step: dict[str, Any]) -> None:
        helper = getattr(self, "do_" + step["op"], None)
        if helper:
            helper(**{name: value for name, value in step.items() if name not in EXPECTATIONS})
        elif "error" in step:
            self.refused(step)
        else:
            self.operation(step)
        for name in ("next_step", "role", "signed_in", "identifier", "registered_for_password"):
            if name in step:
                assert getattr(self.customer, name) == step[name], f"{name} after {step}"


@pytest.mark.parametrize("number", range(len(SCENARIOS)), ids=[scenario["name"] for scenario in SCENARIOS])
def test_scenario(number: int, emulator: Emulator, clocked: Emulator) -> None:
    scenario = SCENARIOS[number]
    assert scenario.keys() <= {"name", "brand", "session", "customer", "steps", "clock"}
    server = clocked if scenario.get("clock") else emulator
    brand = f"ScenarioPy{os.getpid()}x{number}"
    server.brand(brand, scenario["brand"])
    with server.client() as client:
        play = Play(server, client, brand)
        if "customer" in scenario:
            play.do_customer(**scenario["customer"])
        play.do_session(**scenario["session"])
        for step in scenario["steps"]:
            play.step(step)
