"""Small-area estimation: the model of Fay and Herriot, its best predictor and the mean squared error of that.

Of area i a survey says yᵢ = θᵢ + eᵢ with a known sampling variance ψᵢ, and θᵢ = xᵢ'β + uᵢ with uᵢ of variance A. The
best predictor shrinks yᵢ towards xᵢ'β, the more the less certain yᵢ is; an area without a survey gets xᵢ'β.

Fay and Herriot, *J. Am. Stat. Assoc.* 74 (1979) 269–277; mean squared error: Prasad and Rao, *ibid.* 85 (1990) 163–171,
Datta and Lahiri, *Statistica Sinica* 10 (2000) 613–627; `adjusted`: Li and Lahiri, *J. Multivar. Anal.* 101 (2010)
882–892.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from coverage.errors import RangeError

Floats = NDArray[np.float64]
Method = Literal["reml", "ml", "adjusted"]
LEAST_FREEDOM = 4.0  # an interval of fewer degrees would hold anything


@dataclass(frozen=True, kw_only=True, eq=False)
class FayHerriot:
    """A fitted model.

    Attributes
    ----------
    beta : ndarray of shape (p,)
        Effects of the covariates.
    covariance : ndarray of shape (p, p)
        Of `beta`.
    variance : float
        A, that of the area effects, ≥ 0.
    variance_error : float
        Asymptotic variance of A.
    bias : float
        Of A, 0 but for maximum likelihood.
    areas : int
        How many areas it was fitted to.
    method : {"reml", "ml", "adjusted"}
    """

    beta: Floats
    covariance: Floats
    variance: float
    variance_error: float
    bias: float
    areas: int
    method: Method

    @property
    def freedom(self) -> int:
        """Degrees of freedom, areas − covariates."""
        return self.areas - len(self.beta)

    def predict(
        self, covariates: Floats, direct: Floats, sampling: Floats, extra: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return the best predictor of each area and its mean squared error, shape (n,) both.

        Parameters
        ----------
        covariates : ndarray of shape (n, p)
        direct : ndarray of shape (n,)
            What the survey says; NaN in areas without one.
        sampling : ndarray of shape (n,), > 0
            Its variance; not read where `direct` is NaN.
        extra : ndarray of shape (n,), ≥ 0, optional
            Variance that uncertain covariates add to xᵢ'β.
        """
        surveyed = np.isfinite(direct)
        more = np.zeros(len(direct)) if extra is None else extra
        psi = np.where(surveyed, sampling, np.inf)
        prior = self.variance + more
        gamma = np.where(surveyed, prior / (prior + np.where(surveyed, sampling, 1.0)), 0.0)
        mean = covariates @ self.beta
        value = mean + gamma * (np.where(surveyed, direct, 0.0) - np.where(surveyed, mean, 0.0))
        spread = np.einsum("ij,jk,ik->i", covariates, self.covariance, covariates)
        g1 = np.where(surveyed, gamma * np.where(surveyed, sampling, 0.0), prior)
        g2 = (1 - gamma) ** 2 * spread
        with np.errstate(invalid="ignore"):
            g3 = np.where(surveyed, np.where(surveyed, psi, 0.0) ** 2 / (prior + psi) ** 3, 0.0) * self.variance_error
        return value, g1 + g2 + 2 * np.nan_to_num(g3) - self.bias * (1 - gamma) ** 2 * surveyed

    def freedom_of(self, mse: Floats, direct: Floats, sampling: Floats) -> Floats:
        """Return the degrees of freedom with which the error of each area is known, 4 to `freedom`, shape (n,).

        Where sampling hides most of the spread of the areas, A is poorly known, and an interval has to allow for it:
        2 MSE² over the variance that A gives the MSE (Satterthwaite, *Biometrics Bulletin* 2 (1946) 110–114).
        """
        surveyed = np.isfinite(direct)
        kept = np.where(surveyed, np.where(surveyed, sampling, 1.0), 1.0)
        shrunk = np.where(surveyed, kept / (self.variance + kept), 1.0)
        return np.asarray(np.clip(2.0 * mse**2 / (shrunk**4 * self.variance_error), LEAST_FREEDOM, self.freedom))

    def error_covariance(self, covariates: Floats, direct: Floats, sampling: Floats) -> Floats:
        """Return what the errors of different areas share, shape (n, n): the part that comes from β alone."""
        surveyed = np.isfinite(direct)
        kept = np.where(surveyed, 1 - self.variance / (self.variance + np.where(surveyed, sampling, 1.0)), 1.0)
        shrunk = covariates * kept[:, None]
        return np.asarray(shrunk @ self.covariance @ shrunk.T)


def fit_fay_herriot(direct: Floats, sampling: Floats, covariates: Floats, method: Method = "reml") -> FayHerriot:
    """Return the model fitted to surveyed areas.

    Parameters
    ----------
    direct : ndarray of shape (m,)
        Direct estimates.
    sampling : ndarray of shape (m,), > 0
        Their sampling variances, taken as known.
    covariates : ndarray of shape (m, p)
        With a column of ones if the model is to have an intercept.
    method : {"reml", "ml", "adjusted"}
        How the variance A is found: restricted or plain maximum likelihood, which may find 0, or the restricted
        likelihood times A, which never does, so that no area is taken to lie on the line exactly.

    Raises
    ------
    RangeError
        ``areas_too_few`` unless m > p + 2; ``covariates_dependent``; ``variance_not_positive``.
    """
    areas, count = covariates.shape
    if areas <= count + 2:
        raise RangeError("areas_too_few", areas=areas, covariates=count)
    if not (sampling > 0).all():
        raise RangeError("variance_not_positive")
    if np.linalg.matrix_rank(covariates) < count:
        raise RangeError("covariates_dependent", covariates=count)
    spread = float(np.var(direct) + sampling.max())
    variance = _best(lambda a: -_likelihood(a, direct, sampling, covariates, method), spread)
    weight = 1.0 / (variance + sampling)
    covariance: Floats = np.linalg.inv(covariates.T @ (covariates * weight[:, None])).astype(np.float64)
    bias = 0.0
    if method == "ml":
        bias = -float(np.trace(covariance @ (covariates.T @ (covariates * weight[:, None] ** 2))) / (weight**2).sum())
    return FayHerriot(
        beta=covariance @ (covariates.T @ (weight * direct)), covariance=covariance, variance=variance,
        variance_error=float(2.0 / (weight**2).sum()), bias=bias, areas=areas, method=method,
    )  # fmt: skip


def _best(cost: object, spread: float) -> float:
    """Return the variance ≥ 0 of least cost; the likelihood may have several maxima, so a grid comes first."""
    assert callable(cost)
    grid = np.concatenate([[0.0], spread * np.geomspace(1e-6, 10.0, 60)])
    costs = [cost(value) for value in grid]
    best = int(np.argmin(costs))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-10 * spread})
    return float(found.x) if found.fun < costs[best] else float(grid[best])


def _likelihood(variance: float, direct: Floats, sampling: Floats, covariates: Floats, method: Method) -> float:
    """Return the profile log-likelihood of A but for constants."""
    if method == "adjusted" and variance <= 0:
        return -np.inf
    weight = 1.0 / (variance + sampling)
    information = covariates.T @ (covariates * weight[:, None])
    beta = np.linalg.solve(information, covariates.T @ (weight * direct))
    total = 0.5 * float(np.log(weight).sum()) - 0.5 * float((weight * (direct - covariates @ beta) ** 2).sum())
    if method != "ml":
        total -= 0.5 * float(np.linalg.slogdet(information)[1])
    return total + (float(np.log(variance)) if method == "adjusted" else 0.0)


def to_angle(share: Floats, sample: Floats) -> tuple[Floats, Floats]:
    """Return a share of a sample as an angle whose variance hardly depends on the share, and that variance.

    Anscombe, *Biometrika* 35 (1948) 246–254: arcsin √((n y + 3/8) / (n + 3/4)) has variance 1/(4 n + 2).

    Parameters
    ----------
    share : ndarray of shape (n,), 0–1
    sample : ndarray of shape (n,), > 0
        Effective number of answers: those asked, over the design effect.

    Returns
    -------
    (ndarray, ndarray)
        Angle [rad], 0 to π/2, and its variance.
    """
    angle = np.arcsin(np.sqrt((sample * share + 0.375) / (sample + 0.75)))
    return np.asarray(angle), np.asarray(1.0 / (4.0 * sample + 2.0))


def from_angle(angle: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return the mean and the variance of the share behind a normally distributed angle.

    With sin²θ = (1 − cos 2θ)/2 and E cos kθ = exp(−k²v/2) cos kμ both are exact; the share lies in 0–1.
    """
    mean_cos = np.exp(-2 * variance) * np.cos(2 * angle)
    mean_square = (1 + np.exp(-8 * variance) * np.cos(4 * angle)) / 2
    return np.asarray((1 - mean_cos) / 2), np.asarray(np.maximum(mean_square - mean_cos**2, 0.0) / 4)


def share_of(angle: Floats) -> Floats:
    """Return sin² of an angle kept within 0 and π/2: a share, 0–1."""
    return np.asarray(np.sin(np.clip(angle, 0.0, np.pi / 2)) ** 2)
