"""Signal on a grid: against an integration apart from the product, pixel by pixel by hand, and its laws."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from shapely.geometry import Point

from coverage import composing
from coverage.errors import GridError, RangeError
from coverage.grid import Grid, Raster, Surface
from coverage.models import TR38901, Mast, Path, Paths, Sweep
from coverage.signals import Patch, Signal, assign_environments, predict_patches, predict_signal
from tests import builders
from tests.reference import by_hand

MODEL = TR38901()
SECTORS = (0.0, 120.0, 240.0)
DEFINITIONS = [(-105.0, 0.9), (-95.0, 0.5), (-115.0, 0.5), (-90.0, 0.5)]
N28 = {
    "band": "n28", "frequency_mhz": 763.0, "bandwidth_mhz": 10.0, "power_dbm": 49.0, "ssb_gain_dbi": 15.0,
    "beamwidth_el_deg": 14.0, "environment": "RMa", "height_m": 35.0,
}  # fmt: skip
UMI = {"environment": "UMi", "height_m": 10.0}


def cells(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(list(rows), geometry="geometry", crs=builders.CRS)


def site(x_km: float = 0.0, y_km: float = 0.0, **values: Any) -> list[dict[str, Any]]:
    return [builders.cell(x_km, y_km, azimuth_deg=azimuth, **values) for azimuth in SECTORS]


def square(half_km: float = 5.0, pixel_m: float = 100.0) -> Grid:
    """Return a grid around (EAST, NORTH) whose pixels are not centred on it."""
    west, south = builders.EAST - 1000 * half_km, builders.NORTH - 1000 * half_km
    return Grid.covering((west, south, west + 2000 * half_km, south + 2000 * half_km), pixel_m, builders.CRS)


def predict(*rows: dict[str, Any], grid: Grid | None = None, threshold_dbm: float = -105.0, **more: Any) -> Signal:
    return predict_signal(cells(*rows), grid or square(), MODEL, threshold_dbm=threshold_dbm, **more)


def everything(signal: Signal) -> tuple[np.ndarray, ...]:
    return signal.probability, signal.rsrp_dbm, signal.server


# --- One site on flat ground, integrated apart from the product -------------------------------------------------------


@pytest.fixture(scope="module")
def n41_areas_m2() -> dict[tuple[float, float], float]:
    """Return the area of the site by (threshold, edge), integrated over polar coordinates."""
    areas = by_hand.covered_area_m2(
        "UMa", frequency_ghz=2.55, height=25.0, power_dbm=53.0, n_rb=273, gain_dbi=17.0, widths=(65.0, 10.0),
        rules=DEFINITIONS,
    )  # fmt: skip
    return dict(zip(DEFINITIONS, areas, strict=True))


@pytest.mark.parametrize("rule", DEFINITIONS, ids=str)
def test_covered_area_of_an_n41_site_agrees_with_polar_integration(
    rule: tuple[float, float], n41_areas_m2: dict[tuple[float, float], float]
) -> None:
    threshold_dbm, edge = rule
    signal = predict(*site(), grid=square(pixel_m=10.0), threshold_dbm=threshold_dbm)
    assert (signal.union >= edge).sum() * 100.0 == pytest.approx(n41_areas_m2[rule], rel=0.01)


def test_the_area_of_the_default_definition_is_the_one_the_design_names(
    n41_areas_m2: dict[tuple[float, float], float],
) -> None:
    assert n41_areas_m2[-105.0, 0.9] / 1e6 == pytest.approx(0.86, abs=0.005)


@pytest.mark.parametrize(
    ("values", "by_hand_values"),
    [
        (N28, {"environment": "RMa", "frequency_ghz": 0.763, "height": 35.0, "power_dbm": 49.0, "n_rb": 52,
               "gain_dbi": 15.0, "widths": (65.0, 14.0)}),
        (UMI, {"environment": "UMi", "frequency_ghz": 2.55, "height": 10.0, "power_dbm": 53.0, "n_rb": 273,
               "gain_dbi": 17.0, "widths": (65.0, 10.0)}),
    ],
    ids=["RMa-n28", "UMi-n41"],
)  # fmt: skip
def test_the_other_environments_agree_too(values: dict[str, Any], by_hand_values: dict[str, Any]) -> None:
    (area_m2,) = by_hand.covered_area_m2(**by_hand_values, rules=DEFINITIONS[:1])
    signal = predict(*site(**values), grid=square(pixel_m=10.0))
    assert (signal.union >= 0.9).sum() * 100.0 == pytest.approx(area_m2, rel=0.01)


# --- Pixel by pixel ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [{}, N28, UMI, {"azimuth_deg": math.nan, "ssb_gain_dbi": 10.0}], ids=str)
def test_pixels_by_hand(values: dict[str, Any]) -> None:
    cell = builders.cell(0.013, -0.027, **{"azimuth_deg": 75.0, **values})
    grid = square(half_km=3.0)
    signal = predict(cell, grid=grid, threshold_dbm=-101.0)
    n_rb = {"n41": 273, "n28": 52}[cell["band"]]
    reference = cell["power_dbm"] - 10 * math.log10(12 * n_rb) + cell["ssb_gain_dbi"]
    for row, col in np.random.default_rng(5).integers(0, grid.rows, (60, 2)):
        east = grid.eastings[col] - cell["geometry"].x
        north = grid.northings[row] - cell["geometry"].y
        distance = math.hypot(east, north)
        off = (math.degrees(math.atan2(east, north)) - cell["azimuth_deg"] + 180) % 360 - 180
        below = math.degrees(math.atan2(cell["height_m"] - 1.5, distance)) - 6.0
        gain = by_hand.pattern_db(
            0.0 if math.isnan(off) else off, below, cell["beamwidth_az_deg"], cell["beamwidth_el_deg"]
        )
        point = by_hand.MODELS[cell["environment"]](
            cell["frequency_mhz"] / 1e3, cell["height_m"], 1.5, max(distance, 10.0)
        )
        power = point.p_los * 10 ** (-point.los / 10) + (1 - point.p_los) * 10 ** (-point.nlos / 10)
        expected = by_hand.probability(point, reference + gain, -101.0)
        assert signal.probability[0, row, col] == pytest.approx(expected, abs=1e-6)
        assert signal.rsrp_dbm[0, row, col] == pytest.approx(reference + gain + 10 * math.log10(power), abs=1e-4)
        assert signal.server[0, row, col] == 0


def test_only_pixel_centres_within_the_sweep_are_predicted() -> None:
    grid = square(half_km=2.0, pixel_m=50.0)
    model = TR38901(sweep_m=850.0)
    at = (builders.EAST + 25.0, builders.NORTH + 25.0)  # a pixel centre: 850 m lies exactly on other centres
    cell = builders.cell(azimuth_deg=math.nan, ssb_gain_dbi=10.0, geometry=Point(at))
    signal = predict_signal(cells(cell), grid, model, threshold_dbm=-105.0)
    distance = np.hypot(grid.eastings[None, :] - at[0], grid.northings[:, None] - at[1])
    inside = distance <= 850.0
    assert distance[inside].max() == 850.0
    assert (signal.server[0] >= 0).sum() == inside.sum()
    assert np.isfinite(signal.rsrp_dbm[0][inside]).all()
    assert np.isnan(signal.rsrp_dbm[0][~inside]).all()
    assert (signal.probability[0][~inside] == 0).all()
    assert (signal.server[0][~inside] == -1).all()
    assert (signal.best_server[~inside] == -1).all()
    assert np.isnan(signal.best_rsrp_dbm[~inside]).all()


# --- Best server ------------------------------------------------------------------------------------------------------


def test_best_server_has_the_greatest_power_and_the_pixel_the_greatest_probability() -> None:
    rows = [*site(), *site(1.7, 0.4, **N28), builders.cell(-0.6, 0.9, **UMI, azimuth_deg=math.nan, ssb_gain_dbi=10.0)]
    signal = predict(*rows)
    alone = [predict(row) for row in rows]
    level = np.array([one.rsrp_dbm[0] for one in alone])
    assert (signal.probability[0] == np.array([one.probability[0] for one in alone]).max(axis=0)).all()
    np.testing.assert_array_equal(signal.rsrp_dbm[0], np.fmax.reduce(level))
    best = np.where(np.isnan(level).all(axis=0), -1, np.nan_to_num(level, nan=-np.inf).argmax(axis=0))
    np.testing.assert_array_equal(signal.server[0], best)
    assert len(np.unique(best)) > 4


def test_three_cells_do_not_add_their_probabilities() -> None:
    one, three = predict(builders.cell()), predict(*[builders.cell()] * 3)
    np.testing.assert_array_equal(one.union, three.union)
    assert set(np.unique(three.server)) <= {-1, 0}, "equal powers go to the cell that stands first"


def test_a_tie_goes_to_the_first_cell_whatever_the_order_of_masts() -> None:
    near = builders.cell(0.0, 0.0)
    twin = builders.cell(0.0, 0.0, frequency_mhz=2550.0000001)  # another mast for the program, the same power
    for order in ([near, twin, near], [twin, near, twin]):
        assert set(np.unique(predict(*order).server)) <= {-1, 0}


def test_operators_are_kept_apart_and_joined_by_the_union() -> None:
    rows = [*site(), *site(1.5, operator="MobiFone"), builders.cell(-1.5, operator="MobiFone")]
    signal = predict(*rows)
    assert signal.operators == ("MobiFone", "Viettel")
    assert signal.probability.shape == signal.rsrp_dbm.shape == signal.server.shape == (2, 100, 100)
    for index, own in enumerate(([3, 4, 5, 6], [0, 1, 2])):
        assert set(np.unique(signal.server[index])) <= {-1, *own}
        for both, single in zip(everything(signal), everything(predict(*[rows[i] for i in own])), strict=True):
            if both.dtype == np.int32:
                assert (both[index] == np.array([*own, -1])[single[0]]).all()
            else:
                np.testing.assert_array_equal(both[index], single[0])
    np.testing.assert_array_equal(signal.union, signal.probability.max(axis=0))
    np.testing.assert_array_equal(signal.best_rsrp_dbm, np.fmax(*signal.rsrp_dbm))
    np.testing.assert_array_equal(signal.best_server, predict(*[{**row, "operator": "all"} for row in rows]).server[0])


# --- Repeatable to the bit --------------------------------------------------------------------------------------------


def patches(*rows: dict[str, Any], grid: Grid) -> dict[int, Patch]:
    return {patch.cell: patch for patch in predict_patches(cells(*rows), grid, MODEL, threshold_dbm=-105.0)}


def test_a_cell_gives_the_same_bits_alone_and_among_others() -> None:
    grid = square(half_km=4.0, pixel_m=70.0)
    rows = [*site(0.31, 0.17), *site(-2.2, 1.9, **UMI), builders.cell(0.31, 0.17, tilt_deg=2.0), *site(3.0, **N28)]
    together = patches(*rows, grid=grid)
    assert sorted(together) == list(range(len(rows)))
    for index, row in enumerate(rows):
        alone = patches(row, grid=grid)[0]
        assert (alone.rows, alone.cols) == (together[index].rows, together[index].cols)
        assert alone.probability.tobytes() == together[index].probability.tobytes()
        assert alone.rsrp_dbm.tobytes() == together[index].rsrp_dbm.tobytes()


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_threads_change_nothing(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row for n in range(12) for row in site(0.4 * n - 2.4, 0.3 * n - 1.5, operator="ab"[n % 2])]
    expected = [array.tobytes() for array in everything(predict(*rows))]
    monkeypatch.setattr(composing, "THREADS", threads)
    assert [array.tobytes() for array in everything(predict(*rows))] == expected


def test_a_window_of_the_grid_holds_the_same_values() -> None:
    whole, part = square(half_km=4.0), square(half_km=1.0)
    shift = slice(whole.rows // 2 - part.rows // 2, whole.rows // 2 + part.rows // 2)
    big, small = predict(*site(), grid=whole), predict(*site(), grid=part)
    np.testing.assert_allclose(small.probability, big.probability[:, shift, shift], atol=1e-6)
    np.testing.assert_array_equal(small.server, big.server[:, shift, shift])


# --- Laws -------------------------------------------------------------------------------------------------------------

places = st.floats(-3.0, 3.0)
any_cell = st.builds(
    builders.cell,
    places,
    places,
    azimuth_deg=st.one_of(st.floats(0, 360), st.just(math.nan)),
    tilt_deg=st.floats(0, 12),
    height_m=st.floats(10, 50),
    environment=st.sampled_from(["UMa", "UMi", "RMa"]),
    operator=st.sampled_from(["Viettel", "VNPT"]),
    ssb_gain_dbi=st.floats(0, 17),
)
COARSE = square(half_km=4.0, pixel_m=250.0)


@settings(max_examples=30)
@given(st.lists(any_cell, min_size=1, max_size=4), any_cell)
def test_adding_a_cell_never_lowers_anything(rows: list[dict[str, Any]], new: dict[str, Any]) -> None:
    before, after = predict(*rows, grid=COARSE), predict(*rows, new, grid=COARSE)
    assert (after.union >= before.union).all()
    level = np.nan_to_num(before.best_rsrp_dbm, nan=-np.inf)
    assert (np.nan_to_num(after.best_rsrp_dbm, nan=-np.inf) >= level).all()


@settings(max_examples=30)
@given(st.lists(any_cell, min_size=1, max_size=3), st.floats(-120, -80), st.floats(0, 20))
def test_probability_falls_with_the_threshold_and_the_level_does_not_care(
    rows: list[dict[str, Any]], threshold: float, step: float
) -> None:
    low = predict(*rows, grid=COARSE, threshold_dbm=threshold)
    high = predict(*rows, grid=COARSE, threshold_dbm=threshold + step)
    assert (high.probability <= low.probability).all()
    assert ((low.probability >= 0) & (low.probability <= 1)).all()
    np.testing.assert_array_equal(high.rsrp_dbm, low.rsrp_dbm)


@settings(max_examples=30)
@given(any_cell, st.floats(0.5, 10.0))
def test_a_decibel_more_power_is_a_decibel_more_everywhere(row: dict[str, Any], step: float) -> None:
    before = predict(row, grid=COARSE)
    after = predict({**row, "power_dbm": row["power_dbm"] + step}, grid=COARSE)
    reached = before.server >= 0
    assert (reached == (after.server >= 0)).all()
    np.testing.assert_allclose((after.rsrp_dbm - before.rsrp_dbm)[reached], step, atol=1e-4)
    assert (after.probability >= before.probability).all()


# --- Environments and surfaces ----------------------------------------------------------------------------------------


def land(*codes: float) -> Surface:
    """Return land cover of 1 km wide strips, west to east from (EAST, NORTH), 2 km north to south around it."""
    transform = Affine(1000.0, 0.0, builders.EAST, 0.0, -2000.0, builders.NORTH + 1000.0)
    return Surface(clutter=Raster(values=np.array([codes]), transform=transform, crs=builders.CRS, unit="class"))


def test_environment_given_then_height_then_land_cover() -> None:
    codes = (50.0, 10.0, 80.0, math.nan, 0.0, 40.0)
    rows = [builders.cell(n + 0.5, environment=math.nan) for n in range(7)]  # the last stands outside the raster
    rows += [
        builders.cell(1.5, height_m=12.0, environment=math.nan),
        builders.cell(1.5, height_m=12.1, environment=None),
    ]
    rows += [builders.cell(0.5, environment="RMa"), builders.cell(1.5, environment="UMa")]
    placed = assign_environments(cells(*rows), land(*codes))
    expected = ["UMa", "RMa", "UMa", "UMa", "UMa", "RMa", "UMa", "UMi", "RMa", "RMa", "UMa"]
    assert placed["environment"].tolist() == expected
    assert placed["environment_assumed"].tolist() == [True] * 9 + [False] * 2


def test_land_cover_of_another_crs_is_read_at_the_site() -> None:
    to_degrees = Transformer.from_crs(builders.CRS, "EPSG:4326", always_xy=True)
    west, north = to_degrees.transform(builders.EAST, builders.NORTH)
    raster = Raster(
        values=np.array([[10.0, 50.0]]), transform=Affine(0.01, 0, west, 0, -0.01, north + 0.005), crs="EPSG:4326"
    )
    rows = [builders.cell(0.5, environment=None), builders.cell(1.5, environment=None)]  # 0.01° is 1.07 km
    assert assign_environments(cells(*rows), Surface(clutter=raster))["environment"].tolist() == ["RMa", "UMa"]


def test_signal_says_what_was_assumed_and_what_was_not_used() -> None:
    rows = [builders.cell(0.5, environment=None), builders.cell(1.5, environment=None), builders.cell(0.5, **UMI)]
    surface = land(50.0, 10.0)
    flat = Raster(values=np.zeros((1, 1)), transform=Affine.identity(), crs=builders.CRS, unit="m")
    signal = predict(*rows, surface=surface)
    assert signal.environments == {"RMa": 1, "UMa": 1, "UMi": 1}
    assert signal.environments_assumed == 2
    assert signal.unused == ()
    assert signal.model_id == "tr38901"
    hilly = predict(*rows, surface=Surface(terrain=flat, clutter=surface.clutter))
    assert hilly.unused == ("terrain",)
    assert hilly.probability.tobytes() == signal.probability.tobytes()
    # What a signal has placed stays placed, and is still known as assumed.
    again = predict_signal(signal.cells, signal.grid, MODEL, threshold_dbm=-105.0)
    assert (again.environments, again.environments_assumed) == (signal.environments, 2)


def test_the_given_cells_are_not_touched() -> None:
    frame = cells(builders.cell(environment=None))
    before = frame.copy()
    predict_signal(frame, COARSE, MODEL, threshold_dbm=-105.0)
    assert frame.equals(before)


# --- Edges ------------------------------------------------------------------------------------------------------------


def test_no_cells_no_signal() -> None:
    signal = predict_signal(cells(builders.cell()).iloc[:0], COARSE, MODEL, threshold_dbm=-105.0)
    assert signal.operators == ()
    assert signal.union.shape == COARSE.shape
    assert not signal.union.any()
    assert np.isnan(signal.best_rsrp_dbm).all()
    assert (signal.best_server == -1).all()


def test_sites_at_and_beyond_the_edge_of_the_grid() -> None:
    grid = square(half_km=1.0)
    far, near = builders.cell(20.0), builders.cell(5.5, azimuth_deg=270.0)
    assert [patch.cell for patch in predict_patches(cells(far, near), grid, MODEL, threshold_dbm=-105.0)] == [1]
    signal = predict(far, near, grid=grid)
    assert set(np.unique(signal.server)) == {-1, 1}
    assert (signal.server[0][:, :5] == -1).all()


def test_progress_counts_every_cell_once() -> None:
    seen: list[tuple[int, int]] = []
    predict(*site(), *site(2.0), builders.cell(90.0), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 7), (6, 7), (7, 7)]


def test_cells_of_another_crs_are_refused() -> None:
    for crs in ("EPSG:4326", None):
        frame = cells(builders.cell()).set_crs(crs, allow_override=True)
        with pytest.raises(GridError) as caught:
            predict_signal(frame, COARSE, MODEL, threshold_dbm=-105.0)
        assert caught.value.code == "crs_mismatch"


@pytest.mark.parametrize("name", ["height_m", "ssb_gain_dbi", "frequency_mhz", "band", "operator", "geometry"])
def test_incomplete_cells_are_refused(name: str) -> None:
    missing = Point() if name == "geometry" else None
    with pytest.raises(RangeError) as caught:
        predict(builders.cell(), builders.cell(**{name: missing}))
    assert caught.value.code == "cells_incomplete"
    assert caught.value.values == {"field": name, "cells": 1}


def test_a_missing_column_is_refused() -> None:
    with pytest.raises(RangeError) as caught:
        predict_signal(cells(builders.cell()).drop(columns="tilt_deg"), COARSE, MODEL, threshold_dbm=-105.0)
    assert caught.value.values["field"] == "tilt_deg"


def test_the_model_refuses_what_the_tables_do_not_hold() -> None:
    for change in ({"height_m": 60.0}, {"frequency_mhz": 400.0}, {"environment": "InH"}):
        with pytest.raises(RangeError):
            predict(builders.cell(**change))


def test_another_model_can_take_the_place() -> None:
    class Known:
        """Free line of sight everywhere, 100 dB, no fading to speak of."""

        id = "known"
        receiver_height_m = 1.5
        sweep_m = 600.0
        ignores = ("terrain", "clutter")
        facts = {"id": "known"}  # noqa: RUF012

        def over(self, _surface: Surface | None, _grid: Grid) -> Paths:
            return Paths(near=self.path)

        def path(self, _mast: Mast, sweep: Sweep) -> Path:
            loss, flat = np.full(sweep.distance_m.shape, 100.0), np.zeros(sweep.distance_m.shape)
            return Path(
                los_db=loss, nlos_db=loss, p_los=flat + 1, sigma_los_db=1e-3, sigma_nlos_db=1e-3, depression_deg=flat
            )

    row = builders.cell(azimuth_deg=math.nan, tilt_deg=0.0, beamwidth_el_deg=180.0)
    signal = predict_signal(cells(row), square(1.0, 10.0), Known(), land(50.0), threshold_dbm=-75.0)
    level = 53 - 10 * math.log10(3276) + 17 - 100  # −65.15 dBm, less than 3 dB off axis
    reached = signal.server[0] >= 0
    assert signal.rsrp_dbm[0][reached].max() == pytest.approx(level, abs=0.01)
    assert (signal.union[reached] == 1.0).all()
    assert signal.unused == ("clutter",)
