"""Wards of which nobody reports lines: predicted from what is known of them, if that is any better than a mean.

Neighbours resemble each other, so leaving out single wards flatters every model. Whole blocks of neighbouring wards are
left out instead; the errors made there choose between covariates and the mean, and give the interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

Floats = NDArray[np.float64]
PENALTY = 1.0  # of ridge regression on standardised covariates: as much as one ward that says "no effect"
BLOCKS = (3, 8)
WARDS_PER_BLOCK = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """What was predicted, and how far off such predictions were.

    Attributes
    ----------
    value, low, high : Series indexed by the wards asked for
        Low and high are −∞ and ∞ where too few wards are known for the confidence asked for.
    by : {"covariates", "mean"}
        What the values come from: covariates only where they err less than the mean by more than chance would have it.
    error_covariates, error_mean : float
        Root mean square error in blocks left out; NaN where covariates could not be tried.
    blocks, wards : int
        Blocks left out in turn, and known wards in them.
    """

    value: pd.Series
    low: pd.Series
    high: pd.Series
    by: Literal["covariates", "mean"]
    error_covariates: float
    error_mean: float
    blocks: int
    wards: int


def predict_wards(
    known: pd.Series, covariates: pd.DataFrame, places: pd.DataFrame, confidence: float = 0.95
) -> Prediction:
    """Return a value for every ward that has none.

    Parameters
    ----------
    known : Series indexed by ward_id
        NaN in the wards to predict.
    covariates : DataFrame indexed by ward_id
        Complete; may have no column.
    places : DataFrame indexed by ward_id
        ``x`` and ``y`` of the wards [m].
    confidence : float, 0–1
        Of the interval, which is made of the errors in left-out blocks and assumes nothing of their distribution
        (Vovk, Gammerman and Shafer, *Algorithmic Learning in a Random World*, 2005).
    """
    asked = known.index[known.isna()]
    given = known.dropna()
    table = covariates.to_numpy(dtype=float)
    spread = table.std(axis=0)
    standard = pd.DataFrame(
        (table[:, spread > 0] - table[:, spread > 0].mean(axis=0)) / spread[spread > 0], index=covariates.index
    )
    block = spatial_blocks(places.loc[given.index].to_numpy(dtype=float))
    left_out = {
        by: _left_out(given.to_numpy(), standard.loc[given.index].to_numpy() if by == "covariates" else None, block)
        for by in ("covariates", "mean")
    }
    errors = {by: float(np.sqrt(np.mean(off**2))) if len(off) else math.nan for by, off in left_out.items()}
    better = standard.shape[1] > 0 and _clearly_less(left_out["covariates"], left_out["mean"])
    by: Literal["covariates", "mean"] = "covariates" if better else "mean"
    value = _fitted(given.to_numpy(), standard.loc[given.index].to_numpy(), standard.loc[asked].to_numpy(), by)
    reach = _reach(np.abs(left_out[by]), confidence)
    series = pd.Series(value, index=asked)
    return Prediction(
        value=series, low=series - reach, high=series + reach, by=by,
        error_covariates=errors["covariates"] if standard.shape[1] else math.nan, error_mean=errors["mean"],
        blocks=int(block.max(initial=-1)) + 1, wards=len(given),
    )  # fmt: skip


def spatial_blocks(places: Floats) -> NDArray[np.int64]:
    """Return a block of neighbours for each place of shape (n, 2): one per some `WARDS_PER_BLOCK`, three to eight."""
    count = min(max(len(places) // WARDS_PER_BLOCK, BLOCKS[0]), BLOCKS[1])
    if len(places) <= count:
        return np.arange(len(places))
    scaled = (places - places.mean(axis=0)) / max(float(places.std()), 1e-9)
    label = kmeans2(scaled, count, minit="++", seed=1, missing="warn")[1]
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _left_out(known: Floats, covariates: Floats | None, block: NDArray[np.int64]) -> Floats:
    """Return the error at each known ward of what the other blocks predict there."""
    off = np.zeros(len(known))
    if len(np.unique(block)) < 2:
        return off[:0]
    for each in np.unique(block):
        inside = block == each
        train = np.zeros((len(known), 0)) if covariates is None else covariates
        by: Literal["covariates", "mean"] = "mean" if covariates is None else "covariates"
        off[inside] = known[inside] - _fitted(known[~inside], train[~inside], train[inside], by)
    return off


def _fitted(known: Floats, covariates: Floats, asked: Floats, by: Literal["covariates", "mean"]) -> Floats:
    """Return what ridge regression, or the mean, makes of known values at the covariates asked for."""
    if not len(known):
        return np.full(len(asked), math.nan)
    mean = known.mean()
    if by == "mean" or covariates.shape[1] == 0:
        return np.full(len(asked), mean)
    centre = covariates.mean(axis=0)
    table = covariates - centre
    slope = np.linalg.solve(table.T @ table + PENALTY * np.eye(table.shape[1]), table.T @ (known - mean))
    return np.asarray(mean + (asked - centre) @ slope)


def _clearly_less(errors: Floats, others: Floats) -> bool:
    """Return whether squared errors are less on average by more than the standard error of the difference."""
    gain = others**2 - errors**2
    return len(gain) > 1 and float(gain.mean()) > float(gain.std(ddof=1)) / math.sqrt(len(gain))


def _reach(errors: Floats, confidence: float) -> float:
    """Return the error that a further ward stays below with at least the confidence asked for."""
    rank = math.ceil((len(errors) + 1) * confidence)
    return float(np.sort(errors)[rank - 1]) if rank <= len(errors) else math.inf
