"""The C loops of `coverage.radio.composition`: same arguments, same results."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coverage.radio.views import Beam, Demand, View

Beams = Sequence[tuple[int, Beam]]


class _Raster(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("row_bytes", ctypes.c_int64)]


class _View(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_double) for name in ("row", "col", "pixel_m", "antenna_m")),
        *((name, ctypes.c_int64) for name in ("row0", "col0", "rows", "cols")),
        *((name, _Raster) for name in ("ground", "loss")),
    ]


class _Beam(ctypes.Structure):
    _fields_ = [
        ("table", ctypes.c_void_p),
        *((name, ctypes.c_float) for name in ("reference", "azimuth", "tilt", "curve_az", "curve_el")),
        ("cell", ctypes.c_int32),
    ]


class _Levels(ctypes.Structure):
    _fields_ = [
        *((name, _Raster) for name in ("probability", "rsrp", "server", "unknown", "heard")),
        *((name, ctypes.c_float) for name in ("threshold", "per_sigma")),
    ]


class _Powers(ctypes.Structure):
    _fields_ = [(name, _Raster) for name in ("best", "others", "server", "unknown")]


class _Demand(ctypes.Structure):
    _fields_ = [(name, ctypes.c_float) for name in ("noise", "factor", "downlink_db", "uplink_dbm")]


class _Throughput(ctypes.Structure):
    _fields_ = [*((name, _Raster) for name in ("total", "probability")), ("per_sigma", ctypes.c_float)]


def _raster(array: NDArray[Any], kind: type[np.generic]) -> _Raster:
    if array.dtype != kind or (array.shape[1] > 1 and array.strides[1] != array.itemsize):
        raise TypeError(f"needs {kind.__name__} with its columns side by side, got {array.dtype}")
    return _Raster(array.ctypes.data, array.strides[0])


def _view(view: View) -> _View:
    place = (view.row, view.col, view.pixel_m, view.antenna_m, view.row0, view.col0)
    return _View(*place, *view.loss.shape, _raster(view.ground_m, np.float32), _raster(view.loss, np.int16))


def _beams(beams: Beams, keep: list[NDArray[np.float32]]) -> ctypes.Array[_Beam]:
    """Return the beams for C; `keep` holds their tables until the call is over."""
    rows = []
    for cell, beam in beams:
        omni = math.isnan(beam.azimuth_deg)
        if beam.table_db is not None:
            keep.append(np.ascontiguousarray(beam.table_db, dtype=np.float32))
        rows.append(
            _Beam(
                None if beam.table_db is None else keep[-1].ctypes.data,
                beam.reference_dbm,
                0.0 if omni else math.remainder(beam.azimuth_deg, 360.0),
                beam.tilt_deg,
                0.0 if omni else 12.0 / beam.beamwidth_az_deg**2,
                12.0 / beam.beamwidth_el_deg**2,
                cell,
            )
        )
    return (_Beam * len(rows))(*rows)


def add_levels(
    lib: ctypes.CDLL, view: View, beams: Beams, *, threshold_dbm: float, sigma_db: float,
    probability: NDArray[np.float32], rsrp_dbm: NDArray[np.float32], server: NDArray[np.int32],
    unknown: NDArray[np.bool_], heard: NDArray[np.uint16] | None = None,
) -> None:  # fmt: skip
    """Do what `composition.add_levels` does, which checks the shapes."""
    out = _Levels(
        _raster(probability, np.float32),
        _raster(rsrp_dbm, np.float32),
        _raster(server, np.int32),
        _raster(unknown, np.bool_),
        _Raster(None, 0) if heard is None else _raster(heard, np.uint16),
        threshold_dbm,
        1.0 / sigma_db,
    )
    keep: list[NDArray[np.float32]] = []
    lib.phusong_levels(ctypes.byref(_view(view)), _beams(beams, keep), len(beams), ctypes.byref(out))


def add_powers(
    lib: ctypes.CDLL, view: View, beams: Beams, *, best_mw: NDArray[np.float32], others_mw: NDArray[np.float32],
    server: NDArray[np.int32], unknown: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Do what `composition.add_powers` does, which checks the shapes."""
    out = _Powers(
        _raster(best_mw, np.float32),
        _raster(others_mw, np.float32),
        _raster(server, np.int32),
        _raster(unknown, np.bool_),
    )
    keep: list[NDArray[np.float32]] = []
    lib.phusong_powers(ctypes.byref(_view(view)), _beams(beams, keep), len(beams), ctypes.byref(out))


def add_throughput(
    lib: ctypes.CDLL, view: View, beams: Beams, demands: Sequence[Demand], *, sigma_db: float,
    total_mw: NDArray[np.float32], probability: NDArray[np.float32],
) -> None:  # fmt: skip
    """Do what `composition.add_throughput` does, which checks the values and shapes."""
    out = _Throughput(_raster(total_mw, np.float32), _raster(probability, np.float32), 1.0 / sigma_db)
    asked = [_Demand(one.noise_mw, one.interference_factor, one.downlink_db, one.uplink_dbm) for one in demands]
    keep: list[NDArray[np.float32]] = []
    lib.phusong_throughput(
        ctypes.byref(_view(view)), _beams(beams, keep), (_Demand * len(beams))(*asked), len(beams), ctypes.byref(out)
    )


def best_server(
    lib: ctypes.CDLL, loss: NDArray[np.int16], reference_dbm: float, cell: int, *,
    rsrp_dbm: NDArray[np.float32], server: NDArray[np.int32],
) -> None:  # fmt: skip
    """Do what `composition.best_server` does, which checks the shapes."""
    size = (ctypes.c_int64(extent) for extent in loss.shape)
    into = (ctypes.byref(_raster(rsrp_dbm, np.float32)), ctypes.byref(_raster(server, np.int32)))
    patch = ctypes.byref(_raster(loss, np.int16))
    lib.phusong_best_server(patch, *size, ctypes.c_float(reference_dbm), ctypes.c_int32(cell), *into)
