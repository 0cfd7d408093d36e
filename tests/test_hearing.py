"""What is said of one pixel is what stands on the map, to the bit."""

import numpy as np
import pytest

import coverage as cov
from coverage.antennas import beam_of
from coverage.errors import GridError
from coverage.grid import Surface
from coverage.hearing import heard_at
from tests import builders as make


def hilly(**values):
    """Return a city of 6 km × 6 km: three sites of two operators around a ridge."""
    rows = np.arange(200)
    ridge = 80.0 * np.exp(-(((rows - 100) / 12.0) ** 2))
    terrain = make.raster(np.tile(ridge, (300, 1)).T.repeat(2, axis=1)[:200, :300], 50.0, west_km=-4.5, north_km=8.0)
    cells = make.cells(
        make.cell(1.0, 1.0, environment="UMa"),
        make.cell(1.0, 1.0, environment="UMa", cell_id="s1-2", azimuth_deg=120.0),
        make.cell(4.0, 4.0, environment="UMa", site_id="s2", cell_id="s2-1", operator="VNPT", azimuth_deg=240.0),
        make.cell(3.0, 3.0, environment="UMi", height_m=10.0, site_id="s3", cell_id="s3-1", operator="VNPT"),
    )
    surface = values.pop("surface", Surface(terrain=terrain))
    return make.city(make.wards((0, 0, 6, 6)), cells, surface=surface)


@pytest.fixture(scope="module")
def result():
    return cov.Study(hilly(), pixel_m=100).run()


def points(result, count=40):
    grid = result.study.grid
    chance = np.random.default_rng(3)
    for row, col in zip(chance.integers(0, grid.rows, count), chance.integers(0, grid.cols, count), strict=True):
        yield int(row), int(col), (grid.eastings[col] + 17.0, grid.northings[row] - 31.0)


@pytest.mark.parametrize("model", [None, cov.TR38901()], ids=["terrain", "flat"])
def test_a_pixel_hears_what_the_map_shows(model):
    result = cov.Study(hilly(), pixel_m=100, model=model).run()
    signal, flat = result.signal, set()
    for row, col, point in points(result):
        heard = heard_at(result, point)
        flat |= set(heard["flat_ground"])
        assert heard["rsrp_dbm"].max() == pytest.approx(signal.best_rsrp_dbm[row, col], abs=0)
        assert heard.index[0] == signal.best_server[row, col]
        for number, operator in enumerate(signal.operators):
            own = heard[heard["operator"] == operator]
            if own.empty:  # beyond its reach
                assert (signal.probability[number, row, col], signal.server[number, row, col]) == (0.0, -1)
                continue
            assert np.float32(own["probability"].max()) == signal.probability[number, row, col]
            assert own.index[0] == signal.server[number, row, col]
    assert flat == ({True, False} if model is None else {True}), "both kinds of paths were met"


def test_level_gain_and_loss_add_up(result):
    (_, _, point), *_ = points(result, 1)
    for cell, row in heard_at(result, point).iterrows():
        about = result.signal.cells.loc[cell]
        on_axis = beam_of(about).reference_dbm - about["ssb_gain_dbi"]
        assert row["rsrp_dbm"] == pytest.approx(on_axis + row["gain_dbi"] - row["loss_db"], abs=1e-4)
        assert row["gain_dbi"] <= about["ssb_gain_dbi"] + 1e-9


def test_a_study_hears_without_having_run(result):
    (_, _, point), *_ = points(result, 1)
    before, after = heard_at(result.study, point), heard_at(result, point)
    assert before.equals(after)
    assert list(before["rsrp_dbm"]) == sorted(before["rsrp_dbm"], reverse=True)


def test_what_is_unknown_stands_last_and_stays_unknown():
    values = np.full((200, 300), 5.0)
    values[:, 88:92] = np.nan  # a gap in the terrain, some 200 m west of the first site
    terrain = make.raster(values, 50.0, west_km=-4.5, north_km=8.0)
    cells = make.cells(make.cell(1.0, 3.0, azimuth_deg=np.nan), make.cell(-1.5, 3.0, cell_id="other"))
    city = make.city(make.wards((-2, 2, 3, 4)), cells, surface=Surface(terrain=terrain))
    heard = heard_at(cov.Study(city, pixel_m=100), (make.EAST - 1000.0, make.NORTH + 3000.0))
    assert list(heard["cell_id"]) == ["other", "s1-1"]
    assert heard.loc[0, ["rsrp_dbm", "probability", "loss_db"]].isna().all()
    assert heard.loc[1, ["rsrp_dbm", "probability", "loss_db"]].notna().all()


def test_nobody_is_heard_far_from_every_cell():
    city = make.city(make.wards((0, 0, 30, 1)), make.cells(make.cell(0.0, 0.5)))
    assert heard_at(cov.Study(city, pixel_m=200), (make.EAST + 29_000.0, make.NORTH + 500.0)).empty


@pytest.mark.parametrize("point", [(0.0, 0.0), (make.EAST - 200.0, make.NORTH + 50.0), (float("nan"), make.NORTH)])
def test_a_point_outside_is_refused(result, point):
    with pytest.raises(GridError, match="point_outside"):
        heard_at(result, point)


def test_sight_from_terrain_is_heard_too():
    result = cov.Study(hilly(), pixel_m=100, model=cov.TR38901(los="terrain")).run()
    for row, col, point in points(result, 15):
        assert heard_at(result, point)["rsrp_dbm"].max() == pytest.approx(result.signal.best_rsrp_dbm[row, col], abs=0)
