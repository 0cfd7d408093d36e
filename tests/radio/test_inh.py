"""InH-Office of TR 38.901 against values worked out by hand, and the laws it obeys."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio import inh, tr38901

distances = st.floats(0.0, 149.9)
frequencies = st.floats(500.0, 100_000.0)


@pytest.mark.parametrize(
    ("distance_m", "ghz", "los_db", "nlos_db"),
    [
        # d_3D = √(20² + 2²) = 20.0998: 32.4 + 17.3·1.303191 + 20·0.574031; 17.3 + 38.3·1.303191 + 24.9·0.574031
        (20.0, 3.75, 66.4258, 81.5056),
        # d_3D = √(100² + 4) = 100.02, log 2.000087; f = 28, log 1.447158
        (100.0, 28.0, 95.9447, 129.9376),
        # d_3D = 2 m: NLOS 17.3 + 38.3·0.301030 + 24.9·log10 3.5 = 42.377 is above LOS 32.4 + 5.2078 + 10.8814
        (0.0, 3.5, 48.4892, 48.4892),
        # d_3D = 49.0408, log 1.690558; f = 0.7, log −0.154902: 32.4 + 29.2467 − 3.0980; 17.3 + 64.7484 − 3.8571
        (49.0, 0.7, 58.5486, 78.1913),
    ],
)
def test_path_loss_by_hand(distance_m: float, ghz: float, los_db: float, nlos_db: float) -> None:
    loss = inh.path_loss(distance_m, frequency_mhz=ghz * 1e3)
    assert float(loss.los_db) == pytest.approx(los_db, abs=1e-3)
    assert float(loss.nlos_db) == pytest.approx(nlos_db, abs=1e-3)


@pytest.mark.parametrize(
    ("office", "distance_m", "expected"),
    [
        ("mixed", 1.2, 1.0),
        ("mixed", 3.55, math.exp(-0.5)),  # (3.55 − 1.2)/4.7 = 1/2
        ("mixed", 6.5, 0.32),
        ("mixed", 39.1, 0.32 / math.e),  # (39.1 − 6.5)/32.6 = 1
        ("open", 5.0, 1.0),
        ("open", 40.4, math.exp(-0.5)),  # (40.4 − 5)/70.8 = 1/2
        ("open", 49.0, math.exp(-44.0 / 70.8)),
        ("open", 101.925, 0.54 * math.exp(-0.25)),  # (101.925 − 49)/211.7 = 1/4
    ],
)
def test_sight_by_hand(office: str, distance_m: float, expected: float) -> None:
    assert float(inh.los_probability(distance_m, office)) == pytest.approx(expected, abs=1e-12)


def test_shadowing_of_the_table() -> None:
    assert (inh.SHADOWING.los_db, inh.SHADOWING.nlos_db) == (3.0, 8.03)


@given(distances, distances, frequencies)
def test_loss_grows_with_distance_and_nlos_is_never_below_los(one: float, other: float, mhz: float) -> None:
    loss = inh.path_loss(sorted([one, other]), frequency_mhz=mhz)
    assert loss.los_db[0] <= loss.los_db[1]
    assert loss.nlos_db[0] <= loss.nlos_db[1]
    assert (loss.nlos_db >= loss.los_db).all()


@given(distances, distances)
def test_sight_fades_within_each_piece_and_an_open_office_shows_more(one: float, other: float) -> None:
    near, far = sorted([one, other])
    for office, bend in (("mixed", 6.5), ("open", 49.0)):
        chance = inh.los_probability([near, far], office)
        assert ((chance >= 0) & (chance <= 1)).all()
        if office == "mixed" or (near > bend) == (far > bend):
            assert chance[1] <= chance[0]
    assert inh.los_probability(one, "open") >= inh.los_probability(one, "mixed")


def test_arrays_keep_shape_and_precision() -> None:
    wide = np.linspace(0.0, 149.0, 12).reshape(3, 4)
    exact, half = (inh.path_loss(wide.astype(kind), frequency_mhz=3750.0) for kind in (np.float64, np.float32))
    for double, single in zip(exact, half, strict=True):
        assert (double.shape, double.dtype, single.dtype) == (wide.shape, np.float64, np.float32)
        np.testing.assert_allclose(single, double, atol=1e-4)
    assert inh.los_probability(wide.astype(np.float32), "open").dtype == np.float32


def test_nearer_than_a_metre_counts_as_one() -> None:
    loss = inh.path_loss([0.0, 0.5, 1.0], frequency_mhz=3750.0, height_m=1.0)
    assert np.unique(loss.los_db).size == 1
    assert loss.los_db[0] == pytest.approx(32.4 + 20 * math.log10(3.75))


@given(st.floats(2.0, 149.0))
def test_in_sight_the_walls_guide_better_than_a_street(distance: float) -> None:
    street = tr38901.path_loss("UMi", distance, frequency_mhz=3750.0, height_m=10.0)
    assert inh.path_loss(distance, frequency_mhz=3750.0).los_db < street.los_db


@pytest.mark.parametrize(
    "change",
    [
        {"distance_m": 150.1},
        {"distance_m": -1.0},
        {"distance_m": math.nan},
        {"frequency_mhz": 499.0},
        {"frequency_mhz": math.nan},
        {"height_m": 31.0},
        {"receiver_height_m": -1.0},
    ],
)
def test_outside_its_validity_it_refuses(change: dict[str, float]) -> None:
    arguments = {"distance_m": 20.0, "frequency_mhz": 3750.0, **change}
    with pytest.raises(RangeError, match="kernel_range"):
        inh.path_loss(arguments.pop("distance_m"), **arguments)


def test_unknown_office_or_distance_is_refused() -> None:
    with pytest.raises(RangeError, match="office_unknown"):
        inh.los_probability(10.0, "factory")
    with pytest.raises(RangeError, match="kernel_range"):
        inh.los_probability(151.0, "open")
