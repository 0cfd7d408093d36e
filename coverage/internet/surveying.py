"""A survey of some wards and the lines of all of them joined by the model of Fay and Herriot.

Shares are modelled as angles (arcsin √), so that no estimate leaves 0–1 and sampling variances are known from the
sample alone. The first covariate is what the lines say once they are scaled to the survey as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from coverage.internet.smallarea import FayHerriot, fit_fay_herriot, from_angle, share_of, to_angle

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
WARDS_PER_COVARIATE = 6  # fewer surveyed wards than that leave a covariate out
LINES = "lines"


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """A survey model of one question; every Series is indexed by ward_id, NaN where it says nothing.

    Attributes
    ----------
    share, low, high, mse : Series
        Estimate, its 95 % interval and its mean squared error, of shares.
    direct, sample : Series
        What the survey itself says, and its effective sample.
    model : FayHerriot
        On angles [rad].
    covariates : tuple of str
        What it used beside the intercept, ``lines`` first.
    """

    share: pd.Series
    low: pd.Series
    high: pd.Series
    mse: pd.Series
    direct: pd.Series
    sample: pd.Series
    model: FayHerriot
    covariates: tuple[str, ...]
    shared: pd.DataFrame

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the intervals."""
        return self.model.freedom

    def variance_of(self, weight: pd.Series) -> float:
        """Return the variance of a weighted sum of the shares, errors that wards have in common included."""
        use = weight.to_numpy(dtype=float)
        own = float((use**2 * self.mse.reindex(weight.index).fillna(0.0)).sum())
        common = self.shared.reindex(index=weight.index, columns=weight.index).fillna(0.0).to_numpy().copy()
        np.fill_diagonal(common, 0.0)
        return max(own + float(use @ common @ use), 0.0)


def fit_survey(
    survey: pd.DataFrame | None, column: str, ratio: pd.DataFrame, covariates: pd.DataFrame
) -> Fitted | None:
    """Return the model of one question of a survey, None where too few wards answered it.

    Parameters
    ----------
    survey : DataFrame indexed by ward_id or None
        ``sample``, ``design_effect`` and the column of the question (share, 0–1).
    column : str
    ratio : DataFrame indexed by ward_id
        ``log`` of the residential lines per household (NaN unknown) and its ``error`` where it was predicted.
    covariates : DataFrame indexed by ward_id
        Complete.
    """
    if survey is None or column not in survey:
        return None
    answers = survey.reindex(ratio.index)
    effective = (answers["sample"] / answers["design_effect"].fillna(1.0)).clip(lower=1.0)
    direct = answers[column].where(effective.notna())
    table, error = _covariates(direct, effective, ratio, covariates)
    usable = table.notna().all(axis=1).to_numpy()
    asked = direct.notna().to_numpy() & usable
    if asked.sum() <= 4:
        return None
    angle, sampling = to_angle(direct.to_numpy(float), effective.to_numpy(float))
    names = _chosen(table, angle, sampling, asked)
    design = np.column_stack([np.ones(len(table)), *(table[name].to_numpy() for name in names)])
    model = fit_fay_herriot(angle[asked], sampling[asked], design[asked], "adjusted")
    extra = (model.beta[1] * error) ** 2 if LINES in names else np.zeros(len(error))
    value, mse = model.predict(design[usable], angle[usable], sampling[usable], extra[usable])
    index = table.index[usable]
    share, variance = from_angle(value, mse)
    freedom = model.freedom_of(mse, angle[usable], sampling[usable])
    reach = student.ppf((1 + CONFIDENCE) / 2, freedom) * np.sqrt(mse)
    slope = np.sin(2 * np.clip(value, 0.0, np.pi / 2))
    common = model.error_covariance(design[usable], angle[usable], sampling[usable]) * np.outer(slope, slope)
    series = {
        name: pd.Series(values, index=index).reindex(table.index)
        for name, values in (
            ("share", share), ("low", share_of(value - reach)), ("high", share_of(value + reach)), ("mse", variance),
        )
    }  # fmt: skip
    return Fitted(
        **series, direct=direct, sample=effective, model=model, covariates=tuple(names),
        shared=pd.DataFrame(common, index=index, columns=index),
    )  # fmt: skip


def _covariates(
    direct: pd.Series, effective: pd.Series, ratio: pd.DataFrame, covariates: pd.DataFrame
) -> tuple[pd.DataFrame, Floats]:
    """Return the covariates, lines first as the angle of the share they would give, and the error of that angle."""
    table = covariates.copy()
    both = direct.notna() & ratio["log"].notna() & (ratio["error"] == 0)
    if both.sum() < 3:
        return table, np.zeros(len(table))
    lines = np.exp(ratio["log"])
    # One scale for all lines, from the wards where both are known: what households say over what lines say.
    scale = float((effective * direct)[both].sum() / (effective * lines)[both].sum())
    scaled = (scale * lines).clip(0.0, 1.0)
    table.insert(0, LINES, np.arcsin(np.sqrt(scaled)))
    # d arcsin √s = ds / (2 √(s (1 − s))), and ds = s · d log s
    error = ratio["error"] * np.sqrt(scaled / (1 - scaled).clip(lower=0.02)) / 2
    return table, error.to_numpy(dtype=float)


def _chosen(table: pd.DataFrame, angle: Floats, sampling: Floats, asked: NDArray[np.bool_]) -> list[str]:
    """Return the covariates to use: lines, then each that lowers Akaike's criterion, as far as the wards allow."""
    names = [name for name in table.columns if name == LINES]
    others = [name for name in table.columns if name != LINES]
    best = _criterion(table[names], angle, sampling, asked)
    while others and asked.sum() >= WARDS_PER_COVARIATE * (len(names) + 2):
        tried = {name: _criterion(table[[*names, name]], angle, sampling, asked) for name in others}
        name = min(tried, key=lambda each: tried[each])
        if tried[name] >= best - 2.0:
            break
        best = tried[name]
        names.append(name)
        others.remove(name)
    return names


def _criterion(table: pd.DataFrame, angle: Floats, sampling: Floats, asked: NDArray[np.bool_]) -> float:
    """Return Akaike's information criterion of a model fitted by maximum likelihood."""
    design = np.column_stack([np.ones(len(table)), table.to_numpy(dtype=float)])[asked]
    if np.linalg.matrix_rank(design) < design.shape[1] or len(design) <= design.shape[1] + 2:
        return np.inf
    model = fit_fay_herriot(angle[asked], sampling[asked], design, "ml")
    total = model.variance + sampling[asked]
    off = angle[asked] - design @ model.beta
    return float(np.log(total).sum() + (off**2 / total).sum() + 2 * (design.shape[1] + 1))
