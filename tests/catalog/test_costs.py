"""Every figure of the cost catalogue is dated, ordered and says where it stands."""

import pytest

from coverage.catalog.costs import cost_factors, unit_costs, usd, vnd_per_usd


@pytest.mark.parametrize("name", unit_costs())
def test_rows_are_ordered_dated_and_sourced(name):
    row = unit_costs()[name]
    assert 0 < row.low <= row.mid <= row.high
    assert row.currency in {"USD", "VND"}
    assert 2015 <= row.year <= 2026
    assert row.text_vi.strip()
    assert row.text_vi != row.text_en
    assert len(row.source) > 20


@pytest.mark.parametrize("name", cost_factors())
def test_shares_and_quantities_are_ordered_and_sourced(name):
    row = cost_factors()[name]
    assert 0 <= row.low <= row.mid <= row.high
    assert row.source.strip()
    assert name.endswith("_kw") or row.high <= 1


def test_currencies_meet_at_the_rate_of_the_catalogue():
    station, power = unit_costs()["nr_station"], unit_costs()["electricity"]
    assert station.vnd("mid") == 21_600 * vnd_per_usd()
    assert power.vnd("mid") == 2103
    assert usd(station.vnd("high")) == 30_000


def test_the_states_support_speaks_of_stations_alone():
    assert [row.id for row in unit_costs().values() if row.equipment] == ["nr_station"]
    assert cost_factors()["support_88"].mid == 0.15
