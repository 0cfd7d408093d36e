import math

import numpy as np
import pandas as pd
import pytest

from coverage import terrain
from coverage.errors import GridError, RangeError
from coverage.grid import Grid, Surface
from coverage.models import TR38901
from coverage.radio import native, p526
from coverage.radio.p1812 import Link, geometry, profiles_of
from coverage.signals import predict_signal
from coverage.study import Study
from coverage.terrain import P1812
from tests import builders as make

SQUARE = make.wards((-4, -4, 4, 4))
MAST = make.cells(make.cell(azimuth_deg=math.nan, height_m=30.0))


def hills(rng, side=500, height=120.0):
    steps = rng.normal(0, 1, (side, side))
    smooth = np.cumsum(np.cumsum(steps, axis=0), axis=1)
    return height * (smooth - smooth.min()) / np.ptp(smooth)


def city(ground, clutter=None, cells=MAST):
    extent = {"west_km": -7.5, "north_km": 7.5}
    surface = Surface(
        terrain=make.raster(ground, 30.0, **extent),
        clutter=None if clutter is None else make.raster(clutter, 30.0, **extent),
    )
    return make.city(SQUARE, cells, surface=surface)


def signal(where, model=None, threshold=-105.0, pixel=30.0):
    grid = Grid.covering(tuple(SQUARE.frame.total_bounds), pixel)
    return predict_signal(where.cells.frame, grid, model or P1812(), where.surface, threshold_dbm=threshold)


def test_the_level_is_free_space_plus_diffraction_along_the_profile():
    ground = np.zeros((500, 500))
    ground[:, 320:324] = 60.0  # a ridge running north to south, 2.1 km east of the mast
    predicted = signal(city(ground))
    row, col = 133, 239  # on the latitude of the mast, 3.2 km east of it
    grid = predicted.grid
    east = grid.eastings[col] - make.EAST
    north = grid.northings[row] - make.NORTH
    length = math.hypot(east, north)
    samples = np.linspace(0, length, round(length / 30) + 1)  # equal steps from the mast to the pixel
    columns = (np.arange(500) + 0.5) * 30.0 - 7500.0
    on_grid = np.interp(grid.eastings - make.EAST, columns, ground[250])  # terrain as the study reads it
    heights = np.interp(samples * east / length, grid.eastings - make.EAST, on_grid)[None, :]
    profiles = profiles_of(
        samples[None, :] / 1000, heights, 0 * heights, Link(frequency_ghz=2.55, tx_height_m=30, rx_height_m=1.5)
    )
    shape = geometry(profiles, np.full(heights.shape, 4), Link(frequency_ghz=2.55, tx_height_m=30, rx_height_m=1.5))
    loss = p526.delta_bullington_db(
        profiles, shape.smooth_tx_m, shape.smooth_rx_m, shape.radius_km, frequency_ghz=2.55, vertical=True,
        sea=np.zeros(1),
    )[0]  # fmt: skip
    slant = math.hypot(length, 28.5) / 1000
    free = 92.4 + 20 * math.log10(2.55) + 20 * math.log10(slant)
    gain = predicted.cells["ssb_gain_dbi"].iloc[0] - 12 * ((math.degrees(math.atan2(28.5, east)) - 6) / 10) ** 2
    expected = 53 - 10 * math.log10(3276) + gain - free - loss
    assert loss > 15, "the ridge must matter"
    assert predicted.best_rsrp_dbm[row, col] == pytest.approx(expected, abs=0.15)


def test_near_the_mast_and_in_street_canyons_tr38901_serves():
    flat = np.zeros((500, 500))
    terrain, plain = signal(city(flat)), signal(city(flat), TR38901())
    near = np.hypot(*np.meshgrid(plain.grid.eastings - make.EAST, plain.grid.northings - make.NORTH)) < 240
    np.testing.assert_allclose(terrain.union[near], plain.union[near], atol=1e-6)
    small = make.cells(make.cell(azimuth_deg=math.nan, height_m=10.0, environment="UMi"))
    np.testing.assert_array_equal(
        signal(city(flat, cells=small)).union, signal(city(flat, cells=small), TR38901()).union
    )


def test_a_hole_in_the_ground_makes_what_lies_behind_it_unknown():
    ground = np.zeros((500, 500))
    ground[:, 300:303] = np.nan  # 1.5 km east of the mast
    where = city(ground)
    predicted = signal(where)
    easting = predicted.grid.eastings - make.EAST
    assert predicted.unknown[133, (easting > 1800) & (easting < 3900)].all()
    assert not predicted.unknown[:, easting < 1200].any()
    result = Study(where, pixel_m=30, model=P1812()).run()
    assert result.data["unknown_area_km2"] == pytest.approx(predicted.unknown.sum() * 0.0009, rel=0.02)
    assert np.isfinite(result.city.loc["area_share", "value"])


def test_clutter_only_costs():
    flat, rng = np.zeros((500, 500)), np.random.default_rng(0)
    trees = np.where(rng.random((500, 500)) < 0.3, 10.0, 30.0)
    open_land, wooded = signal(city(flat)), signal(city(flat, trees))
    reached = np.isfinite(open_land.best_rsrp_dbm)
    assert (wooded.best_rsrp_dbm <= open_land.best_rsrp_dbm + 1e-3)[reached].all()
    assert (wooded.union >= 0.9).sum() < 0.8 * (open_land.union >= 0.9).sum()


def test_adding_a_cell_never_lowers_the_union_over_hills():
    ground = hills(np.random.default_rng(3))
    second = make.cell(x_km=2, y_km=1, site_id="s2", azimuth_deg=90.0)
    both = make.cells(*MAST.frame.to_dict("records"), second)
    assert (signal(city(ground, cells=both)).union >= signal(city(ground)).union).all()


def test_without_terrain_the_model_says_so():
    with pytest.raises(GridError, match="needs_terrain"):
        Study(make.city(SQUARE, MAST), model=P1812()).run()
    with pytest.raises(RangeError, match="model_sweep"):
        P1812(sweep_m=100.0)


def test_the_profile_step_is_part_of_the_name():
    assert P1812().id == "p1812-8-30m"
    assert P1812(profile_step_m=10.0).id == "p1812-8-10m"
    assert P1812().facts["model_sigma_db"] == 6.0


def test_the_numpy_fall_back_measures_the_same(monkeypatch):
    if native.library() is None:
        pytest.skip("no C compiler and no ziglang here: there is nothing to compare with")
    where = city(hills(np.random.default_rng(4)))
    model = P1812(sweep_m=1500.0)
    compiled = Study(where, pixel_m=60, model=model).run().headline
    monkeypatch.setattr(native, "library", lambda: None)
    assert Study(where, pixel_m=60, model=model).run().headline == pytest.approx(compiled, abs=2e-3)


def test_a_study_of_arrays_on_disk_measures_the_same(monkeypatch):
    """Nothing as large as the grid has to stay in memory: ground, clutter, levels and the union live in files."""
    rng = np.random.default_rng(5)
    trees = np.where(rng.random((500, 500)) < 0.3, 10.0, 30.0)
    where, model = city(hills(rng), trees), P1812(sweep_m=1500.0)
    expected = Study(where, pixel_m=40, model=model).run()
    monkeypatch.setenv("PHUSONG_ARRAY_GB", "0.00001")
    terrain._ground.cache_clear()
    found = Study(where, pixel_m=40, model=model).run()
    ground = terrain._ground(where.surface, found.study.grid.wider(40))
    on_disk = (ground.bare_m, ground.top_m, found.signal.probability, found.signal.rsrp_dbm, found.signal.server)
    assert all(isinstance(array, np.memmap) for array in on_disk)
    pd.testing.assert_frame_equal(found.wards, expected.wards)
    np.testing.assert_array_equal(found.signal.union, expected.signal.union)
    terrain._ground.cache_clear()


def test_a_mast_out_of_reach_of_the_city_adds_nothing():
    ground = np.full((500, 500), 10.0)
    alone = signal(city(ground), pixel=200.0)
    for far in ({"y_km": 300.0}, {"x_km": -300.0}, {"x_km": 500.0, "y_km": -900.0}):
        cells = make.cells(
            make.cell(azimuth_deg=math.nan, height_m=30.0), make.cell(site_id="far", operator="VNPT", **far)
        )
        both = signal(city(ground, cells=cells), pixel=200.0)
        assert np.array_equal(both.union, alone.union)
