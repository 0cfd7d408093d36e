"""One published case beside what we compute, and how the files of published cases are read."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coverage.errors import CoverageError, RangeError, StoreError

ROUNDING = 1e-9  # a tolerance of 0.1 dB includes a difference of 0.1 dB

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A published value beside ours.

    Attributes
    ----------
    case : str
        Where it stands: the name of a log, or file and row or id.
    published, ours, difference : float
        Both values and ours − published [dB], or return codes where `note` is ``return_code``.
    ok : bool or None
        Within the tolerance of the model; None where the publisher's values are shown without being judged.
    note : str
        ``""``, or key of a sentence under ``validation.note_…`` in `coverage.words`: ``outside`` (the case lies outside
        the stated range of the model and was computed all the same), ``return_code``, ``quantity`` (which of several
        published values is the one shown).
    about : str
        The quantity the note is about.
    """

    case: str
    published: float
    ours: float
    difference: float
    ok: bool | None
    note: str = ""
    about: str = ""


def compared(
    case: str, published: float, ours: float, tolerance: float | None, *, note: str = "", about: str = ""
) -> Case:
    """Return a case, judged by a tolerance unless that is None; an unknown value (NaN) is never within it."""
    difference = float(ours) - published
    ok = None if tolerance is None else abs(difference) <= tolerance + ROUNDING
    return Case(case=case, published=published, ours=float(ours), difference=difference, ok=ok, note=note, about=about)


def compared_code(case: str, published: int, ours: int) -> Case:
    """Return a case that compares return codes."""
    return compared(case, published, ours, 0.0, note="return_code")


def flagged(compute: Callable[[bool], float]) -> tuple[float, str]:
    """Return a value, and the quantity that lies outside the stated range of its model or ``""``; NaN for no value.

    Parameters
    ----------
    compute : callable
        Takes whether to compute beyond the stated range.
    """
    try:
        return float(compute(False)), ""
    except RangeError as error:
        outside = str(error.values["quantity"])
    try:
        with np.errstate(all="ignore"):  # out there a formula may have no value at all
            return float(compute(True)), outside
    except RangeError:
        return math.nan, outside


def noted(quantity: str) -> dict[str, str]:
    """Return the note of a case with a quantity outside its model's range, none for ``""``."""
    return {"note": "outside", "about": quantity} if quantity else {}


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into one sentence about that file.

    Raises
    ------
    StoreError
        ``validation_unreadable`` with the file and the reason.
    """
    try:
        yield
    except CoverageError:
        raise
    except KeyError as error:
        raise StoreError("validation_unreadable", file=path.name, reason=f"{error} ?") from error
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise StoreError("validation_unreadable", file=path.name, reason=str(error)) from error


def lines(path: Path) -> list[str]:
    """Return the lines of a text file; place names in them may be of any code page."""
    return path.read_text(encoding="utf-8-sig", errors="replace").splitlines()


def rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a CSV file with their numbers as a person counts them (the header is 1)."""
    with reading(path):
        table = [[cell.strip() for cell in row] for row in csv.reader(lines(path))]
        header = table[0] if table else []
        for number, row in enumerate(table[1:], 2):
            if any(row):
                yield number, dict(zip(header, row, strict=False))


def tables(folder: Path, *columns: str) -> Iterator[Path]:
    """Yield the CSV files of a folder whose header has the columns; other files are nobody's business here."""
    for path in sorted(folder.glob("*.csv")):
        first = next(iter(lines(path)[:1]), "")
        if set(columns) <= {cell.strip() for cell in next(csv.reader([first]), [])}:
            yield path


def numbers(text: str) -> NDArray[Any]:
    """Return the numbers of a line between commas; an empty end is not a number."""
    return np.array([float(part) for part in text.strip().rstrip(",").split(",")])


def ntia_profile(text: str) -> tuple[NDArray[Any], float]:
    """Return heights and step [m] of a profile in NTIA's form: number of steps, step, heights.

    >>> ntia_profile("2,50.0,3,4,5")
    (array([[3., 4., 5.]]), 50.0)
    """
    values = numbers(text)
    steps, heights = int(values[0]), values[2:]
    if steps < 1 or len(heights) < steps + 1 or not math.isfinite(values[1]):
        raise ValueError(f"{steps} × {values[1]} m, {len(heights)}")
    return heights[None, : steps + 1], float(values[1])
