"""What clients, sessions and calls have in common."""

from __future__ import annotations

from collections import abc

from ._later import typing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic as Generic

    T = typing.TypeVar("T")
    KindT = typing.TypeVar("KindT", bound="type[Handle]")
else:
    T = object
    KindT = object

    class Generic:
        """As much of typing's as `Call[str]` takes while a program runs."""

        __slots__ = ()
        __class_getitem__ = classmethod(type(list[str]))


def called(public: str) -> abc.Callable[[KindT], KindT]:
    """Of a class that users know by another name: what Python says of a wrong call of its methods has that name."""

    def name_methods(kind: KindT) -> KindT:
        for name, method in vars(kind).items():
            if isinstance(method, type(called)):
                method.__qualname__ = f"{public}.{name}"
        return kind

    return name_methods


class Handle:
    """An object that belongs to this process alone."""

    __slots__ = ()

    def __reduce__(self) -> typing.NoReturn:
        kind = type(self).__name__
        raise TypeError(f"a {kind} cannot be pickled or copied; use session.export() and client.restore(text)")
