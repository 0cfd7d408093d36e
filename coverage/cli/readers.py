"""Values of options read from text, each refused with one sentence that names its option."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from coverage.errors import CoverageError


class UsageError(CoverageError):
    """Arguments that cannot be understood."""


def number(option: str, limits: tuple[float, float] | None = None) -> Callable[[str], float]:
    """Return a reader of a number, within limits where they are given.

    Raises
    ------
    UsageError
        ``number_unusable``, ``number_out_of_range``: from the reader.
    """

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise UsageError("number_unusable", option=option, value=text) from None
        if limits and not (math.isfinite(value) and limits[0] <= value <= limits[1]):
            raise UsageError("number_out_of_range", option=option, value=text, low=limits[0], high=limits[1])
        return value

    return read


def choice(option: str, known: Mapping[str, str]) -> Callable[[str], str]:
    """Return a reader of one of the known words.

    Raises
    ------
    UsageError
        ``choice_unknown``: from the reader.
    """

    def read(text: str) -> str:
        if text not in known:
            raise UsageError("choice_unknown", option=option, value=text, known=", ".join(known))
        return known[text]

    return read
