"""The engine: kept losses, bands, memory and cancelling change nothing in the figures."""

import numpy as np
import pytest

from coverage import composing, terrain
from coverage.grid import Grid, Surface
from coverage.models import TR38901
from coverage.signals import predict_patches, predict_signal
from coverage.terrain import P1812
from tests import builders as make

SQUARE = make.wards((-2, -2, 2, 2))
MODEL = P1812(sweep_m=2000.0)


def surface(seed=0):
    steps = np.random.default_rng(seed).normal(0, 1, (200, 200))
    ground = 5 * (np.cumsum(steps, axis=0) + np.cumsum(steps, axis=1))
    return Surface(terrain=make.raster(ground - ground.min(), 50.0, west_km=-5, north_km=5))


def cells(count=4, seed=1, **values):
    places = np.random.default_rng(seed).uniform(-1.8, 1.8, (count, 2))
    rows = [
        make.cell(x, y, site_id=f"s{n}", azimuth_deg=azimuth, operator="ab"[n % 2], height_m=30.0, **values)
        for n, (x, y) in enumerate(places)
        for azimuth in (30.0, 150.0, 270.0)
    ]
    return make.cells(*rows).frame


def predict(frame, ground, pixel=50.0, model=MODEL, **more):
    grid = Grid.covering(tuple(SQUARE.frame.total_bounds), pixel)
    return predict_signal(frame, grid, model, ground, threshold_dbm=-95.0, **more)


def everything(signal):
    names = ("probability", "rsrp_dbm", "server", "unknown", "heard")
    return {name: np.array(getattr(signal, name)) for name in names}


def same(one, other):
    for name, array in everything(one).items():
        np.testing.assert_array_equal(array, getattr(other, name), err_msg=name)


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PHUSONG_CACHE", str(tmp_path))
    monkeypatch.setattr(terrain, "LOSSES", type(terrain.LOSSES)())
    return tmp_path / "phusong" / "losses"


@pytest.fixture
def sweeps_made(monkeypatch):
    made, real = [], terrain._OverGround._swept

    def counted(self, mast, rows, cols):
        made.append(mast)
        return real(self, mast, rows, cols)

    monkeypatch.setattr(terrain._OverGround, "_swept", counted)
    return made


@pytest.mark.usefixtures("own_cache")
def test_only_what_changes_the_path_is_swept_again(sweeps_made):
    ground, frame = surface(), cells()
    predict(frame, ground)
    assert len(sweeps_made) == 4
    turned = frame.assign(power_dbm=50.0, tilt_deg=3.0, azimuth_deg=frame["azimuth_deg"] + 10, ssb_gain_dbi=12.0)
    predict(turned, ground)
    predict(frame, ground, model=P1812(sweep_m=2000.0))
    assert len(sweeps_made) == 4, "power, tilt, azimuth and gain are composition only"
    moved = frame.copy()
    moved.loc[moved["site_id"] == "s2", "geometry"] = moved.geometry.iloc[0].buffer(1).exterior.interpolate(3)
    predict(moved, ground)
    assert len(sweeps_made) == 5, "a site that moves touches its own losses"
    predict(frame, surface(seed=9))
    assert len(sweeps_made) == 9, "other ground"
    predict(frame, ground, model=P1812(sweep_m=2000.0, delta_n=60.0))
    assert len(sweeps_made) == 13, "other air"
    predict(frame.assign(frequency_mhz=3750.0), ground)
    assert len(sweeps_made) == 17, "other band"


def test_kept_losses_give_the_same_bits(own_cache, monkeypatch, sweeps_made):
    ground, frame = surface(), cells()
    first = predict(frame, ground)
    monkeypatch.setattr(terrain, "LOSSES", type(terrain.LOSSES)())  # as in another process
    same(first, predict(frame, ground))
    assert len(sweeps_made) == 4
    for path in own_cache.iterdir():  # and as after somebody has emptied the folder
        path.unlink()
    same(first, predict(frame, ground))


@pytest.mark.parametrize("rows", [1, 17, 1000])
@pytest.mark.parametrize("threads", [1, 5])
def test_bands_and_threads_change_nothing(rows, threads, monkeypatch):
    ground, frame = surface(), cells(8)
    expected = predict(frame, ground)
    monkeypatch.setattr(composing, "BAND_ROWS", rows)
    monkeypatch.setattr(composing, "THREADS", threads)
    same(expected, predict(frame, ground))


def test_arrays_on_disk_hold_the_same(monkeypatch):
    ground, frame = surface(), cells()
    expected = predict(frame, ground)
    monkeypatch.setenv("PHUSONG_ARRAY_GB", "0.00001")
    found = predict(frame, ground)
    assert isinstance(found.probability, np.memmap)
    assert isinstance(found.rsrp_dbm, np.memmap)
    same(expected, found)


@pytest.mark.parametrize("model", [MODEL, TR38901(sweep_m=2000.0)], ids=["p1812", "tr38901"])
def test_patches_are_what_the_signal_is_made_of(model):
    ground, frame = surface(), cells(5)
    whole = predict(frame, ground, model=model)
    best = np.zeros(whole.grid.shape, dtype=np.float32)
    level = np.full(whole.grid.shape, np.nan, dtype=np.float32)
    heard = np.zeros(whole.grid.shape, dtype=int)
    for patch in predict_patches(frame, whole.grid, model, ground, threshold_dbm=-95.0):
        window = patch.rows, patch.cols
        best[window] = np.fmax(best[window], patch.probability)
        level[window] = np.fmax(level[window], patch.rsrp_dbm)
        heard[window] += patch.rsrp_dbm >= -95.0
    np.testing.assert_array_equal(whole.union, best)
    np.testing.assert_array_equal(whole.best_rsrp_dbm, level)
    np.testing.assert_array_equal(whole.heard, heard)


def test_a_pixel_belongs_to_the_closed_forms_or_to_the_sweep_never_to_both_or_neither():
    flat = Surface(terrain=make.raster(np.zeros((200, 200)), 50.0, west_km=-5, north_km=5))
    mast = make.cells(make.cell(0.025, 0.025, azimuth_deg=np.nan, ssb_gain_dbi=10.0)).frame  # on a pixel centre
    found = predict(mast, flat)
    distance = np.hypot(
        found.grid.eastings[None, :] - mast.geometry.x.iloc[0], found.grid.northings[:, None] - mast.geometry.y.iloc[0]
    )
    assert 250.0 in distance
    np.testing.assert_array_equal(np.isfinite(found.rsrp_dbm[0]), distance <= 2000.0)


@pytest.mark.parametrize("model", [MODEL, TR38901(sweep_m=2000.0)], ids=["p1812", "tr38901"])
def test_a_progress_callback_counts_every_cell_and_can_stop_the_work(model):
    seen = []
    predict(cells(), surface(), model=model, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 12), (6, 12), (9, 12), (12, 12)]

    def stop(done, _total):
        if done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(cells(), surface(), model=model, progress=stop)
