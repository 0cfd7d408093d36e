"""Household internet as open files: ``households.csv`` and ``households.json``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from coverage.city import City
from coverage.figures import INTERNET_COLUMNS, internet_columns
from coverage.households import is_fixed, latest_period
from coverage.internet.estimation import Estimate
from coverage.internet.indicators import INDICATORS
from coverage.internet.surveying import Fitted
from coverage.types import Language
from coverage.words import LANGUAGES, t

FIRST = (
    "name", "edition", "households", "lines", "lines_per_100_households", "connected_share", "connected_low",
    "connected_high", "status",
)  # fmt: skip
COUNTS = ("households", "lines")


def household_table(city: City, estimate: Estimate) -> pd.DataFrame:
    """Return the household internet of every ward: estimate, range, status and the indicators by name.

    Parameters
    ----------
    city : City
    estimate : Estimate

    Returns
    -------
    DataFrame indexed by ward_id
        `FIRST`, the rest of `coverage.figures.INTERNET_COLUMNS`, ``lines_period`` and ``households_period``.
    """
    wards = city.wards.frame
    table = pd.DataFrame(wards[["name", "edition"]])
    table[["households", "lines", "lines_per_100_households"]] = estimate.wards[
        ["households", "lines", "lines_per_100_households"]
    ]
    table = table.join(internet_columns(estimate, city))
    table["lines_period"] = _lines_period(city)
    people = city.people
    dated = people is not None and "households_period" in people.frame
    table["households_period"] = people.frame["households_period"] if people is not None and dated else None
    rest = [name for name in INTERNET_COLUMNS if name not in FIRST]
    return table[[*FIRST, *rest, "lines_period", "households_period"]]


def published_households(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as it is published: ``ward_id`` first, counts as integers, unknown as missing."""
    out = table.copy()
    for column in COUNTS:
        out[column] = out[column].astype(float).round().astype("Int64")
    return out.reset_index(names="ward_id")


def household_document(city: City, estimate: Estimate, table: pd.DataFrame) -> dict[str, Any]:
    """Return ``households.json``: the city, what the estimate rests on, and what each indicator is.

    Parameters
    ----------
    city : City
    estimate : Estimate
    table : DataFrame
        As published, perhaps in another edition than it was computed in.
    """
    wards = estimate.wards
    return {
        "city": {"name": city.name, "synthetic": city.synthetic, "edition": city.wards.edition}
        | {name: _figure(value) for name, value in estimate.city.items()},
        "shown_edition": str(table["edition"].iloc[0]) if len(table) else city.wards.edition,
        "status": {str(name): int(count) for name, count in table["status"].value_counts().sort_index().items()},
        "dates": {
            "lines": _lines_period(city),
            "households": _told(table["households_period"]),
            "known": estimate.dates_known,
            "years": estimate.years,
        },
        "ratios": {**dataclasses.asdict(estimate.ratios), "assumed": not estimate.ratios.known},
        "survey": {name: _survey(fit, wards["households"]) for name, fit in _fits(estimate).items()},
        "prediction": _prediction(estimate),
        "flags": {
            name: sorted(map(str, wards.index[wards[name].to_numpy(bool)]))
            for name in ("more_lines_than_households", "ratios_contradicted", "survey_contradicts_lines")
        },
        "indicators": indicator_texts(),
        "sources": [dataclasses.asdict(source) for source in city.sources],
    }


def indicator_texts() -> dict[str, dict[Language, str]]:
    """Return what every indicator is and where that is said, in both languages."""
    return {name: {lang: t(f"indicator.{name}", lang) for lang in LANGUAGES} for name in INDICATORS}


def _lines_period(city: City) -> str | None:
    if city.subscriptions is None:
        return None
    return latest_period(city.subscriptions.frame[is_fixed(city.subscriptions.frame)])


def _told(periods: pd.Series) -> str | None:
    known = periods.dropna()
    return None if known.empty else str(known.max())


def _fits(estimate: Estimate) -> Mapping[str, Fitted]:
    both = {"connected_share": estimate.fixed, "any_broadband_share": estimate.any}
    return {name: fit for name, fit in both.items() if fit is not None}


def _survey(fit: Fitted, households: pd.Series) -> dict[str, Any]:
    asked = fit.direct.notna() & (households > 0)
    weight = households[asked] / households[asked].sum()
    return {
        "model": "Fay-Herriot on arcsine square roots, area variance by adjusted restricted likelihood",
        "wards": int(asked.sum()),
        "covariates": list(fit.covariates),
        "area_variance": fit.model.variance,
        "mean_squared_error": float(fit.mse.mean()),
        "sampling_error": float((fit.direct * (1 - fit.direct) / fit.sample)[asked].mean()),
        "surveyed_wards_direct": float((weight * fit.direct[asked]).sum()),
        "surveyed_wards_model": float((weight * fit.share[asked]).sum()),
    }


def _prediction(estimate: Estimate) -> dict[str, Any] | None:
    found = estimate.prediction
    if found is None:
        return None
    return {
        "wards": sorted(map(str, found.value.index)),
        "by": found.by,
        "error_covariates": _figure(found.error_covariates),
        "error_mean": _figure(found.error_mean),
        "blocks": found.blocks,
        "known_wards": found.wards,
    }


def _figure(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def flagged(estimate: Estimate, name: str) -> int:
    """Return in how many wards a mark of `coverage.figures.FLAGS` stands."""
    return int(np.count_nonzero(estimate.wards[name].to_numpy(bool)))
