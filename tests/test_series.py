"""Reports of several years and editions in one table."""

from __future__ import annotations

import pandas as pd
import pytest

from coverage.backward import ward_weights
from coverage.catalog.registers import ward_register
from coverage.crosswalks import carry_counts
from coverage.errors import LayerError
from coverage.layers import Layer, Source
from coverage.series import COLUMNS, time_series
from coverage.words import LANGUAGES, render


def report(edition: str, *lines: tuple[str, str | None, int, str]) -> Layer:
    frame = pd.DataFrame(
        [(ward, "VNPT", "FTTH", customer, count, period) for ward, period, count, customer in lines],
        columns=["ward_id", "operator", "technology", "customer", "lines", "period"],
    )
    return Layer(kind="subscriptions", frame=frame, source=Source(name=f"{edition}.csv", sha256=""), edition=edition)


def everywhere(edition: str, period: str, lines: int) -> Layer:
    wards = sorted(ward_weights(edition).index)  # type: ignore[arg-type]
    return report(edition, *((ward, period, lines, "household") for ward in wards))


def test_two_editions_in_one_line() -> None:
    early, late = everywhere("2019", "2022-12", 100), everywhere("2025h2", "2025-09", 400)
    series = time_series([late, early], "2025h2")
    assert tuple(series.columns) == COLUMNS
    assert series["period"].unique().tolist() == ["2022-12", "2025-09"]
    sums = series.groupby("period")["lines"].sum()
    assert sums.to_dict() == {"2022-12": 100 * len(ward_weights("2019")), "2025-09": 400 * len(ward_weights("2025h2"))}
    assert set(series["edition"]) == {"2025h2"}
    named = series.set_index("ward_id")["name"]
    assert named["20194"].unique().tolist() == ["Hải Vân"]
    back = time_series([late, early], "2019")
    assert back.groupby("period")["lines"].sum().to_dict() == sums.to_dict()
    assert back.loc[back["period"] == "2022-12", "lines"].eq(100).all()


def test_households_stand_beside_every_period() -> None:
    households = Layer(
        kind="households",
        frame=ward_weights("2019")[["households"]].astype(float),
        source=Source(name="census", sha256=""),
        edition="2019",
    )
    series = time_series([everywhere("2019", "2022-12", 100)], "2025h2", households=households)
    known = series.set_index("ward_id")
    wanted = carry_counts(ward_weights("2019")[["households"]], "2019", "2025h2")["households"]
    assert known["households"].to_dict() == wanted.astype(float).to_dict()
    assert known.loc["20209", "lines_per_100_households"] == pytest.approx(100 * known.loc["20209", "lines"] / 40_722)


def test_businesses_count_as_lines_alone_and_a_missing_ward_is_unknown() -> None:
    wards = sorted(ward_register("2025h1").index)
    first = report("2025h1", (wards[0], "2024", 5, "household"), (wards[0], "2024", 7, "business"))
    second = report("2025h1", (wards[1], "2025", 9, "household"), (wards[1], None, 1, "household"))
    series = time_series([first, second], "2025h1").set_index(["period", "ward_id"])
    assert series.loc[("2024", wards[0]), ["lines", "household_lines"]].tolist() == [12, 5]
    assert pd.isna(series.loc[("2024", wards[1]), "lines"])
    assert series["lines"].sum() == 12 + 9 + 1
    assert series.reset_index()["period"].isna().sum() == 2


def test_a_period_twice_and_another_city_are_refused() -> None:
    one = everywhere("2019", "2022-12", 100)
    for call, code in (
        (lambda: time_series([one, one], "2025h2"), "period_repeated"),
        (lambda: time_series([one], "2031"), "edition_unknown"),  # type: ignore[arg-type]
        (lambda: time_series([report("other", ("A", "2024", 1, "household"))], "2025h2"), "edition_not_shown"),
    ):
        with pytest.raises(LayerError) as caught:
            call()
        assert caught.value.code == code
        assert all(render(caught.value, lang) for lang in LANGUAGES)
    assert time_series([], "2025h2").empty
