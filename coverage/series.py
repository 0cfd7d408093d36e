"""Lines over time by the wards of one edition, whatever edition each report was made in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coverage import households as hh
from coverage.backward import carry
from coverage.crosswalks import Split
from coverage.editions import as_edition, need_edition
from coverage.errors import LayerError
from coverage.layers import Layer
from coverage.matching import edition_units
from coverage.types import Edition

COLUMNS = ("ward_id", "name", "edition", "period", "lines", "household_lines", "households", "lines_per_100_households")


def time_series(
    reports: Sequence[Layer], edition: Edition, *, households: Layer | None = None, split: Split | None = None
) -> pd.DataFrame:
    """Return the fixed lines of every ward and period in one edition.

    Parameters
    ----------
    reports : sequence of Layer
        Kind ``subscriptions``, each in its own edition; one report may hold several periods.
    edition : {"2019", "2025h1", "2025h2"}
        Edition of every row that is returned.
    households : Layer, optional
        Kind ``households`` of any edition; one count for all periods, so that a line over time follows the lines alone.
    split : mapping of (old, new) to float, optional
        How a divided ward is divided (`coverage.crosswalks.carry_counts`).

    Returns
    -------
    DataFrame
        ``ward_id, name, edition, period`` (None where a report names none), ``lines``, ``household_lines``,
        ``households``, ``lines_per_100_households``; by period, then ward. A ward that is in one period and not in
        another is NaN there: unknown, not zero.

    Raises
    ------
    LayerError
        ``edition_unknown``, ``edition_not_shown``; ``period_repeated`` when two reports speak of one period.
    """
    need_edition(edition)
    tables: dict[str, pd.DataFrame] = {}
    for report in reports:
        for period, rows in report.frame.groupby(report.frame["period"].fillna("")):
            if str(period) in tables:
                raise LayerError("period_repeated", file=report.source.name, period=str(period) or "–")
            wards = pd.Index(sorted(rows["ward_id"].unique()), name="ward_id")
            lines = hh.fixed_lines(rows, wards).dropna(how="all")
            tables[str(period)] = _shown(lines, report, edition, split)
    if not tables:
        return pd.DataFrame(columns=list(COLUMNS))
    everyone = sorted(set().union(*(table.index for table in tables.values())))
    counts = pd.Series(np.nan, index=everyone) if households is None else _households(households, edition, split)
    names = edition_units(edition)["name"]
    parts = []
    for period, table in sorted(tables.items()):
        part = table.reindex(everyone)
        part["households"] = counts.reindex(everyone).to_numpy()
        part["lines_per_100_households"] = hh.lines_per_100_households(part["lines"], part["households"])
        part["period"], part["edition"], part["name"] = period or None, edition, names.reindex(everyone).to_numpy()
        parts.append(part.rename_axis("ward_id").reset_index())
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def _shown(counts: pd.DataFrame, layer: Layer, edition: Edition, split: Split | None) -> pd.DataFrame:
    """Return counts of a layer in an edition; a unit of which a part is unknown is unknown."""
    known = as_edition(layer.edition)
    if known is None:
        raise LayerError("edition_not_shown", file=layer.source.name)
    return counts if known == edition else carry(counts, known, edition, split=split)


def _households(layer: Layer, edition: Edition, split: Split | None) -> pd.Series:
    counted = layer.frame[["households"]].dropna()
    return _shown(counted, layer, edition, split)["households"].astype(float)
