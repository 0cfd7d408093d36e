"""The C loop of `coverage.zones`: sums of pixels over spans of columns, row by row."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = {np.dtype(np.bool_): 1, np.dtype(np.uint8): 1, np.dtype(np.float32): 2}


class _Pixels(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("row_bytes", ctypes.c_int64), ("kind", ctypes.c_int32)]


def takes(array: NDArray[Any] | None) -> bool:
    """Tell whether C can read an array: bool, uint8 or float32 in native order, its columns side by side."""
    return array is None or (array.dtype in KINDS and (array.shape[1] <= 1 or array.strides[1] == array.itemsize))


def _pixels(array: NDArray[Any] | None) -> _Pixels:
    if array is None:
        return _Pixels(None, 0, 0)
    return _Pixels(array.ctypes.data, array.strides[0], KINDS[array.dtype])


def span_sums(
    lib: ctypes.CDLL, values: NDArray[Any], weight: NDArray[Any] | None, pointers: NDArray[np.int64],
    columns: tuple[NDArray[np.int32], NDArray[np.int32]], first_col: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Return the sum of value × weight in every span of a window.

    Parameters
    ----------
    lib : from `coverage.radio.native.library`
    values, weight : ndarray of shape (rows, cols), such that `takes` them
        Weight None is 1 everywhere.
    pointers : int64 ndarray of shape (rows + 1,), contiguous
        Row r of the window has the spans ``pointers[r]`` to ``pointers[r + 1] - 1``.
    columns : (first, stop) int32 ndarrays, contiguous
        Of every span of the whole grid; what lies beyond the window is left out.
    first_col : int
        Column of the whole grid where the window begins.

    Returns
    -------
    float64 ndarray of shape (pointers[-1] − pointers[0],)
    """
    rows, cols = values.shape
    sums = np.empty(int(pointers[-1] - pointers[0]))
    where = (pointers.ctypes.data, columns[0].ctypes.data, columns[1].ctypes.data)
    lib.phusong_span_sums(
        ctypes.byref(_pixels(values)), ctypes.byref(_pixels(weight)), *map(ctypes.c_void_p, where),
        *map(ctypes.c_int64, (rows, first_col, cols)), ctypes.c_void_p(sums.ctypes.data),
    )  # fmt: skip
    return sums
