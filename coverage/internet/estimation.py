"""Everything known of a city's household internet put together: a share or a range for each ward, and for the city.

Lines give the identification region (`coverage.internet.penetration`). Where there is a survey, a small-area model
joins both: the survey is unbiased and noisy, lines are exact and biased. Without one no point is made up: the range
stands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import t as student

from coverage.households import is_fixed, latest_period, lines_per_100_households
from coverage.internet.penetration import EXACT, Ratios, lines_by_label, share_bounds
from coverage.internet.prediction import Prediction, predict_wards
from coverage.internet.surveying import Fitted, fit_survey

CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """What is known of the wards of a city; every table is indexed by ward_id.

    Attributes
    ----------
    households : Series
        As counted; NaN unknown.
    subscriptions : DataFrame or None
        As `coverage.internet.penetration.lines_by_label` takes it.
    households_period : str or None
        Month of the count (ISO 8601).
    survey : DataFrame or None
        ``sample`` (households asked), ``fixed_share`` and ``any_share`` (0–1, NaN where not asked), ``design_effect``.
    covariates : DataFrame
        What may tell wards apart, of the surveyed and the others; NaN is filled with the mean.
    places : DataFrame
        ``x`` and ``y`` of the wards [m].
    """

    households: pd.Series
    subscriptions: pd.DataFrame | None = None
    households_period: str | None = None
    survey: pd.DataFrame | None = None
    covariates: pd.DataFrame = field(default_factory=pd.DataFrame)
    places: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """What follows from the evidence.

    Attributes
    ----------
    wards : DataFrame indexed by ward_id
        ``households``, ``lines``, ``lines_per_100_households``; ``connected_share`` (NaN where only a range is known),
        ``connected_low``, ``connected_high``, ``connected_mse``; ``bounds_low``, ``bounds_high`` (the identification
        region); ``any_share``, ``any_low``, ``any_high`` (fixed or mobile); ``status``; ``more_lines_than_households``,
        ``ratios_contradicted``, ``survey_contradicts_lines`` (bool).
    city : mapping
        ``connected_share``, ``any_share`` and ``mobile_only_share`` with ``_low`` and ``_high``.
    ratios : Ratios
    years : float
        From the count of households to the lines; 0 where a date is unknown (``dates_known``).
    dates_known : bool
    fixed, any : Fitted or None
        The survey models.
    prediction : Prediction or None
        Of wards without lines, on the logarithm of lines per household.
    """

    wards: pd.DataFrame
    city: dict[str, float]
    ratios: Ratios
    years: float
    dates_known: bool
    fixed: Fitted | None
    any: Fitted | None
    prediction: Prediction | None


def estimate_connected(evidence: Evidence, ratios: Ratios | None = None) -> Estimate:
    """Return the connected households of every ward and of the city.

    Parameters
    ----------
    evidence : Evidence
    ratios : Ratios, optional
        What lies between lines and households; its defaults are assumptions.
    """
    given = ratios or Ratios()
    index = evidence.households.index
    rows = evidence.subscriptions if evidence.subscriptions is not None else _no_lines()
    years, dated = _years(rows, evidence.households_period)
    lines = lines_by_label(rows, index)
    bounds = share_bounds(lines, evidence.households, years, given)
    covariates = _complete(evidence.covariates, index)
    ratio, prediction = _ratio(bounds, evidence, covariates)
    table = _facts(evidence, lines, bounds)
    _put_ranges(table, bounds, prediction)
    fits = {name: fit_survey(evidence.survey, f"{name}_share", ratio, covariates) for name in ("fixed", "any")}
    _put_survey(table, fits["fixed"], "connected", limits=("bounds_low", "bounds_high"))
    table["any_low"], table["any_high"] = table["connected_low"], 1.0
    table["any_share"], table["any_mse"] = np.nan, np.nan
    _put_survey(table, fits["any"], "any", limits=("bounds_low", None))
    table["any_share"] = table[["any_share", "connected_share"]].max(axis=1).where(table["any_share"].notna())
    table["any_high"] = table[["any_high", "any_share"]].max(axis=1)
    _put_planned(table, lines["planned"])
    table.loc[table["status"].isna(), ["connected_low", "connected_high", "any_low", "any_high"]] = np.nan
    return Estimate(
        wards=table, city=_city(table, fits), ratios=given, years=years, dates_known=dated, fixed=fits["fixed"],
        any=fits["any"], prediction=prediction,
    )  # fmt: skip


def _no_lines() -> pd.DataFrame:
    return pd.DataFrame({"ward_id": [], "technology": [], "customer": [], "lines": [], "period": []}, dtype=object)


def _years(rows: pd.DataFrame, counted: str | None) -> tuple[float, bool]:
    """Return the time from the count of households to the lines [years], and whether both dates are known."""
    period = latest_period(rows[is_fixed(rows)])
    if period is None or counted is None:
        return 0.0, False
    months = [12 * int(text[:4]) + int(text[5:7]) for text in (counted, period)]
    return (months[1] - months[0]) / 12, True


def _complete(covariates: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    """Return covariates of every ward without gaps: a gap is the mean, a column that says nothing is left out."""
    table = covariates.reindex(index).astype(float)
    table = table.loc[:, table.notna().any()]
    return table.fillna(table.mean())


def _ratio(
    bounds: pd.DataFrame, evidence: Evidence, covariates: pd.DataFrame
) -> tuple[pd.DataFrame, Prediction | None]:
    """Return lines per household as a covariate with its error (``log`` and ``error``), predicted where unknown."""
    log = np.log(bounds["middle"].where(bounds["middle"] > 0))
    ratio = pd.DataFrame({"log": log, "error": 0.0})
    asked = log.isna() & (evidence.households > 0)
    if not asked.any() or log.notna().sum() < 3 or evidence.places.empty:
        return ratio, None
    relevant = asked | log.notna()
    places = evidence.places.reindex(log.index)[relevant]
    found = predict_wards(log[relevant], covariates[relevant], places, CONFIDENCE)
    ratio.loc[found.value.index, "log"] = found.value
    ratio.loc[found.value.index, "error"] = found.error_covariates if found.by == "covariates" else found.error_mean
    return ratio, found


def _facts(evidence: Evidence, lines: pd.DataFrame, bounds: pd.DataFrame) -> pd.DataFrame:
    households = evidence.households
    status = lines["status"].where(lines["status"].notna(), "model")
    table = pd.DataFrame({"households": households, "lines": lines["lines"], "ftth": lines["ftth"]})
    table["lines_per_100_households"] = lines_per_100_households(lines["lines"], households)
    table["status"] = status.where(households > 0, None)
    table["bounds_low"], table["bounds_high"] = bounds["low"], bounds["high"]
    table["more_lines_than_households"] = bounds["over_full"]
    table["ratios_contradicted"] = bounds["contradicted"]
    table["survey_contradicts_lines"] = False
    table["connected_share"] = bounds["low"].where(bounds["high"] - bounds["low"] < EXACT)
    table["connected_mse"] = np.nan
    return table


def _put_ranges(table: pd.DataFrame, bounds: pd.DataFrame, prediction: Prediction | None) -> None:
    """Set the range of every ward: the identification region, or what a prediction makes of the lines."""
    table["connected_low"], table["connected_high"] = bounds["low"], bounds["high"]
    if prediction is None:
        return
    asked = prediction.value.index
    least = float((bounds["low_ratio"] / bounds["middle"]).min())
    most = float((bounds["high_ratio"] / bounds["middle"]).max())
    table.loc[asked, "connected_low"] = (np.exp(prediction.low) * least).clip(0.0, 1.0)
    table.loc[asked, "connected_high"] = (np.exp(prediction.high) * most).clip(0.0, 1.0)


def _put_survey(table: pd.DataFrame, fit: Fitted | None, name: str, limits: tuple[str, str | None]) -> None:
    """Set share, interval and error of every ward that the model of a survey speaks of, within the region of lines."""
    if fit is None:
        return
    wards = fit.share.index[fit.share.notna() & table["status"].notna().reindex(fit.share.index)]
    low = table.loc[wards, limits[0]]
    high = table.loc[wards, limits[1]] if limits[1] else pd.Series(1.0, index=wards)
    apart = (fit.high[wards] < low) | (fit.low[wards] > high)
    table.loc[wards[apart], "survey_contradicts_lines"] = True
    low, high = low.where(~apart, 0.0), high.where(~apart, 1.0)
    table.loc[wards, f"{name}_share"] = fit.share[wards].clip(low, high)
    table.loc[wards, f"{name}_low"] = fit.low[wards].clip(low, high)
    table.loc[wards, f"{name}_high"] = fit.high[wards].clip(low, high)
    table.loc[wards, f"{name}_mse"] = fit.mse[wards]


def _put_planned(table: pd.DataFrame, planned: pd.Series) -> None:
    """Add the households that a scenario connects: so many more are connected, whatever lines and surveys say."""
    more = (planned / table["households"].where(table["households"] > 0)).fillna(0.0)
    if not (more > 0).any():
        return
    for name in ("connected_low", "connected_share", "connected_high", "bounds_low", "bounds_high", "any_high"):
        table[name] = (table[name] + more).clip(upper=1.0)
    table["any_low"] = table[["any_low", "connected_low"]].max(axis=1)
    table["any_share"] = table[["any_share", "connected_share"]].max(axis=1).where(table["any_share"].notna())


def _city(table: pd.DataFrame, fits: dict[str, Fitted | None]) -> dict[str, float]:
    """Return the shares of all households of the wards that are known, with their ranges."""
    known = table[table["status"].notna()]
    if known.empty or ((known["any_low"] == 0) & (known["connected_high"] == 1)).all():
        ends = [f"{name}_{end}" for name in ("connected", "any", "mobile_only") for end in ("share", "low", "high")]
        return dict.fromkeys(ends, math.nan)  # nobody tells anything
    weight = known["households"] / known["households"].sum()
    city: dict[str, float] = {}
    for name, column in (("fixed", "connected"), ("any", "any")):
        share = float((weight * known[f"{column}_share"]).sum(skipna=False)) if len(known) else math.nan
        low, high = (float((weight * known[f"{column}_{end}"]).sum(skipna=False)) for end in ("low", "high"))
        region = (float((weight * known["bounds_low"]).sum()), float((weight * known["bounds_high"]).sum()))
        fit = fits[name]
        if fit is not None and math.isfinite(share):
            reach = float(student.ppf((1 + CONFIDENCE) / 2, fit.freedom)) * math.sqrt(fit.variance_of(weight))
            low, high = max(share - reach, region[0]), min(share + reach, region[1] if name == "fixed" else 1.0)
        city |= {f"{column}_share": share, f"{column}_low": low, f"{column}_high": high}
    fixed = [city[f"connected_{end}"] for end in ("low", "share", "high")]
    any_way = [city[f"any_{end}"] for end in ("low", "share", "high")]
    city["mobile_only_share"] = max(any_way[1] - fixed[1], 0.0) if math.isfinite(any_way[1] - fixed[1]) else math.nan
    city["mobile_only_low"] = max(any_way[0] - fixed[2], 0.0)
    city["mobile_only_high"] = max(any_way[2] - fixed[0], 0.0)
    return city
