"""What is to be chosen, what it covers and costs, and the rules it must keep: the one model behind every plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Told = Callable[[str, float, float], None]  # phase, best value or cost so far, proven bound
Stop = Callable[[], bool]

SLACK = 1e-12  # shares are sums of some 1e5 terms in double precision: equal levels must count as reached


def no_candidates() -> IntArray:
    """Return an empty list of candidates."""
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cap:
    """What the chosen may use together: new masts in a ward, money of a phase, crews.

    Attributes
    ----------
    members : int ndarray of shape (k,)
        Candidates that use some of it.
    usage : float ndarray of shape (k,), ≥ 0
        How much each of them uses.
    upper : float, ≥ 0
        How much there is.
    name : str
        Said when the cap is what stands in the way.
    """

    members: IntArray
    usage: FloatArray
    upper: float
    name: str

    def __post_init__(self) -> None:
        """Refuse a cap that no cover could be judged by."""
        if self.members.shape != self.usage.shape or not (np.isfinite(self.usage) & (self.usage >= 0)).all():
            raise ValueError(f"cap {self.name}: one usage ≥ 0 for each member")
        if not self.upper >= 0:
            raise ValueError(f"cap {self.name}: an upper limit ≥ 0, not {self.upper}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Floor:
    """What must be covered at least of something else than the measure: of one ward, say.

    Attributes
    ----------
    weight : float ndarray of shape (m,), ≥ 0
        What each element adds when it is covered.
    base : float
        What is covered whatever is chosen.
    level : float
        base + the weight of all covered elements must reach it.
    name : str
        Said when the floor is what stands in the way.
    """

    weight: FloatArray
    base: float
    level: float
    name: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """Candidates, the elements that each of them covers, their costs and the rules of choosing.

    Attributes
    ----------
    sets : csr_array of shape (n candidates, m elements)
        Non-zero where a candidate covers an element; the values are not read. An element is whatever counts as one:
        a pixel, or all pixels with the same candidates (`merged`).
    weight : float ndarray of shape (m,), ≥ 0
        What an element adds to the measure when it is covered.
    cost : float ndarray of shape (n,), ≥ 0
        In one currency.
    base : float
        What is covered whatever is chosen.
    exclusive : tuple of int ndarray
        At most one candidate of each group: a site upgraded by A, by B or shared; the modes of a retuned site.
    requires : tuple of (int, int)
        (a, b): a only together with b.
    caps : tuple of Cap
    floors : tuple of Floor
    locked : int ndarray
        Candidates that must be chosen; their cost counts.

    Raises
    ------
    ValueError
        Where shapes or signs do not fit.
    """

    sets: sparse.csr_array
    weight: FloatArray
    cost: FloatArray
    base: float = 0.0
    exclusive: tuple[IntArray, ...] = ()
    requires: tuple[tuple[int, int], ...] = ()
    caps: tuple[Cap, ...] = ()
    floors: tuple[Floor, ...] = ()
    locked: IntArray = field(default_factory=no_candidates)

    def __post_init__(self) -> None:
        """Refuse what cannot be solved: it would answer, and wrongly."""
        n, m = self.sets.shape
        if self.weight.shape != (m,) or self.cost.shape != (n,):
            raise ValueError(f"{n} × {m} sets with {self.weight.shape} weights and {self.cost.shape} costs")
        if any(floor.weight.shape != (m,) for floor in self.floors):
            raise ValueError(f"floors of {m} elements each")
        for values in (self.weight, self.cost, *(floor.weight for floor in self.floors)):
            if not (np.isfinite(values) & (values >= 0)).all():
                raise ValueError("weights and costs are finite and ≥ 0")
        named = [*self.exclusive, *(cap.members for cap in self.caps), self.locked, *map(np.array, self.requires)]
        if any(len(group) and not (min(group) >= 0 and max(group) < n) for group in named):
            raise ValueError(f"a rule names a candidate that is not one of the {n}")

    @property
    def count(self) -> int:
        """Number of candidates."""
        return int(self.sets.shape[0])

    def elements(self, candidate: int) -> NDArray[np.int32]:
        """Return the elements that a candidate covers."""
        found: NDArray[np.int32] = self.sets.indices[self.sets.indptr[candidate] : self.sets.indptr[candidate + 1]]
        return found

    def covered(self, chosen: Iterable[int]) -> BoolArray:
        """Return which elements some candidates cover together; shape (m,)."""
        mask = np.zeros(self.sets.shape[1], dtype=bool)
        for candidate in chosen:
            mask[self.elements(candidate)] = True
        return mask

    def value_of(self, chosen: Iterable[int]) -> float:
        """Return the measure with some candidates chosen."""
        return self.base + float(self.weight[self.covered(chosen)].sum())

    def cost_of(self, chosen: Iterable[int]) -> float:
        """Return what some candidates cost together."""
        return float(self.cost[list(chosen)].sum())

    def broken(self, chosen: Iterable[int]) -> tuple[str, ...]:
        """Return the names of the rules that a choice breaks, in a fixed order; empty where it is allowed.

        A cap or floor is called by its name, a group ``exclusive:<number of it>``, a pair ``requires:<a>:<b>``, a
        locked candidate that is missing ``locked:<number>``.
        """
        taken, chosen = set(chosen), list(chosen)
        names = [f"exclusive:{k}" for k, group in enumerate(self.exclusive) if len(taken & set(group.tolist())) > 1]
        names += [f"requires:{a}:{b}" for a, b in self.requires if a in taken and b not in taken]
        names += [f"locked:{n}" for n in self.locked.tolist() if n not in taken]
        for cap in self.caps:
            used = sum(u for n, u in zip(cap.members.tolist(), cap.usage.tolist(), strict=True) if n in taken)
            if used > cap.upper * (1 + SLACK) + SLACK:
                names.append(cap.name)
        if self.floors:
            mask = self.covered(chosen)
            names += [f.name for f in self.floors if f.base + float(f.weight[mask].sum()) < f.level - SLACK]
        return tuple(names)


@dataclass(frozen=True, kw_only=True)
class Solution:
    """A choice and what is proven about it.

    Attributes
    ----------
    chosen : tuple of int
        In an order that is good early: the most gain per cost first, as far as the rules allow.
    value, cost : float
        Of the whole choice.
    bound : float
        No choice is better than this: a cost when cost was minimised, else a value.
    gap : float, ≥ 0
        Relative distance to the bound: (cost − bound) / cost, or (bound − value) / value; infinite where value is 0
        and the bound is not.
    proven : bool
        Whether the bound is a mathematical one. It is never True for a bound that only looks likely.
    method : str
        What found and what proved it, for a reader: ``greedy``, ``local search + Lagrangian bound``, ``HiGHS``, …
    stopped : bool
        Stopped by the caller or by the time limit; the choice is the best that was found until then.
    """

    chosen: tuple[int, ...]
    value: float
    cost: float
    bound: float
    gap: float
    proven: bool
    method: str
    stopped: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Merged:
    """Pixels that have the same candidates, made one.

    Attributes
    ----------
    sets : csr_array of shape (n candidates, m elements)
    weight : float ndarray of shape (m,)
    base : float
        Weight of the pixels covered from the start.
    rows : csr_array of shape (k, m)
        The other weights (of wards, …) of the elements.
    row_bases : float ndarray of shape (k,)
        The other weights of the pixels covered from the start.
    element : int64 ndarray of shape (pixels,)
        The element of each pixel; −1 where it is covered from the start, out of reach or counts for nothing.
    """

    sets: sparse.csr_array
    weight: FloatArray
    base: float
    rows: sparse.csr_array
    row_bases: FloatArray
    element: IntArray


def merged(
    sets: sparse.csr_array, weight: FloatArray, start: BoolArray, rows: sparse.csr_array | None = None
) -> Merged:
    """Return the same problem with one element for all pixels that have exactly the same candidates: nothing is lost.

    Parameters
    ----------
    sets : csr_array of shape (n candidates, pixels)
        Non-zero where a candidate covers a pixel, each pixel once in a row.
    weight : float ndarray of shape (pixels,), ≥ 0
    start : bool ndarray of shape (pixels,)
        Covered whatever is chosen: such pixels are in no set afterwards.
    rows : csr_array of shape (k, pixels), optional
        More weights, one row for each ward, say.

    Notes
    -----
    A pixel's candidates are told by the sum of random 64-bit numbers, one for each candidate; that every candidate
    covers the whole of a class or nothing of it is then checked, so that a collision cannot pass.
    """
    pixels = len(weight)
    others = rows if rows is not None else sparse.csr_array((0, pixels))
    counts = weight > 0
    counts[others.indices[others.data > 0]] = True
    for seed in range(8):
        element = _classes(sets, counts & ~start, seed)
        inside = np.flatnonzero(element >= 0)
        size = np.bincount(element[inside])
        into = sparse.csr_array((np.ones(len(inside)), (inside, element[inside])), shape=(pixels, len(size)))
        own = sparse.csr_array(_ones_like(sets) @ into)
        if (own.data == size[own.indices]).all():  # every candidate covers the whole of a class or nothing of it
            break
    else:
        raise AssertionError("eight different hashes collided")
    own.sort_indices()
    return Merged(
        sets=_ones_like(own),
        weight=np.bincount(element[inside], weight[inside], minlength=len(size)).astype(np.float64),
        base=float(weight[start].sum()),
        rows=sparse.csr_array(others @ into),
        row_bases=np.asarray(others @ start.astype(float)),
        element=element,
    )


def _classes(sets: sparse.csr_array, open_to: BoolArray, seed: int) -> IntArray:
    """Return the class of each pixel by the hash of its candidates; −1 for pixels that are not open or out of reach."""
    n, pixels = sets.shape
    keys = np.random.default_rng(seed).integers(1, 2**63, n, dtype=np.uint64)
    digest, reached = np.zeros(pixels, dtype=np.uint64), np.zeros(pixels, dtype=bool)
    for candidate in range(n):
        own = sets.indices[sets.indptr[candidate] : sets.indptr[candidate + 1]]
        digest[own] += keys[candidate]
        reached[own] = True
    where = np.flatnonzero(open_to & reached)
    element = np.full(pixels, -1, dtype=np.int64)
    _, first, inverse = np.unique(digest[where], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))  # in the order of pixels: what lies together is kept together
    element[where] = rank[inverse]
    return element


def _ones_like(sets: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(sets.indices)), sets.indices, sets.indptr), shape=sets.shape)
