"""Free space against the practical form of P.525-4 and its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio.freespace import free_space_loss_db


@given(st.floats(1.0, 1e5), st.floats(100.0, 1e5))
def test_practical_form(distance_m: float, frequency_mhz: float) -> None:
    # P.525-4 equation (5): 32.4 + 20 log f[MHz] + 20 log d[km]; the constant is 32.4478 unrounded.
    expected = 32.4478 + 20 * math.log10(frequency_mhz) + 20 * math.log10(distance_m / 1e3)
    assert float(free_space_loss_db(distance_m, frequency_mhz)) == pytest.approx(expected, abs=1e-4)


def test_six_decibels_for_twice_the_distance() -> None:
    near, far = free_space_loss_db(np.array([100.0, 200.0], dtype=np.float32), 2550.0)
    assert far - near == pytest.approx(20 * math.log10(2), abs=1e-4)


@pytest.mark.parametrize(("distance_m", "frequency_mhz"), [(0.0, 2550.0), (100.0, 0.0), (math.nan, 2550.0)])
def test_refuses_what_is_not_positive(distance_m: float, frequency_mhz: float) -> None:
    with pytest.raises(RangeError) as caught:
        free_space_loss_db(distance_m, frequency_mhz)
    assert caught.value.code == "free_space_range"
