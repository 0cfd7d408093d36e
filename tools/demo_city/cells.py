"""Cells of the sites: sectors and carriers with the plausible values, and the missing ones, of operators' files."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.demo_city import SEED
from tools.demo_city.geography import Point
from tools.demo_city.lines import to_degrees, to_metres
from tools.demo_city.sites import Sites

PREFIX = {"Viettel": "VT", "VNPT": "VN", "MobiFone": "MF", "Vietnamobile": "VM"}

# 5G today: how many sites of each operator, the band, and how far apart they are at least [m].
NR_SITES = {"Viettel": 96, "VNPT": 58, "MobiFone": 46}
NR_BAND = {"Viettel": "n41", "VNPT": "n77", "MobiFone": "n77"}
NR_APART_M = 500.0
NR_TOWN = 0.80  # at least so built-up around: open land would carry 5G far beyond what an operator has today
# Low-band 5G in the countryside: the site nearest to a place.
NR_RURAL: tuple[tuple[str, Point], ...] = (("Viettel", (107.9900, 16.1260)), ("VNPT", (108.0330, 15.9690)))
BANDWIDTH_MHZ = {"n41": 100, "n77": 100, "n78": 100, "n28": 10, "B1": 15, "B3": 20, "B8": 10}
POWER_DBM = {"n41": 53.0, "n77": 53.0, "n78": 53.0, "n28": 49.0, "B1": 49.0, "B3": 49.0, "B8": 49.0}
COLUMNS = (
    "site_id", "cell_id", "operator", "technology", "band", "longitude", "latitude", "height_m", "azimuth_deg",
    "tilt_deg", "power_dbm", "bandwidth_mhz", "antenna_gain_dbi", "environment",
)  # fmt: skip


def list_cells(sites: Sites) -> pd.DataFrame:
    """Return the table of cells with the canonical headers, all values as the text that stands in the file."""
    rng = np.random.default_rng([SEED, 7])
    bands = _bands(sites, rng)
    degrees = to_degrees(sites.place)
    number = dict.fromkeys(PREFIX, 0)
    rows: list[dict[str, str]] = []
    for i, operator in enumerate(sites.operator):
        number[operator] += 1
        site = f"DEMO-{PREFIX[operator]}-{number[operator]:04d}"
        height, sectors = _mast(sites, i, rng)
        for band in bands[i]:
            for sector, azimuth in enumerate(sectors, start=1):
                row = _cell(band, small=bool(sites.small[i]), rural=bool(sites.people_nearby[i] < 8.0), rng=rng)
                row |= {
                    "site_id": site,
                    "cell_id": f"{site}-{band.upper()}-{sector}",
                    "operator": str(operator),
                    "longitude": f"{degrees[i, 0]:.6f}",
                    "latitude": f"{degrees[i, 1]:.6f}",
                    "height_m": height,
                    "azimuth_deg": azimuth,
                }
                rows.append(row)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return _with_gaps(frame, rng)


def _mast(sites: Sites, i: int, rng: np.random.Generator) -> tuple[str, list[str]]:
    """Return height and azimuths of one site."""
    if sites.small[i]:
        return f"{rng.choice([10, 10, 11, 12])}", [f"{rng.integers(0, 36) * 10}"]
    low, high = (18, 36) if sites.people_nearby[i] > 60 else (22, 40) if sites.people_nearby[i] > 8 else (30, 46)
    turn = int(rng.integers(-4, 5)) * 10
    sectors = [f"{(a + turn + int(rng.integers(-3, 4)) * 5) % 360}" for a in (0, 120, 240)]
    return f"{rng.integers(low, high)}", sectors


def _cell(band: str, *, small: bool, rural: bool, rng: np.random.Generator) -> dict[str, str]:
    nr = band.startswith("n")
    power = 43.0 if small and nr else 40.0 if small else POWER_DBM[band] - float(rng.choice([0.0, 0.0, 0.0, 1.0]))
    return {
        "technology": "NR" if nr else "LTE",
        "band": band,
        "tilt_deg": f"{rng.integers(2, 5) if rural else rng.integers(3, 7)}",
        "power_dbm": f"{power:.1f}",
        "bandwidth_mhz": f"{BANDWIDTH_MHZ[band]}",
        "antenna_gain_dbi": {"n41": "24", "n77": "25", "n78": "25", "n28": "15"}.get(band, ""),
        "environment": "UMi" if small else "",
    }


def _bands(sites: Sites, rng: np.random.Generator) -> list[list[str]]:
    """Return the carriers of every site; those of 5G last."""
    bands: list[list[str]] = []
    for i in range(len(sites.operator)):
        if sites.small[i]:
            bands.append(["B3"])
        elif sites.people_nearby[i] < 8.0:
            bands.append(["B8"] if rng.random() < 0.6 else ["B3", "B8"])
        else:
            bands.append(["B3", "B1"] if rng.random() < 0.35 else ["B3"])
    for operator, count in NR_SITES.items():
        for order, site in enumerate(_today(sites, operator, count)):
            wrong = operator == "VNPT" and order in (5, 11)  # the same band under its narrower name
            bands[site].append("n78" if wrong else NR_BAND[operator])
    for operator, point in NR_RURAL:
        distance = np.hypot(*(sites.place - to_metres([point])[0]).T)
        bands[int(np.argmin(np.where(sites.operator == operator, distance, np.inf)))].append("n28")
    return bands


def _today(sites: Sites, operator: str, count: int) -> list[int]:
    """Return the sites that have 5G today: most people in closed blocks first, apart from each other."""
    score = np.round(sites.people_nearby * sites.town**2, 6)
    able = (sites.operator == operator) & ~sites.small & sites.built & (sites.town > NR_TOWN)
    chosen: list[int] = []
    for i in np.argsort(-score, kind="stable"):
        if len(chosen) == count:
            break
        if able[i] and all(np.hypot(*(sites.place[i] - sites.place[j])) >= NR_APART_M for j in chosen):
            chosen.append(int(i))
    return chosen


def _with_gaps(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the table with holes where operators' files have them."""
    frame = frame.copy()
    names = frame["site_id"].drop_duplicates().to_numpy()
    without_height = rng.choice(names, size=len(names) // 18, replace=False)
    frame.loc[frame["site_id"].isin(without_height), "height_m"] = ""
    without_power: NDArray[np.bool_] = (frame["operator"] == "MobiFone").to_numpy() & (frame["band"] == "B1").to_numpy()
    frame.loc[without_power | (rng.random(len(frame)) < 0.04), "power_dbm"] = ""
    frame.loc[rng.random(len(frame)) < 0.05, "tilt_deg"] = ""
    frame.loc[rng.random(len(frame)) < 0.03, "bandwidth_mhz"] = ""
    small = np.flatnonzero(frame["environment"] == "UMi")
    frame.loc[frame.index[small[::9]], "azimuth_deg"] = ""  # omnidirectional
    return frame
