"""What each change covers by itself, pixel by pixel, sparse: the sets that every plan is chosen from.

A change that takes cells away makes its site a choice: the cells that may go cover nothing from the start; to keep them
is a mode that costs nothing, each such change another, and at most one mode of a site is chosen. So the union of what
is chosen stays exactly what a re-run of the study covers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from coverage.changes import Change
from coverage.measures import covered
from coverage.signals import predict_patches, predict_signal
from coverage.study import Progress, Result, Study

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Modes:
    """The rows of a plan: n changes, then one row for each group of standing cells that some change may take away.

    Attributes
    ----------
    changes : tuple of n Change
    standing : GeoDataFrame
        The cells of the study.
    fixed : bool ndarray of shape (standing cells,)
        Those that no change takes.
    kept : tuple of n + g int ndarray
        Rows of `standing` that stay when the row is chosen; empty where nothing of the group's is left, and for changes
        that only add.
    group : int ndarray of shape (n,)
        Group of each change, 0 … g − 1; −1 for changes that only add.
    """

    changes: tuple[Change, ...]
    standing: gpd.GeoDataFrame
    fixed: BoolArray
    kept: tuple[IntArray, ...]
    group: IntArray

    @property
    def count(self) -> int:
        """Number of rows, n + g."""
        return len(self.kept)

    @property
    def stays(self) -> IntArray:
        """The rows that keep a group as it is, shape (g,)."""
        return np.arange(len(self.changes), self.count)

    @property
    def exclusive(self) -> tuple[IntArray, ...]:
        """The rows of each group, of which at most one is chosen."""
        n = len(self.changes)
        return tuple(np.append(np.flatnonzero(self.group == k), n + k) for k in range(self.count - n))

    def completed(self, chosen: Sequence[int]) -> tuple[int, ...]:
        """Return rows with every group that no chosen change touches kept as it is."""
        n = len(self.changes)
        changes = [row for row in chosen if row < n]
        touched = {int(self.group[row]) for row in changes}
        return (*changes, *(n + k for k in range(self.count - n) if k not in touched))


def modes_of(changes: Sequence[Change], standing: gpd.GeoDataFrame) -> Modes:
    """Return the rows of a plan.

    Parameters
    ----------
    changes : sequence of Change
    standing : GeoDataFrame
        The cells of the study.
    """
    takes = [np.flatnonzero(change.takes(standing)) for change in changes]
    n, nothing = len(changes), np.zeros(0, dtype=np.int64)
    owner = np.repeat(np.arange(n), [len(rows) for rows in takes])
    taken = np.concatenate([*takes, nothing])
    # Changes that take a cell in common belong together, and with them whatever else they take.
    links = sparse.coo_array((np.ones(len(taken)), (owner, n + taken)), shape=(n + len(standing),) * 2)
    label = connected_components(links, directed=False)[1]
    names, group_of = np.unique(label[owner], return_inverse=True) if len(owner) else (nothing, nothing)
    group = np.full(n, -1, dtype=np.int64)
    group[owner] = group_of
    cells = [np.unique(taken[group_of == k]) for k in range(len(names))]
    kept = [np.setdiff1d(cells[k], takes[row]) if k >= 0 else nothing for row, k in enumerate(group.tolist())]
    fixed = np.ones(len(standing), dtype=bool)
    fixed[taken] = False
    return Modes(changes=tuple(changes), standing=standing, fixed=fixed, kept=(*kept, *cells), group=group)


@dataclass(frozen=True, kw_only=True, eq=False)
class Reach:
    """What every row of a plan covers, for one or several networks.

    Attributes
    ----------
    modes : Modes
    networks : tuple of (str or None)
        Operators counted by themselves; None is all of them together.
    sets : csr_array of shape (modes.count, networks × pixels), int8
        Non-zero where a row covers a pixel of the grid for a network; pixels row by row.
    start : bool ndarray of shape (networks × pixels,)
        Covered by the cells that no change takes.
    """

    modes: Modes
    networks: tuple[str | None, ...]
    sets: sparse.csr_array
    start: BoolArray


def reach(
    study: Study,
    changes: Sequence[Change],
    *,
    today: Result,
    networks: tuple[str | None, ...] = (None,),
    progress: Progress | None = None,
) -> Reach:
    """Return what each change covers by itself, under the definition of a study.

    Parameters
    ----------
    study : Study
        Under a definition on the power received outdoors.
    changes : sequence of Change
    today : Result
        Of the study.
    networks : tuple of (str or None)
        Operators to be counted by themselves; None counts all of them together.
    progress : callable(done, total) or None

    Raises
    ------
    DefinitionError
        ``definition_not_outdoor_power``.
    """
    modes = modes_of(changes, study.cells)
    start = _start(study, modes, today, networks)
    found = _covered_by_cells(study, modes, networks, progress)
    rows = [np.unique(np.concatenate(parts)) for parts in found]
    pointers = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    index = np.concatenate([*rows, np.zeros(0, dtype=np.int64)])
    sets = sparse.csr_array((np.ones(len(index), dtype=np.int8), index, pointers), shape=(modes.count, len(start)))
    return Reach(modes=modes, networks=networks, sets=sets, start=start)


def _start(study: Study, modes: Modes, today: Result, networks: tuple[str | None, ...]) -> BoolArray:
    threshold, edge = study.rule.rule()
    signal = today.signal
    if not modes.fixed.all():
        cells = gpd.GeoDataFrame(modes.standing[modes.fixed].reset_index(drop=True))
        signal = predict_signal(cells, study.grid, study.path_model, study.city.surface, threshold_dbm=threshold)
    layers = []
    for network in networks:
        if network is None:
            layers.append(covered(signal.union, edge).ravel())
        elif network in signal.operators:
            layers.append(covered(signal.probability[signal.operators.index(network)], edge).ravel())
        else:
            layers.append(np.zeros(study.grid.rows * study.grid.cols, dtype=bool))
    return np.concatenate(layers)


def _covered_by_cells(
    study: Study, modes: Modes, networks: tuple[str | None, ...], progress: Progress | None
) -> list[list[IntArray]]:
    """Return for every row the pixels that each of its cells covers."""
    threshold, edge = study.rule.rule()
    grid = study.grid
    found: list[list[IntArray]] = [[np.zeros(0, dtype=np.int64)] for _ in range(modes.count)]
    cells, owners = _cells(study, modes)
    if not len(cells):
        return found
    layers = [
        [k for k, network in enumerate(networks) if network in (None, operator)] for operator in cells["operator"]
    ]
    for patch in predict_patches(
        cells, grid, study.path_model, study.city.surface, threshold_dbm=threshold, progress=progress
    ):
        row, col = np.nonzero(covered(patch.probability, edge))
        pixels = (row + patch.rows.start) * grid.cols + col + patch.cols.start
        for layer in layers[patch.cell]:
            for owner in owners[patch.cell]:
                found[owner].append(pixels + layer * grid.rows * grid.cols)
    return found


def _cells(study: Study, modes: Modes) -> tuple[gpd.GeoDataFrame, list[list[int]]]:
    """Return every cell that is predicted by itself, and the rows that each of them serves."""
    frames, owners = [], []
    for row, change in enumerate(modes.changes):
        if len(change.cells):
            own = change.cells[change.cells["technology"] == study.technology]
            frames.append(own)
            owners += [[row]] * len(own)
    movable = np.flatnonzero(~modes.fixed)
    serves: dict[int, list[int]] = {cell: [] for cell in movable.tolist()}
    for row, kept in enumerate(modes.kept):
        for cell in kept.tolist():
            serves[cell].append(row)
    if len(movable):
        frames.append(modes.standing.iloc[movable])
        owners += [serves[cell] for cell in movable.tolist()]
    if not frames:
        return modes.standing.iloc[:0], []
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=modes.standing.crs), owners
