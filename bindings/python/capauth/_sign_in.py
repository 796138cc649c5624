"""What most programs need of `capauth`, who sign a customer in and read errors; _public.py has the rest, which takes as
long again to load."""

from . import _errors
from ._call import Call
from ._enums import Step
from ._errors import *  # noqa: F403
from ._sync import Client, Session

__all__ = ["Call", "Client", "Session", "Step"]
__all__ += _errors.__all__
