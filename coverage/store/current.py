"""What holds: the accepted rows of every partner as one layer, now or as of a date, so that any study can run again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Row

from coverage.city import City
from coverage.errors import Problem, StoreError
from coverage.layers import Layer, Source
from coverage.store.engine import Access
from coverage.store.submissions import Kind, holding
from coverage.store.tables import submission, submitted_row
from coverage.types import WORKING_CRS


def layer_of(access: Access, kind: Kind, as_of: str | None = None) -> Layer:
    """Return the rows that hold: of all partners for who may see the union, a partner's own for a partner.

    Parameters
    ----------
    access : Access
    kind : {"cells", "subscriptions", "households"}
    as_of : str, optional
        UTC, ISO 8601; now unless given.

    Returns
    -------
    Layer
        Its source names the moment and hashes the submissions it came from.

    Raises
    ------
    StoreError
        ``nothing_accepted`` where no submission of that kind holds.
    """
    numbers = holding(access, kind, as_of)
    if not numbers:
        raise StoreError("nothing_accepted", kind=kind, as_of=as_of)
    found = [
        access.connection.execute(access.select(submission).where(submission.c.id == number)).one()
        for number in numbers
    ]
    shapes = [json.loads(row.summary_json)["frame"] for row in found]
    editions = {shape["edition"] for shape in shapes}
    if len(editions) > 1:
        raise StoreError("editions_differ", kind=kind, editions=", ".join(sorted(map(str, editions))))
    defaulted: Counter[str] = Counter()
    for shape in shapes:
        defaulted.update(shape["defaulted"])
    frames = [_frame(access, row, shape) for row, shape in zip(found, shapes, strict=True)]
    return Layer(
        kind=kind,
        frame=_together(frames),
        source=_source(found, shapes, as_of),
        problems=tuple(_problem(each, row.file_name) for row in found for each in json.loads(row.problems_json)),
        edition=editions.pop(),
        defaulted=dict(defaulted),
    )


def city_with(access: Access, city: City, as_of: str | None = None) -> City:
    """Return a city with what holds in the store in the place of its own cells and subscriptions.

    Parameters
    ----------
    access : Access
    city : City
    as_of : str, optional
        As for `layer_of`.
    """
    cells = layer_of(access, "cells", as_of) if holding(access, "cells", as_of) else city.cells
    lines = layer_of(access, "subscriptions", as_of) if holding(access, "subscriptions", as_of) else city.subscriptions
    before, after = (city.cells, city.subscriptions), (cells, lines)
    gone = [old.source for old, new in zip(before, after, strict=True) if old is not None and new is not old]
    new = [layer.source for old, layer in zip(before, after, strict=True) if layer is not None and layer is not old]
    sources = (*(source for source in city.sources if source not in gone), *new)
    made_up = city.synthetic or any(source.synthetic for source in new)
    return dataclasses.replace(city, cells=cells, subscriptions=lines, sources=sources, synthetic=made_up)


def _frame(access: Access, row: Row[Any], shape: dict[str, Any]) -> pd.DataFrame | gpd.GeoDataFrame:
    columns = submitted_row.c.easting_m, submitted_row.c.northing_m, submitted_row.c.values_json
    query = access.select(submitted_row, *columns).where(submitted_row.c.submission_id == row.id)
    rows = access.connection.execute(query.order_by(submitted_row.c.position)).all()
    # One parse of one text is several times faster than a hundred thousand small ones.
    values = json.loads("[" + ",".join(each.values_json for each in rows) + "]")
    frame = pd.DataFrame(
        {name: pd.Series([each[name] for each in values], dtype=dtype) for name, dtype in shape["dtypes"].items()},
        columns=shape["columns"],
    )
    if not rows or rows[0].easting_m is None:
        return frame
    places = gpd.points_from_xy([each.easting_m for each in rows], [each.northing_m for each in rows], crs=WORKING_CRS)
    return gpd.GeoDataFrame(frame, geometry=places)


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame | gpd.GeoDataFrame:
    if len(frames) == 1:
        return frames[0]
    joined = pd.concat([frame.dropna(axis=1, how="all") for frame in frames], ignore_index=True)
    columns = list(dict.fromkeys(name for frame in frames for name in frame.columns))
    whole = joined.reindex(columns=columns)
    if "geometry" in columns:
        return gpd.GeoDataFrame(whole, geometry="geometry", crs=WORKING_CRS)
    return pd.DataFrame(whole)


def _source(found: list[Row[Any]], shapes: list[dict[str, Any]], as_of: str | None) -> Source:
    hashes = hashlib.sha256("\n".join(row.rows_sha256 for row in found).encode()).hexdigest()
    return Source(
        name=f"store as of {as_of or max(row.at for row in found)}",
        sha256=hashes,
        synthetic=any(shape["synthetic"] for shape in shapes),
        rows=sum(shape["rows"] for shape in shapes),
        note="; ".join(f"{row.partner_id}: {row.file_name} {row.id}" for row in found),
    )


def _problem(each: dict[str, Any], file: str) -> Problem:
    return Problem(**{**each, "values": {"file": file, **each["values"]}})
