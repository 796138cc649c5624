# SPDX-License-Identifier: Apache-2.0
"""Writes faults.json out as the tables of README.md, for who builds an app. core/generate.py keeps them true."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import table  # noqa: E402

DONE = {"none": "no", "turned_away": "no", "lost": "**perhaps**", "fine": "yes"}


def rows(head, body):
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def yes(flag):
    return "yes" if flag else "no"


# ---- Each fault ----


def by_itself(fault):
    if not fault.get("again"):
        return "no"
    return "yes" if fault["reach"] == "none" else "what does no harm twice"


def errors(fault):
    """Of what may happen only once, and of what does no harm twice."""
    if fault["reach"] == "fine":
        return "none", "none"
    often = "none" if fault.get("recovers") else f"`{fault['code']}`"
    return "`UNKNOWN_OUTCOME`" if fault["reach"] == "lost" else f"`{fault['code']}`", often


def again(fault):
    if fault["reach"] == "fine":
        return ""
    if fault["reach"] == "lost":
        return "where twice does no harm" if fault["retryable"] else "no"
    return yes(fault["retryable"])


def gateway(fault):
    if "gateway" not in fault:
        return "the same"
    said = fault["gateway"]
    refusal = "ok" if said.get("ok") else f"`{said['refusal']}`"
    return f"a reply: HTTP {fault['http_status']}, {refusal}"


def fault_rows(faults):
    for fault in faults:
        once, often = errors(fault)
        yield [fault["name"], DONE[fault["reach"]], once, often, by_itself(fault), again(fault), gateway(fault)]


# ---- Each operation ----


def left(made, operation, reach):
    """What is left of the session, in words; "as before" mostly."""
    session = made.sessions[operation["session"]]
    fault = {"name": "", "reach": reach}
    state = table.left(fault, operation, session)
    before = table.left({"name": "", "reach": "turned_away"}, {"session": operation["session"]}, session)
    words = []
    if state["next_step"] != before["next_step"]:
        words.append(f"`next_step` is {state['next_step']}")
    words += [f"no {name}" for name in ("token", "key") if before[name] and not state[name]]
    return ", ".join(words) or "as before"


def operation_rows(made):
    for operation in made.operations:
        if "spare_token" in operation:
            kind = "yes, and the old token does"
        elif not table.sends(operation):
            kind = "nothing is sent"
        else:
            kind = yes(operation.get("repeatable"))
        before = made.sessions[operation["session"]]["nextStep"] == "done"
        lost = table.left({"name": "", "reach": "lost"}, operation, made.sessions[operation["session"]])
        yield [
            f"`{operation['name']}`",
            kind,
            left(made, operation, "none"),
            left(made, operation, "lost"),
            f"{yes(lost['signed_in'])}" if before else "not yet",
            operation.get("then", ""),
        ]


def block():
    made = table.load()
    cells = f"{len(made.faults)} faults, {len(made.operations)} kinds of operation"
    return (
        f"{cells}.\n\n"
        + rows(
            [
                "What happens",
                "Was it done?",
                "Error, if it may happen only once",
                "Error, if twice does no harm",
                "Does capauth try again by itself?",
                "May I call again (`retryable`)?",
                "A gateway call gets",
            ],  # fmt: skip
            fault_rows(made.faults),
        )
        + "\n"
        + rows(
            [
                "Operation",
                "Does twice do no harm?",
                "Not done: the session is",
                "Perhaps done: the session is",
                "Still signed in?",
                "Perhaps done: what then",
            ],  # fmt: skip
            operation_rows(made),
        )
    )
