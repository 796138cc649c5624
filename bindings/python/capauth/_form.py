"""Makes a method of an operation: the same arguments, but what it gives is the finished form's."""

import inspect
from collections.abc import Callable
from types import NoneType
from typing import Any, TypeVar, get_args

F = TypeVar("F", bound=Callable[..., Any])


def documented(method: F, operation: Callable[..., Any], name: str, gives: Any = None) -> F:
    """Has `help()`, `inspect.signature` and documentation tools show the method as if it were written out. `gives`:
    the class of call that a started form gives; other forms give what is in the operation's."""
    signature = inspect.signature(operation)
    session, *arguments = signature.parameters.values()
    (outcome,) = get_args(signature.return_annotation)
    outcome = None if outcome is NoneType else outcome
    result = outcome if gives is None else gives[outcome]
    own = session.replace(name="self", annotation=inspect.Parameter.empty)
    method.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[own, *arguments], return_annotation=result
    )
    method.__annotations__ = {argument.name: argument.annotation for argument in arguments} | {"return": result}
    method.__doc__ = operation.__doc__
    method.__name__ = name
    method.__qualname__ = f"Session.{name}"
    return method
