"""Signs the customers of a loyalty brand in at Capillary's Auth Engine, and keeps them signed in."""

from . import _flat  # at once, so that importing capauth says what keeps the library from being loaded

__version__: str = _flat.version()

TYPE_CHECKING = False  # typing's, without typing, which takes longer to import than all of this package
if TYPE_CHECKING:
    from ._errors import *  # noqa: F403
    from ._public import *  # noqa: F403
    from ._public import __all__ as __all__
    from ._sign_in import *  # noqa: F403
else:

    def __getattr__(name):
        """Loads the package at the first use of one of its names: many import it who use it later, or never."""
        if name.startswith("_") and name != "__all__":  # a module of the package, or what any module may have
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import _sign_in as home

        names = home.__all__
        if name not in names:
            from . import _public as home

            names = ["__all__", *home.__all__]
        for public in names:
            globals().setdefault(public, getattr(home, public))  # a test may have put something else there
        if name not in globals():
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals()[name]

    def __dir__():
        return sorted({*globals(), *__getattr__("__all__")})
