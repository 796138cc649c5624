"""Modules that are loaded at the first use of one of their names.

They take longer to load than all else that a sign-in needs, and it needs none of them; nor does what can fail, for an
error must not come to want files. Annotations are texts (`from __future__ import annotations`): help() shows them as
they are, and what evaluates them, such as `typing.get_type_hints`, finds here what they name.
"""

import sys

TYPE_CHECKING = False  # typing's, without typing
if TYPE_CHECKING:
    import datetime as datetime
    import json as json
    import logging as logging
    import typing as typing

    from . import _callbacks, _trace, _types

    callbacks = _callbacks
    traces = _trace
    types = _types
else:

    class Later:
        """The module of that name."""

        __slots__ = ("_module",)

        def __init__(self, module):
            self._module = module

        def __getattr__(self, name):
            __import__(self._module)
            return getattr(sys.modules[self._module], name)

    datetime = Later("datetime")
    json = Later("json")
    logging = Later("logging")
    typing = Later("typing")

    callbacks = Later("capauth._callbacks")
    traces = Later("capauth._trace")
    types = Later("capauth._types")
