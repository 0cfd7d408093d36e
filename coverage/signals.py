"""Signal: what every pixel of a grid receives from the cells around it. The only place where radio meets the grid."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from coverage.catalog import radios
from coverage.errors import GridError, RangeError
from coverage.grid import Grid, Raster, Surface
from coverage.models import TR38901, Mast, Path, PathLossModel, Sweep
from coverage.radio import antenna, budget, fading

__all__ = [
    "TR38901",
    "Patch",
    "PathLossModel",
    "Signal",
    "assign_environments",
    "predict_patches",
    "predict_signal",
]

Progress = Callable[[int, int], None]

UMI_HEIGHT_M = 12.0  # DESIGN §5.7: at or below, an antenna stands in the street canyon
BUILT_UP, WATER = 50, 80  # ESA WorldCover v200 classes; every other class is rural
THREADS = 2

# What a cell must have before its signal can be predicted (`coverage.cells.complete_cells` gives all of it);
# azimuth_deg may be NaN (omnidirectional) and environment missing (assigned here).
NEEDED = (
    "operator", "technology", "band", "height_m", "tilt_deg", "power_dbm", "bandwidth_mhz", "ssb_gain_dbi",
    "beamwidth_az_deg", "beamwidth_el_deg", "frequency_mhz",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Patch:
    """What one cell gives in a window of the grid.

    Attributes
    ----------
    cell : int
        Position of the cell in the frame.
    rows, cols : slice
        Window of the grid.
    probability : ndarray of shape (rows, cols), float32
        Probability that SS-RSRP reaches the threshold, 0 outside the sweep circle, NaN where the path is unknown.
    rsrp_dbm : ndarray of shape (rows, cols), float32
        Level of the expected received power [dBm], NaN outside the sweep circle and where the path is unknown.
    """

    cell: int
    rows: slice
    cols: slice
    probability: NDArray[np.float32]
    rsrp_dbm: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Signal:
    """What every pixel receives, operator by operator.

    Attributes
    ----------
    grid : Grid
        Where.
    cells : GeoDataFrame
        The cells predicted, fresh RangeIndex, with the environment each was given.
    operators : tuple of str
        Names in the order of the first axis, sorted.
    threshold_dbm : float
        Threshold behind `probability` [dBm].
    probability : ndarray of shape (operators, rows, cols), float32
        Probability of the best cell of the operator, 0 outside every sweep.
    rsrp_dbm : ndarray of shape (operators, rows, cols), float32
        SS-RSRP of the best server [dBm], NaN outside every sweep.
    server : ndarray of shape (operators, rows, cols), int32
        Row in `cells` of the best server, the cell with the greatest expected received power; −1 outside.
    unknown : ndarray of shape (rows, cols), bool
        Where the path from some cell is unknown: the other cells' probability stands there, and could be higher.
    model_id : str
        Model behind the figures.
    environments : mapping of str to int
        Environment → number of cells.
    environments_assumed : int
        Cells whose environment no field gave.
    unused : tuple of str
        Rasters that were given and that the model does not use.
    """

    grid: Grid
    cells: gpd.GeoDataFrame
    operators: tuple[str, ...]
    threshold_dbm: float
    probability: NDArray[np.float32]
    rsrp_dbm: NDArray[np.float32]
    server: NDArray[np.int32]
    unknown: NDArray[np.bool_]
    model_id: str = ""
    environments: Mapping[str, int] = field(default_factory=dict)
    environments_assumed: int = 0
    unused: tuple[str, ...] = ()

    @cached_property
    def union(self) -> NDArray[np.float32]:
        """Probability of the best cell of any operator, shape (rows, cols), 0 outside every sweep."""
        return np.asarray(self.probability.max(axis=0, initial=0.0))

    @cached_property
    def best_rsrp_dbm(self) -> NDArray[np.float32]:
        """SS-RSRP of the best server of any operator [dBm], shape (rows, cols), NaN outside every sweep."""
        level = np.where(np.isnan(self.rsrp_dbm), -np.inf, self.rsrp_dbm).max(axis=0, initial=-np.inf)
        return np.where(np.isneginf(level), np.nan, level).astype(np.float32)

    @cached_property
    def best_server(self) -> NDArray[np.int32]:
        """Row in `cells` of the best server of any operator, shape (rows, cols), −1 outside every sweep."""
        best = np.full(self.grid.shape, -1, dtype=np.int32)
        for level, server in zip(self.rsrp_dbm, self.server, strict=True):
            holds = level == self.best_rsrp_dbm
            best = np.where(holds & ((best < 0) | (server < best)), server, best)
        return best


def predict_signal(
    cells: gpd.GeoDataFrame,
    grid: Grid,
    model: PathLossModel,
    surface: Surface | None = None,
    *,
    threshold_dbm: float,
    progress: Progress | None = None,
) -> Signal:
    """Return what every pixel of a grid receives from completed cells of one technology.

    The probability of a pixel is the largest over cells: shadowing is shared, so cells are not independent. The best
    server is the cell with the greatest expected received power, p_LOS·10^(μ_LOS/10) + (1 − p_LOS)·10^(μ_NLOS/10) in
    milliwatt; levels in decibel are never averaged. Equal powers go to the cell that stands first.

    Parameters
    ----------
    cells : GeoDataFrame
        Points in the CRS of the grid, completed by `coverage.cells.complete_cells`.
    grid : Grid
        Where; only distances to pixel centres enter.
    model : PathLossModel
        How.
    surface : Surface, optional
        Terrain and land cover.
    threshold_dbm : float
        SS-RSRP a pixel must reach [dBm].
    progress : callable, optional
        Called with (cells done, cells in all).

    Raises
    ------
    GridError
        ``crs_mismatch`` when the cells are in another CRS than the grid.
    RangeError
        ``cells_incomplete`` for a missing value; whatever the model refuses.
    """
    _check(cells, grid)
    placed = assign_environments(cells, surface)
    operators = tuple(sorted(set(placed["operator"])))
    shape = (len(operators), *grid.shape)
    probability = np.zeros(shape, dtype=np.float32)
    rsrp_dbm = np.full(shape, np.nan, dtype=np.float32)
    server = np.full(shape, -1, dtype=np.int32)
    unknown = np.zeros(grid.shape, dtype=bool)
    owner = [operators.index(name) for name in placed["operator"]]
    for patch in predict_patches(placed, grid, model, surface, threshold_dbm=threshold_dbm, progress=progress):
        window = (owner[patch.cell], patch.rows, patch.cols)
        _take(patch, probability[window], rsrp_dbm[window], server[window])
        unknown[patch.rows, patch.cols] |= np.isnan(patch.probability)
    return Signal(
        grid=grid,
        cells=placed,
        operators=operators,
        threshold_dbm=threshold_dbm,
        probability=probability,
        rsrp_dbm=rsrp_dbm,
        server=server,
        unknown=unknown,
        model_id=model.id,
        environments=dict(sorted(Counter(placed["environment"]).items())),
        environments_assumed=int(placed["environment_assumed"].sum()),
        unused=() if surface is None else tuple(n for n in model.ignores if getattr(surface, n) is not None),
    )


def _take(
    patch: Patch, probability: NDArray[np.float32], rsrp_dbm: NDArray[np.float32], server: NDArray[np.int32]
) -> None:
    """Put a patch into the windows of its operator where it is better."""
    np.fmax(probability, patch.probability, out=probability)  # NaN is unknown, not less
    better = (patch.rsrp_dbm > rsrp_dbm) | (np.isnan(rsrp_dbm) & ~np.isnan(patch.rsrp_dbm))
    # Masts come in the order of their first cell, so a tie may meet a holder that stands later in the frame.
    better |= (patch.rsrp_dbm == rsrp_dbm) & (patch.cell < server)
    np.copyto(rsrp_dbm, patch.rsrp_dbm, where=better)
    np.copyto(server, np.int32(patch.cell), where=better)


def predict_patches(
    cells: gpd.GeoDataFrame,
    grid: Grid,
    model: PathLossModel,
    surface: Surface | None = None,
    *,
    threshold_dbm: float,
    progress: Progress | None = None,
) -> Iterator[Patch]:
    """Yield what each cell gives around itself, mast by mast; a cell whose sweep misses the grid gives nothing.

    A pixel of a patch depends on its cell, the model and the grid alone: predicted with others or by itself, a cell
    gives the same bits.

    Parameters
    ----------
    cells, grid, model, surface, threshold_dbm, progress
        As in `predict_signal`.

    Raises
    ------
    GridError, RangeError
        As `predict_signal`.
    """
    _check(cells, grid)
    placed = assign_environments(cells, surface)
    masts = _masts(placed)
    antennas = [_Antenna.of(row) for row in placed.to_dict("records")]
    find = model.over(surface, grid).near
    total, done = len(placed), 0

    def work(mast: Mast, members: Sequence[int]) -> list[Patch]:
        sweep = _sweep(mast, grid, model.sweep_m)
        if not sweep.inside.size:
            return []
        return _mast_patches([(i, antennas[i]) for i in members], sweep, find(mast, sweep), threshold_dbm)

    for members, patches in _in_order(work, list(masts.items())):
        yield from patches
        done += members
        if progress is not None:
            progress(done, total)


def assign_environments(cells: gpd.GeoDataFrame, surface: Surface | None) -> gpd.GeoDataFrame:
    """Return the cells with an environment each, on a fresh RangeIndex.

    A given environment stays. Else UMi at or below 12 m; RMa where the land cover at the site is known and neither
    built-up nor water; UMa otherwise. The column ``environment_assumed`` tells which were not given.
    """
    placed = cells.reset_index(drop=True)
    given = placed["environment"] if "environment" in placed else pd.Series(np.nan, index=placed.index)
    missing = given.isna().to_numpy(dtype=bool)
    rural = np.zeros(len(placed), dtype=bool)
    if missing.any() and surface is not None and surface.clutter is not None:
        code = _sampled(surface.clutter, placed)
        rural = np.isfinite(code) & (code > 0) & (code != BUILT_UP) & (code != WATER)
    low = placed["height_m"].to_numpy(dtype=float) <= UMI_HEIGHT_M
    assumed = np.where(low, "UMi", np.where(rural, "RMa", "UMa"))
    placed["environment"] = np.where(missing, assumed, given.to_numpy(dtype=object))
    if "environment_assumed" in placed:  # placed before: what was assumed then is still assumed
        missing = missing | placed["environment_assumed"].eq(True).to_numpy(dtype=bool)
    placed["environment_assumed"] = missing
    return placed


def _sampled(raster: Raster, cells: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the value of the raster pixel each cell stands on, NaN outside."""
    to_raster = Transformer.from_crs(cells.crs, raster.crs, always_xy=True)
    x, y = to_raster.transform(cells.geometry.x.to_numpy(), cells.geometry.y.to_numpy())
    a, b, c, d, e, f = tuple(~raster.transform)[:6]
    cols, rows = np.floor(a * x + b * y + c), np.floor(d * x + e * y + f)
    pixels = np.asarray(raster.values)
    inside = (cols >= 0) & (cols < pixels.shape[1]) & (rows >= 0) & (rows < pixels.shape[0])
    value = np.full(len(cells), np.nan)
    value[inside] = pixels[rows[inside].astype(int), cols[inside].astype(int)]
    return value


def _check(cells: gpd.GeoDataFrame, grid: Grid) -> None:
    if cells.crs is None or cells.crs != CRS.from_user_input(grid.crs):
        raise GridError("crs_mismatch", given=str(cells.crs), expected=grid.crs)
    for name in NEEDED:
        missing = len(cells) if name not in cells else int(cells[name].isna().sum())
        if missing:
            raise RangeError("cells_incomplete", field=name, cells=missing)
    unplaced = int((~np.isfinite(cells.geometry.x) | ~np.isfinite(cells.geometry.y)).sum())
    if unplaced:
        raise RangeError("cells_incomplete", field="geometry", cells=unplaced)


def _masts(cells: gpd.GeoDataFrame) -> dict[Mast, list[int]]:
    masts: dict[Mast, list[int]] = {}
    columns = (cells.geometry.x, cells.geometry.y, cells["height_m"], cells["frequency_mhz"])
    rows = zip(*(column.to_numpy(dtype=float).tolist() for column in columns), cells["environment"], strict=True)
    for index, row in enumerate(rows):
        masts.setdefault(Mast(*row), []).append(index)
    return masts


class _Antenna(NamedTuple):
    """What differs between the cells of a mast: reference level [dBm at 0 dB loss on the axis] and pattern."""

    reference_dbm: float
    pattern: dict[str, float]

    @classmethod
    def of(cls, cell: Mapping[Any, Any]) -> _Antenna:
        scs_khz = radios.band(cell["band"]).scs_khz
        n_rb = budget.resource_blocks(cell["technology"], cell["bandwidth_mhz"], scs_khz)
        level = budget.ss_rsrp_dbm(0.0, power_dbm=cell["power_dbm"], n_rb=n_rb, gain_dbi=cell["ssb_gain_dbi"])
        shape = ("azimuth_deg", "tilt_deg", "beamwidth_az_deg", "beamwidth_el_deg")
        return cls(float(level), {name: float(cell[name]) for name in shape})


def _sweep(mast: Mast, grid: Grid, radius_m: float) -> Sweep:
    rows, cols = grid.window(mast.easting_m, mast.northing_m, radius_m)
    east = grid.eastings[cols] - mast.easting_m
    north = grid.northings[rows] - mast.northing_m
    squared = north[:, None] ** 2 + east[None, :] ** 2
    inside = np.flatnonzero(squared <= radius_m**2)
    row, col = np.divmod(inside, max(east.size, 1))
    return Sweep(
        rows=rows,
        cols=cols,
        inside=inside,
        distance_m=np.sqrt(squared.ravel()[inside]),
        bearing_deg=np.degrees(np.arctan2(east[col], north[row])),
    )


def _mast_patches(
    antennas: Sequence[tuple[int, _Antenna]], sweep: Sweep, path: Path, threshold_dbm: float
) -> list[Patch]:
    mean_gain = fading.mean_path_gain_db(path.los_db, path.nlos_db, path.p_los)
    shape = (sweep.rows.stop - sweep.rows.start, sweep.cols.stop - sweep.cols.start)

    def on_window(values: NDArray[np.float64], outside: float) -> NDArray[np.float32]:
        window = np.full(shape, outside, dtype=np.float32)
        window.ravel()[sweep.inside] = values
        return window

    patches = []
    for index, cell in antennas:
        level = cell.reference_dbm + antenna.sector_gain_db(sweep.bearing_deg, path.depression_deg, **cell.pattern)
        reached = fading.threshold_probability(
            level - path.los_db, level - path.nlos_db, path.p_los,
            sigma_los_db=path.sigma_los_db, sigma_nlos_db=path.sigma_nlos_db, threshold_dbm=threshold_dbm,
        )  # fmt: skip
        values = {"probability": on_window(reached, 0.0), "rsrp_dbm": on_window(level + mean_gain, math.nan)}
        patches.append(Patch(cell=index, rows=sweep.rows, cols=sweep.cols, **values))
    return patches


def _in_order(
    work: Callable[[Mast, Sequence[int]], list[Patch]], masts: Sequence[tuple[Mast, Sequence[int]]]
) -> Iterator[tuple[int, list[Patch]]]:
    """Run the masts on a few threads and yield (number of cells, patches) in the order given.

    The order, and with it every tie, does not depend on the threads. Few masts are in flight, so memory stays small.
    """
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        flying: deque[tuple[int, Future[list[Patch]]]] = deque()
        for mast, members in masts:
            flying.append((len(members), pool.submit(work, mast, members)))
            if len(flying) > 2 * THREADS:
                count, done = flying.popleft()
                yield count, done.result()
        while flying:
            count, done = flying.popleft()
            yield count, done.result()
