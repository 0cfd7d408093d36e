"""The packed loss of pixels against their exact profiles: the sweep runs along rays and must not show it.

Exact is the recommendation in double precision along the straight line from the mast to the centre of the pixel, in
equal steps as near to the model's as can be, over the same rasters read in the same way: bilinear heights, clutter
between the terminals. Judged is all that rays, samples, interpolation, own paths and packing do to a pixel.
"""

import math

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

import coverage as cov
from coverage.masts import placed_cells, standings
from coverage.radio import p1812
from coverage.radio.native import RayLink
from coverage.radio.sweeps import OUTSIDE, PER_DB, UNKNOWN, packed_sweep
from coverage.terrain import NEAR_M, P1812, _ground

WITHIN_DB, WITHIN_SHARE, BIAS_DB, COVERED_SHARE = 3.0, 0.998, 0.05, 0.98
STEP_M, REACH_M = 30.0, 5_000.0


def exact_db(window, position, pixel_m, link, pixels):
    """Return the loss of pixels, given as (row, col), by the published reference along their own straight profiles."""
    bare, top = (np.asarray(heights, dtype=float) for heights in window)
    path = p1812.Link(frequency_ghz=link.frequency_ghz, tx_height_m=link.tx_height_m, rx_height_m=link.rx_height_m)
    away = np.array([position[1], position[0]]), np.asarray(pixels, dtype=float)
    length_m = np.hypot(*(away[1] - away[0]).T) * pixel_m
    steps = np.maximum(np.floor(length_m / STEP_M + 0.5).astype(int), 2)
    out = np.empty(len(pixels))
    for count in np.unique(steps):  # the reference takes paths of one number of points at a time
        chosen, part = steps == count, np.linspace(0, 1, count + 1)[None, :]
        at = [start + (end[:, None] - start) * part for start, end in zip(away[0], away[1][chosen].T, strict=True)]
        ground, roof = (map_coordinates(heights, at, order=1, cval=np.nan) for heights in (bare, top))
        along_km = part * length_m[chosen, None] / 1000
        out[chosen] = p1812.basic_transmission_loss_db(along_km, ground, roof - ground, path)
    return out


def compare(rng, window, position, pixel_m, link, packed, count):
    """Return ours and the exact loss of random pixels [dB]; both know or do not know each of them."""
    inside = np.argwhere(packed != OUTSIDE)
    chosen = inside[rng.permutation(len(inside))[:count]]
    ours = packed[tuple(chosen.T)].astype(float) / PER_DB
    ours[packed[tuple(chosen.T)] == UNKNOWN] = np.nan
    exact = exact_db(window, position, pixel_m, link, chosen)
    assert np.array_equal(np.isnan(ours), np.isnan(exact)), "unknown is what lies behind unknown ground on the own path"
    known = np.isfinite(ours)
    return ours[known], exact[known]


def judge(ours, exact, allowed_db):
    """Check what a planner relies on; `allowed_db` is the greatest loss at which a pixel is covered."""
    apart = ours - exact
    within, covered = (np.abs(apart) <= WITHIN_DB).mean(), [((ours <= at) == (exact <= at)).mean() for at in allowed_db]
    said = (
        f"{len(apart)} pixels: {within:.4%} within 3 dB, bias {apart.mean():+.4f} dB, covered alike {min(covered):.2%}"
    )
    assert within >= WITHIN_SHARE, said
    assert abs(apart.mean()) < BIAS_DB, said
    assert min(covered) >= COVERED_SHARE, said


def hills(rng, side, relief_m, roughest_px):
    """Return a synthetic landscape whose finest forms are some pixels across [m]."""
    spectrum = np.fft.rfft2(rng.normal(size=(side, side)))
    wave = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    wave[0, 0] = 1.0
    ground = np.fft.irfft2(spectrum * wave**-2.0 * (wave < 1 / roughest_px), s=(side, side))
    return np.clip(relief_m * ground / ground.std(), 0, None).astype(np.float32)


@pytest.mark.parametrize(("relief_m", "ghz", "count"), [(30.0, 3.5, 4000), (150.0, 0.7, 4000), (150.0, 3.5, 4000)])
def test_pixels_of_bare_hills_equal_their_exact_profiles(relief_m, ghz, count):
    rng = np.random.default_rng(11)
    ground, position = hills(rng, 341, relief_m, 4), (170.3, 168.7)
    link = RayLink(step_m=STEP_M, frequency_ghz=ghz, tx_height_m=30.0, rx_height_m=1.5)
    packed = packed_sweep(ground, ground, position, link, pixel_m=30.0, reach_m=REACH_M, near_m=NEAR_M)
    ours, exact = compare(rng, (ground, ground), position, 30.0, link, packed, count)
    judge(ours, exact, np.quantile(exact, [0.2, 0.4, 0.6, 0.8]))


@pytest.fixture(scope="module")
def demo():
    return cov.demo_city()


MASTS = 6


def chosen_masts(study):
    """Return masts from the plainest ground to the hilliest."""
    masts = [standing.mast for standing in standings(placed_cells(study.cells, study.grid, study.city.surface))]
    far = [mast for mast in masts if mast.environment != "UMi"]
    terrain = study.city.surface.terrain.on(study.grid, "bilinear")

    def relief_m(mast):
        return float(np.nanstd(terrain[study.grid.window(mast.easting_m, mast.northing_m, 3000.0)]))

    ranked = sorted(far, key=lambda mast: (relief_m(mast), mast))
    return [ranked[round(number)] for number in np.linspace(0, len(ranked) - 1, MASTS)]


def one_mast(rng, study, mast, count):
    """Return ours and the exact loss of random pixels around a mast of a study."""
    model, pixel_m = study.path_model, study.grid.pixel_m
    ground = _ground(study.city.surface, study.grid.wider(math.ceil(model.sweep_m / pixel_m) + 2))
    rows, cols = ground.grid.window(mast.easting_m, mast.northing_m, model.sweep_m + 2 * pixel_m)
    window = ground.bare_m[rows, cols], ground.top_m[rows, cols]
    position = (
        (mast.easting_m - ground.grid.eastings[cols.start]) / pixel_m,
        (ground.grid.northings[rows.start] - mast.northing_m) / pixel_m,
    )
    link = RayLink(step_m=STEP_M, frequency_ghz=mast.frequency_mhz / 1000, tx_height_m=mast.height_m, rx_height_m=1.5)
    packed = packed_sweep(*window, position, link, pixel_m=pixel_m, reach_m=model.sweep_m, near_m=NEAR_M)
    return compare(rng, window, position, pixel_m, link, packed, count)


@pytest.mark.parametrize(
    ("pixel_m", "count"),
    [
        pytest.param(25.0, 1500, id="25"),
        pytest.param(10.0, 1500, id="10"),
        pytest.param(25.0, 6000, id="25-many", marks=pytest.mark.slow),
        pytest.param(10.0, 6000, id="10-many", marks=pytest.mark.slow),
    ],
)
def test_pixels_of_the_demo_city_equal_their_exact_profiles(demo, pixel_m, count):
    """Over its terrain and clutter: masts in town and among hills, as a study sweeps them."""
    study = cov.Study(demo, pixel_m=pixel_m, model=P1812())
    rng = np.random.default_rng(8)
    found = [one_mast(rng, study, mast, count) for mast in chosen_masts(study)]
    ours, exact = (np.concatenate(parts) for parts in zip(*found, strict=True))
    assert len(ours) > 0.8 * MASTS * count
    # From a mast of n41 over 100 MHz (17.8 dBm a subcarrier) with 0 … 17 dBi at −105 dBm, 90 % of locations (8 dB).
    judge(ours, exact, [115.0, 120.0, 125.0, 132.0])
