"""Every file the product writes: whole or not at all, and no text that a spreadsheet would run."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coverage.errors import StoreError

_RISKY = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*", re.ASCII)


def replace_with(path: str | Path, write: Callable[[Path], object]) -> Path:
    """Write a file under a temporary name beside its place, flush it to disk, then put it there in one step.

    A reader, or a crash at any moment, finds the old file or the new one, never a part.

    Parameters
    ----------
    path : str or Path
        Where the file shall stand; missing folders are made.
    write : callable
        Gets the temporary path (same ending) and writes the whole file to it.

    Raises
    ------
    StoreError
        ``cannot_write`` when folder, disk or permissions do not allow it; the old file is then untouched.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".phusong-", dir=target.parent) as folder:
            draft = Path(folder) / target.name
            write(draft)
            with draft.open("rb+") as stream:
                os.fsync(stream.fileno())
            draft.replace(target)
        _flush_folder(target.parent)
    except OSError as error:
        raise StoreError("cannot_write", path=str(target), reason=error.strerror or str(error)) from error
    return target


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder, and needs no flush for a rename
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: str | Path, data: bytes) -> Path:
    """Write bytes atomically; see `replace_with`."""
    return replace_with(path, lambda draft: draft.write_bytes(data))


def write_text(path: str | Path, text: str) -> Path:
    """Write UTF-8 text with the line ends it has, atomically; see `replace_with`."""
    return write_bytes(path, text.encode("utf-8"))


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe stands before ``= + - @``, tab and return.

    Texts that are plain numbers stay as they are.

    >>> guarded("=1+1"), guarded("-33.5"), guarded("Hải Châu")
    ("'=1+1", '-33.5', 'Hải Châu')
    """
    return f"'{text}" if text.startswith(_RISKY) and not _NUMBER.fullmatch(text) else text


def csv_text(frame: pd.DataFrame, *, index: bool = False) -> str:
    """Return a table as CSV: comma, point, UTF-8, missing values empty, texts and headers `guarded`."""
    table = frame.reset_index() if index else frame
    safe = pd.DataFrame({_one_cell(str(name)): _safe(table[name]) for name in table.columns}, index=table.index)
    return safe.to_csv(index=False, lineterminator="\n")


def _safe(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column
    return column.astype(object).map(lambda value: _one_cell(value) if isinstance(value, str) else value)


def _one_cell(text: str) -> str:
    # A bare carriage return is quoted by no writer and ends the row in a spreadsheet.
    return guarded(text).replace("\r\n", "\n").replace("\r", "\n")


def write_csv(path: str | Path, frame: pd.DataFrame, *, index: bool = False) -> Path:
    """Write a table as `csv_text` gives it, atomically."""
    return write_text(path, csv_text(frame, index=index))
