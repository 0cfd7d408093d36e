"""Laws of physics and of geometry that hold whatever the numbers: of the kernels, of the sweeps, of a whole signal."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from coverage.grid import Grid, Surface
from coverage.models import TR38901
from coverage.radio import p526
from coverage.radio.native import RayLink
from coverage.radio.p1812 import Link, basic_transmission_loss_db, geometry, profiles_of
from coverage.radio.sweeps import OUTSIDE, PER_DB, packed_sweep
from coverage.signals import predict_signal
from coverage.terrain import P1812
from tests import builders as make
from tests.reference import location_by_hand as hand

GHZ = st.floats(0.7, 6)
HEIGHT = st.floats(1, 120)
SEED = st.integers(0, 10_000)
STEP_KM = 0.03
PIXEL_M = 30.0


def free_space_db(ghz, length_km, rise_m):
    return 92.4 + 20 * math.log10(ghz) + 20 * math.log10(math.hypot(length_km, rise_m / 1000))


def path(ground):
    """Return distance, ground and no clutter of one profile."""
    ground = np.atleast_2d(np.asarray(ground, dtype=float))
    return np.arange(ground.shape[1])[None, :] * STEP_KM, ground, np.zeros_like(ground)


def country(seed):
    """Return ground and clutter of one profile: from flat to alpine, from open to wooded."""
    rng = np.random.default_rng(seed)
    points = int(rng.integers(12, 200))
    ground = np.maximum(np.cumsum(rng.normal(0, rng.choice([0.0, 0.5, 5.0, 20.0]), points)), -3)
    clutter = rng.choice([0.0, 0.0, 10.0, 20.0], points) * rng.integers(0, 2)
    clutter[[0, -1]] = 0.0
    return path(ground)[0], ground[None, :], clutter[None, :]


def diffraction_db(distance, ground, clutter, link):
    profiles = profiles_of(distance, ground, clutter, link)
    shape = geometry(profiles, np.full(ground.shape, 4), link)
    return p526.delta_bullington_db(
        profiles, shape.smooth_tx_m, shape.smooth_rx_m, shape.radius_km,
        frequency_ghz=link.frequency_ghz, vertical=link.vertical, sea=shape.sea,
    )[0]  # fmt: skip


# --- free space -----------------------------------------------------------------------------------------------------


@given(SEED, GHZ, HEIGHT, HEIGHT)
@settings(max_examples=150)
def test_the_median_loss_is_never_below_free_space(seed, ghz, tx_m, rx_m):
    """At p = 50 % eq. 69 lets nothing below free space: over flat bare earth and over any other."""
    for distance, ground, clutter in (path(np.zeros(100)), country(seed)):
        link = Link(frequency_ghz=ghz, tx_height_m=tx_m, rx_height_m=rx_m)
        free = free_space_db(ghz, distance[0, -1], ground[0, 0] + tx_m - ground[0, -1] - rx_m)
        assert basic_transmission_loss_db(distance, ground, clutter, link)[0] >= free - 1e-9


def swept(bare_m, top_m, link, reach_m=1500.0):
    """Return the loss around the middle of a square [dB], NaN where the sweep gives none."""
    middle = (bare_m.shape[0] - 1) / 2
    packed = packed_sweep(
        bare_m, top_m, (middle, middle), link, pixel_m=PIXEL_M, reach_m=reach_m, near_m=250.0
    ).astype(float)  # fmt: skip
    return np.where(packed == OUTSIDE, np.nan, packed / PER_DB)


def free_space_around(bare_m, link):
    middle = (len(bare_m) - 1) // 2
    across = (np.arange(len(bare_m)) - middle) * PIXEL_M
    rise = bare_m[middle, middle] + link.tx_height_m - bare_m.astype(float) - link.rx_height_m
    slant_km = np.sqrt(across[:, None] ** 2 + across[None, :] ** 2 + rise**2) / 1000
    return 92.4 + 20 * np.log10(link.frequency_ghz) + 20 * np.log10(slant_km)


def square(seed, flat=False):
    """Return bare ground and ground with clutter, 105 × 105 pixels."""
    rng = np.random.default_rng(seed)
    if flat:
        bare = np.zeros((105, 105), dtype=np.float32)
        return bare, bare
    relief = np.cumsum(np.cumsum(rng.normal(0, 1, (105, 105)), axis=0), axis=1)
    bare = (rng.uniform(0, 150) * (relief - relief.min()) / np.ptp(relief)).astype(np.float32)
    return bare, bare + rng.choice([0, 0, 10], bare.shape).astype(np.float32)


@given(SEED, GHZ, st.floats(5, 80), st.booleans())
@settings(max_examples=20)
def test_a_swept_median_is_never_below_free_space(seed, ghz, tx_m, flat):
    bare, top = square(seed, flat)
    link = RayLink(step_m=PIXEL_M, frequency_ghz=ghz, tx_height_m=tx_m, rx_height_m=1.5)
    loss = swept(bare, top, link)
    there = np.isfinite(loss)
    assert there.sum() > 5000
    # Half a unit of the packing, and the float32 of the compiled loops.
    assert (loss - free_space_around(bare, link))[there].min() >= -0.5 / PER_DB - 1e-4


# --- reciprocity ----------------------------------------------------------------------------------------------------


@given(SEED, GHZ, HEIGHT)
@settings(max_examples=100)
def test_symmetric_terminals_give_the_same_diffraction_from_both_ends(seed, ghz, height_m):
    distance, ground, clutter = country(seed)
    link = Link(frequency_ghz=ghz, tx_height_m=height_m, rx_height_m=height_m)
    there = diffraction_db(distance, ground, clutter, link)
    assert diffraction_db(distance, ground[:, ::-1], clutter[:, ::-1], link) == pytest.approx(there, abs=1e-6)


@given(SEED, GHZ, HEIGHT, HEIGHT, st.floats(1, 50))
@settings(max_examples=100)
def test_a_path_costs_the_same_in_both_directions(seed, ghz, tx_m, rx_m, percent):
    """The whole model, not diffraction alone, once the terminals change places with their heights and coasts."""
    distance, ground, clutter = country(seed)
    link = Link(
        frequency_ghz=ghz, tx_height_m=tx_m, rx_height_m=rx_m, time_percent=percent, tx_coast_km=2.0, rx_coast_km=40.0
    )
    back = replace(link, tx_height_m=rx_m, rx_height_m=tx_m, tx_coast_km=40.0, rx_coast_km=2.0)
    loss = basic_transmission_loss_db(distance, ground, clutter, link)[0]
    returned = basic_transmission_loss_db(distance, ground[:, ::-1], clutter[:, ::-1], back)[0]
    assert returned == pytest.approx(loss, abs=1e-6)


# --- height and distance --------------------------------------------------------------------------------------------


@given(st.floats(1, 80), st.floats(0, 60), st.floats(1, 20), GHZ, st.integers(10, 400))
@settings(max_examples=200)
def test_raising_an_antenna_over_flat_ground_never_raises_diffraction(height_m, more_m, rx_m, ghz, points):
    flat = path(np.zeros(points))
    low, high = (
        diffraction_db(*flat, Link(frequency_ghz=ghz, tx_height_m=metres, rx_height_m=rx_m))
        for metres in (height_m, height_m + more_m)
    )
    assert high <= low + 1e-9


@given(st.floats(3, 60), st.floats(1, 40), GHZ)
@settings(max_examples=15)
def test_raising_a_mast_over_flat_ground_never_raises_what_a_sweep_adds_to_free_space(height_m, more_m, ghz):
    bare, top = square(0, flat=True)
    excess = []
    for metres in (height_m, height_m + more_m):
        link = RayLink(step_m=PIXEL_M, frequency_ghz=ghz, tx_height_m=metres, rx_height_m=1.5)
        excess.append(swept(bare, top, link) - free_space_around(bare, link))
    there = np.isfinite(excess[0])
    assert (excess[1] - excess[0])[there].max() <= 1 / PER_DB + 1e-3  # both are rounded to the packing


# --- scale ----------------------------------------------------------------------------------------------------------


@given(st.floats(0.1, 10), st.floats(0.25, 50), st.floats(0.7, 6))
def test_free_space_knows_distance_in_wavelengths_only(scale, length_km, ghz):
    assert free_space_db(ghz / scale, length_km * scale, 0.0) == pytest.approx(free_space_db(ghz, length_km, 0.0))


@given(SEED, st.floats(0.2, 5), GHZ)
@settings(max_examples=100)
def test_a_geometry_scaled_with_its_wavelength_meets_the_same_edges(seed, scale, ghz):
    """Eqs 13–20 know lengths in wavelengths only; the empirical term of eq. 21, 0.02 dB a kilometre, does not scale."""
    distance, ground, _ = country(seed)
    ghz = max(ghz, 0.03 * scale)

    def edge_db(by):
        profiles = p526.Profiles(
            distance_km=distance * by, ground_m=ground * by, surface_m=ground * by,
            tx_m=by * (ground[:, 0] + 20), rx_m=by * (ground[:, -1] + 2),
        )  # fmt: skip
        loss = p526.bullington_db(profiles, np.array([by * 9000.0]), ghz / by)[0]
        return _without_length(loss, profiles.length_km[0])

    assert edge_db(scale) == pytest.approx(edge_db(1.0), abs=1e-6)


def _without_length(loss_db, length_km):
    """Return the loss J behind a Bullington loss J + (1 − e^(−J/6))·(10 + 0.02·d), by halving an interval."""
    low, high = 0.0, loss_db
    for _ in range(80):
        middle = (low + high) / 2
        if middle + (1 - math.exp(-middle / 6)) * (10 + 0.02 * length_km) > loss_db:
            high = middle
        else:
            low = middle
    return low


# --- location variability by hand (tests/reference/location_by_hand.py) ---------------------------------------------


def test_the_values_by_hand_follow_from_their_formulas():
    for (ghz, pixel_m), stated in hand.SIGMA_L_DB.items():
        assert hand.sigma_l_db(ghz, pixel_m) == pytest.approx(stated, abs=6e-5)
        assert math.sqrt(stated**2 + 36) == pytest.approx(hand.SPREAD_DB[ghz, pixel_m], abs=6e-5)
    for share, stated in hand.QUANTILES.items():
        assert hand.exceeded_with(share) == pytest.approx(stated, abs=1e-6)


@pytest.mark.parametrize("sigma_db", [1.3257, 5.5])
@pytest.mark.parametrize("share", hand.QUANTILES)
def test_location_variability_behind_a_hill_is_the_quantile_by_hand(share, sigma_db):
    """Far below free space eq. 69 adds −I·σ; the Recommendation states its approximation of I to 0.00054 or better."""
    hill = path(np.where(np.arange(120) == 60, 150.0, 0.0))
    link = Link(frequency_ghz=0.763, tx_height_m=30.0, rx_height_m=1.5)
    median = basic_transmission_loss_db(*hill, link)[0]
    for percent, sign in ((100 * share, -1), (100 - 100 * share, 1)):
        loss = basic_transmission_loss_db(*hill, replace(link, location_percent=percent, location_sigma_db=sigma_db))[0]
        assert loss - median == pytest.approx(sign * hand.QUANTILES[share] * sigma_db, abs=0.00054 * sigma_db)


def test_location_does_not_go_below_free_space():
    """On a clear path the 10 % best locations would lie 1.28 σ below free space: eq. 69 stops at it, exactly."""
    link = Link(
        frequency_ghz=2.55, tx_height_m=200.0, rx_height_m=100.0, location_percent=10.0, location_sigma_db=1.4314
    )
    loss = basic_transmission_loss_db(*path(np.zeros(60)), link)[0]
    assert loss == pytest.approx(free_space_db(2.55, 59 * STEP_KM, 100.0), abs=1e-9)
    better = basic_transmission_loss_db(*path(np.zeros(60)), replace(link, location_percent=90.0))[0]
    median = basic_transmission_loss_db(*path(np.zeros(60)), replace(link, location_percent=50.0))[0]
    assert better - median == pytest.approx(1.281552 * 1.4314, abs=0.001)


@given(SEED, st.floats(1, 99), st.floats(1, 99))
@settings(max_examples=60)
def test_more_locations_never_cost_less(seed, one, other):
    distance, ground, clutter = country(seed)
    fewer, more = (
        basic_transmission_loss_db(
            distance, ground, clutter,
            Link(frequency_ghz=2.6, tx_height_m=30, rx_height_m=1.5, location_percent=share, location_sigma_db=6.0),
        )[0]
        for share in sorted((one, other))
    )  # fmt: skip
    assert more >= fewer - 1e-9


# --- a whole signal -------------------------------------------------------------------------------------------------

GROUND = 80 * np.abs(np.sin(np.arange(160)[:, None] / 17) * np.cos(np.arange(160)[None, :] / 11))
SURFACE = Surface(terrain=make.raster(GROUND, 60.0, west_km=-4.8, north_km=4.8))
FLAT = Surface(terrain=make.raster(np.zeros((160, 160)), 60.0, west_km=-4.8, north_km=4.8))
MODELS = {"p1812": P1812(sweep_m=1800.0, profile_step_m=60.0), "tr38901": TR38901(sweep_m=1800.0)}
CELL = st.fixed_dictionaries(
    {
        "x_km": st.floats(-2, 2),
        "y_km": st.floats(-2, 2),
        "azimuth_deg": st.floats(0, 359) | st.just(math.nan),
        "height_m": st.floats(15, 45),
        "power_dbm": st.floats(30, 55),
        "operator": st.sampled_from(["Viettel", "VNPT"]),
    }
)


def predicted(cells, model, *, surface=SURFACE, pixel_m=100.0, **more):
    half = 2000.0
    grid = Grid.covering((make.EAST - half, make.NORTH - half, make.EAST + half, make.NORTH + half), pixel_m)
    rows = [make.cell(site_id=f"s{n}", cell_id=f"s{n}-1", **cell) for n, cell in enumerate(cells)]
    return predict_signal(
        make.cells(*rows).frame, grid, MODELS.get(model, model), surface, **{"threshold_dbm": -105.0, **more}
    )


@pytest.mark.parametrize("model", MODELS)
@given(st.lists(CELL, min_size=1, max_size=3), CELL)
@settings(max_examples=10)
def test_adding_a_cell_never_lowers_the_best_level_or_the_union(model, cells, new):
    before, after = predicted(cells, model), predicted([*cells, new], model)
    reached = np.isfinite(before.best_rsrp_dbm)
    assert (after.best_rsrp_dbm[reached] >= before.best_rsrp_dbm[reached]).all()
    assert (after.union >= before.union).all()
    for edge in (0.5, 0.9):
        assert (after.union >= edge).mean() >= (before.union >= edge).mean()


@pytest.mark.parametrize("model", MODELS)
@given(st.lists(CELL, min_size=1, max_size=3), st.floats(-20, 20))
@settings(max_examples=8)
def test_decibels_of_power_are_decibels_of_level(model, cells, more_db):
    """The same step for every cell moves every level by it and no server; threshold and power trade one to one."""
    before = predicted(cells, model)
    louder = [cell | {"power_dbm": cell["power_dbm"] + more_db} for cell in cells]
    after = predicted(louder, model, threshold_dbm=-105.0 + more_db)
    np.testing.assert_allclose(after.best_rsrp_dbm, before.best_rsrp_dbm + np.float32(more_db), atol=1e-4)
    np.testing.assert_allclose(after.union, before.union, atol=1e-4)
    assert (after.best_server == before.best_server).mean() > 0.99  # float32 may break a tie otherwise


@pytest.mark.parametrize(("ghz", "pixel_m"), hand.SPREAD_DB)
def test_the_spread_of_a_signal_is_the_one_by_hand(ghz, pixel_m):
    """Over flat ground the probability is Φ((level − T)/σ): σ read back from a signal is √(σ_L² + σ_m²) by hand."""
    cell = {"frequency_mhz": 1000 * ghz, "azimuth_deg": math.nan, "height_m": 30.0}
    threshold = -64.0 - 20 * math.log10(ghz / 2.55)  # somewhat above what most pixels get
    signal = predicted([cell], P1812(sweep_m=1800.0), surface=FLAT, pixel_m=pixel_m, threshold_dbm=threshold)
    level, probability = (values.astype(float) for values in (signal.best_rsrp_dbm, signal.union))
    east, north = signal.grid.eastings - make.EAST, signal.grid.northings - make.NORTH
    useful = (probability > 0.02) & (probability < 0.4) & (np.hypot(north[:, None], east[None, :]) > 300)
    assert useful.sum() > 50
    spread = (level[useful] - threshold) / ndtri(probability[useful])
    assert np.median(spread) == pytest.approx(hand.SPREAD_DB[ghz, pixel_m], abs=5e-3)
