"""The C loops of covering, by ctypes: bounds (twin: `coverage.planning.relaxation`) and search (twin: `ruins`)."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coverage.planning.model import Dual, Hunt, Model
from coverage.radio import native

FOLDER = Path(__file__).parent


class _Cover(ctypes.Structure):
    """As in cover.h."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in ("n", "m", "rows", "floors", "groups")),
        *((name, ctypes.c_void_p) for name in (
            "set_at", "set", "by_at", "by", "row_at", "row", "usage", "upper", "floor_at", "floor", "floor_weight",
            "need", "group", "state",
        )),
    ]  # fmt: skip


class _Sought(ctypes.Structure):
    """As in bounds.c."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("weight", "cost")),
        *((name, ctypes.c_double) for name in ("money", "best", "cap")),
        *((name, ctypes.c_int32) for name in ("cheapest", "simplex", "iterations", "patience")),
        ("step", ctypes.c_double),
    ]


class _Dual(ctypes.Structure):
    """As in bounds.c."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in (
            "price", "row_price", "floor_price", "row_scale", "floor_scale", "reduced", "smooth", "mean",
        )),
        ("pivot", ctypes.c_double),
        ("bound", ctypes.c_double),
        ("infeasible", ctypes.c_int32),
    ]  # fmt: skip


class _Hunt(ctypes.Structure):
    """As in search.c."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("weight", "cost")),
        *((name, ctypes.c_double) for name in ("target", "heat", "noise")),
        *((name, ctypes.c_int32) for name in ("rounds", "most_out")),
        ("seed", ctypes.c_uint64),
        ("chosen", ctypes.c_void_p),
        ("score", ctypes.c_double),
    ]


def library() -> ctypes.CDLL | None:
    """Return the compiled loops, None where no compiler works: the NumPy twins serve then."""
    return native.library(FOLDER)


def _address(array: NDArray[Any], kind: type[np.generic]) -> int:
    if array.dtype != kind or not array.flags.c_contiguous:
        raise TypeError(f"needs {kind.__name__} side by side, got {array.dtype}")
    return int(array.ctypes.data)


def _cover(model: Model) -> _Cover:
    whole = ("set_at", "set", "by_at", "by", "row_at", "row", "floor_at", "floor", "group")
    kinds: dict[str, type[np.generic]] = dict.fromkeys(whole, np.int32) | {"state": np.int8}
    names = [field[0] for field in _Cover._fields_[5:]]
    return _Cover(
        *model.sizes, *(_address(getattr(model, name), kinds.get(name, np.float64)) for name in names)
    )  # fmt: skip


def lower(lib: ctypes.CDLL, model: Model, dual: Dual, iterations: int, best: float) -> None:
    """Improve the prices of `dual` in place; arguments as `coverage.planning.relaxation.lower`."""
    sought = _Sought(
        _address(model.weight, np.float64), _address(model.cost, np.float64), model.money, best, model.cap,
        model.cheapest, model.simplex, iterations, dual.patience, dual.step,
    )  # fmt: skip
    names = [field[0] for field in _Dual._fields_[:8]]
    told = _Dual(*(_address(getattr(dual, name), np.float64) for name in names), dual.pivot)
    if lib.phusong_bound(ctypes.byref(_cover(model)), ctypes.byref(sought), ctypes.byref(told)):
        raise MemoryError("the bound of a plan found no memory")
    dual.step, dual.pivot, dual.bound = sought.step, told.pivot, told.bound
    dual.infeasible = bool(told.infeasible)


def searched(lib: ctypes.CDLL, model: Model, hunt: Hunt, chosen: NDArray[np.int8]) -> tuple[NDArray[np.int8], float]:
    """Return a better choice and its score; arguments and result as `coverage.planning.ruins.searched`."""
    found = chosen.astype(np.int8)
    told = _Hunt(
        _address(model.weight, np.float64), _address(model.cost, np.float64), hunt.target, hunt.heat, hunt.noise,
        hunt.rounds, hunt.most_out, hunt.seed, _address(found, np.int8), 0.0,
    )  # fmt: skip
    if lib.phusong_search(ctypes.byref(_cover(model)), ctypes.byref(told)):
        raise MemoryError("the search for a plan found no memory")
    return found, float(told.score)
