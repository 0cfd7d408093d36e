"""Reception indoors over a study: against the mean over losses pixel by pixel, and the laws it obeys."""

import dataclasses

import numpy as np
import pytest
from scipy.special import ndtr

from coverage.catalog.definitions import definition
from coverage.errors import DefinitionError
from coverage.grid import Grid, Surface
from coverage.models import TR38901
from coverage.radio.indoor import entry_loss
from coverage.signals import predict_signal
from coverage.study import Study
from coverage.terrain import P1812
from tests import builders as make
from tests.reference import by_hand

FLAT = Surface(terrain=make.raster(np.zeros((120, 120)), 50.0, west_km=-3, north_km=3))
GRID = Grid.covering((make.EAST - 1500, make.NORTH - 1500, make.EAST + 1500, make.NORTH + 1500), 50.0)
N28 = {"band": "n28", "frequency_mhz": 773.0, "bandwidth_mhz": 10.0, "power_dbm": 49.0, "ssb_gain_dbi": 15.0}
SITE = [make.cell(), make.cell(0.0, 0.02, **N28, cell_id="low"), make.cell(0.7, 0.4, azimuth_deg=200.0, operator="b")]


def predict(*rows, model, share=None, threshold_dbm=-105.0):
    frame = make.cells(*rows).frame
    return predict_signal(frame, GRID, model, FLAT, threshold_dbm=threshold_dbm, traditional_share=share)


def losses(frequency_mhz, share):
    mixture = {"traditional": share, "thermally_efficient": 1 - share}
    return entry_loss(frequency_mhz / 1e3, {kind: part for kind, part in mixture.items() if part})


@pytest.mark.parametrize("share", [1.0, 0.7, 0.0])
@pytest.mark.parametrize("row", SITE[:2], ids=["n41", "n28"])
def test_over_terrain_it_is_the_mean_over_losses(row, share):
    model = P1812(sweep_m=2000.0)
    found = predict(row, model=model, share=share)
    location = (0.024 * row["frequency_mhz"] / 1e3 + 0.52) * 50.0**0.28
    sigma = np.hypot(location, model.model_sigma_db)
    loss = losses(row["frequency_mhz"], share)
    level = found.rsrp_dbm[0].astype(float)
    margin = level[..., None] - loss.losses_db + 105.0
    expected = (ndtr(margin / sigma) * loss.weights).sum(axis=-1)
    place = row["geometry"]
    far = np.hypot(GRID.eastings[None, :] - place.x, GRID.northings[:, None] - place.y) > 300
    there = far & np.isfinite(level)
    assert there.sum() > 2500
    assert found.probability[0][there] == pytest.approx(expected[there], abs=1e-4)


def test_over_flat_ground_both_states_pass_the_wall():
    found = predict(SITE[0], model=TR38901(), share=0.7)
    loss = losses(2550.0, 0.7)
    reference = 53 - 10 * np.log10(12 * 273) + 17
    for north_m in (25.0, 275.0, 1025.0):
        row = int(np.argmin(np.abs(GRID.northings - make.NORTH - north_m)))
        distance = np.hypot(25.0, north_m)
        below = np.degrees(np.arctan2(23.5, distance)) - 6.0
        gain = by_hand.pattern_db(np.degrees(np.arctan2(25.0, north_m)), below, 65.0, 10.0)
        point = by_hand.uma(2.55, 25.0, 1.5, distance)
        each = [by_hand.probability(point, reference + gain - one, -105.0) for one in loss.losses_db]
        assert found.probability[0, row, 30] == pytest.approx(float(np.dot(each, loss.weights)), abs=1e-4)


@pytest.mark.parametrize("model", [TR38901(), P1812(sweep_m=2000.0)], ids=lambda each: each.id)
def test_a_wall_only_takes_away_and_changes_no_level(model):
    outside, inside = predict(*SITE, model=model), predict(*SITE, model=model, share=0.7)
    traditional, efficient = (predict(*SITE, model=model, share=share) for share in (1.0, 0.0))
    assert (inside.probability <= np.maximum(outside.probability, 0.5) + 1e-6).all()
    assert (efficient.probability <= inside.probability + 1e-5).all()
    assert (inside.probability <= traditional.probability + 1e-5).all()
    for name in ("rsrp_dbm", "server", "unknown", "heard"):
        assert np.array_equal(getattr(inside, name), getattr(outside, name), equal_nan=name == "rsrp_dbm")


@pytest.mark.parametrize("model", [TR38901(), P1812(sweep_m=2000.0)], ids=lambda each: each.id)
def test_the_best_cell_counts_whatever_its_frequency(model):
    together = predict(*SITE[:2], model=model, share=0.7).probability[0]
    single = [predict(row, model=model, share=0.7).probability[0] for row in SITE[:2]]
    assert together == pytest.approx(np.maximum(*single), abs=1e-6)


def test_a_study_indoors_counts_built_up_land():
    wards = make.wards((-1, -1, 1, 1))
    clutter = make.raster(np.repeat([[50.0, 10.0]], 20, axis=0).repeat(10, axis=1), 100.0, west_km=-1, north_km=1)
    city = make.city(wards, make.cells(*SITE), surface=dataclasses.replace(FLAT, clutter=clutter))
    result = Study(city, definition="danang-2023-indoor", pixel_m=100).run()
    assert result.denominator.id == "residential"
    assert result.denominator.area_km2 == pytest.approx(2.0, rel=1e-3)
    outdoors = Study(city, definition="danang-2025-residential", pixel_m=100).run()
    assert 0 < result.headline < outdoors.headline
    with pytest.raises(DefinitionError, match="needs_land_cover"):
        Study(make.city(wards, make.cells(*SITE)), definition=definition("danang-2023-indoor")).run()
