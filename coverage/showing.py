"""A result shown by the wards of another edition than the one it was measured in."""

from __future__ import annotations

import geopandas as gpd
import shapely

from coverage.backward import is_forward
from coverage.crosswalks import Split, crosswalk
from coverage.editions import as_edition, need_edition
from coverage.layers import Layer
from coverage.measures import households_in
from coverage.polygons import polygons_only
from coverage.restating import Restatement, restate
from coverage.study import Result, Study


def in_edition(result: Result, edition: str, wards: Layer | None = None) -> Restatement:
    """Return the ward table of a result by the wards of any edition.

    Counts are carried to the last household, shares computed again from the counts behind them; figures of the city do
    not change, except the number of wards itself.

    Parameters
    ----------
    result : Result
    edition : {"2019", "2025h1", "2025h2"}
    wards : Layer, optional
        Polygons of that edition: they are drawn, and the one commune that was divided (Hòa Liên) is then divided by the
        households that lie on either side of the new border and by area, instead of by the overlay on record.

    Raises
    ------
    LayerError
        What `coverage.restating.restate` raises.

    Examples
    --------
    >>> import coverage as cov
    >>> result = cov.Study(cov.demo_city(), pixel_m=400).run()
    >>> shown = in_edition(result, "2025h2")
    >>> len(shown.wards), int(shown.wards["households"].sum())
    (15, 300501)
    """
    layer = result.study.city.wards
    split = None if wards is None else household_split(result.study, edition, wards)
    return restate(
        result.wards,
        layer.edition,
        edition,
        polygons=layer.frame.geometry,
        given=wards,
        split=split,
        file=layer.source.name,
    )


def household_split(study: Study, edition: str, wards: Layer) -> Split | None:
    """Return how the households of divided wards lie in the polygons of a later edition, None where nothing tells.

    Parameters
    ----------
    study : Study
    edition : {"2019", "2025h1", "2025h2"}
    wards : Layer
        Polygons of the edition.

    Raises
    ------
    LayerError
        ``edition_unknown``.
    """
    old, new = as_edition(study.city.wards.edition), need_edition(edition)
    if old is None or not is_forward(old, new):
        return None
    shapes, units = study.city.wards.frame.geometry, wards.frame.geometry
    pairs = crosswalk(old, new)
    pairs = pairs[pairs["estimated"] & pairs["old"].isin(shapes.index) & pairs["new"].isin(units.index)]
    keys = [(str(ward), str(unit)) for ward, unit in zip(pairs["old"], pairs["new"], strict=True)]
    common = [polygons_only(shapely.intersection(shapes[ward], units[unit])) for ward, unit in keys]
    if not common or any(part is None for part in common):
        return None
    parts = gpd.GeoSeries([shapely.multipolygons(shapely.get_parts(part)) for part in common], crs=shapes.crs)
    weights = households_in(parts, study.grid, study.city.surface)
    found = {key: float(weight) for key, weight in zip(keys, weights, strict=True)}
    whole = pairs.assign(weight=list(found.values())).groupby("old")["weight"].transform("sum")
    return {key: weight for (key, weight), total in zip(found.items(), whole, strict=True) if total > 0} or None
