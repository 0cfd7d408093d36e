"""Resource blocks and SS-RSRP against the tables of 3GPP and hand arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio import budget


@pytest.mark.parametrize(
    ("technology", "scs_khz", "blocks"),
    [
        ("NR", 15, {5: 25, 10: 52, 20: 106, 40: 216, 50: 270}),
        ("NR", 30, {5: 11, 10: 24, 20: 51, 40: 106, 60: 162, 80: 217, 90: 245, 100: 273}),
        ("NR", 60, {10: 11, 20: 24, 100: 135}),
        ("LTE", 15, {1.4: 6, 3: 15, 5: 25, 10: 50, 15: 75, 20: 100}),
    ],
)
def test_resource_blocks(technology: str, scs_khz: int, blocks: dict[float, int]) -> None:
    for width, expected in blocks.items():
        assert budget.resource_blocks(technology, float(width), scs_khz) == expected


@pytest.mark.parametrize("technology", ["NR", "LTE"])
@pytest.mark.parametrize("scs_khz", [15, 30, 60])
def test_blocks_fit_into_the_channel_and_grow_with_it(technology: str, scs_khz: int) -> None:
    widths = budget.bandwidths_mhz(technology, scs_khz)
    spacing = 15 if technology == "LTE" else scs_khz
    occupied = [12 * spacing / 1e3 * budget.resource_blocks(technology, width, scs_khz) for width in widths]
    assert list(widths) == sorted(widths)
    assert occupied == sorted(occupied)
    # The narrowest channels spend 23 % on guard bands, none spends more.
    assert all(0.77 * width <= used < width for used, width in zip(occupied, widths, strict=True))


@pytest.mark.parametrize(
    ("technology", "width", "scs_khz"), [("NR", 100.0, 15), ("NR", 12.0, 30), ("LTE", 100.0, 15), ("NR", 20.0, 120)]
)
def test_unknown_bandwidth_is_refused(technology: str, width: float, scs_khz: int) -> None:
    with pytest.raises(RangeError) as caught:
        budget.resource_blocks(technology, width, scs_khz)
    assert caught.value.code == "bandwidth_unknown"


@pytest.mark.parametrize(
    ("power_dbm", "n_rb", "gain_dbi", "loss_db", "rsrp_dbm"),
    [
        (53.0, 273, 17.0, 130.399, -95.55),  # 53 − 35.153 + 17 − 130.399
        (49.0, 52, 15.0, 128.82, -92.77),  # 49 − 27.952 + 15 − 128.82
        (46.0, 100, 17.0, 120.0, -87.79),  # 46 − 30.792 + 17 − 120
    ],
)
def test_ss_rsrp(power_dbm: float, n_rb: int, gain_dbi: float, loss_db: float, rsrp_dbm: float) -> None:
    level = budget.ss_rsrp_dbm(loss_db, power_dbm=power_dbm, n_rb=n_rb, gain_dbi=gain_dbi)
    assert float(level) == pytest.approx(rsrp_dbm, abs=0.005)


@given(st.floats(20, 60), st.sampled_from([25, 52, 100, 273]))
def test_resource_elements_add_up_to_the_carrier(power_dbm: float, n_rb: int) -> None:
    one = budget.resource_element_power_dbm(power_dbm, n_rb)
    assert one + 10 * math.log10(12 * n_rb) == pytest.approx(power_dbm)


def test_offset_raises_and_body_lowers() -> None:
    link = {"power_dbm": 53.0, "n_rb": 273, "gain_dbi": np.array([17.0, 14.0])}
    plain = budget.ss_rsrp_dbm([100.0, 110.0], **link)
    changed = budget.ss_rsrp_dbm([100.0, 110.0], **link, ssb_offset_db=3.0, body_loss_db=2.0)
    np.testing.assert_allclose(changed - plain, 1.0)
