"""TR 38.901 against the tables worked out by hand, and the laws every loss obeys."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio import tr38901
from tests.reference import by_hand

TABLE = Path(__file__).resolve().parents[1] / "reference" / "tr38901_points.csv"
POINTS = list(csv.DictReader(TABLE.read_text("utf-8").splitlines()))

environments = st.sampled_from(tr38901.ENVIRONMENTS)
distances = st.floats(0.0, 5000.0)
frequencies = st.floats(600.0, 6000.0)
heights = st.floats(10.0, 50.0)


def point_id(row: dict[str, str]) -> str:
    return f"{row['environment']}-{row['frequency_ghz']}GHz-{row['base_m']}m-{row['distance_m']}m"


def link(row: dict[str, str]) -> dict[str, float]:
    return {
        "frequency_mhz": float(row["frequency_ghz"]) * 1e3,
        "height_m": float(row["base_m"]),
        "receiver_height_m": float(row["receiver_m"]),
    }


def test_table_of_points_is_what_its_derivation_gives() -> None:
    assert len(POINTS) >= 20
    assert [{name: str(value) for name, value in row.items()} for row in by_hand.rows()] == POINTS


@pytest.mark.parametrize("row", POINTS, ids=point_id)
def test_agrees_with_values_by_hand_to_a_hundredth_of_a_decibel(row: dict[str, str]) -> None:
    distance = np.array([float(row["distance_m"])])
    loss = tr38901.path_loss(row["environment"], distance, **link(row))
    spread = tr38901.shadowing(row["environment"], distance, **link(row))
    sight = tr38901.los_probability(row["environment"], distance, receiver_height_m=float(row["receiver_m"]))
    assert loss.los_db[0] == pytest.approx(float(row["los_db"]), abs=2e-4)
    assert loss.nlos_db[0] == pytest.approx(float(row["nlos_db"]), abs=2e-4)
    assert sight[0] == pytest.approx(float(row["p_los"]), abs=1e-6)
    assert np.broadcast_to(spread.los_db, 1)[0] == float(row["sigma_los_db"])
    assert spread.nlos_db == float(row["sigma_nlos_db"])


@pytest.mark.parametrize(
    ("environment", "frequency_mhz", "height_m", "distance_m", "los_db", "nlos_db"),
    [
        ("UMa", 3700.0, 25.0, 500.0, 98.752, 130.399),
        ("RMa", 763.0, 35.0, 2000.0, 105.53, 128.82),
        ("UMi", 3700.0, 10.0, 200.0, 92.094, 115.743),
    ],
)
def test_published_control_values(
    environment: str, frequency_mhz: float, height_m: float, distance_m: float, los_db: float, nlos_db: float
) -> None:
    loss = tr38901.path_loss(environment, distance_m, frequency_mhz=frequency_mhz, height_m=height_m)
    assert float(loss.los_db) == pytest.approx(los_db, abs=0.005)
    assert float(loss.nlos_db) == pytest.approx(nlos_db, abs=0.005)


@pytest.mark.parametrize("environment", tr38901.ENVIRONMENTS)
def test_arrays_keep_shape_and_precision(environment: str) -> None:
    wide = np.linspace(0.0, 5000.0, 24).reshape(2, 3, 4)
    exact = tr38901.path_loss(environment, wide, frequency_mhz=2550.0, height_m=25.0)
    single = tr38901.path_loss(environment, wide.astype(np.float32), frequency_mhz=2550.0, height_m=25.0)
    sight = tr38901.los_probability(environment, wide.astype(np.float32))
    for double, half in zip(exact, single, strict=True):
        assert double.shape == half.shape == wide.shape
        assert (double.dtype, half.dtype) == (np.float64, np.float32)
        np.testing.assert_allclose(half, double, atol=1e-4)
    assert sight.dtype == np.float32
    whole = tr38901.path_loss(environment, np.arange(20, 30), frequency_mhz=2550.0, height_m=25.0)
    assert whole.los_db.dtype == np.float64


@pytest.mark.parametrize("environment", tr38901.ENVIRONMENTS)
def test_nearer_than_ten_metres_counts_as_ten(environment: str) -> None:
    loss = tr38901.path_loss(environment, [0.0, 3.0, 10.0], frequency_mhz=3700.0, height_m=25.0)
    assert np.unique(loss.los_db).size == np.unique(loss.nlos_db).size == 1
    assert tr38901.los_probability(environment, [0.0, 10.0]).tolist() == [1.0, 1.0]


@given(environments, distances, distances, frequencies, heights)
def test_loss_grows_with_distance_and_nlos_is_never_below_los(
    environment: str, one: float, other: float, frequency_mhz: float, height_m: float
) -> None:
    loss = tr38901.path_loss(environment, sorted([one, other]), frequency_mhz=frequency_mhz, height_m=height_m)
    assert loss.los_db[1] >= loss.los_db[0] - 1e-9
    assert loss.nlos_db[1] >= loss.nlos_db[0] - 1e-9
    assert (loss.nlos_db >= loss.los_db).all()


@given(environments, distances, st.floats(600.0, 3000.0), heights)
def test_loss_grows_with_frequency_without_sight(
    environment: str, distance: float, frequency_mhz: float, height_m: float
) -> None:
    low = tr38901.path_loss(environment, distance, frequency_mhz=frequency_mhz, height_m=height_m)
    high = tr38901.path_loss(environment, distance, frequency_mhz=2 * frequency_mhz, height_m=height_m)
    assert high.nlos_db > low.nlos_db


@given(environments, distances, distances)
def test_sight_is_a_probability_that_falls_with_distance(environment: str, one: float, other: float) -> None:
    near, far = tr38901.los_probability(environment, sorted([one, other]))
    assert 0.0 <= far <= near <= 1.0


@pytest.mark.parametrize(
    ("environment", "change", "code"),
    [
        ("UMa", {"frequency_mhz": 499.0}, "model_frequency"),
        ("RMa", {"frequency_mhz": 30_001.0}, "model_frequency"),
        ("UMa", {"frequency_mhz": float("nan")}, "model_frequency"),
        ("UMa", {"height_m": 9.9}, "model_height"),
        ("UMi", {"height_m": 50.1}, "model_height"),
        ("RMa", {"height_m": 151.0}, "model_height"),
        ("UMa", {"receiver_height_m": 13.0}, "model_receiver_height"),
        ("RMa", {"receiver_height_m": 10.5}, "model_receiver_height"),
        ("UMi", {"receiver_height_m": 1.0}, "model_receiver_height"),
        ("UMa", {"distance_m": 5000.5}, "model_distance"),
        ("UMa", {"distance_m": -1.0}, "model_distance"),
        ("UMa", {"distance_m": float("nan")}, "model_distance"),
        ("InH", {}, "model_environment"),
    ],
)
def test_outside_its_validity_it_refuses(environment: str, change: dict[str, float], code: str) -> None:
    arguments = {"distance_m": 100.0, "frequency_mhz": 2550.0, "height_m": 25.0, **change}
    distance = arguments.pop("distance_m")
    with pytest.raises(RangeError) as caught:
        tr38901.path_loss(environment, distance, **arguments)
    assert caught.value.code == code
    if code != "model_distance":
        with pytest.raises(RangeError):
            tr38901.shadowing(environment, distance, **arguments)


def test_accepts_fifty_metres_in_towns_and_a_hundred_and_fifty_in_the_country() -> None:
    for environment, height_m in (("UMa", 50.0), ("UMi", 50.0), ("RMa", 150.0)):
        assert np.isfinite(tr38901.path_loss(environment, 100.0, frequency_mhz=700.0, height_m=height_m).los_db)
