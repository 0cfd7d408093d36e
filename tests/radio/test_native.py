import numpy as np
import pytest

from coverage.radio import native, sweeps


@pytest.fixture(scope="module", params=list(native.MARCH))
def library(request):
    fitting = [name for name in native.MARCH if native._processor_flags().issuperset(native.NEEDED[name])]
    if request.param not in fitting:
        pytest.skip(f"this processor has no {request.param}")
    path = next(filter(None, (native.compiled(command, request.param) for command in native.compilers())), None)
    if path is None:
        pytest.skip("no C compiler and no ziglang here: the NumPy twin serves")
    return native.ctypes.CDLL(str(path))


def ray_link(ghz, step, tx, rx=1.5, vertical=True):
    return native.RayLink(step_m=step, frequency_ghz=ghz, tx_height_m=tx, rx_height_m=rx, vertical=vertical)


def terrain(rng, rays, samples):
    """Return bare and cluttered ground from dead flat to alpine, some of it below sea level."""
    rough = rng.choice([0.0, 0.3, 2.0, 8.0, 20.0], (rays, 1))
    bare = np.maximum(
        rng.uniform(0, 50, (rays, 1)) * (rough > 0) + np.cumsum(rng.normal(0, 1, (rays, samples)) * rough, axis=1), -5
    )
    clutter = rng.choice([0.0, 0.0, 0.0, 10.0, 20.0], bare.shape) * (rng.random((rays, 1)) < 0.5)
    bare32 = bare.astype(np.float32)
    return bare32, (bare32 + clutter).astype(np.float32)


def coasts(rng, rays, samples):
    """Return zones from all land to all sea, with stretches of every length between."""
    zone = np.full((rays, samples), 4, np.uint8)
    for row in zone[rng.random(rays) < 0.75]:
        cuts = np.sort(rng.integers(0, samples, rng.integers(1, 6)))
        for part in np.split(row, cuts):
            part[:] = rng.choice([1, 1, 3, 4])
    return zone


def random_link(rng, seed):
    return native.RayLink(
        step_m=float(rng.choice([10, 30, 50, 100])), frequency_ghz=rng.uniform(0.7, 6), tx_height_m=rng.uniform(5, 60),
        rx_height_m=float(rng.choice([1.5, 10])), vertical=seed % 2 == 0, delta_n=rng.uniform(30, 70),
        n0=rng.uniform(300, 390), latitude_deg=rng.uniform(0, 60),
        time_percent=float(rng.choice([50, rng.uniform(1, 50)])),
        location_percent=rng.uniform(1, 99), location_sigma_db=float(rng.choice([0, 5.5])),
    )  # fmt: skip


def equal_to_the_reference(library, seed, rays):
    """Compare every target of every ray with the published recommendation in double precision; return their number."""
    rng = np.random.default_rng(seed)
    link, samples = random_link(rng, seed), int(rng.integers(40, 220))
    link = native.RayLink(**{name: float(np.float32(value)) for name, value in vars(link).items()})
    bare, top = terrain(rng, rays, samples)
    zone = coasts(rng, rays, samples) if seed % 3 else None
    losses = native.ray_losses(library, bare, top, link, zone)
    assert np.isnan(losses[:, :2]).all()
    np.testing.assert_allclose(losses, sweeps.ray_losses(bare, top, link, zone), rtol=0, atol=1e-3)
    return int(np.isfinite(losses).sum())


@pytest.mark.parametrize("seed", range(8))
def test_every_target_of_every_ray_equals_the_recommendation(library, seed):
    assert equal_to_the_reference(library, seed, 12) > 400


@pytest.mark.slow
def test_ten_thousand_random_paths_equal_the_recommendation(library):
    assert sum(equal_to_the_reference(library, seed, 12) for seed in range(100, 160)) > 60_000


def test_nothing_is_known_behind_a_hole(library):
    bare, top = terrain(np.random.default_rng(1), 3, 100)
    whole = native.ray_losses(library, bare, top, ray_link(3.5, 30, 30))
    bare[1, 40], top[2, 55] = np.nan, np.nan
    holed = native.ray_losses(library, bare, top, ray_link(3.5, 30, 30))
    assert np.array_equal(holed[0], whole[0], equal_nan=True)
    assert np.array_equal(holed[1, :40], whole[1, :40], equal_nan=True)
    assert np.isnan(holed[1, 40:]).all()
    assert np.isnan(holed[2, 55:]).all()
    assert np.array_equal(np.isnan(sweeps.ray_losses(bare, top, ray_link(3.5, 30, 30))), np.isnan(holed))


def decibels(packed):
    return np.where((packed == sweeps.OUTSIDE) | (packed == sweeps.UNKNOWN), np.nan, packed / sweeps.PER_DB)


def test_a_sweep_is_its_rays(library):
    """North, east, south and west of a mast on a pixel centre a ray runs through pixel centres: equal to a profile."""
    rng = np.random.default_rng(2)
    size, pixel = 121, 30.0
    bare = np.cumsum(rng.normal(0, 3, (size, size)), axis=1).astype(np.float32)
    zone = np.where(np.arange(size) > 90, 1, 4).astype(np.uint8) * np.ones((size, 1), np.uint8)
    link = native.RayLink(**{**vars(ray_link(2.6, pixel, 30)), "time_percent": 10.0})
    packed = native.packed_sweep(
        library, bare, bare, (60, 60), link, pixel_m=pixel, reach_m=1500, near_m=250, zone=zone, agreed_db=np.inf
    )  # fmt: skip
    for window in (
        (60, slice(60, None)), (60, slice(60, None, -1)), (slice(60, None), 60), (slice(60, None, -1), 60),
    ):  # fmt: skip
        alone = native.ray_losses(library, bare[window][None], bare[window][None], link, zone[window][None])[0]
        seen = packed[window]
        assert (seen[51:] == sweeps.OUTSIDE).all(), "nothing beyond the reach"
        assert (seen[:9] == sweeps.OUTSIDE).all(), "nor too near"
        np.testing.assert_allclose(seen[9:51] / sweeps.PER_DB, alone[9:51], atol=0.03)


def test_the_ground_beyond_the_window_is_unknown(library):
    flat = np.zeros((50, 50), np.float32)
    around = {"pixel_m": 30, "reach_m": 1200, "near_m": 0, "agreed_db": sweeps.AGREED_DB}
    loss = decibels(native.packed_sweep(library, flat, flat, (45, 25), ray_link(3.5, 30, 30), **around))
    assert np.isfinite(loss[25, 10:40]).all()
    holed = flat.copy()
    holed[:, 20] = np.nan
    behind = native.packed_sweep(library, holed, holed, (45, 25), ray_link(3.5, 30, 30), **around)
    assert (behind[25, 6:19] == sweeps.UNKNOWN).all()
    assert np.isfinite(decibels(behind)[25, 24:40]).all()


def rough_window(rng, side=90):
    """Return ground and clutter of a window, with zones, so rough that many pixels need their own paths."""
    steps = rng.normal(0, 1, (side, side))
    bare = (5 * (np.cumsum(steps, axis=0) + np.cumsum(steps, axis=1))).astype(np.float32)
    top = bare + rng.choice([0, 0, 10], bare.shape).astype(np.float32)
    return bare, top, rng.choice([1, 3, 4], bare.shape).astype(np.uint8)


@pytest.mark.parametrize("agreed_db", [sweeps.AGREED_DB, -1.0, np.inf])
@pytest.mark.parametrize("kind", ["plain", "clutter", "all"])
def test_the_numpy_sweep_agrees_with_the_compiled_one(library, monkeypatch, kind, agreed_db):
    """Between rays, along the pixels' own paths (−1 dB: all of them), and with the two mixed."""
    bare, top, zone = rough_window(np.random.default_rng(7))
    zone = zone if kind == "all" else None
    link = native.RayLink(**{**vars(ray_link(2.6, 30, 30)), "time_percent": 5.0 if kind == "all" else 50.0})
    args = (bare, bare if kind == "plain" else top, (44.317, 45.591), link)
    around = {"pixel_m": 30, "reach_m": 1200, "near_m": 250, "zone": zone, "agreed_db": agreed_db}
    compiled = decibels(native.packed_sweep(library, *args, **around))
    monkeypatch.setattr(native, "library", lambda: None)
    plain = decibels(sweeps.packed_sweep(*args, **around))
    assert np.array_equal(np.isnan(plain), np.isnan(compiled))
    apart = np.abs(plain - compiled)[np.isfinite(plain)]
    # A step of the packing is 1/64 dB. Rounding may also move a pixel from one side of `agreed_db` to the other, or a
    # sample at the very edge of a pixel into another zone.
    assert np.quantile(apart, 0.998) < 0.03
    assert apart.max() < (1 if kind == "all" else 0.5)


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "numpy"])
@pytest.mark.parametrize("at", [(44.3, 45.6), (20.2, 10.4), (70.1, 30.9)], ids=["amid", "beside", "beyond"])
@pytest.mark.usefixtures("library")
def test_a_part_of_a_window_is_cut_from_the_whole(monkeypatch, at, compiled):
    """What is not asked is left out, and changes nothing of what is: whether the mast stands in the part or not."""
    bare, top, zone = rough_window(np.random.default_rng(9))
    rows, cols = slice(15, 60), slice(27, 64)
    around = {"pixel_m": 30, "reach_m": 1200, "near_m": 250, "zone": zone}
    if not compiled:
        monkeypatch.setattr(native, "library", lambda: None)
    args = (bare, top, at, ray_link(2.6, 30, 30))
    whole, part = sweeps.packed_sweep(*args, **around), sweeps.packed_sweep(*args, **around, asked=(rows, cols))
    assert np.array_equal(part[rows, cols], whole[rows, cols])
    assert (whole[rows, cols] != sweeps.OUTSIDE).any()
    part[rows, cols] = sweeps.OUTSIDE
    assert (part == sweeps.OUTSIDE).all()


def test_a_hole_beside_a_path_does_not_hide_its_end(library):
    """Unknown is what lies behind unknown ground on the pixel's own path, not what a neighbouring ray came across."""
    flat = np.zeros((61, 61), np.float32)
    flat[30:33, 40] = np.nan
    around = {"pixel_m": 30, "reach_m": 850, "near_m": 250}
    rays = native.packed_sweep(
        library, flat, flat, (30, 28.4), ray_link(3.5, 30, 30), **around, agreed_db=np.inf
    )  # fmt: skip
    own = native.packed_sweep(
        library, flat, flat, (30, 28.4), ray_link(3.5, 30, 30), **around, agreed_db=sweeps.AGREED_DB
    )  # fmt: skip
    assert (own[32:36, 45:] == sweeps.UNKNOWN).any()
    assert (own == sweeps.UNKNOWN).sum() < (rays == sweeps.UNKNOWN).sum()
    assert not ((own == sweeps.UNKNOWN) & (rays != sweeps.UNKNOWN)).any()


def test_zones_of_another_shape_are_refused(library):
    flat = np.zeros((2, 30), np.float32)
    with pytest.raises(ValueError, match="zones"):
        native.ray_losses(library, flat, flat, ray_link(3.5, 30, 30), np.full((1, 30), 4, np.uint8))


def test_arguments_out_of_range_are_refused(library):
    short = np.zeros((1, 2), np.float32)
    with pytest.raises(ValueError, match="refused"):
        native.ray_losses(library, short, short, ray_link(3.5, 30, 30))


def test_without_native_code_there_is_no_library(monkeypatch):
    monkeypatch.setenv("PHUSONG_NATIVE", "0")
    native.library.cache_clear()
    assert native.library() is None
    native.library.cache_clear()
