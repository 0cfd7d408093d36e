"""PhủSóng: know, plan and prove a city's 5G coverage and household internet.

The public names stand in ``__init__.pyi`` and load when first used, so that ``import coverage`` stays light: numba does
it too, looking for coverage.py (see `coverage.types` and `Coverage`).
"""

import lazy_loader

from coverage import types as types

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


class Coverage:
    """What numba asks coverage.py for: there is never a measurement of test coverage going on here."""

    @staticmethod
    def current() -> None:
        """Return None: no measurement is running."""
