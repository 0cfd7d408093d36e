"""Lagrangian bounds of covering problems: in C where it can be compiled, else by the same steps in NumPy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coverage.planning import native
from coverage.planning.model import Dual, Model
from coverage.planning.problem import BoolArray, FloatArray

BLEND, MIX = 0.2, 0.05  # as in bounds.c: how much of a step, and of the mean choice, is the newest


def lower(model: Model, dual: Dual, iterations: int, best: float) -> None:
    """Improve the prices of a relaxation by sub-gradient steps towards the best choice known; `dual` is changed.

    Parameters
    ----------
    model : Model
        Of `Flat.bounding`.
    dual : Dual
        Where to begin. Any prices give a bound that holds; better prices give a better one.
    iterations : int, ≥ 1
    best : float
        Value of the best choice known, minus its cost where cost is sought; a bound that low ends the steps.

    Notes
    -----
    Relaxed are "an element is covered only by a chosen candidate", the rules and the floors; at most one of a group is
    kept. Money (or, where cost is sought, the scale of all prices) is found exactly in each step: the bound is convex
    and piecewise linear in it. Steps follow Polyak (1969) along smoothed slopes, each element's by its worth (the
    volume algorithm of Barahona and Anbil, 2000, smooths choices likewise).
    """
    library = native.library()
    if library is not None:
        native.lower(library, model, dual, iterations, best)
        return
    _Steps(model, dual).run(iterations, best)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Line:
    """Sum over candidates of max(0, p t + q), the best of each group only; plus a t + b."""

    model: Model
    p: FloatArray
    q: FloatArray
    a: float
    b: float

    def taken(self, t: float) -> BoolArray:
        """Return the choice behind a point."""
        model, r = self.model, self.p * t + self.q
        free = (model.state == 0) & (r > 0)
        out: BoolArray = (model.state == 1) | (free & (model.group < 0))
        grouped = np.flatnonzero(free & (model.group >= 0))
        order = grouped[np.lexsort((grouped, -r[grouped], model.group[grouped]))]
        first = np.ones(len(order), dtype=bool)
        first[1:] = model.group[order[1:]] != model.group[order[:-1]]
        out[order[first]] = True
        return out

    def point(self, t: float) -> tuple[float, float, float]:
        """Return t, the value and a slope there."""
        x = self.taken(t)
        return t, float(self.a * t + self.b + (self.p * t + self.q)[x].sum()), float(self.a + self.p[x].sum())


def lowest(line: _Line, guess: float) -> tuple[float, float, FloatArray] | None:
    """Return where a line is least over t ≥ 0, how low, and the mix of choices of slope 0; None: it falls for ever."""
    guess = guess if guess > 0 else 1.0
    low = high = line.point(guess * 0.97)
    factor = 0.9
    while low[2] >= 0 and low[0] > 0:
        high, low = low, line.point(low[0] * factor if low[0] > guess * 1e-6 else 0.0)
        factor *= factor
    if low[2] >= 0:
        return low[0], low[1], line.taken(low[0]).astype(float)
    if high[0] == low[0]:
        high = line.point(guess * 1.03)
    factor = 1.1
    while high[2] < 0:
        if high[0] > 1e100 * guess:
            return None
        low, high = high, line.point(high[0] * factor)
        factor *= factor
    low, high = _narrowed(line, low, high)
    share = high[2] / (high[2] - low[2]) if high[2] > low[2] else 0.0
    best = low if low[1] < high[1] else high
    return best[0], best[1], share * line.taken(low[0]) + (1 - share) * line.taken(high[0])


Point = tuple[float, float, float]


def _narrowed(line: _Line, low: Point, high: Point) -> tuple[Point, Point]:
    for step in range(100):
        t = (high[1] - high[2] * high[0] - low[1] + low[2] * low[0]) / (low[2] - high[2])
        if not low[0] < t < high[0]:
            break
        foot = low[1] + low[2] * (t - low[0])
        here = line.point((low[0] + high[0]) / 2 if step % 4 == 3 else t)
        low, high = (here, high) if here[2] < 0 else (low, here)
        if here[1] <= foot + 1e-13 * abs(foot):
            break
    return low, high


class _Steps:
    """The steps of bounds.c, whole arrays at a time."""

    def __init__(self, model: Model, dual: Dual) -> None:
        n, m, *_ = model.sizes
        self.model, self.dual = model, dual
        self.owner = np.repeat(np.arange(n), np.diff(model.set_at))
        self.user = np.repeat(np.arange(n), np.diff(model.row_at))
        self.element = np.repeat(np.arange(m), np.diff(model.floor_at))
        self.given = np.zeros(m, dtype=bool)
        self.given[model.set[model.state[self.owner] > 0]] = True
        self.worth, self.x, self.reduced = np.zeros(m), np.zeros(n), np.zeros(n)
        self.unit = 0.0  # prices of rules are money where cost is sought: they move with what all elements are worth

    def run(self, iterations: int, best: float) -> None:
        """Do as `phusong_bound`."""
        dual, found, idle = self.dual, math.inf, 0
        dual.infeasible, kept = False, (dual.price, dual.row_price, dual.floor_price)
        for step in range(iterations):
            bound = self.evaluate()
            if dual.infeasible:
                dual.bound = -math.inf
                return
            idle = 0 if step == 0 or bound < found - 1e-7 * abs(found) else idle + 1
            if bound < found:
                found, dual.reduced[:] = bound, self.reduced
                kept = (dual.price.copy(), dual.row_price.copy(), dual.floor_price.copy())
            dual.mean += MIX * (self.x - dual.mean)
            if found <= best:
                break
            if idle >= dual.patience:
                idle, dual.step = 0, dual.step * 0.6
                self._recall(kept)
                continue
            slopes, norm = self.slopes()
            if norm <= 0 or dual.step < 1e-4:
                break
            self.move(slopes, dual.step * (bound - best) / norm)
        self._recall(kept)
        dual.bound = found

    def _recall(self, kept: tuple[FloatArray, FloatArray, FloatArray]) -> None:
        for name, value in zip(("price", "row_price", "floor_price"), kept, strict=True):
            getattr(self.dual, name)[:] = value

    def evaluate(self) -> float:
        """Return the bound at the present prices; sets the choice and the reduced values behind it."""
        model, dual = self.model, self.dual
        n, m, *_ = model.sizes
        worth = model.weight + _sums(self.element, dual.floor_price[model.floor] * model.floor_weight, m)
        dual.price[:] = np.where(self.given, 0.0, np.minimum(dual.price, worth))
        rest = float((worth - dual.price).sum() + dual.row_price @ model.upper - dual.floor_price @ model.need)
        sums = _sums(self.owner, dual.price[model.set], n)
        sums -= _sums(self.user, dual.row_price[model.row] * model.usage, n)
        line = (
            _Line(model=model, p=sums, q=-model.cost, a=rest, b=0.0)
            if model.cheapest
            else _Line(model=model, p=-model.cost, q=sums, a=model.money, b=rest)
        )
        found = lowest(line, dual.pivot)
        if found is None:
            dual.infeasible = True
            return -math.inf
        dual.pivot, bound, self.x = found
        scale, money = (dual.pivot, 1.0) if model.cheapest else (1.0, dual.pivot)
        self.reduced, self.worth = scale * sums - money * model.cost, worth
        if model.cheapest and scale > 0:
            for prices in (dual.price, dual.row_price, dual.floor_price):
                np.multiply(prices, scale, out=prices)
            self.worth, dual.pivot = worth * scale, 1.0
        return bound

    def slopes(self) -> tuple[tuple[FloatArray, FloatArray, FloatArray], float]:
        """Return how the bound rises with each price that may move, and the sum of squares, each by its scale."""
        model, dual, x = self.model, self.dual, self.x
        _, m, rows, floors, _ = model.sizes
        cover = _sums(model.set, x[self.owner], m)
        here = np.where(self.given | (dual.price < self.worth), 1.0, np.minimum(cover, 1.0))
        dual.smooth += BLEND * (_rising(cover - here, dual.price, self.given) - dual.smooth)
        slope = _rising(dual.smooth, dual.price)
        row = model.upper - _sums(model.row, model.usage * x[self.user], rows)
        floor = np.bincount(model.floor, here[self.element] * model.floor_weight, minlength=floors) - model.need
        row, floor = _rising(row, dual.row_price), _rising(floor, dual.floor_price)
        self.unit = float(self.worth.sum())
        rules = float(dual.row_scale @ row**2 + dual.floor_scale @ floor**2)
        norm = float(self.worth @ slope**2) + self.unit * rules
        return (slope, row, floor), norm

    def move(self, slopes: tuple[FloatArray, FloatArray, FloatArray], length: float) -> None:
        """Step down the slopes, within what the prices may be."""
        model, dual, (slope, row, floor) = self.model, self.dual, slopes
        dual.price[:] = np.clip(dual.price - length * self.worth * slope, 0, self.worth)
        length *= self.unit
        dual.row_price[:] = np.maximum(0, dual.row_price - length * dual.row_scale * row)
        least = dual.floor_price / 2 if model.cheapest else 0.0  # were all 0, nothing would move any more
        dual.floor_price[:] = np.maximum(least, dual.floor_price - length * dual.floor_scale * floor)
        if model.simplex:
            dual.floor_price[: model.simplex] = onto_simplex(dual.floor_price[: model.simplex], model.cap)


def _sums(where: NDArray[np.integer], values: FloatArray, count: int) -> FloatArray:
    return np.bincount(where, values, minlength=count).astype(np.float64)


def _rising(slope: FloatArray, price: FloatArray, still: NDArray[np.bool_] | None = None) -> FloatArray:
    """Return slopes without those that would push a price below 0."""
    kept = (price > 0) | (slope <= 0)
    return np.where(kept if still is None else kept & ~still, slope, 0.0)


def onto_simplex(price: FloatArray, cap: float) -> FloatArray:
    """Return the nearest prices that lie between 0 and cap and sum to 1; cap ≥ 1 / their number."""
    low, high = float(price.min()) - cap, float(price.max())
    for _ in range(60):
        middle = (low + high) / 2
        if np.clip(price - middle, 0, cap).sum() > 1:
            low = middle
        else:
            high = middle
    out = np.clip(price - low, 0, cap)
    scaled: FloatArray = out / out.sum()
    return scaled
