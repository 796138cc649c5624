"""What clients, sessions and calls have in common."""

from __future__ import annotations

from ._later import typing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic as Generic

    T = typing.TypeVar("T")
else:
    T = object

    class Generic:
        """As much of typing's as `Call[str]` takes while a program runs."""

        __slots__ = ()
        __class_getitem__ = classmethod(type(list[str]))


class Handle:
    """An object that belongs to this process alone."""

    __slots__ = ()

    def __reduce__(self) -> typing.NoReturn:
        kind = type(self).__name__
        raise TypeError(f"a {kind} cannot be pickled or copied; use session.export() and client.restore(text)")
