"""The equations of 3GPP worked out one number at a time, apart from the product: what its kernels are tested against.

Written from TR 38.901 V17.0.0 (tables 7.3-1, 7.4.1-1, 7.4.2-1) and from DESIGN §5 with nothing but `math`; nothing of
`coverage` may be imported here. ``python -m tests.reference.by_hand`` prints ``tr38901_points.csv``.
"""

from __future__ import annotations

import csv
import math
import sys
from dataclasses import dataclass
from math import exp, log10, pi, sqrt
from typing import Any

C = 3.0e8

# environment, carrier [GHz], base [m], receiver [m], horizontal distance [m]
POINTS = [
    ("UMa", 3.70, 25.0, 1.5, 500.0),
    ("UMa", 3.70, 25.0, 1.5, 10.0),
    ("UMa", 3.70, 25.0, 1.5, 591.0),
    ("UMa", 3.70, 25.0, 1.5, 593.0),
    ("UMa", 2.55, 25.0, 1.5, 18.0),
    ("UMa", 2.55, 25.0, 1.5, 1200.0),
    ("UMa", 2.55, 30.0, 1.5, 5000.0),
    ("UMa", 0.763, 40.0, 1.5, 900.0),
    ("UMa", 3.85, 25.0, 10.0, 750.0),
    ("UMa", 28.0, 25.0, 1.5, 300.0),
    ("UMa", 1.8425, 15.0, 3.0, 2500.0),
    ("UMi", 3.70, 10.0, 1.5, 200.0),
    ("UMi", 3.70, 10.0, 1.5, 10.0),
    ("UMi", 3.70, 10.0, 1.5, 25.0),
    ("UMi", 2.55, 10.0, 1.5, 160.0),
    ("UMi", 2.55, 12.0, 1.5, 800.0),
    ("UMi", 0.942, 10.0, 1.5, 4000.0),
    ("UMi", 3.75, 10.0, 15.0, 350.0),
    ("UMi", 60.0, 10.0, 1.5, 90.0),
    ("RMa", 0.763, 35.0, 1.5, 2000.0),
    ("RMa", 0.763, 35.0, 1.5, 10.0),
    ("RMa", 0.763, 35.0, 1.5, 60.0),
    ("RMa", 0.773, 35.0, 1.5, 5000.0),
    ("RMa", 0.700, 150.0, 1.5, 3500.0),
    ("RMa", 2.55, 25.0, 1.5, 1900.0),
    ("RMa", 2.55, 25.0, 1.5, 2100.0),
    ("RMa", 3.85, 10.0, 1.0, 450.0),
    ("RMa", 2.14, 50.0, 8.0, 4800.0),
]


@dataclass(frozen=True)
class Point:
    """Everything the tables give for one distance."""

    d3d: float
    d_bp: float
    los: float
    nlos: float
    p_los: float
    sigma_los: float
    sigma_nlos: float


def uma(f: float, h_bs: float, h_ut: float, d: float) -> Point:
    d3 = sqrt(d**2 + (h_bs - h_ut) ** 2)
    d_bp = 4 * (h_bs - 1.0) * (h_ut - 1.0) * (f * 1e9) / C
    pl1 = 28.0 + 22 * log10(d3) + 20 * log10(f)
    pl2 = 28.0 + 40 * log10(d3) + 20 * log10(f) - 9 * log10(d_bp**2 + (h_bs - h_ut) ** 2)
    los = pl1 if d <= d_bp else pl2
    nlos = 13.54 + 39.08 * log10(d3) + 20 * log10(f) - 0.6 * (h_ut - 1.5)
    p = 1.0 if d <= 18 else 18 / d + exp(-d / 63) * (1 - 18 / d)  # C'(h_UT) = 0 up to 13 m
    return Point(d3, d_bp, los, max(los, nlos), p, 4.0, 6.0)


def umi(f: float, h_bs: float, h_ut: float, d: float) -> Point:
    d3 = sqrt(d**2 + (h_bs - h_ut) ** 2)
    d_bp = 4 * (h_bs - 1.0) * (h_ut - 1.0) * (f * 1e9) / C
    pl1 = 32.4 + 21 * log10(d3) + 20 * log10(f)
    pl2 = 32.4 + 40 * log10(d3) + 20 * log10(f) - 9.5 * log10(d_bp**2 + (h_bs - h_ut) ** 2)
    los = pl1 if d <= d_bp else pl2
    nlos = 35.3 * log10(d3) + 22.4 + 21.3 * log10(f) - 0.3 * (h_ut - 1.5)
    p = 1.0 if d <= 18 else 18 / d + exp(-d / 36) * (1 - 18 / d)
    return Point(d3, d_bp, los, max(los, nlos), p, 4.0, 7.82)


def rma(f: float, h_bs: float, h_ut: float, d: float) -> Point:
    h, w = 5.0, 20.0
    d_bp = 2 * pi * h_bs * h_ut * (f * 1e9) / C

    def pl1(x: float) -> float:
        return (
            20 * log10(40 * pi * x * f / 3)
            + min(0.03 * h**1.72, 10) * log10(x)
            - min(0.044 * h**1.72, 14.77)
            + 0.002 * log10(h) * x
        )

    d3 = sqrt(d**2 + (h_bs - h_ut) ** 2)
    los = pl1(d3) if d <= d_bp else pl1(d_bp) + 40 * log10(d3 / d_bp)
    nlos = (
        161.04
        - 7.1 * log10(w)
        + 7.5 * log10(h)
        - (24.37 - 3.7 * (h / h_bs) ** 2) * log10(h_bs)
        + (43.42 - 3.1 * log10(h_bs)) * (log10(d3) - 3)
        + 20 * log10(f)
        - (3.2 * log10(11.75 * h_ut) ** 2 - 4.97)
    )
    p = 1.0 if d <= 10 else exp(-(d - 10) / 1000)
    return Point(d3, d_bp, los, max(los, nlos), p, 4.0 if d <= d_bp else 6.0, 8.0)


MODELS = {"UMa": uma, "UMi": umi, "RMa": rma}


def phi(x: float) -> float:
    """Standard normal distribution."""
    return 0.5 * math.erfc(-x / sqrt(2.0))


def pattern_db(off_azimuth: float, off_elevation: float, width_az: float, width_el: float) -> float:
    """Return the gain of table 7.3-1 against the axis, angles in degrees."""
    horizontal = -min(12 * (off_azimuth / width_az) ** 2, 30.0)
    vertical = -min(12 * (off_elevation / width_el) ** 2, 30.0)
    return -min(-(horizontal + vertical), 30.0)


def probability(point: Point, level_at_0_db: float, threshold: float) -> float:
    """Return the probability that the level passes the threshold (DESIGN §5.2)."""
    los = phi((level_at_0_db - point.los - threshold) / point.sigma_los)
    nlos = phi((level_at_0_db - point.nlos - threshold) / point.sigma_nlos)
    return point.p_los * los + (1 - point.p_los) * nlos


def covered_area_m2(
    environment: str,
    *,
    frequency_ghz: float,
    height: float,
    power_dbm: float,
    n_rb: int,
    gain_dbi: float,
    widths: tuple[float, float],
    rules: list[tuple[float, float]],
    tilt: float = 6.0,
    sweep: float = 5000.0,
) -> list[float]:
    """Integrate the area where P ≥ edge over polar coordinates, for each (threshold, edge) of the rules.

    Three sectors at 0, 120 and 240°: the nearest axis has the greatest level at every distance, so a wedge from 0 to
    60° off axis, six times, is the site.
    """
    reference = power_dbm - 10 * log10(12 * n_rb) + gain_dbi
    ring, wedge = 2.0, 0.5
    areas = [0.0] * len(rules)
    for k in range(round(sweep / ring)):
        d = (k + 0.5) * ring
        point = MODELS[environment](frequency_ghz, height, 1.5, max(d, 10.0))
        below = math.degrees(math.atan((height - 1.5) / d)) - tilt
        size = 6 * math.radians(wedge) * d * ring
        for j in range(round(60 / wedge)):
            level = reference + pattern_db((j + 0.5) * wedge, below, *widths)
            for index, (threshold, edge) in enumerate(rules):
                if probability(point, level, threshold) >= edge:
                    areas[index] += size
    return areas


def rows() -> list[dict[str, Any]]:
    """Return the table of points, rounded as it is stored."""
    table = []
    for environment, f, h_bs, h_ut, d in POINTS:
        point = MODELS[environment](f, h_bs, h_ut, d)
        table.append(
            {
                "environment": environment, "frequency_ghz": f, "base_m": h_bs, "receiver_m": h_ut, "distance_m": d,
                "distance_3d_m": f"{point.d3d:.4f}", "break_point_m": f"{point.d_bp:.4f}",
                "los_db": f"{point.los:.4f}", "nlos_db": f"{point.nlos:.4f}", "p_los": f"{point.p_los:.6f}",
                "sigma_los_db": point.sigma_los, "sigma_nlos_db": point.sigma_nlos,
            }
        )  # fmt: skip
    return table


if __name__ == "__main__":
    table = rows()
    writer = csv.DictWriter(sys.stdout, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
