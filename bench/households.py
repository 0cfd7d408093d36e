"""How far off household internet is on cities where the truth is known: ``python3 run.py bench households [cities]``.

The cities come from `tools.simulated_homes`, whose parameter ranges were written down before any estimator was tried;
their seeds here are none that a test uses. What an analyst usually does stands beside it: lines ÷ households cut at 1,
lines carried to wards by ground, and for the spatial part tobler. Writes ``docs/households_accuracy.md``.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio

from coverage.internet.dasymetric import OUTSIDE, area_shares, carry_lines
from coverage.internet.estimation import Estimate, Evidence, estimate_connected
from coverage.internet.penetration import Ratios
from tools.docs.markdown import page, table
from tools.simulated_homes import RANGES, SimulatedCity, simulate

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "households_accuracy.md"
FIRST_SEED, CITIES = 60_000, 20
HALF = 0.5
STATED = Ratios(
    household_label=RANGES.household_label, business_label=RANGES.business_label, unlabelled=RANGES.unlabelled,
    lines_per_household=RANGES.lines_per_household, growth_per_year=RANGES.growth_per_year,
)  # fmt: skip
NOTICE = "<!-- Written by `python3 run.py bench households`; do not edit. -->"


class Errors(NamedTuple):
    """Errors of one way in every ward of one city: of a share, or of lines per household."""

    what: str
    way: str
    errors: pd.Series


def evidence(city: SimulatedCity, lines: pd.DataFrame, survey: pd.DataFrame | None) -> Evidence:
    """Return what an analyst of a simulated city knows."""
    seen = city.seen
    centre = seen.wards.geometry.centroid
    covariates = seen.covariates.assign(density=np.log(seen.households / seen.wards["area_km2"]))
    return Evidence(
        households=seen.households, subscriptions=lines, households_period=seen.households_date, survey=survey,
        covariates=covariates, places=pd.DataFrame({"x": centre.x, "y": centre.y}),
    )  # fmt: skip


def carried(city: SimulatedCity) -> pd.DataFrame:
    """Return the lines of exchange areas carried to wards by households per pixel."""
    seen = city.seen
    shares = area_shares(seen.exchanges.geometry, seen.wards.geometry, seen.raster, seen.households)
    table = carry_lines(seen.by_exchange, shares)
    return table[table["ward_id"] != OUTSIDE]


def tobler_lines(city: SimulatedCity, folder: Path) -> dict[str, pd.Series]:
    """Return the lines of exchange areas carried to wards by tobler: by ground, and by ground where people live."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tobler.area_weighted import area_interpolate  # noqa: PLC0415 (slow to import, and loud)
        from tobler.dasymetric import masked_area_interpolate  # noqa: PLC0415

        seen = city.seen
        totals = seen.by_exchange.groupby("area_id")["lines"].sum()
        source = gpd.GeoDataFrame({"lines": totals}, geometry=seen.exchanges.geometry, crs=seen.wards.crs)
        source = source.reset_index(drop=True)
        target = seen.wards[["geometry"]].reset_index(drop=True)
        path = folder / f"{city.seed}.tif"
        inhabited = (seen.raster.values > 0).astype("uint8")
        with rasterio.open(
            path, "w", driver="GTiff", width=inhabited.shape[1], height=inhabited.shape[0], count=1, dtype="uint8",
            crs=seen.raster.crs, transform=seen.raster.transform, nodata=255,
        ) as file:  # fmt: skip
            file.write(inhabited, 1)
        found = {
            "tobler area_interpolate": area_interpolate(source, target, extensive_variables=["lines"]),
            "tobler masked_area_interpolate": masked_area_interpolate(
                source, target, raster=str(path), pixel_values=[1], extensive_variables=["lines"]
            ),
        }
    return {name: pd.Series(frame["lines"].to_numpy(), index=seen.wards.index) for name, frame in found.items()}


def errors_of(city: SimulatedCity, folder: Path) -> tuple[list[Errors], dict[str, list[bool]]]:
    """Return the errors of every way, and whether bounds and intervals hold the truth of each ward."""
    seen, truth = city.seen, city.truth
    share = truth["fixed"] / truth["households"]
    known = ~truth.index.isin(city.missing)
    by_ward = estimate_connected(evidence(city, seen.lines, seen.survey), STATED)
    moved = carried(city)
    by_area = estimate_connected(evidence(city, moved, seen.survey), STATED)
    ranges = estimate_connected(evidence(city, seen.lines, None), STATED)
    usual = (truth["lines"] / seen.households).clip(upper=1.0)
    others = tobler_lines(city, folder)
    ground = others["tobler area_interpolate"]
    rows = [
        Errors("wards", "ours", (by_ward.wards["connected_share"] - share)[known]),
        Errors("wards", "lines ÷ households, cut at 1", (usual - share)[known]),
        Errors("areas", "ours", by_area.wards["connected_share"] - share),
        Errors("areas", "by ground, ÷ households, cut at 1", (ground / seen.households).clip(upper=1.0) - share),
        Errors("missing", "ours", (by_ward.wards["connected_share"] - share)[~known]),
    ]
    ours = moved.groupby("ward_id")["lines"].sum().reindex(truth.index)
    for name, lines in {"ours": ours, **others}.items():
        rows.append(Errors("lines", name, (lines - truth["lines"]) / truth["households"]))
    return rows, held(share, {"by_ward": by_ward, "by_area": by_area, "ranges": ranges})


def held(share: pd.Series, found: dict[str, Estimate]) -> dict[str, list[bool]]:
    """Return whether bounds and intervals hold the truth of each ward."""
    inside = {}
    for name, estimate in found.items():
        wards = estimate.wards
        inside[f"bounds {name}"] = share.between(wards["bounds_low"] - 1e-12, wards["bounds_high"] + 1e-12).tolist()
        inside[f"interval {name}"] = share.between(wards["connected_low"], wards["connected_high"]).tolist()
    return inside


def measure(cities: int) -> tuple[dict[tuple[str, str], float], dict[str, float]]:
    """Return the root mean square error of every way over all wards of all cities, and how often ranges hold."""
    squares: dict[tuple[str, str], list[float]] = {}
    inside: dict[str, list[bool]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(FIRST_SEED, FIRST_SEED + cities):
            rows, kept = errors_of(simulate(seed), Path(folder))
            for what, way, errors in rows:
                squares.setdefault((what, way), []).extend((errors**2).tolist())
            for name, values in kept.items():
                inside.setdefault(name, []).extend(values)
    return (
        {key: float(np.sqrt(np.mean(values))) for key, values in squares.items()},
        {name: float(np.mean(values)) for name, values in inside.items()},
    )


TITLES = {
    "wards": ("Thuê bao theo phường xã, có khảo sát", "Lines by ward, with a survey"),
    "areas": ("Thuê bao theo vùng tổng đài, có khảo sát", "Lines by exchange area, with a survey"),
    "missing": ("Phường xã không có thuê bao", "Wards without lines"),
    "lines": ("Chỉ chuyển thuê bao: sai số trên mỗi hộ", "Carrying lines alone: error per household"),
}


def rows_of(errors: dict[tuple[str, str], float]) -> Iterable[list[str]]:
    """Yield a row per way: what, way, error, and that of ours as a share of it."""
    for (what, way), value in errors.items():
        ratio = errors[what, "ours"] / value
        reached = "" if way == "ours" else f"{ratio:.2f}"
        yield [" · ".join(TITLES[what]), way, f"{value:.4f}", reached]


def markdown(errors: dict[tuple[str, str], float], inside: dict[str, float], cities: int) -> str:
    """Return the page."""
    head = ["Việc · Task", "Cách · Way", "Sai số (căn bậc hai trung bình bình phương) · RMSE", "Của ta ÷ · Ours ÷"]
    held_rows = [[name, f"{value:.4f}"] for name, value in inside.items()]
    text = page(
        "# Ước lượng hộ có Internet sai bao nhiêu · How far off household internet is",
        (
            f"{cities} thành phố mô phỏng, trong đó biết rõ từng hộ; khoảng của mọi tham số được ghi lại trước khi thử "
            "cách ước lượng nào (`tools/simulated_homes`). Dữ liệu tổng hợp. Sai số của tỷ lệ hộ có Internet cố định, "
            "gộp mọi phường xã; cột cuối là sai số của PhủSóng chia cho của cách ấy."
        ),
        (
            f"{cities} simulated cities in which every household is known; the ranges of all parameters were written "
            "down before any estimator was tried (`tools/simulated_homes`). Synthetic data. Errors of the share of "
            "households with fixed internet over all wards; the last column is the error of PhủSóng over that of the "
            "other way."
        ),
        table(head, rows_of(errors)),
        (
            "Khoảng có chứa sự thật bao nhiêu lần (bounds: khoảng chắc chắn, phải là 1; interval: độ tin cậy 95 %; "
            "ranges: không có khảo sát) · How often ranges hold the truth:"
        ),
        table(["Khoảng · Range", "Tỷ lệ · Rate"], held_rows),
    )
    return f"{NOTICE}\n{text.partition(chr(10))[2]}"


def main() -> None:
    """Print the errors; write the page where the number of cities is the usual one."""
    cities = int(sys.argv[1]) if len(sys.argv) > 1 else CITIES
    errors, inside = measure(cities)
    for what, way, value, ratio in rows_of(errors):
        print(f"{what.split(' · ')[1]:<44}{way:<36}{value:>8}{ratio:>8}")
    for name, rate in inside.items():
        print(f"{name:<44}{rate:.4f}")
    if cities == CITIES:
        PAGE.write_text(markdown(errors, inside, cities), "utf-8")
    goals: dict[str, Any] = {
        "wards": errors["wards", "ours"] / errors["wards", "lines ÷ households, cut at 1"],
        "areas": errors["areas", "ours"] / errors["areas", "by ground, ÷ households, cut at 1"],
    }
    missed = [name for name, ratio in goals.items() if ratio > HALF]
    raise SystemExit(f"more than half of the usual error: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
