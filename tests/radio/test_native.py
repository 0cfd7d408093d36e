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


@pytest.mark.parametrize("seed", range(6))
def test_every_target_of_every_ray_equals_the_numpy_twin(library, seed):
    rng = np.random.default_rng(seed)
    samples = int(rng.integers(40, 300))
    link = ray_link(rng.uniform(0.7, 6), float(rng.choice([10, 30, 50])), rng.uniform(5, 60), vertical=seed % 2 == 0)
    bare, top = terrain(rng, 24, samples)
    losses = native.ray_losses(library, bare, top, link)
    assert np.isnan(losses[:, :2]).all()
    np.testing.assert_allclose(losses, sweeps.ray_losses(bare, top, link), atol=1e-3)


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


def test_a_sweep_is_its_rays(library):
    """North, east, south and west of a mast on a pixel centre a ray runs through pixel centres: equal to a profile."""
    rng = np.random.default_rng(2)
    size, pixel = 121, 30.0
    bare = np.cumsum(rng.normal(0, 3, (size, size)), axis=1).astype(np.float32)
    link = ray_link(2.6, pixel, 30)
    loss = native.sweep(library, bare, bare, (60, 60), link, pixel_m=pixel, reach_m=1500)
    for profile, seen in (
        (bare[60, 60:], loss[60, 60:]), (bare[60, 60::-1], loss[60, 60::-1]),
        (bare[60:, 60], loss[60:, 60]), (bare[60::-1, 60], loss[60::-1, 60]),
    ):  # fmt: skip
        alone = native.ray_losses(library, profile[None], profile[None], link)[0]
        assert np.isnan(seen[51:]).all(), "nothing beyond the reach"
        np.testing.assert_allclose(seen[2:51], alone[2:51], atol=0.02)


def test_the_ground_beyond_the_window_is_unknown(library):
    flat = np.zeros((50, 50), np.float32)
    loss = native.sweep(library, flat, flat, (45, 25), ray_link(3.5, 30, 30), pixel_m=30, reach_m=1200)
    assert np.isfinite(loss[25, 10:40]).all()
    holed = flat.copy()
    holed[:, 20] = np.nan
    behind = native.sweep(library, holed, holed, (45, 25), ray_link(3.5, 30, 30), pixel_m=30, reach_m=1200)
    assert np.isnan(behind[25, :19]).all()
    assert np.isfinite(behind[25, 24:40]).all()


def test_the_numpy_sweep_agrees_with_the_compiled_one(library, monkeypatch):
    rng = np.random.default_rng(7)
    steps = rng.normal(0, 1, (90, 90))
    bare = (5 * (np.cumsum(steps, axis=0) + np.cumsum(steps, axis=1))).astype(np.float32)
    top = bare + rng.choice([0, 0, 10], bare.shape).astype(np.float32)
    args = (bare, top, (44.317, 45.591), ray_link(2.6, 30, 30))
    compiled = native.sweep(library, *args, pixel_m=30, reach_m=1200)
    monkeypatch.setattr(native, "library", lambda: None)
    plain = sweeps.sweep(*args, pixel_m=30, reach_m=1200)
    assert np.array_equal(np.isnan(plain), np.isnan(compiled))
    # The compiled sweep uses fewer rays near the mast, so a pixel may be read from a ray half a pixel off.
    rim = np.hypot(*(np.indices(bare.shape) - np.array([45.591, 44.317])[:, None, None])) * 30 > 620
    np.testing.assert_allclose(plain[rim], compiled[rim], atol=0.05)


def test_arguments_out_of_range_are_refused(library):
    short = np.zeros((1, 2), np.float32)
    with pytest.raises(ValueError, match="refused"):
        native.ray_losses(library, short, short, ray_link(3.5, 30, 30))


def test_without_native_code_there_is_no_library(monkeypatch):
    monkeypatch.setenv("PHUSONG_NATIVE", "0")
    native.library.cache_clear()
    assert native.library() is None
    native.library.cache_clear()
