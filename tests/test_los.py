import dataclasses
import math

import numpy as np
import pytest

from coverage.errors import GridError
from coverage.grid import Surface
from coverage.models import TR38901
from coverage.radio import tr38901
from coverage.study import Study
from tests import builders as make

SQUARE = make.wards((-2, -2, 2, 2))
MAST = make.cells(make.cell(azimuth_deg=math.nan, height_m=25.0))
PIXEL = 25.0
KNOWN = TR38901(los="terrain", sweep_m=1500.0)
STATISTICAL = TR38901(sweep_m=1500.0)


def layer(value=0.0, **strips):
    """Return a raster of 12 km with columns from one kilometre east of the mast to another at other values."""
    values = np.full((480, 480), value)
    for name, height in strips.items():
        first, last = (240 + round(float(part) * 40) for part in name.removeprefix("x").replace("_", ".").split("to"))
        values[:, first:last] = height
    return make.raster(values, PIXEL, west_km=-6, north_km=6)


def signal(surface, model):
    return Study(make.city(SQUARE, MAST, surface=surface), pixel_m=PIXEL, model=model).run().signal


def east_of(found, km):
    """Return the column of the pixels that lie so many kilometres east of the mast."""
    return int(np.argmin(np.abs(found.grid.eastings - make.EAST - 1000 * km)))


def test_open_ground_is_in_sight_and_what_a_ridge_hides_is_not():
    flat = Surface(terrain=layer())
    free, ridge = signal(flat, KNOWN), signal(Surface(terrain=layer(x0_5to0_55=60.0)), KNOWN)
    statistical = signal(flat, STATISTICAL)
    row = free.grid.rows // 2
    before, behind = east_of(free, 0.4), east_of(free, 1.2)
    # in sight the loss is PL_LOS alone: above the mixture at every distance where sight is not certain
    assert free.best_rsrp_dbm[row, before] > statistical.best_rsrp_dbm[row, before]
    assert ridge.best_rsrp_dbm[row, before] == free.best_rsrp_dbm[row, before]
    assert ridge.best_rsrp_dbm[row, behind] < statistical.best_rsrp_dbm[row, behind] < free.best_rsrp_dbm[row, behind]
    assert not free.unknown.any()


def test_the_levels_are_those_of_the_two_states():
    free, ridge = (signal(Surface(terrain=ground), KNOWN) for ground in (layer(), layer(x0_5to0_55=60.0)))
    row, col = free.grid.rows // 2, east_of(free, 1.2)
    place = free.grid.eastings[col] - make.EAST, free.grid.northings[row] - make.NORTH
    loss = tr38901.path_loss("UMa", np.array([math.hypot(*place)]), frequency_mhz=2550.0, height_m=25.0)
    apart = free.best_rsrp_dbm[row, col] - ridge.best_rsrp_dbm[row, col]
    assert apart == pytest.approx(loss.nlos_db[0] - loss.los_db[0], abs=1e-3)


def test_buildings_hide_for_certain_and_land_cover_only_perhaps():
    town = layer(30.0, x0_5to0_6=50.0)
    houses = layer(np.nan, x0_4to0_7=0.0)
    houses.values[:, 260:264] = 20.0  # from 0.5 to 0.6 km
    perhaps = signal(Surface(terrain=layer(), clutter=town), KNOWN)
    certain = signal(Surface(terrain=layer(), clutter=town, buildings=houses), KNOWN)
    row, col = perhaps.grid.rows // 2, east_of(perhaps, 0.7)
    assert certain.best_rsrp_dbm[row, col] < perhaps.best_rsrp_dbm[row, col] - 5
    table = signal(Surface(clutter=layer(30.0)), STATISTICAL)  # the land cover at the mast makes no difference: UMa
    assert perhaps.best_rsrp_dbm[row, col] == pytest.approx(table.best_rsrp_dbm[row, col], abs=1e-4)


def test_behind_a_hole_in_the_terrain_a_pixel_is_unknown():
    hole = signal(Surface(terrain=layer(x0_5to0_55=np.nan)), KNOWN)
    row = hole.grid.rows // 2
    assert hole.unknown[row, east_of(hole, 1.0)]
    assert not hole.unknown[row, east_of(hole, -1.0)]
    assert hole.union[row, east_of(hole, 1.0)] == 0


def test_it_needs_terrain_and_has_a_name_of_its_own():
    assert KNOWN.id != STATISTICAL.id == "tr38901"
    assert KNOWN.facts["los"] == "terrain"
    assert "terrain" not in KNOWN.ignores
    with pytest.raises(GridError, match="needs_terrain"):
        signal(Surface(), KNOWN)


def test_bounds_change_no_pixel():
    surface = Surface(terrain=layer(x0_5to0_55=60.0))
    whole = signal(surface, KNOWN)
    x, y = make.EAST, make.NORTH
    study = Study(
        make.city(SQUARE, MAST, surface=surface), pixel_m=PIXEL, model=KNOWN, bounds_m=(x + 700, y - 500, x + 1400, y)
    )
    part = study.run().signal
    rows, cols = whole.grid.window(x + 1050, y - 250, 1)
    there = part.grid.window(x + 1050, y - 250, 1)
    np.testing.assert_array_equal(part.best_rsrp_dbm[there], whole.best_rsrp_dbm[rows, cols])
    assert dataclasses.replace(KNOWN, los="probability") == STATISTICAL
