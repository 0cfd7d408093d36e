"""A survey of households by ward: who was asked, and who was connected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from coverage.errors import LayerError, Problem
from coverage.files.people import matched_rows
from coverage.files.tables import read_table
from coverage.layers import Layer

QUESTIONS = ("fixed", "any")


def read_survey(path: str | Path, wards: Layer) -> Layer:
    """Return a survey per ward of a layer.

    Parameters
    ----------
    path : str or Path
        Table with a ward code or name, ``sample`` and at least one of ``fixed_share``, ``any_share`` (0–1),
        ``fixed_percent``, ``any_percent`` (0–100).
    wards : Layer
        Kind ``wards``; a survey of another edition is refused, since a sample cannot be divided.

    Returns
    -------
    Layer
        Kind ``surveys``; frame indexed by the ``ward_id`` of the wards that were asked: ``sample``, ``fixed_share``,
        ``any_share`` (NaN where not asked), ``design_effect`` (1 where not told) and ``period``.

    Raises
    ------
    LayerError
        What `read_table` and `coverage.fields.check` raise; ``no_usable_row``, ``survey_edition``.
    """
    raw = read_table(path)
    file = raw.source.name
    kept, ids, edition, problems = matched_rows("surveys", raw, wards)
    if edition != wards.edition:
        raise LayerError("survey_edition", problems, file=file, edition=edition, wards=wards.edition)
    twice = ids.duplicated() & ids.notna()
    problems += tuple(
        Problem(
            code="ward_twice", row=int(kept["row"].iloc[index]), field="ward_id", value=str(ids.iloc[index]),
            values={"file": file},
        )
        for index in np.flatnonzero(twice)
    )  # fmt: skip
    used = (ids.notna() & ~twice).to_numpy()
    if not used.any():
        raise LayerError("no_usable_row", problems, file=file, rows=raw.source.rows)
    rows = kept[used]
    frame = pd.DataFrame(index=pd.Index(ids[used], name="ward_id"))
    frame["sample"] = rows["sample"].to_numpy(dtype=float)
    for name in QUESTIONS:
        share, percent = (rows[f"{name}_{unit}"].to_numpy(dtype=float) for unit in ("share", "percent"))
        frame[f"{name}_share"] = np.where(np.isfinite(share), share, percent / 100.0)
    frame["design_effect"] = rows["design_effect"].fillna(1.0).to_numpy(dtype=float)
    frame["period"] = rows["period"].to_numpy(dtype=object)
    return Layer(kind="surveys", frame=frame, source=raw.source, problems=problems, edition=wards.edition)
