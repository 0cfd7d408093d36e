"""From a study, its changes and what is wanted to the problem that the solvers solve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coverage.changes import Change
from coverage.planning.aims import Aim
from coverage.planning.problem import Cap, Floor, Merged, Problem, merged
from coverage.planning.reach import Modes, Reach
from coverage.planning.worth import ON_PIXELS, Objective, columns_of, ward_rows
from coverage.study import Result

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Terms:
    """What a choice has to keep, in numbers of the list of changes.

    Attributes
    ----------
    exclusive : tuple of int ndarray
        At most one change of each group.
    requires : tuple of (int, int)
        (a, b): change a only together with b.
    caps : tuple of Cap
    locked : tuple of int
        Changes that are in every plan.
    floor : float or None
        Share that every ward of the mainland must reach, 0–1.
    each : float or None
        Share that every operator must reach where several are counted by themselves, 0–1.
    """

    exclusive: tuple[IntArray, ...] = ()
    requires: tuple[tuple[int, int], ...] = ()
    caps: tuple[Cap, ...] = ()
    locked: tuple[int, ...] = ()
    floor: float | None = None
    each: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Posed:
    """A problem, and the wards in it.

    Attributes
    ----------
    problem : Problem
        Its candidates are the rows of `modes`.
    modes : Modes
    ward_ids : tuple of str
        Wards with a known share.
    wards : csr_array of shape (wards, elements)
        What each element adds to the share of each ward.
    ward_bases : float ndarray of shape (wards,)
        Share of each ward whatever is chosen.
    networks : csr_array of shape (networks, elements)
        What each element adds to the figure of each network; without rows where there is only one.
    network_bases : float ndarray of shape (networks,)
    """

    problem: Problem
    modes: Modes
    ward_ids: tuple[str, ...]
    wards: sparse.csr_array
    ward_bases: FloatArray
    networks: sparse.csr_array
    network_bases: FloatArray

    def ward_shares(self, chosen: Sequence[int]) -> FloatArray:
        """Return the share of each ward with some rows chosen, shape (wards,)."""
        reached = self.problem.covered(self.modes.completed(chosen)).astype(float)
        return np.asarray(self.ward_bases + self.wards @ reached)

    def network_shares(self, chosen: Sequence[int]) -> FloatArray:
        """Return the figure of each network with some rows chosen, shape (networks,)."""
        if not self.networks.shape[0]:
            return np.array([self.value(chosen)])
        reached = self.problem.covered(self.modes.completed(chosen)).astype(float)
        return np.asarray(self.network_bases + self.networks @ reached)

    def value(self, chosen: Sequence[int]) -> float:
        """Return the measure with some rows chosen, and every other site as it stands."""
        return self.problem.value_of(self.modes.completed(chosen))


def pose(reach: Reach, today: Result, aim: Aim, terms: Terms, *, with_wards: bool = False) -> Posed:
    """Return the problem of a plan.

    Parameters
    ----------
    reach : Reach
    today : Result
    aim : Aim
    terms : Terms
    with_wards : bool
        Keep what each element adds to each ward; a floor keeps it anyway.
    """
    columns = columns_of(reach, today, aim.parts)
    blocks, names = _ward_block(reach, today, aim) if with_wards or terms.floor is not None else (None, [])
    nets = _network_block(reach, columns.weight)
    width = len(columns.weight)
    given = [_widened(block, width) for block in (blocks, nets) if block is not None]
    rows = sparse.csr_array(sparse.vstack(given)) if given else None
    small = merged(columns.sets, columns.weight, columns.start, rows)
    split = len(names)
    wards, networks = small.rows[:split], small.rows[split:]
    modes = reach.modes
    problem = Problem(
        sets=small.sets,
        weight=small.weight,
        cost=np.array([change.cost_vnd for change in modes.changes] + [0.0] * len(modes.stays)),
        base=small.base,
        exclusive=(*terms.exclusive, *modes.exclusive, *_wards_connected(modes.changes), *_gone_whole(modes.changes)),
        requires=terms.requires,
        caps=terms.caps,
        floors=(*_ward_floors(small, names, terms.floor), *_network_floors(small, split, aim, terms.each)),
        locked=np.array(terms.locked, dtype=np.int64),
    )
    return Posed(
        problem=problem,
        modes=modes,
        ward_ids=tuple(names),
        wards=sparse.csr_array(wards),
        ward_bases=small.row_bases[:split],
        networks=sparse.csr_array(networks),
        network_bases=small.row_bases[split:],
    )


def ward_objective(aim: Aim) -> Objective:
    """Return the measure on pixels that floors and fairness of wards speak of: the first of the aim, else area."""
    return next((name for name, _ in aim.parts if name in ON_PIXELS), "area")


def _ward_block(reach: Reach, today: Result, aim: Aim) -> tuple[sparse.csr_array, list[str]]:
    """Return the rows of the wards; where several operators are counted, the mean of their shares."""
    rows, names = ward_rows(today, ward_objective(aim))
    count = len(reach.networks)
    return sparse.csr_array(sparse.hstack([rows / count] * count)), names


def _network_block(reach: Reach, weight: FloatArray) -> sparse.csr_array | None:
    """Return the figure of each network as a row, None where there is only one."""
    count = len(reach.networks)
    if count == 1:
        return None
    pixels = len(reach.start) // count
    shared = weight.copy()
    shared[: count * pixels] = 0.0
    rows = []
    for k in range(count):
        own = shared.copy()  # lines and stations are no operator's own: they count in every figure
        own[k * pixels : (k + 1) * pixels] = count * weight[k * pixels : (k + 1) * pixels]
        rows.append(sparse.csr_array(own[None, :]))
    return sparse.csr_array(sparse.vstack(rows))


def _widened(block: sparse.csr_array, width: int) -> sparse.csr_array:
    return sparse.csr_array((block.data, block.indices, block.indptr), shape=(block.shape[0], width))


def _ward_floors(small: Merged, names: Sequence[str], level: float | None) -> list[Floor]:
    if level is None:
        return []
    return [
        Floor(
            weight=small.rows[[k]].toarray().ravel(), base=float(small.row_bases[k]), level=level, name=f"ward:{name}"
        )
        for k, name in enumerate(names)
        if small.row_bases[k] < level
    ]


def _network_floors(small: Merged, first: int, aim: Aim, level: float | None) -> list[Floor]:
    if level is None or len(aim.operators) < 2:
        return []
    return [
        Floor(
            weight=small.rows[[first + k]].toarray().ravel(), base=float(small.row_bases[first + k]), level=level,
            name=f"operator:{name}",
        )
        for k, name in enumerate(aim.operators)
    ]  # fmt: skip


def _wards_connected(changes: Sequence[Change]) -> list[IntArray]:
    """Return the changes that connect the same ward: the amounts of two of them would not add up."""
    of_ward: dict[str, list[int]] = {}
    for row, change in enumerate(changes):
        if change.kind == "connect" and change.ward_id is not None:
            of_ward.setdefault(change.ward_id, []).append(row)
    return [np.array(rows, dtype=np.int64) for rows in of_ward.values() if len(rows) > 1]


def _gone_whole(changes: Sequence[Change]) -> list[IntArray]:
    """Return pairs of a site that is taken down whole and what another change would put on it."""
    of_site: dict[str, list[int]] = {}
    for row, change in enumerate(changes):
        of_site.setdefault(change.site_id, []).append(row)
    return [
        np.array([row, other], dtype=np.int64)
        for row, change in enumerate(changes)
        if change.kind == "retire" and not change.removes
        for other in of_site[change.site_id]
        if len(changes[other].cells) and set(changes[other].operators) & set(change.operators)
    ]


def worst_tenth(shares: FloatArray) -> float:
    """Return the mean share of the worst tenth of the wards; NaN without wards.

    At least one ward counts; of the last one the part that makes it a tenth.

    >>> worst_tenth(np.array([0.5, 0.1, 0.9]))
    0.1
    """
    if not len(shares):
        return math.nan
    least = max(len(shares) / 10, 1.0)
    return float(np.sort(shares) @ np.clip(least - np.arange(len(shares)), 0.0, 1.0)) / least
