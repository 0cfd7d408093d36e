"""The way from an antenna to a pixel: Fresnel radii by hand, hills that hide, ground that nobody knows."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coverage as cov
from coverage.errors import GridError, RangeError
from coverage.grid import Surface
from coverage.sightlines import Sightline, fresnel_radius_m, path_profile
from tests import builders as make

RADIUS_M = 6_371_000 * 157 / 112  # ΔN = 45


def sightline(ground=(0.0, 0.0, 0.0), clutter=None, antenna_m=30.0, receiver_m=1.5, length_m=2000.0, **values):
    ground = np.array(ground, dtype=float)
    return Sightline(
        distance_m=np.linspace(0.0, length_m, ground.size),
        ground_m=ground,
        clutter_m=np.zeros(ground.size) if clutter is None else np.array(clutter, dtype=float),
        antenna_m=antenna_m,
        receiver_m=receiver_m,
        **{"frequency_mhz": 2550.0, "radius_m": RADIUS_M, **values},
    )


# --- geometry ---------------------------------------------------------------------------------------------------------


def test_the_fresnel_radius_is_that_of_the_recommendation():
    # P.526 eq. 3, in its practical units: 550·√(d1·d2 / ((d1 + d2)·f)), kilometres and megahertz.
    for frequency, first, second in ((763.0, 1.2, 3.4), (2550.0, 1.0, 1.0), (3750.0, 0.03, 4.97)):
        practical = 550 * math.sqrt(first * second / ((first + second) * frequency))
        assert fresnel_radius_m(frequency, 1000 * first, 1000 * second) == pytest.approx(practical, rel=5e-3)
    assert fresnel_radius_m(2550.0, [0.0, 1000.0], [1000.0, 0.0]).tolist() == [0.0, 0.0]
    assert fresnel_radius_m(2550.0, 0.0, 0.0) == 0.0


def test_clearance_by_hand():
    line = sightline()  # the middle: line at 15.75 m, bulge 10⁶/2R = 0.056 m, radius √(0.11757·500) = 7.667 m
    assert line.bulge_m[1] == pytest.approx(0.05599, abs=1e-5)
    assert line.clearance == pytest.approx((15.75 - 0.05599) / 7.6672, abs=1e-3)
    assert (line.obstacle, line.in_sight, line.cut_by) == (None, True, None)


@pytest.mark.parametrize(
    ("ground", "clutter", "cut_by"),
    [((0, 20, 0), None, "ground"), ((0, 5, 0), (0, 15, 0), "clutter"), ((0, 16, 0), (0, 15, 0), "ground")],
)
def test_what_rises_above_the_line_cuts_it(ground, clutter, cut_by):
    line = sightline(ground, clutter)
    assert (line.obstacle, line.in_sight, line.cut_by) == (1, False, cut_by)
    assert line.clearance < 0


def test_the_worst_point_is_the_one_that_covers_most_of_the_zone():
    # 3 m above the line near the receiver, where the zone is narrow, hides more than 4 m in the middle.
    line = sightline((0, 0, 0, 0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 19.75, 0, 0, 8, 0))
    assert line.obstacle == 7


def test_the_earth_itself_hides_what_is_far():
    assert sightline(np.zeros(101), antenna_m=1.5, receiver_m=1.5, length_m=20_000.0).in_sight is False
    assert sightline(np.zeros(101), antenna_m=1.5, receiver_m=1.5, length_m=5_000.0).in_sight is True
    flat_earth = sightline(np.zeros(101), antenna_m=1.5, receiver_m=1.5, length_m=20_000.0, radius_m=1e12)
    assert flat_earth.in_sight is True


def test_unknown_ground_leaves_sight_open_unless_something_known_cuts_it():
    opened = sightline((0, np.nan, 0, 0))
    assert (opened.clearance, opened.in_sight, opened.obstacle) == (None, None, None)
    shut = sightline((0, np.nan, 50, 0))
    assert (shut.clearance, shut.in_sight, shut.obstacle) == (None, False, 2)


def test_a_path_without_length_has_no_zone():
    line = sightline(length_m=0.0)
    assert (line.clearance, line.obstacle, line.in_sight) == (None, None, True)
    assert line.fresnel_m.tolist() == [0.0, 0.0, 0.0]


@given(
    st.lists(st.floats(0.0, 200.0), min_size=3, max_size=30),
    st.floats(1.0, 300.0),
    st.floats(0.1, 50.0),
    st.floats(300.0, 5000.0),
)
def test_the_same_path_back_and_a_higher_antenna(heights, antenna_m, more_m, length_m):
    out = sightline(heights, antenna_m=heights[0] + antenna_m, receiver_m=heights[-1] + 1.5, length_m=length_m)
    back = sightline(heights[::-1], antenna_m=heights[-1] + 1.5, receiver_m=heights[0] + antenna_m, length_m=length_m)
    assert back.clearance == pytest.approx(out.clearance, rel=1e-6, abs=1e-9)
    higher = sightline(
        heights, antenna_m=heights[0] + antenna_m + more_m, receiver_m=heights[-1] + 1.5, length_m=length_m
    )
    assert higher.clearance >= out.clearance - 1e-9


# --- in a study -------------------------------------------------------------------------------------------------------

HERE = (make.EAST + 3000.0, make.NORTH + 1000.0)


def study(surface=None, cells=None, **values):
    """Return a study of 5 km × 2 km with one cell at (1 km, 1 km), looking east unless told otherwise."""
    cells = make.cells(make.cell(1.0, 1.0, azimuth_deg=90.0)) if cells is None else cells
    return cov.Study(make.city(make.wards((0, 0, 5, 2)), cells, surface=surface or Surface()), pixel_m=50, **values)


def ground(wall_m=0.0, **layers):
    """Return terrain at 10 m above the sea with a wall of some height from 2.0 to 2.2 km east."""
    heights = np.full((400, 500), 10.0)
    heights[:, 280:288] += wall_m
    return Surface(terrain=make.raster(heights, 25.0, west_km=-5.0, north_km=6.0), **layers)


def test_the_profile_is_the_ground_on_the_way():
    profile = path_profile(study(ground(30.0)), HERE)
    line = profile.line
    assert profile.point_m == (make.EAST + 3025.0, make.NORTH + 975.0)
    assert line.length_m == pytest.approx(math.hypot(2025.0, 25.0))
    assert profile.bearing_deg == pytest.approx(90 + math.degrees(math.atan2(25.0, 2025.0)))
    steps = np.diff(line.distance_m)
    assert steps == pytest.approx(steps[0])
    assert steps[0] == pytest.approx(30.0, abs=0.5)
    assert (line.antenna_m, line.receiver_m) == pytest.approx((35.0, 11.5))
    assert profile.depression_deg == pytest.approx(math.degrees(math.atan2(23.5, line.length_m)))
    assert line.ground_m[np.abs(line.distance_m - 1110.0) < 20] == pytest.approx(40.0)
    assert line.ground_m[np.abs(line.distance_m - 500.0) < 50] == pytest.approx(10.0)
    assert (line.cut_by, line.in_sight) == ("ground", False)
    assert line.distance_m[line.obstacle] == pytest.approx(1100.0, abs=60.0)
    assert profile.loss_db > profile.free_space_db + 15
    assert not profile.flat_ground


def test_a_lower_wall_leaves_the_line_free():
    profile = path_profile(study(ground(0.0)), HERE)
    assert (profile.line.in_sight, profile.line.obstacle) == (True, None)
    assert profile.loss_db < path_profile(study(ground(30.0)), HERE).loss_db


def test_trees_and_water_are_told_apart():
    codes = np.full((400, 500), 30.0)
    codes[:, 260:280], codes[:, 290:300], codes[:, 304:312] = 10.0, 50.0, 80.0
    profile = path_profile(study(ground(clutter=make.raster(codes, 25.0, west_km=-5.0, north_km=6.0))), HERE)
    along = profile.line.distance_m
    wood, town, lake = (np.abs(along - place) < 80 for place in (750.0, 1375.0, 1700.0))
    assert profile.line.clutter_m[wood] == pytest.approx(15.0)
    assert profile.line.clutter_m[town] == pytest.approx(15.0)
    assert profile.line.clutter_m[[0, -1]].tolist() == [0.0, 0.0]
    assert profile.trees[wood].all()
    assert not profile.trees[town].any()
    assert profile.water[lake].all()
    assert not profile.water[wood | town].any()


def test_level_and_probability_are_those_of_the_map():
    result = study(ground(30.0)).run()
    profile = path_profile(result, HERE)
    row, col = 20, 60
    assert profile.rsrp_dbm == result.signal.best_rsrp_dbm[row, col]
    assert profile.probability == profile.covered_probability == result.probability[row, col]
    assert not profile.lower_bound
    assert profile.cell == result.signal.best_server[row, col] == 0
    assert profile.model_id == result.study.path_model.id


def test_the_map_agrees_with_the_recommendation_along_the_very_profile():
    for wall_m in (0.0, 10.0, 30.0, 60.0):
        profile = path_profile(study(ground(wall_m)), HERE)
        assert profile.loss_db == pytest.approx(profile.p1812_db, abs=1.0)


def test_the_strongest_cell_is_taken_unless_one_is_named():
    cells = make.cells(
        make.cell(1.0, 1.0, azimuth_deg=270.0), make.cell(4.5, 1.0, site_id="s2", cell_id="s2-1", azimuth_deg=270.0)
    )
    where = study(ground(), cells)
    assert path_profile(where, HERE).site_id == "s2"
    assert path_profile(where, HERE, "s1-1").cell == path_profile(where, HERE, 0).cell == 0
    for unknown in ("s9", 2, -1):
        with pytest.raises(RangeError, match="cell_unknown"):
            path_profile(where, HERE, unknown)


def test_without_terrain_the_ground_is_flat_and_said_to_be():
    profile = path_profile(study(), HERE)
    assert (profile.has_terrain, profile.flat_ground) == (False, True)
    assert not profile.line.ground_m.any()
    assert profile.depression_deg == pytest.approx(math.degrees(math.atan2(23.5, profile.line.length_m)))
    assert profile.rsrp_dbm is not None


def test_a_model_that_reads_no_terrain_says_so_over_the_terrain():
    profile = path_profile(study(ground(30.0), model=cov.TR38901()), HERE)
    assert (profile.has_terrain, profile.flat_ground, profile.line.cut_by) == (True, True, "ground")


def test_near_the_mast_the_closed_form_serves():
    profile = path_profile(study(ground()), (make.EAST + 1130.0, make.NORTH + 1010.0))
    assert (profile.flat_ground, profile.p1812_db) == (True, None)


def test_out_of_reach_the_nearest_cell_is_shown_without_a_level():
    city = make.city(make.wards((0, 0, 30, 1)), make.cells(make.cell(0.0, 0.5), make.cell(2.0, 0.5, cell_id="near")))
    profile = path_profile(cov.Study(city, pixel_m=200), (make.EAST + 29_000.0, make.NORTH + 500.0))
    assert (profile.cell_id, profile.in_reach) == ("near", False)
    assert (profile.rsrp_dbm, profile.loss_db, profile.gain_dbi, profile.probability) == (None, None, None, 0.0)


def test_unknown_ground_stays_unknown():
    heights = np.full((400, 500), 10.0)
    heights[:, 280:288] = np.nan
    surface = Surface(terrain=make.raster(heights, 25.0, west_km=-5.0, north_km=6.0))
    profile = path_profile(study(surface), HERE)
    assert (profile.rsrp_dbm, profile.loss_db, profile.probability, profile.p1812_db) == (None, None, None, None)
    assert (profile.line.clearance, profile.line.in_sight, profile.in_reach) == (None, None, True)
    assert (profile.covered_probability, profile.lower_bound) == (None, False)
    result = study(surface).run()
    assert path_profile(result, HERE).lower_bound


def test_no_cells_and_no_pixel_are_said():
    with pytest.raises(RangeError, match="path_without_cells"):
        path_profile(study(cells=make.cells()), HERE)
    with pytest.raises(GridError, match="point_outside"):
        path_profile(study(), (0.0, 0.0))
