"""What if: the figures of a study after a few cells changed, without predicting the others again.

Only pixels that a cell which goes away had decided are composed anew, and only cells that come are added: the figures
are those of a full run, to the last digit that sums of doubles keep.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely.geometry import Point

from coverage.composing import Canvas, Scene, compose, swept
from coverage.errors import PlanError
from coverage.models import Far
from coverage.scenarios import Scenario
from coverage.signals import Patch, predict_patches
from coverage.study import Result, Study

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The figures after a change.

    Attributes
    ----------
    study : Study
        The study of the changed city; running it gives the same figures.
    wards, city : DataFrame
        As in `coverage.study.Result`.
    operator : str or None
        As in `coverage.study.Result`.
    operators : tuple of str
    probability : float32 ndarray of shape (operators, rows, cols)
    """

    study: Study
    wards: pd.DataFrame
    city: pd.DataFrame
    operator: str | None
    operators: tuple[str, ...]
    probability: Probabilities

    @property
    def headline(self) -> float:
        """The one figure of the definition."""
        return float(np.asarray(self.city.loc[self.study.rule.headline, "value"]))


@dataclass(frozen=True, kw_only=True, eq=False)
class WhatIf:
    """Questions about a result: what if a site stood elsewhere, were gone, or there were one more.

    Attributes
    ----------
    result : Result
        Of a definition on received power.

    Examples
    --------
    >>> import coverage as cov
    >>> today = cov.Study(cov.demo_city(), pixel_m=400).run()
    >>> ask = cov.WhatIf(result=today)
    >>> busiest = today.signal.cells["site_id"].iloc[0]
    >>> ask.removed(busiest).headline <= today.headline
    True
    """

    result: Result

    def moved(self, site_id: str, easting_m: float, northing_m: float) -> Outcome:
        """Return the figures with a site at another place [m, working CRS], everything else on it unchanged.

        Raises
        ------
        PlanError
            ``site_unknown`` when no cell of the study stands on that site.
        """
        gone = self._of_site(site_id)
        cells = self.result.signal.cells[gone]
        # What was assumed from the old place is to be assumed again from the new one.
        known = cells["environment"].mask(cells["environment_assumed"].astype(bool))
        there = cells.assign(environment=known).drop(columns="environment_assumed")
        place = gpd.GeoSeries([Point(easting_m, northing_m)] * len(there), index=there.index, crs=cells.crs)
        return self.changed(gone, there.set_geometry(place))

    def removed(self, site_id: str) -> Outcome:
        """Return the figures without a site; raises as `moved`."""
        return self.changed(self._of_site(site_id))

    def added(self, cells: gpd.GeoDataFrame) -> Outcome:
        """Return the figures with more cells, completed by `coverage.cells.complete_cells`, in the working CRS."""
        return self.changed(np.zeros(len(self.result.signal.cells), dtype=bool), cells)

    def under(self, scenario: Scenario) -> Outcome:
        """Return the figures after a scenario, those of ``study.under(scenario).run()``."""
        study, cells = self.result.study, self.result.signal.cells
        after = study.under(scenario)  # refuses what cannot be done, before anything is predicted
        gone, new = np.zeros(len(cells), dtype=bool), cells.iloc[:0]
        for change in scenario.changes:
            gone |= change.takes(cells)
            new = new[~change.takes(new)]
            fitting = change.cells[change.cells["technology"] == study.technology] if len(change.cells) else new[:0]
            if len(fitting):
                new = fitting if new.empty else gpd.GeoDataFrame(pd.concat([new, fitting], ignore_index=True))
        return self._measured(gone, new, after)

    def changed(self, gone: NDArray[np.bool_], new: gpd.GeoDataFrame | None = None) -> Outcome:
        """Return the figures without some cells and with some others.

        Parameters
        ----------
        gone : bool ndarray of shape (cells,)
            Cells of ``result.signal.cells`` that go.
        new : GeoDataFrame, optional
            Completed cells that come, in the working CRS.
        """
        return self._measured(gone, new, self._study_with(gone, new))

    def _measured(self, gone: NDArray[np.bool_], new: gpd.GeoDataFrame | None, after: Study) -> Outcome:
        signal, coming = self.result.signal, [] if new is None else sorted(set(new["operator"]))
        operators = (*signal.operators, *(name for name in coming if name not in signal.operators))
        probability = np.zeros((len(operators), *signal.grid.shape), dtype=np.float32)
        probability[: len(signal.operators)] = signal.probability
        if gone.any():
            self._take_away(probability, gone)
        if new is not None and len(new):
            layer = [operators.index(name) for name in new["operator"]]
            for patch in self._patches(new):
                _put(probability[layer[patch.cell]], patch)
        wards, city, operator = after.measure(after.networks(operators, probability))
        return Outcome(
            study=after, wards=wards, city=city, operator=operator, operators=operators, probability=probability
        )

    def _take_away(self, probability: Probabilities, gone: NDArray[np.bool_]) -> None:
        """Compose the pixels anew that a cell which goes had decided; in no other pixel does anything change."""
        cells, names = self.result.signal.cells, self.result.signal.operators
        layer = np.array([names.index(name) for name in cells["operator"]])
        going = np.flatnonzero(gone)
        decided = {k: np.zeros(self.result.signal.grid.shape, dtype=bool) for k in set(layer[going].tolist())}
        for patch in self._patches(cells.iloc[going]):
            k, window = layer[going[patch.cell]], (patch.rows, patch.cols)
            decided[k][window] |= (patch.probability >= probability[k][window]) & (patch.probability > 0)
        for k, mask in decided.items():
            if (around := _around(mask)) is None:
                continue
            canvas = Canvas.blank(self.result.signal.grid, 1, around)
            owner = np.where((layer == k) & ~gone, 0, -1)
            compose(self._scene, self._fars, canvas, owner, threshold_dbm=self._threshold_dbm)
            np.copyto(probability[k][around], canvas.probability[0], where=mask[around])

    def _patches(self, cells: gpd.GeoDataFrame) -> Sequence[Patch]:
        study = self.result.study
        model, surface = study.path_model, study.city.surface
        return list(predict_patches(cells, study.grid, model, surface, threshold_dbm=self._threshold_dbm))

    @property
    def _threshold_dbm(self) -> float:
        return self.result.definition.rule()[0]

    @cached_property
    def _scene(self) -> Scene:
        study = self.result.study
        return Scene.of(self.result.signal.cells, study.grid, study.path_model, study.city.surface)

    @cached_property
    def _fars(self) -> list[Far | None]:
        return swept(self._scene)

    def _of_site(self, site_id: str) -> NDArray[np.bool_]:
        of_site: NDArray[np.bool_] = (self.result.signal.cells["site_id"] == site_id).to_numpy(dtype=bool)
        if not of_site.any():
            raise PlanError("site_unknown", site_id=site_id)
        return of_site

    def _study_with(self, gone: NDArray[np.bool_], new: gpd.GeoDataFrame | None) -> Study:
        """Return the study of the changed city."""
        study = self.result.study
        layer = study.city.cells
        of_study = np.flatnonzero((layer.frame["technology"] == study.technology).to_numpy())
        stay = np.ones(len(layer.frame), dtype=bool)
        stay[of_study[gone]] = False
        frame = layer.frame[stay]
        if new is not None and len(new):
            frame = gpd.GeoDataFrame(pd.concat([frame, new], ignore_index=True), crs=layer.frame.crs)
        city = dataclasses.replace(study.city, cells=layer.with_frame(frame.reset_index(drop=True)))
        return study.of(city)


def _put(probability: Probabilities, patch: Patch) -> None:
    """Raise the probability where a patch is better; NaN is unknown, not less."""
    window = patch.rows, patch.cols
    probability[window] = np.fmax(probability[window], patch.probability)


def _around(mask: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """Return the smallest window that holds every True pixel; None where there is none."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)
