"""However the hot loops come to a machine, they give the same numbers; `.ci/run` forces each way for all tests here."""

import ctypes
import os
from importlib.util import find_spec

import numpy as np
import pytest

from coverage.radio import native, sweeps

LINK = native.RayLink(step_m=30, frequency_ghz=2.6, tx_height_m=30, rx_height_m=1.5)
GROUND = np.cumsum(np.random.default_rng(3).normal(0, 6, (8, 200)), axis=1).astype(np.float32)


@pytest.fixture
def losses(monkeypatch):
    """Return a function: losses over `GROUND` by what is built under some settings."""

    def compute(**settings):
        for name, value in ({"PHUSONG_NATIVE": "1"} | settings).items():
            monkeypatch.setenv(name, value)
        built = native.build()
        assert built is not None
        return built, native.ray_losses(ctypes.CDLL(str(built.path)), GROUND, GROUND, LINK)

    return compute


def test_ziglang_compiles_where_there_is_no_compiler(losses, monkeypatch, tmp_path):
    if find_spec("ziglang") is None:
        if os.environ.get("PHUSONG_COMPILER") == "ziglang":
            pytest.fail("ziglang is insisted on and not installed: uv sync --group compiler")
        pytest.skip("ziglang is not installed (uv sync --group compiler); .ci/run insists on it")
    monkeypatch.setenv("PATH", str(tmp_path))  # neither cc nor gcc nor clang
    monkeypatch.delenv("CC", raising=False)
    built, loss = losses()
    assert "ziglang" in built.command
    np.testing.assert_allclose(loss, sweeps.ray_losses(GROUND, GROUND, LINK), atol=1e-3)


def test_the_baseline_needs_no_avx(losses):
    if not native.compilers():
        pytest.skip("no C compiler and no ziglang here: the NumPy twin serves")
    built, loss = losses(PHUSONG_SIMD="baseline")
    assert built.level == "baseline"
    np.testing.assert_allclose(loss, sweeps.ray_losses(GROUND, GROUND, LINK), atol=1e-3)


def test_zig_is_told_which_processor_to_build_for():
    """Left alone it would take this very machine's, and the baseline would need whatever this machine has."""
    flags = [native._instructions(("python", "-m", "ziglang", "cc"), level) for level in native.MARCH]
    assert flags == [("-mcpu=baseline",), ("-mcpu=x86_64_v3",), ("-mcpu=x86_64_v4",)]
    assert native._instructions(("gcc",), "avx2") == ("-march=x86-64-v3", "-mtune=native")


@pytest.mark.parametrize("setting", ["PHUSONG_COMPILER", "PHUSONG_SIMD", "PHUSONG_NATIVE"])
def test_the_settings_of_this_run_are_obeyed(setting):
    """Under `.ci/run`: a forced build that quietly became another would show nothing."""
    value = os.environ.get(setting)
    if value is None:
        pytest.skip(f"{setting} is not set")
    built = native.build()
    if setting == "PHUSONG_NATIVE":
        assert (built is None) == (value == "0")
    elif setting == "PHUSONG_COMPILER":
        assert built is not None
        assert ("ziglang" in built.command) == (value == "ziglang")
    else:
        assert built is not None
        assert built.level == value
