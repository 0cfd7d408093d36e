"""The model of Fay and Herriot against the published example of milk expenditure in 43 areas of the United States.

Data: Arora and Lahiri, Statistica Sinica 7 (1997) 1053-1063, as in the R package sae 1.3 (data set ``milk``); expected
values: eblupFH and mseFH of that package, as the tests of samplics 0.3 list them.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.internet.smallarea import fit_fay_herriot, from_angle, share_of, to_angle

EXPENDITURE = [
    1.099, 1.075, 1.105, 0.628, 0.753, 0.981, 1.257, 1.095, 1.405, 1.356, 0.615, 1.46, 1.338, 0.854, 1.176, 1.111,
    1.257, 1.43, 1.278, 1.292, 1.002, 1.183, 1.044, 1.267, 1.193, 0.791, 0.795, 0.759, 0.796, 0.565, 0.886, 0.952,
    0.807, 0.582, 0.684, 0.787, 0.44, 0.759, 0.77, 0.8, 0.756, 0.865, 0.64,
]  # fmt: skip
ERROR = [
    0.163, 0.08, 0.083, 0.109, 0.119, 0.141, 0.202, 0.127, 0.168, 0.178, 0.1, 0.201, 0.148, 0.143, 0.149, 0.145,
    0.135, 0.172, 0.137, 0.163, 0.125, 0.247, 0.14, 0.171, 0.106, 0.121, 0.121, 0.259, 0.106, 0.089, 0.225, 0.205,
    0.119, 0.067, 0.106, 0.126, 0.092, 0.132, 0.1, 0.113, 0.083, 0.121, 0.129,
]  # fmt: skip
REGION = [1] * 7 + [2] * 7 + [3] * 11 + [4] * 18
REML_FIRST = [1.0219703, 1.0476018, 1.0679513, 0.7608170, 0.8461574, 0.9743727, 1.0584523, 1.0977762, 1.2215449]
REML_LAST = [0.5298867, 0.7434466, 0.7548996, 0.7701918, 0.7481164, 0.8040773, 0.6810870]
REML_MSE = [0.013460220, 0.005372876, 0.005701990, 0.008541740, 0.009579594, 0.011670632, 0.015926137, 0.010586518]
ML_FIRST = [1.0161733, 1.0436968, 1.0628168, 0.7753489, 0.8554903, 0.9735857, 1.0474786, 1.0953436, 1.2054092]
ML_MSE = [0.013579953, 0.005512868, 0.005850584, 0.008735454, 0.009774528, 0.011840745, 0.015934511, 0.010821811]


@pytest.fixture(scope="module")
def milk():
    region = np.array(REGION)
    ones = np.column_stack([np.ones(43), region == 2, region == 3, region == 4]).astype(float)
    return np.array(EXPENDITURE), np.array(ERROR) ** 2, ones


def test_reml_of_the_published_example(milk):
    direct, sampling, covariates = milk
    fit = fit_fay_herriot(direct, sampling, covariates, "reml")
    assert fit.beta == pytest.approx([0.9681890, 0.1327801, 0.2269462, -0.2413011], abs=2e-6)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx([0.06936208, 0.10300072, 0.09232981, 0.08161707], abs=2e-6)
    value, mse = fit.predict(covariates, direct, sampling)
    assert value[:9] == pytest.approx(REML_FIRST, abs=5e-6)
    assert value[-7:] == pytest.approx(REML_LAST, abs=5e-6)
    assert mse[:8] == pytest.approx(REML_MSE, abs=2e-7)


def test_maximum_likelihood_of_the_published_example(milk):
    direct, sampling, covariates = milk
    fit = fit_fay_herriot(direct, sampling, covariates, "ml")
    assert fit.beta == pytest.approx([0.9677986, 0.1278756, 0.2266909, -0.2425804], abs=5e-6)
    value, mse = fit.predict(covariates, direct, sampling)
    assert value[:9] == pytest.approx(ML_FIRST, abs=1e-5)
    assert mse[:8] == pytest.approx(ML_MSE, abs=2e-6)


def test_an_area_without_a_survey_lies_on_the_line_with_the_error_of_both(milk):
    direct, sampling, covariates = milk
    fit = fit_fay_herriot(direct, sampling, covariates)
    value, mse = fit.predict(covariates[:1], np.array([np.nan]), np.array([np.nan]))
    assert value[0] == pytest.approx(fit.beta[0])
    assert mse[0] == pytest.approx(fit.variance + fit.covariance[0, 0])
    _, more = fit.predict(covariates[:1], np.array([np.nan]), np.array([np.nan]), np.array([0.5]))
    assert more[0] == pytest.approx(mse[0] + 0.5)


def test_the_adjusted_variance_is_never_zero():
    rng = np.random.default_rng(1)
    covariates, sampling = np.ones((8, 1)), np.full(8, 1.0)
    direct = rng.normal(0.0, 0.1, 8)  # less spread than sampling alone would give
    assert fit_fay_herriot(direct, sampling, covariates, "reml").variance == 0
    assert fit_fay_herriot(direct, sampling, covariates, "adjusted").variance > 0


@pytest.mark.parametrize(
    ("covariates", "sampling", "code"),
    [
        (np.ones((3, 1)), np.ones(3), "areas_too_few"),
        (np.ones((9, 2)), np.ones(9), "covariates_dependent"),
        (np.ones((9, 1)), np.zeros(9), "variance_not_positive"),
    ],
)
def test_what_cannot_be_fitted_is_refused(covariates, sampling, code):
    with pytest.raises(RangeError) as caught:
        fit_fay_herriot(np.arange(len(sampling), dtype=float), sampling, covariates)
    assert caught.value.code == code


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_the_estimate_lies_between_survey_and_line_and_errs_less_than_the_survey(seed):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(8, 40))
    covariates = np.column_stack([np.ones(m), rng.normal(size=m)])
    sampling = rng.uniform(0.001, 0.2, m)
    direct = covariates @ [0.3, 0.5] + rng.normal(0, 0.2, m) + rng.normal(0, np.sqrt(sampling))
    fit = fit_fay_herriot(direct, sampling, covariates, "adjusted")
    value, mse = fit.predict(covariates, direct, sampling)
    line = covariates @ fit.beta
    assert (value >= np.minimum(direct, line) - 1e-12).all()
    assert (value <= np.maximum(direct, line) + 1e-12).all()
    assert (mse > 0).all()


@given(st.floats(0, 1), st.floats(0, 5))
def test_an_angle_gives_a_share_and_a_variance_a_share_can_have(share, variance):
    angle = np.array([np.arcsin(np.sqrt(share))])
    mean, spread = from_angle(angle, np.array([variance]))
    assert 0 <= mean[0] <= 1
    assert 0 <= spread[0] <= 0.25 + 1e-12
    assert share_of(angle)[0] == pytest.approx(share, abs=1e-12)


def test_moments_of_a_share_equal_those_of_many_draws():
    rng = np.random.default_rng(2)
    draws = np.sin(rng.normal(1.1, 0.15, 400_000)) ** 2
    mean, spread = from_angle(np.array([1.1]), np.array([0.15**2]))
    assert mean[0] == pytest.approx(draws.mean(), abs=1e-3)
    assert spread[0] == pytest.approx(draws.var(), rel=1e-2)


def test_the_angle_of_a_sample_has_the_variance_it_is_said_to_have():
    rng = np.random.default_rng(3)
    for share in (0.5, 0.8, 0.95):
        drawn = rng.binomial(80, share, 40_000) / 80
        angle, variance = to_angle(drawn, np.full(len(drawn), 80.0))
        assert angle.var() == pytest.approx(variance[0], rel=0.1)
