"""Throughput: values by hand, the peak rate as a bound, and the laws of both directions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio import throughput as tp

MAPPINGS = [tp.LTE_DOWNLINK, tp.LTE_UPLINK, tp.NR_DOWNLINK, tp.NR_UPLINK]
mappings = st.sampled_from(MAPPINGS)
ratios = st.floats(-60.0, 80.0)
losses = st.floats(60.0, 180.0)


def carrier(**changes: float) -> tp.Allocation:
    return tp.Allocation(**{"n_rb": 273, "scs_khz": 30.0, "overhead": 0.14, "share": 0.75, **changes})


@pytest.mark.parametrize(
    ("mapping", "sinr_db", "expected"),
    [
        (tp.LTE_DOWNLINK, -10.0, 0.6 * 0.137504),  # log2(1.1)
        (tp.LTE_DOWNLINK, -10.01, 0.0),
        (tp.LTE_DOWNLINK, 0.0, 0.6),
        (tp.LTE_DOWNLINK, 10.0, 0.6 * 3.459432),  # log2(11)
        (tp.LTE_DOWNLINK, 22.1, 4.4),  # 0.6·log2(1 + 162) = 4.41
        (tp.LTE_UPLINK, 15.0, 2.0),  # 0.4·log2(1 + 31.6) = 2.01
        (tp.NR_DOWNLINK, 30.0, 5.980336),  # 0.6·log2(1001)
        (tp.NR_UPLINK, 50.0, 2.926924),  # 0.4·log2(159.489)
        (tp.NR_UPLINK, 3000.0, 2.926924),  # nothing overflows
    ],
)
def test_truncated_shannon_by_hand(mapping: tp.ShannonMapping, sinr_db: float, expected: float) -> None:
    assert float(tp.spectral_efficiency(sinr_db, mapping)) == pytest.approx(expected, abs=1e-5)


def test_downlink_by_hand() -> None:
    # 0.6·log2(11) · 98.28 MHz · 0.75 · 0.86, and four layers: 4 · 0.6·log2(1 + 10/4) · the same.
    assert float(tp.throughput_mbps(10.0, carrier(), tp.NR_DOWNLINK)) == pytest.approx(131.578, abs=1e-3)
    assert float(tp.throughput_mbps(10.0, carrier(layers=4), tp.NR_DOWNLINK)) == pytest.approx(274.967, abs=1e-3)
    # −8 dB: only one layer stays above −10 dB.
    one = tp.throughput_mbps(-8.0, carrier(), tp.NR_DOWNLINK)
    assert tp.throughput_mbps(-8.0, carrier(layers=4), tp.NR_DOWNLINK) == one > 0


def test_peak_rate_of_the_standard() -> None:
    # 10⁻⁶ · 4 · 8 · 0.92578 · 273 · 12 / (0.5·10⁻³/14) · 0.86
    whole = carrier(share=1.0, layers=4)
    assert tp.peak_rate_mbps(whole) == pytest.approx(1e-6 * 32 * 0.92578125 * 3276 / (0.5e-3 / 14) * 0.86, rel=1e-12)
    assert tp.peak_rate_mbps(whole) == pytest.approx(2337.0, abs=0.1)
    assert tp.peak_rate_mbps(carrier(layers=4)) == pytest.approx(0.75 * 2337.0, abs=0.1)
    # 10 MHz, 15 kHz, 2 layers, 64QAM, f = 0.8: 10⁻⁶ · 2 · 6 · 0.8 · 0.92578 · 52·12·14000 · 0.86 = 66.77
    small = tp.Allocation(n_rb=52, scs_khz=15.0, overhead=0.14, layers=2)
    assert tp.peak_rate_mbps(small, modulation_bits=6, scaling=0.8) == pytest.approx(66.77, abs=0.01)


def test_overheads_of_the_standard() -> None:
    assert tp.OVERHEAD == {("FR1", "DL"): 0.14, ("FR2", "DL"): 0.18, ("FR1", "UL"): 0.08, ("FR2", "UL"): 0.10}


@given(ratios, st.integers(1, 8), st.sampled_from([15.0, 30.0, 60.0]), st.floats(0.0, 1.0))
def test_no_throughput_passes_the_peak_rate(sinr_db: float, layers: int, scs_khz: float, share: float) -> None:
    down = carrier(layers=layers, scs_khz=scs_khz, share=share)
    assert float(tp.throughput_mbps(sinr_db, down, tp.NR_DOWNLINK)) <= tp.peak_rate_mbps(down)
    assert float(tp.throughput_mbps(sinr_db, down, tp.NR_UPLINK)) <= tp.peak_rate_mbps(down, modulation_bits=6)


@given(mappings, ratios, ratios, st.integers(1, 8))
def test_rate_grows_with_sinr_and_stays_below_shannon(
    mapping: tp.ShannonMapping, one: float, other: float, layers: int
) -> None:
    low, high = tp.throughput_mbps(sorted([one, other]), carrier(layers=layers), mapping)
    assert 0.0 <= low <= high
    shannon = np.log2(1 + 10 ** (np.array([one, other]) / 10))
    assert (tp.spectral_efficiency([one, other], mapping) <= shannon + 1e-12).all()


@given(mappings, ratios, st.integers(1, 7), st.floats(0.0, 0.5), st.floats(0.1, 0.9))
def test_rate_grows_with_every_resource(
    mapping: tp.ShannonMapping, sinr_db: float, layers: int, overhead: float, share: float
) -> None:
    plain = {"layers": layers, "overhead": overhead, "share": share, "n_rb": 100}
    rate = float(tp.throughput_mbps(sinr_db, carrier(**plain), mapping))
    for better in ({"layers": layers + 1}, {"overhead": overhead / 2}, {"share": share * 1.1}, {"n_rb": 200}):
        assert float(tp.throughput_mbps(sinr_db, carrier(**plain | better), mapping)) >= rate


def test_unknown_stays_unknown() -> None:
    sinr = np.array([np.nan, -np.inf, 20.0])
    rate = tp.throughput_mbps(sinr, carrier(layers=2), tp.NR_DOWNLINK)
    assert np.isnan(rate[0])
    assert rate[1] == 0.0
    assert rate[2] > 0.0
    link = {"gain_dbi": 25.0, "n_rb": 273, "scs_khz": 30.0, "budget": tp.UplinkBudget()}
    assert np.isnan(tp.uplink_sinr_db([np.nan, 100.0], **link)).tolist() == [True, False]


def test_uplink_by_hand() -> None:
    # 23 + 25 − 130 = −82 dBm against −174 + 79.925 + 5 + 3 = −86.075 dBm in 98.28 MHz.
    link = {"gain_dbi": 25.0, "scs_khz": 30.0, "budget": tp.UplinkBudget()}
    sinr = tp.uplink_sinr_db(130.0, **link, n_rb=273)
    assert float(sinr) == pytest.approx(4.075, abs=1e-3)
    # 0.4·log2(1 + 2.5556) · 98.28 MHz · 0.25 · 0.92
    up = carrier(share=0.25, overhead=tp.OVERHEAD["FR1", "UL"])
    assert float(tp.throughput_mbps(sinr, up, tp.NR_UPLINK)) == pytest.approx(16.547, abs=2e-3)
    # At 155 dB the whole carrier drowns, ten blocks still carry: 4.075 − 25 + 10·log10(27.3) = −6.563 dB.
    far = tp.uplink_sinr_db(155.0, **link, n_rb=[273, 10])
    assert far[1] == pytest.approx(-6.563, abs=2e-3)
    assert (tp.spectral_efficiency(far, tp.NR_UPLINK) > 0).tolist() == [False, True]


@given(losses, losses, st.integers(1, 275), st.integers(1, 275))
def test_uplink_falls_with_loss_and_with_width(one: float, other: float, few: int, many: int) -> None:
    link = {"gain_dbi": 24.0, "scs_khz": 30.0, "budget": tp.UplinkBudget()}
    near, far = tp.uplink_sinr_db(sorted([one, other]), **link, n_rb=few)
    assert far <= near
    narrow, wide = tp.uplink_sinr_db(one, **link, n_rb=sorted([few, many]))
    assert wide <= narrow


def test_losses_of_the_budget_count_decibel_for_decibel() -> None:
    link = {"gain_dbi": 24.0, "n_rb": 20, "scs_khz": 30.0}
    plain = float(tp.uplink_sinr_db(120.0, **link, budget=tp.UplinkBudget()))
    worse = tp.UplinkBudget(
        power_dbm=20.0, handset_gain_dbi=-1.0, body_loss_db=2.0, noise_figure_db=7.0, interference_margin_db=4.0
    )
    assert plain - float(tp.uplink_sinr_db(120.0, **link, budget=worse)) == pytest.approx(3 + 1 + 2 + 2 + 1)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_every_curve_names_its_source(mapping: tp.ShannonMapping) -> None:
    assert "TR 36.942" in mapping.source
    assert math.isfinite(mapping.max_bit_s_hz)


@pytest.mark.parametrize(
    "changes", [{"n_rb": 0}, {"scs_khz": 1.0}, {"overhead": 1.0}, {"share": 1.5}, {"layers": 9}, {"share": math.nan}]
)
def test_an_impossible_allocation_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(RangeError, match="kernel_range"):
        carrier(**changes)


def test_impossible_parameters_are_refused() -> None:
    for wrong in (
        lambda: tp.ShannonMapping(alpha=1.2, sinr_min_db=-10.0, max_bit_s_hz=4.4, source="none"),
        lambda: tp.UplinkBudget(interference_margin_db=-1.0),
        lambda: tp.peak_rate_mbps(carrier(), modulation_bits=12),
        lambda: tp.uplink_sinr_db(100.0, gain_dbi=0.0, n_rb=0, scs_khz=30.0, budget=tp.UplinkBudget()),
    ):
        with pytest.raises(RangeError, match="kernel_range"):
            wrong()


# --- Inverse and uplink allocation ------------------------------------------------------------------------------------

carriers = st.builds(
    carrier, n_rb=st.integers(1, 275), scs_khz=st.sampled_from([15.0, 30.0, 60.0]), layers=st.integers(1, 8),
    share=st.floats(0.05, 1.0),
)  # fmt: skip


def test_required_sinr_by_hand() -> None:
    # 100 Mbit/s over 98.28 · 0.75 · 0.86 MHz are 1.57756 bit/s/Hz; each of four layers carries 0.39439.
    used = 98.28 * 0.75 * 0.86
    for layers, linear in ((1, 2 ** (100 / used / 0.6) - 1), (4, 4 * (2 ** (100 / used / 2.4) - 1))):
        found = tp.required_sinr_db(100.0, carrier(layers=layers), tp.NR_DOWNLINK)
        assert found == pytest.approx(10 * math.log10(linear), abs=1e-9)
    assert tp.required_sinr_db(1e-6, carrier(), tp.NR_DOWNLINK) == -10.0  # below, nothing is decoded
    assert tp.required_sinr_db(0.0, carrier(), tp.NR_DOWNLINK) == -math.inf
    assert tp.required_sinr_db(380.0, carrier(), tp.NR_DOWNLINK) == math.inf  # the curve ends at 379.1 Mbit/s
    assert tp.required_sinr_db(1.0, carrier(share=0.0), tp.NR_DOWNLINK) == math.inf


@given(carriers, mappings, st.floats(0.01, 3000.0))
def test_required_sinr_is_the_least_that_carries_the_rate(
    given_carrier: tp.Allocation, mapping: tp.ShannonMapping, rate: float
) -> None:
    needed = tp.required_sinr_db(rate, given_carrier, mapping)
    if math.isinf(needed):
        assert float(tp.throughput_mbps(90.0, given_carrier, mapping)) < rate * (1 + 1e-9)
    else:
        assert float(tp.throughput_mbps(needed + 1e-6, given_carrier, mapping)) >= rate * (1 - 1e-9)
        assert float(tp.throughput_mbps(needed - 1e-3, given_carrier, mapping)) < rate


@given(st.integers(1, 60), st.floats(-20.0, 60.0), st.sampled_from([tp.NR_UPLINK, tp.LTE_UPLINK]))
def test_the_handset_takes_the_blocks_that_carry_most(
    n_rb: int, block_sinr_db: float, mapping: tp.ShannonMapping
) -> None:
    def best(sinr_db: float) -> float:
        each = (
            tp.throughput_mbps(sinr_db - 10 * math.log10(n), carrier(n_rb=n, overhead=0.08, share=0.23), mapping)
            for n in range(1, n_rb + 1)
        )
        return max(float(rate) for rate in each)

    found = float(tp.uplink_mbps(block_sinr_db, carrier(n_rb=n_rb, overhead=0.08, share=0.23), mapping))
    hair = 1e-6  # a block more or less where the SINR in each is SINR_min to the last digit
    assert best(block_sinr_db - hair) * (1 - 1e-9) <= found <= best(block_sinr_db + hair) * (1 + 1e-9)


@given(st.floats(0.01, 100.0), st.integers(1, 275))
def test_required_uplink_is_the_inverse_of_the_uplink(rate: float, n_rb: int) -> None:
    whole = carrier(n_rb=n_rb, overhead=0.08, share=0.23)
    needed = tp.required_uplink_db(rate, whole, tp.NR_UPLINK)
    if math.isinf(needed):
        assert float(tp.uplink_mbps(120.0, whole, tp.NR_UPLINK)) < rate * (1 + 1e-9)
    else:
        assert float(tp.uplink_mbps(needed + 1e-6, whole, tp.NR_UPLINK)) >= rate * (1 - 1e-9)
        assert float(tp.uplink_mbps(needed - 1e-3, whole, tp.NR_UPLINK)) < rate


def test_the_uplink_of_nothing_known_is_unknown() -> None:
    assert math.isnan(float(tp.uplink_mbps(math.nan, carrier(), tp.NR_UPLINK)))
    assert tp.required_uplink_db(0.0, carrier(), tp.NR_UPLINK) == -math.inf
