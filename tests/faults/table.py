# SPDX-License-Identifier: Apache-2.0
"""Reads faults.json, and makes the cells of it: what one fault makes of one operation, as values to compare.

The rules stand here, and nowhere in the tests of the four languages: those get cells.
"""

import json
import pathlib
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

RETRIES = 1  # of every client here, so that what may be repeated is seen to be, once

FAULT_MEMBERS = {
    "name", "server", "reply", "proxy", "http2", "kept", "connect_timeout_ms", "timeout_ms",
    "reach", "code", "retryable", "again", "recovers", "seen", "http_status", "retry_after", "gateway",
}  # fmt: skip
OPERATION_MEMBERS = {
    "name", "method", "session", "arguments", "repeatable", "sends", "connects", "gateway", "regenerates",
    "spare_token", "succeeded", "lost", "always", "then",
}  # fmt: skip
REACHES = ("none", "turned_away", "lost", "fine")


def known(row, members):
    assert row.keys() <= members, f"{row['name']}: {row.keys() - members}"
    return row


@dataclass
class Table:
    sessions: dict
    operations: list
    faults: list
    exceptions: list
    classes: dict = field(default_factory=dict)  # name of a code -> name of its class in Python


def load():
    table = json.loads((HERE / "faults.json").read_text(encoding="utf-8"))
    del table["comment"]
    made = Table(**table)
    for row in made.operations:
        known(row, OPERATION_MEMBERS)
    for row in made.faults:
        known(row, FAULT_MEMBERS)
        assert row["reach"] in REACHES, row["name"]
    errors = json.loads((ROOT / "core/errors.json").read_text(encoding="utf-8"))
    made.classes = {row["name"].removeprefix("E_"): row["class"] for row in errors["codes"]}
    return made


# ---- The rules ----


def sends(operation):
    return operation.get("sends", True)


def is_fine(fault, operation):
    """The fault does not meet the operation, or does it no harm."""
    if not sends(operation):
        return not operation.get("connects") or fault["reach"] != "none"
    return fault["reach"] == "fine" or bool(fault.get("recovers") and may_repeat(fault, operation))


def may_repeat(fault, operation):
    """Whether it is sent again: where nothing can have left everything is, else what does no harm twice."""
    if not fault.get("again"):
        return False
    return fault["reach"] == "none" or bool(operation.get("repeatable") or operation.get("regenerates"))


def requests(fault, operation):
    """How many the server saw."""
    if not sends(operation):
        return 0
    if fault["reach"] == "fine":
        return 1 + bool(operation.get("regenerates"))
    return (fault["reach"] != "none" and fault.get("seen", True)) * (1 + may_repeat(fault, operation))


def outcome(table, fault, operation):
    """The code, and what goes with it."""
    if is_fine(fault, operation) or operation.get("spare_token"):
        return {"code": "OK"}
    is_lost = fault["reach"] == "lost"
    is_own = not operation.get("regenerates")  # else it is the regeneration's request that failed
    if is_lost and is_own and not operation.get("repeatable"):
        code, retryable = "UNKNOWN_OUTCOME", False
    else:
        code, retryable = fault["code"], fault["retryable"]
    told = {
        "code": code,
        "class": table.classes[code],
        "maybe_sent": is_lost and is_own,
        "retryable": retryable,
        "http_status": fault.get("http_status", 0),
        "retry_after": fault.get("retry_after", 0),
    }
    return {name: value for name, value in told.items() if value is not None}


def reply(table, fault, operation):
    """What a gateway call gives where HTTP answered, whoever it was: the application is to judge."""
    said = fault["gateway"]
    if said.get("ok"):
        return {"code": "OK", "ok": True, "refusal": "OK", "http_status": fault["http_status"]}
    return {
        "code": "OK",
        "ok": False,
        "refusal": said["refusal"],
        "class": table.classes[said["refusal"]],
        "maybe_sent": True,
        "retryable": {"always": True, "never": False}.get(said["retryable"], bool(operation.get("repeatable"))),
        "http_status": fault["http_status"],
        "retry_after": fault.get("retry_after", 0),
    }


def left(fault, operation, session):
    """What the operation leaves of the session."""
    state = {
        "next_step": session["nextStep"],
        "signed_in": session["nextStep"] == "done",
        "token": session.get("token", ""),
        "key": session.get("key", ""),
        "identifier": "$identifier",
    }
    if is_fine(fault, operation) and sends(operation):
        state |= operation.get("succeeded", {})
    elif fault["reach"] == "lost":
        state |= operation.get("lost", {})
    return state | operation.get("always", {})


def expected(table, fault, operation):
    by_http = operation.get("gateway") and "gateway" in fault
    told = (reply if by_http else outcome)(table, fault, operation)
    told["requests"] = requests(fault, operation)
    told |= left(fault, operation, table.sessions[operation["session"]])
    for exception in table.exceptions:
        if fault["name"] in exception["faults"] and operation["name"] in exception["operations"]:
            told |= exception["expected"]
    return told
