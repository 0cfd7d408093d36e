"""What can go wrong, as codes and values: `coverage.words` turns them into Vietnamese or English sentences."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One finding about one file, row or field.

    Attributes
    ----------
    code : str
        Key of the sentence under ``problem.<code>`` in `coverage.words`.
    severity : {"error", "warning", "note"}
        ``error``: the row was refused; ``warning``: kept and flagged; ``note``: worth knowing.
    row : int or None
        Row number as a person sees it in the file (the header is row 1), None when the whole file is meant.
    field : str or None
        Canonical name of the field.
    value : str or None
        What stood there.
    values : mapping
        Everything else the sentence needs (file, before, after, limits, …).
    """

    code: str
    severity: Severity = "error"
    row: int | None = None
    field: str | None = None
    value: str | None = None
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class CoverageError(Exception):
    """Root of all errors of the package: a code and the values of its sentence (``error.<code>``)."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values: dict[str, Any] = values

    def __str__(self) -> str:
        """Return the code and its values; `coverage.words.render` gives the sentence."""
        listed = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.code}({listed})"


class LayerError(CoverageError, ValueError):
    """A table or raster that cannot be used; `problems` holds every finding at once."""

    def __init__(self, code: str, problems: Sequence[Problem] = (), **values: Any) -> None:
        super().__init__(code, **values)
        self.problems: tuple[Problem, ...] = tuple(problems)


class GridError(CoverageError, ValueError):
    """Coordinate systems, shapes or pixels that do not fit each other."""


class RangeError(CoverageError, ValueError):
    """A model or parameter used outside its stated validity."""


class DefinitionError(CoverageError, ValueError):
    """A coverage definition that is unknown or cannot be answered with the layers or models at hand."""


class PlanError(CoverageError, RuntimeError):
    """A target that cannot be reached; `values["best"]` holds the best that can."""


class StoreError(CoverageError, OSError):
    """A store or output folder that cannot be read or written."""
