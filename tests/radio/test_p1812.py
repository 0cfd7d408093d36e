import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio import p526
from coverage.radio.p1812 import Link, basic_transmission_loss_db, geometry, profiles_of

LINK = Link(frequency_ghz=3.7, tx_height_m=30.0, rx_height_m=1.5)


def profile(ground, step_km=0.03):
    ground = np.atleast_2d(np.asarray(ground, dtype=float))
    distance = np.broadcast_to(np.arange(ground.shape[1]) * step_km, ground.shape)
    return distance, ground, np.zeros_like(ground)


def free_space_db(length_km, rise_m, ghz):
    return 92.4 + 20 * np.log10(ghz) + 20 * np.log10(np.hypot(length_km, rise_m / 1000))


def published(folder: Path):
    """Yield (case, distance, ground, clutter, zone, link, published loss) of each log file."""
    for log in sorted((folder / "p1812" / "results").glob("*_log.csv")):
        values = {}
        for row in csv.reader(log.read_text().splitlines()[1:]):
            if len(row) > 3 and row[3]:
                values.setdefault((row[0].strip(), row[1].strip()), float(row[3]))
        given = {name: value for (name, equation), value in values.items() if not equation}
        name = log.name.removesuffix("_log.csv").rpartition("_")[0]
        lines = (folder / "p1812" / "profiles" / f"{name}.csv").read_text().splitlines()
        start = next(n for n, line in enumerate(lines) if line.startswith("Number of Points"))
        end = next(n for n, line in enumerate(lines) if line.startswith("{End of Profile"))
        table = np.array([[float(cell) for cell in line.split(",")[:5]] for line in lines[start + 1 : end]])
        distance, ground, _, clutter, zone = (column[None, :] for column in table.T)
        link = Link(
            frequency_ghz=given["f (GHz)"],
            tx_height_m=given["htg (m)"],
            rx_height_m=given["hrg (m)"],
            latitude_deg=values["phi (deg)", "Eq (4)"],
            time_percent=given["p (%)"],
            vertical=given["pol"] == 2,
            delta_n=given["DN"],
            n0=given["N0"],
            tx_coast_km=given["dct (km)"],
            rx_coast_km=given["dcr (km)"],
        )
        yield log.stem, distance, ground, clutter, zone.astype(int), link, values["Lb (dB)", "Eq (69)"]


def test_every_published_case_agrees(shared_data):
    cases = list(published(shared_data / "validation"))
    assert len(cases) >= 30
    for name, distance, ground, clutter, zone, link, loss in cases:
        ours = basic_transmission_loss_db(distance, ground, clutter, link, zone=zone)[0]
        assert ours == pytest.approx(loss, abs=1e-5), name


def test_a_batch_is_its_rows():
    rng = np.random.default_rng(5)
    ground = rng.uniform(0, 300, (40, 1)) + np.cumsum(rng.normal(0, 8, (40, 120)), axis=1)
    distance, ground, clutter = profile(ground)
    clutter = rng.choice([0.0, 10.0, 20.0], ground.shape)
    together = basic_transmission_loss_db(distance, ground, clutter, LINK)
    alone = [basic_transmission_loss_db(distance[[n]], ground[[n]], clutter[[n]], LINK)[0] for n in range(len(ground))]
    assert together.tolist() == alone


@given(st.floats(0.3, 20), st.floats(5, 100), st.floats(0.7, 6))
@settings(max_examples=100, deadline=None)
def test_flat_bare_ground_never_beats_free_space(length_km, height_m, ghz):
    link = Link(frequency_ghz=ghz, tx_height_m=height_m, rx_height_m=1.5)
    distance, ground, clutter = profile(np.zeros(100), length_km / 99)
    loss = basic_transmission_loss_db(distance, ground, clutter, link)[0]
    # The combination of mechanisms (eqs 60 and 63) is a soft minimum and undercuts by a few hundredths at most.
    assert loss >= free_space_db(length_km, height_m - 1.5, ghz) - 0.05


@given(st.integers(0, 10_000), st.floats(0.7, 6))
@settings(max_examples=60, deadline=None)
def test_diffraction_of_mirrored_paths_with_equal_terminals_is_the_same(seed, ghz):
    rng = np.random.default_rng(seed)
    distance, ground, clutter = profile(np.cumsum(rng.normal(0, 15, 80)))
    link = Link(frequency_ghz=ghz, tx_height_m=10.0, rx_height_m=10.0)

    def diffraction(heights):
        profiles = profiles_of(distance, heights, clutter, link)
        shape = geometry(profiles, np.full(heights.shape, 4), link)
        return p526.delta_bullington_db(
            profiles, shape.smooth_tx_m, shape.smooth_rx_m, shape.radius_km,
            frequency_ghz=ghz, vertical=True, sea=shape.sea,
        )[0]  # fmt: skip

    assert diffraction(ground) == pytest.approx(diffraction(ground[:, ::-1]), abs=1e-6)


@given(st.floats(2, 60), st.floats(0, 40), st.floats(0.7, 6))
@settings(max_examples=100, deadline=None)
def test_raising_an_antenna_over_flat_ground_never_costs_diffraction(height, more, ghz):
    distance, ground, clutter = profile(np.zeros(200), 0.1)

    def diffraction(metres):
        link = Link(frequency_ghz=ghz, tx_height_m=metres, rx_height_m=1.5)
        profiles = profiles_of(distance, ground, clutter, link)
        shape = geometry(profiles, np.full(ground.shape, 4), link)
        return p526.delta_bullington_db(
            profiles, shape.smooth_tx_m, shape.smooth_rx_m, shape.radius_km,
            frequency_ghz=ghz, vertical=True, sea=shape.sea,
        )[0]  # fmt: skip

    assert diffraction(height + more) <= diffraction(height) + 1e-9


@pytest.mark.parametrize(("percent", "quantile"), [(90.0, 1.2816), (10.0, -1.2816), (50.0, 0.0)])
def test_location_variability_by_hand(percent, quantile):
    # Eq. 69: the loss not exceeded at pL of locations lies −Q⁻¹(pL)·σ above the median; behind a hill, far from the
    # free-space floor. The Recommendation's approximation of the quantile is good to 0.00045.
    distance, ground, clutter = profile(np.where(np.arange(120) == 60, 150.0, 0.0))
    median = basic_transmission_loss_db(distance, ground, clutter, LINK)[0]
    link = Link(**{**vars(LINK), "location_percent": percent, "location_sigma_db": 6.0})
    assert basic_transmission_loss_db(distance, ground, clutter, link)[0] - median == pytest.approx(
        6 * quantile, abs=0.004
    )


@pytest.mark.parametrize(
    "change",
    [
        {"frequency_ghz": 6.1},
        {"time_percent": 0.5},
        {"location_percent": 0.0},
        {"tx_height_m": 0.5},
        {"rx_height_m": np.nan},
    ],
)
def test_outside_the_stated_range_is_refused(change):
    with pytest.raises(RangeError, match="p1812_range"):
        basic_transmission_loss_db(*profile(np.zeros(50)), Link(**{**vars(LINK), **change}))


def test_the_value_named_is_the_one_outside():
    ground = np.zeros((2, 50))
    link = Link(**{**vars(LINK), "rx_height_m": np.array([1.5, 0.5])})
    with pytest.raises(RangeError) as caught:
        basic_transmission_loss_db(*profile(ground), link)
    assert caught.value.values["value"] == 0.5


def test_a_path_shorter_than_a_quarter_kilometre_is_refused():
    with pytest.raises(RangeError, match="length_km"):
        basic_transmission_loss_db(*profile(np.zeros(5)), LINK)


def test_knife_edge_by_hand():
    # P.526: J(0) = 6.9 + 20·log10(√1.01 − 0.1) = 6.9 + 20·log10(0.904988) = 6.03285; nothing at or below −0.78.
    assert p526.knife_edge_db(np.array([0.0, -0.78, -3.0])).tolist() == pytest.approx([6.03285, 0.0, 0.0], abs=1e-5)
