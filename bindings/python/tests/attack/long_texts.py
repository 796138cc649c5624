"""A text of 100 MB in the place of every text that a function takes: it is refused by its name and its limit, and
nothing of it stays, as the most memory tells that the process ever had.

Run as a program, in a process of its own. It prints how often it tried.
"""

import inspect
import re
import resource
from collections.abc import Callable
from typing import Any

import hostile

import capauth
import capauth.aio

LONG = "x" * 10**8
SLACK_KB = 30_000
LIMIT = re.compile(r"is longer than \d+ (bytes|MiB)|is not one of|is neither|must be")
EXPORT = (
    '{"v":1,"origin":"%s","flow":"mobile","brand":"B","device":"d","identifierType":"MOBILE",'
    '"identifier":"919999999993","sessionId":"P-1","token":"Token-1","key":"Key-1"}'
)

flat = hostile.flat


def most_memory_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def code_of(result: Any) -> int:
    return int(result[0] if isinstance(result, list) else result)


def flat_functions() -> int:
    """Each `char const *` of each function of the flat layer."""
    tried = 0
    valid = hostile.handles()
    for name in hostile.names_of_flat():
        expected = hostile.parameters(getattr(flat, name))
        for position, parameter in enumerate(expected):
            if "char const *" in parameter:
                arguments = [hostile.honest(other, valid) for other in expected]
                arguments[position] = LONG
                result = getattr(flat, name)(*arguments)
                assert code_of(result) == flat.E_INVALID_ARGUMENT, f"{name}: {parameter} gave {result!r:.300}"
                tried += 1
    return tried


def texts_of(function: Callable[..., Any]) -> list[str]:
    """The names of the parameters that take a text."""
    signature = inspect.signature(function, eval_str=True)
    return [
        name
        for name, parameter in signature.parameters.items()
        if re.search(r"\bstr\b|Literal", str(parameter.annotation))
        and not re.search("Mapping|Callable", str(parameter.annotation))
    ]


def refused(argument: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> int:
    try:
        result = function(*arguments, **named)
        if isinstance(result, capauth.Call):
            result.result()
    except capauth.InvalidArgumentError as error:
        assert error.argument == argument, f"{argument}: {error.argument}"
        assert argument in str(error) and LIMIT.search(str(error)), f"{argument}: {str(error):.300}"
        assert len(str(error)) < 300, f"the error for {argument} has {len(str(error))} characters"
    else:
        raise AssertionError(f"{argument} was taken")
    return 1


def clients() -> int:
    tried = 0
    for kind in (capauth.Client, capauth.aio.Client):
        for option in texts_of(kind):
            options = {"base_url": hostile.NOBODY, option: LONG}
            if option == "cluster":
                del options["base_url"]
            tried += refused(option, kind, **options)
        for headers in ({LONG: "v"}, {"X-A": LONG}, [(LONG, LONG)]):
            tried += refused("headers", kind, base_url=hostile.NOBODY, headers=headers)
    return tried


def sessions(client: capauth.Client, session: capauth.Session) -> int:
    tried = 0
    for name in texts_of(client.session):
        identity = {"brand": "B", "username": "u", "device_id": "d", name: LONG}
        if name in ("mobile", "email", "external_id"):
            del identity["username"]
        tried += refused(name, client.session, **identity)
    for name in texts_of(client.external_session):
        texts = {"brand": "B", "access_token": "a", "id_token": "i", name: LONG}
        tried += refused(name, client.external_session, **texts)
    return tried + refused("text", client.restore, LONG) + refused("text", session.reload, LONG)


def operations(session: capauth.Session) -> int:
    """Each text that each takes, and each of its options."""
    tried = 0
    for method in (name for name in dir(session) if name.startswith("start_")):
        start = getattr(session, method)
        honest = {
            name: "GET" if name == "method" else "x"
            for name, parameter in inspect.signature(start).parameters.items()
            if parameter.default is parameter.empty
        }
        for name in texts_of(start):
            tried += refused(name, start, **{**honest, name: LONG})
        tried += refused("headers", start, **honest, headers={LONG: "v"})
        tried += refused("headers", start, **honest, headers={"X-A": LONG})
    tried += refused("query", session.start_gateway, "GET", "x", query={LONG: "v"})
    tried += refused("query", session.start_gateway, "GET", "x", query={"a": LONG})
    return tried


def main() -> None:
    before = most_memory_kb()
    client = capauth.Client(base_url=hostile.NOBODY, max_retries=0)
    session = client.restore(EXPORT % hostile.NOBODY)
    tried = flat_functions() + clients() + sessions(client, session) + operations(session)
    more = most_memory_kb() - before
    assert more < SLACK_KB, f"{more} KB were kept, or copied"
    session.start_gateway("POST", "x", body=LONG).cancel()  # which may be long
    print(tried)


if __name__ == "__main__":
    main()
