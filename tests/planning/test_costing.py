"""Costs against sums by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.catalog.costs import unit_costs
from coverage.planning.costing import HOURS, Bill, Costing, npv, ownership

RATE = 24_000
STATION = 21_600 * RATE
ONE = Bill(items={"nr_station": 1.0}, power_kw={"station_power_kw": 1.0}, supported=True)


def test_present_values_by_hand():
    assert npv([], 0.05) == 0
    assert npv([100.0], 0.05) == 100
    assert npv([-1000.0, 300.0, 420.0, 680.0], 0.10) == pytest.approx(-1000 + 300 / 1.1 + 420 / 1.21 + 680 / 1.331)
    assert npv([0.0, 0.0, 121.0], 0.10) == pytest.approx(100)
    assert ownership(1000.0, 100.0, 0, 0.05) == 1000
    assert ownership(1000.0, 100.0, 2, 0.0) == 1200
    # The annuity of ten years at 5 % is 7.7217 in every table of annuities.
    assert ownership(0.0, 1.0, 10, 0.05) == pytest.approx(7.7217, abs=5e-5)


def test_a_bill_is_the_sum_of_its_pieces():
    bill = Bill(items={"nr_station": 1.0, "fibre_km": 2.2, "fibre_terminal": 1.0, "site_rent": 1.0})
    assert Costing().cost_vnd(bill) == pytest.approx((21_600 + 2.2 * 15_000 + 500) * RATE)
    assert Costing().ends_vnd(bill) == pytest.approx(
        [(15_000 + 2.2 * 5_000 + 300) * RATE, (21_600 + 33_000 + 500) * RATE, (30_000 + 55_000 + 1_000) * RATE]
    )


def test_ownership_adds_rent_energy_and_upkeep():
    bill = Bill(items={"nr_station": 1.0, "site_rent": 1.0}, power_kw={"station_power_kw": 1.0})
    yearly = 4_000 * RATE + 3.0 * HOURS * 2103 + 0.10 * STATION
    assert Costing().yearly_vnd(bill, "mid") == pytest.approx(yearly)
    five = Costing(horizon_years=5, discount=0.10)
    annuity = sum(1.1**-year for year in range(1, 6))
    assert five.cost_vnd(bill) == pytest.approx(STATION + yearly * annuity)
    assert Costing(horizon_years=5).cost_vnd(bill) == pytest.approx(
        STATION + yearly * sum(1.05**-k for k in range(1, 6))
    )


def test_sharing_saves_what_is_published():
    shared = Bill(items={"nr_station": 1.0}, served=3, supported=True)
    assert Costing().cost_vnd(shared) == pytest.approx(3 * 0.61 * STATION)
    low, _, high = Costing().ends_vnd(shared)
    assert low == pytest.approx(3 * 0.55 * 15_000 * RATE), "what saves most makes the low end"
    assert high == pytest.approx(3 * 0.67 * 30_000 * RATE)


def test_the_state_bears_fifteen_per_cent_of_a_station_once():
    helped = Costing(support_88=True)
    assert helped.cost_vnd(ONE) == pytest.approx(0.85 * STATION)
    shared = Bill(items={"nr_station": 1.0}, served=2, supported=True)
    assert helped.cost_vnd(shared) == pytest.approx((2 * 0.61 - 0.15) * STATION), "counted once, for one operator"
    assert helped.cost_vnd(Bill(items={"carrier": 1.0})) == Costing().cost_vnd(Bill(items={"carrier": 1.0}))


def test_an_incentive_takes_off_its_share_of_the_capital():
    assert Costing().cost_vnd(Bill(items={"nr_station": 1.0}, waived=0.25)) == pytest.approx(0.75 * STATION)


@given(
    items=st.dictionaries(st.sampled_from(sorted(unit_costs())), st.floats(0, 50), max_size=5),
    served=st.integers(1, 3),
    waived=st.floats(0, 1),
    years=st.integers(0, 20),
    helped=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_low_mid_and_high_stay_in_order(items, served, waived, years, helped):
    costing = Costing(horizon_years=years, support_88=helped)
    low, mid, high = costing.ends_vnd(Bill(items=items, served=served, waived=waived, supported=True))
    assert 0 <= low <= mid * (1 + 1e-12)
    assert mid <= high * (1 + 1e-12)
    assert (
        mid
        >= Costing(support_88=helped).cost_vnd(Bill(items=items, served=served, waived=waived, supported=True)) - 1e-3
    )
