"""A planted cluster is found, noise is not, and unknown wards are nobody's neighbours."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.stats import norm

from coverage.gap.clusters import ward_clusters

SIDE = 10


@pytest.fixture(scope="module")
def board() -> gpd.GeoSeries:
    cells = [(row, col) for row in range(SIDE) for col in range(SIDE)]
    shapes = [shapely.box(col, row, col + 1, row + 1) for row, col in cells]
    return gpd.GeoSeries(shapes, index=[f"{row}{col}" for row, col in cells], crs="EPSG:5899")


def planted(board: gpd.GeoSeries, seed: int = 1) -> pd.Series:
    noise = np.random.default_rng(seed).normal(0.3, 0.03, len(board))
    inside = [name for name in board.index if 2 <= int(name[0]) <= 5 and 2 <= int(name[1]) <= 5]
    values = pd.Series(noise, index=board.index)
    values[inside] += 0.5
    return values


def test_a_planted_cluster_is_found(board: gpd.GeoSeries) -> None:
    table = ward_clusters(planted(board), board)
    core = [f"{row}{col}" for row in (3, 4) for col in (3, 4)]
    assert (table.loc[core, "cluster"] == "high").all()
    assert (table.loc[core, "getis_z"] > 2).all()
    assert (table.loc[core, "getis_q"] < 0.05).all()
    assert (table.loc[["99", "09", "90"], "cluster"] != "high").all()
    assert table["moran_q"].ge(table["moran_p"]).all()


def test_noise_is_no_cluster(board: gpd.GeoSeries) -> None:
    named = 0
    for seed in range(10):
        values = pd.Series(np.random.default_rng(seed).normal(size=len(board)), index=board.index)
        named += int((ward_clusters(values, board, permutations=199)["cluster"] != "none").any())
    assert named <= 2  # of ten boards, at a rate of false discoveries of 5 %


def test_the_same_seed_gives_the_same_answer(board: gpd.GeoSeries) -> None:
    first, again = (ward_clusters(planted(board), board, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert not first["moran_p"].equals(ward_clusters(planted(board), board, seed=5)["moran_p"])


def test_p_values_are_those_of_the_normal_approximation_by_and_large(board: gpd.GeoSeries) -> None:
    values = pd.Series(np.random.default_rng(3).normal(size=len(board)), index=board.index)
    table = ward_clusters(values, board)
    for name in ("44", "07", "90"):
        lag = values[[other for other in board.index if other != name and board[other].touches(board[name])]]
        others = values.drop(name)
        spread = others.std(ddof=0) / np.sqrt(len(lag)) * np.sqrt(1 - (len(lag) - 1) / (len(others) - 1))
        z = abs(lag.mean() - others.mean()) / spread
        assert table.loc[name, "moran_p"] == pytest.approx(2 * norm.sf(z), abs=0.08)


def test_unknown_and_lonely_wards_belong_to_no_cluster(board: gpd.GeoSeries) -> None:
    values = planted(board)
    values["33"] = np.nan
    shapes = pd.concat([board, gpd.GeoSeries({"far": shapely.box(900, 900, 901, 901)}, crs=board.crs)])
    values["far"] = 0.9
    table = ward_clusters(values, shapes)
    assert table.loc[["33", "far"], "cluster"].isna().all()
    assert table.loc["44", "cluster"] == "high"
    assert ward_clusters(values * np.nan, shapes)["cluster"].isna().all()
    assert ward_clusters(values * 0 + 1, shapes)["cluster"].isna().all()
