"""Wards without lines: covariates where they help, the mean where they do not, and an interval that is honest."""

import numpy as np
import pandas as pd
import pytest

from coverage.internet.prediction import predict_wards, spatial_blocks


def city(rng, wards=60, effect=1.0, noise=0.3):
    places = pd.DataFrame(rng.uniform(0, 10_000, (wards, 2)), columns=["x", "y"])
    covariates = pd.DataFrame(rng.normal(size=(wards, 2)), columns=["density", "income"])
    value = pd.Series(effect * covariates["income"] + noise * rng.normal(size=wards) + 3.0)
    return value, covariates, places


def test_covariates_serve_where_they_err_less_than_the_mean():
    value, covariates, places = city(np.random.default_rng(1))
    known = value.where(np.arange(60) >= 10)
    found = predict_wards(known, covariates, places)
    assert found.by == "covariates"
    assert found.error_covariates < 0.5 * found.error_mean
    assert np.abs(found.value - value[:10]).mean() < 0.5
    assert found.wards == 50
    assert 3 <= found.blocks <= 8


def test_covariates_that_say_nothing_give_way_to_the_mean():
    value, covariates, places = city(np.random.default_rng(2), effect=0.0)
    known = value.where(np.arange(60) >= 10)
    found = predict_wards(known, covariates, places)
    assert found.by == "mean"
    assert found.error_covariates > 0.95 * found.error_mean
    assert found.value.to_numpy() == pytest.approx(known.mean())


def test_without_covariates_or_with_constant_ones_the_mean_is_all_there_is():
    value, covariates, places = city(np.random.default_rng(3))
    known = value.where(np.arange(60) >= 10)
    for none in (covariates[[]], covariates[["income"]] * 0.0):
        found = predict_wards(known, none, places)
        assert found.by == "mean"
        assert np.isnan(found.error_covariates)


def test_too_few_known_wards_promise_nothing():
    value, covariates, places = city(np.random.default_rng(4), wards=12)
    found = predict_wards(value.where(np.arange(12) >= 4), covariates, places)
    assert np.isinf(found.low).all()
    assert np.isinf(found.high).all()


def test_intervals_hold_new_wards_as_often_as_promised():
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(60):
        value, covariates, places = city(rng, noise=1.0)
        found = predict_wards(value.where(np.arange(60) >= 10), covariates, places)
        inside += value[:10].between(found.low, found.high).tolist()
    assert np.mean(inside) >= 0.93


def test_blocks_are_neighbours_and_the_same_every_time():
    places = np.random.default_rng(6).uniform(0, 1, (40, 2))
    block = spatial_blocks(places)
    assert (block == spatial_blocks(places)).all()
    within = [np.hypot(*(places[block == b] - places[block == b].mean(axis=0)).T).mean() for b in np.unique(block)]
    assert np.mean(within) < 0.6 * np.hypot(*(places - places.mean(axis=0)).T).mean()
    assert spatial_blocks(places[:2]).tolist() == [0, 1]
