"""The propagation models a study can choose, on pixels worked out by hand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from coverage.errors import RangeError
from coverage.models import TR38901, Mast, PathLossModel, Sweep
from tests.reference import by_hand

DISTANCES = np.array([0.0, 10.0, 17.0, 60.0, 400.0, 900.0, 2500.0, 5000.0])


def sweep(distance_m: np.ndarray) -> Sweep:
    return Sweep(
        rows=slice(0, 1),
        cols=slice(0, distance_m.size),
        inside=np.arange(distance_m.size),
        distance_m=distance_m,
        bearing_deg=np.zeros_like(distance_m),
    )


@pytest.mark.parametrize(
    ("environment", "height_m", "frequency_mhz"), [("UMa", 25.0, 2550.0), ("UMi", 10.0, 3850.0), ("RMa", 35.0, 763.0)]
)
def test_tr38901_gives_what_the_tables_give(environment: str, height_m: float, frequency_mhz: float) -> None:
    mast = Mast(0.0, 0.0, height_m, frequency_mhz, environment)
    path = TR38901().path(mast, sweep(DISTANCES))
    for index, distance in enumerate(DISTANCES.tolist()):
        point = by_hand.MODELS[environment](frequency_mhz / 1e3, height_m, 1.5, max(distance, 10.0))
        found = [
            np.broadcast_to(values, DISTANCES.shape)[index]
            for values in (path.los_db, path.nlos_db, path.p_los, path.sigma_los_db, path.sigma_nlos_db)
        ]
        expected = [point.los, point.nlos, point.p_los, point.sigma_los, point.sigma_nlos]
        assert found == pytest.approx(expected, abs=1e-9)


def test_receiver_height_enters() -> None:
    mast = Mast(0.0, 0.0, 25.0, 2550.0, "UMa")
    low, high = (TR38901(receiver_height_m=height).path(mast, sweep(DISTANCES)) for height in (1.5, 10.0))
    assert (high.nlos_db < low.nlos_db).all()
    with pytest.raises(RangeError) as caught:
        TR38901(receiver_height_m=20.0).path(mast, sweep(DISTANCES))
    assert caught.value.code == "model_receiver_height"


def test_a_model_is_its_parameters() -> None:
    model: PathLossModel = TR38901()
    assert (model.id, model.receiver_height_m, model.sweep_m) == ("tr38901", 1.5, 5000.0)
    assert model.ignores == ("terrain", "buildings", "coast")
    assert model == TR38901()
    assert model != TR38901(sweep_m=4000.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.sweep_m = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("sweep_m", [0.0, 9.9, 5001.0, math.nan])
def test_a_sweep_outside_the_tables_is_refused(sweep_m: float) -> None:
    with pytest.raises(RangeError) as caught:
        TR38901(sweep_m=sweep_m)
    assert caught.value.code == "model_sweep"
