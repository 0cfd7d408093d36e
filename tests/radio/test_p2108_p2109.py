import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio.p2108 import height_gain_db, slant_db, terrestrial_db
from coverage.radio.p2109 import building_entry_loss_db

CLUTTER = {1: "water", 2: "open", 3: "suburban", 4: "urban", 5: "trees", 6: "dense_urban"}


def test_building_entry_loss_equals_the_published_table(shared_data):
    table = pd.read_csv(shared_data / "validation" / "p2109" / "validation_sample.csv")
    table.columns = ["ghz", "percent", "building", "elevation", "loss"]
    for code, building in ((1, "traditional"), (2, "thermally_efficient")):
        rows = table[table["building"] == code]
        ours = building_entry_loss_db(rows["ghz"], rows["percent"] / 100, building, elevation_deg=rows["elevation"])
        assert len(rows) > 100
        np.testing.assert_allclose(ours, rows["loss"], atol=1e-6)


def test_median_building_entry_by_hand():
    # f = 1 GHz, horizontal, median: A = r = 12.64, B = w = 9.1, C = −3.
    expected = 10 * math.log10(10**1.264 + 10**0.91 + 10**-0.3)
    assert float(building_entry_loss_db(1.0, 0.5, "traditional")) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("ghz", "p", "angle"), [(0.05, 0.5, 0), (1, 0, 0), (1, 1, 0), (1, 0.5, 91)])
def test_building_entry_outside_its_range(ghz, p, angle):
    with pytest.raises(RangeError, match="p2109_range"):
        building_entry_loss_db(ghz, p, "traditional", elevation_deg=angle)


def test_the_value_named_is_the_one_outside():
    with pytest.raises(RangeError) as caught:
        terrestrial_db(3.5, [1.0, 0.1], 50.0)
    assert caught.value.values["value"] == 0.1


def cases(shared_data, name):
    return pd.read_csv(shared_data / "validation" / "p2108" / f"{name}TestData.csv").itertuples(index=False)


def check(rows, call):
    seen = 0
    for row in rows:
        seen += 1
        if row.rtn == 0:
            assert float(call(row)) == pytest.approx(row[-1], abs=0.06), row
        else:
            with pytest.raises(RangeError, match="p2108_range"):
                call(row)
    assert seen >= 6


def test_terminal_correction_equals_the_published_table(shared_data):
    check(
        cases(shared_data, "HeightGainTerminalCorrectionModel"),
        lambda row: height_gain_db(
            row.f__ghz, row.h__meter, CLUTTER[row.clutter_type],
            clutter_height_m=row.R__meter, street_width_m=row.w_s__meter,
        ),
    )  # fmt: skip


def test_terrestrial_clutter_equals_the_published_table(shared_data):
    check(cases(shared_data, "TerrestrialStatisticalModel"), lambda row: terrestrial_db(row.f__ghz, row.d__km, row.p))


def test_slant_clutter_equals_the_published_table(shared_data):
    check(cases(shared_data, "AeronauticalStatisticalModel"), lambda row: slant_db(row.f__ghz, row.theta_deg, row.p))


@given(st.floats(0.5, 67), st.floats(0.25, 50), st.floats(1, 99))
def test_terrestrial_clutter_never_passes_its_value_at_two_kilometres(ghz, km, percent):
    assert terrestrial_db(ghz, km, percent) <= terrestrial_db(ghz, 2.0, percent) + 1e-12


@given(st.floats(0.03, 3), st.floats(0.5, 40), st.sampled_from(list(CLUTTER.values())))
def test_a_terminal_above_the_clutter_loses_nothing(ghz, height, clutter):
    assert height_gain_db(ghz, height, clutter, clutter_height_m=min(height, 10.0)) == 0
