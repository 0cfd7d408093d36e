"""Published cases of ITU-R models: P.1812 (logs with profiles), P.2108 and P.2109 (tables)."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coverage.errors import RangeError
from coverage.radio import p1812, p2108, p2109
from coverage.validation.cases import Case, Row, compared, compared_code, flagged, lines, noted, reading, rows, tables

P1812_DB, P2108_DB, P2109_DB = 0.01, 0.1, 0.001  # tolerances
LOG = "_log.csv"
FIELD_STRENGTH_DB = 199.36  # P.1812 eq. 70: field strength [dB(μV/m)] at 1 kW e.r.p. = this + 20·log10(f [GHz]) − Lb
VERTICAL = 2
SUCCESS = 0
CLUTTER: dict[int, p2108.Clutter] = {
    1: "water", 2: "open", 3: "suburban", 4: "urban", 5: "trees", 6: "dense_urban",
}  # fmt: skip
BUILDING: dict[int, p2109.Building] = {1: "traditional", 2: "thermally_efficient"}
# NTIA's return codes of P.2108 by section and quantity.
TERMINAL_CODES = {"frequency_ghz": 32, "height_m": 33, "street_width_m": 34, "clutter_height_m": 35, "clutter": 36}
TERRESTRIAL_CODES = {"frequency_ghz": 48, "distance_km": 49, "location_percent": 50}
SLANT_CODES = {"frequency_ghz": 64, "elevation_deg": 65, "location_percent": 66}

Log = Mapping[tuple[str, str], float]


def p1812_cases(folder: Path) -> Iterator[Case]:
    """Yield a case per log ``results/<profile>_<n>_log.csv``: its loss, its field strength and the combined Reference.

    The loss Lb is shown unless another of the published values lies beyond the tolerance: then the worst of them is. A
    Reference without a log has no inputs and is passed over.
    """
    references = _references(folder / "combined_results.csv")
    for path in sorted((folder / "results").glob(f"*{LOG}")):
        name = path.name.removesuffix(LOG)
        stem, _, number = name.rpartition("_")
        log = _log(path)
        profile = folder / "profiles" / f"{stem}.csv"
        with reading(profile):
            terrain = _profile(lines(profile))
        with reading(path):
            yield _p1812_case(name, log, terrain, references.get((stem, number)))


def _p1812_case(name: str, log: Log, terrain: tuple[NDArray[Any], ...], reference: float | None) -> Case:
    distance, ground, clutter, zone = terrain
    link = _link(log, float(distance[0, -1]))
    loss, outside = flagged(
        lambda beyond: p1812.basic_transmission_loss_db(
            distance, ground, clutter, link, zone=zone.astype(int), beyond_range=beyond
        )[0]
    )
    strength = FIELD_STRENGTH_DB + 20 * math.log10(link.frequency_ghz) - loss
    power = 10 * math.log10(log["Ptx (kW)", ""]) + log["Gtx (dBi)", ""] + log["Grx (dBi)", ""]
    published = {
        "Lb": (log["Lb (dB)", "Eq (69)"], loss),
        "Ep": (log.get(("Ep (dBuV/m)", "Eq (70)")), strength),
        "Ep (Ptx, Gtx, Grx)": (log.get(("Ep (dBuV/m) w.r.t. Ptx", "Gtx")), strength + power),
        "Reference": (reference, strength + power),
    }
    cases = [
        compared(
            name, value, ours, P1812_DB, **(noted(outside) if what == "Lb" else {"note": "quantity", "about": what})
        )
        for what, (value, ours) in published.items()
        if value is not None
    ]
    return cases[0] if all(case.ok for case in cases) else max(cases, key=lambda case: _size(case.difference))


def _size(difference: float) -> float:
    return math.inf if math.isnan(difference) else abs(difference)


def _references(path: Path) -> dict[tuple[str, str], float]:
    """Return the Reference of the combined results by profile and number; a set may come without that file."""
    if not path.is_file():
        return {}
    with reading(path):
        found = [row for row in csv.reader(lines(path)) if len(row) > 3 and not row[0].lstrip().startswith("#")]
        return {(row[1].strip().removesuffix(".csv"), row[2].strip()): float(row[3]) for row in found}


def _log(path: Path) -> Log:
    """Return the first value of each quantity of a log by name and equation; inputs have no equation."""
    values: dict[tuple[str, str], float] = {}
    with reading(path):
        for row in csv.reader(lines(path)):
            cells = [cell.strip() for cell in row]
            filled = [cell for cell in cells if cell]
            if len(filled) > 1 and not filled[0].startswith("#"):
                values.setdefault((cells[0], cells[1]), float(filled[-1]))
    return values


def _link(log: Log, length_km: float) -> p1812.Link:
    given = {name: value for (name, equation), value in log.items() if not equation}
    return p1812.Link(
        frequency_ghz=given["f (GHz)"],
        tx_height_m=given["htg (m)"],
        rx_height_m=given["hrg (m)"],
        latitude_deg=_centre_latitude_deg(given, length_km),
        time_percent=given["p (%)"],
        vertical=given["pol"] == VERTICAL,
        delta_n=given["DN"],
        n0=given["N0"],
        tx_coast_km=given["dct (km)"],
        rx_coast_km=given["dcr (km)"],
        location_percent=given["pL (%)"],
        location_sigma_db=given["sigmaL (dB)"],
    )


def _centre_latitude_deg(given: Mapping[str, float], length_km: float) -> float:
    """Return the latitude half the length of the profile along the great circle (P.1812, attachment H)."""
    phi_t, lam_t, phi_r, lam_r = (math.radians(given[f"{name} (deg)"]) for name in ("phi_t", "lam_t", "phi_r", "lam_r"))
    east = math.cos(phi_r) * math.sin(lam_r - lam_t)
    north = math.cos(phi_t) * math.sin(phi_r) - math.sin(phi_t) * math.cos(phi_r) * math.cos(lam_r - lam_t)
    bearing, half = math.atan2(east, north), length_km / 2 / p1812.EARTH_RADIUS_KM
    sine = math.sin(phi_t) * math.cos(half) + math.cos(phi_t) * math.sin(half) * math.cos(bearing)
    return math.degrees(math.asin(sine))


def _profile(text: list[str]) -> tuple[NDArray[Any], ...]:
    """Return distance [km], ground [m], clutter height [m] and zone of a profile in the ITU's form, one path each."""
    start = [number for number, line in enumerate(text) if line.startswith("Number of Points")]
    end = [number for number, line in enumerate(text) if line.startswith("{End of Profile")]
    if not start or not end:
        raise ValueError("{Begin of Profile} … {End of Profile}")
    table = np.array([[float(cell) for cell in line.split(",")[:5]] for line in text[start[0] + 1 : end[0]]])
    distance, ground, _, clutter, zone = (column[None, :] for column in table.T)
    return distance, ground, clutter, zone


def p2108_cases(folder: Path) -> Iterator[Case]:
    """Yield a case per row of the three kinds of table of P.2108, each known by its columns."""
    kinds: tuple[tuple[tuple[str, ...], str, Callable[[Row], Callable[[bool], Any]], Mapping[str, int]], ...] = (
        (("h__meter", "w_s__meter", "R__meter", "clutter_type"), "A_h__db", _terminal, TERMINAL_CODES),
        (("d__km", "p"), "L_ctt__db", _terrestrial, TERRESTRIAL_CODES),
        (("theta_deg", "p"), "L_ces__db", _slant, SLANT_CODES),
    )
    for columns, value, model, codes in kinds:
        for path in tables(folder, "f__ghz", *columns, value):
            for number, row in rows(path):
                with reading(path):
                    published = int(float(row.get("rtn") or SUCCESS))
                    name, compute = f"{path.name}:{number}", model(row)
                    if published == SUCCESS:
                        ours, outside = flagged(compute)
                        yield compared(name, float(row[value]), ours, P2108_DB, **noted(outside))
                    else:
                        yield compared_code(name, published, _code(compute, codes))


def _code(compute: Callable[[bool], Any], codes: Mapping[str, int]) -> int:
    try:
        compute(False)
    except RangeError as error:
        return codes[error.values["quantity"]]
    return SUCCESS


def _terminal(row: Row) -> Callable[[bool], Any]:
    f, h, width, top = (float(row[name]) for name in ("f__ghz", "h__meter", "w_s__meter", "R__meter"))
    clutter = CLUTTER.get(int(float(row["clutter_type"])))

    def compute(beyond: bool) -> Any:
        loss = p2108.height_gain_db(
            f, h, clutter or "open", clutter_height_m=top, street_width_m=width, beyond_range=beyond
        )
        if clutter is None and h < top:
            raise RangeError("p2108_range", quantity="clutter", value=float(row["clutter_type"]))
        return loss

    return compute


def _terrestrial(row: Row) -> Callable[[bool], Any]:
    f, d, p = (float(row[name]) for name in ("f__ghz", "d__km", "p"))
    return lambda beyond: p2108.terrestrial_db(f, d, p, beyond_range=beyond)


def _slant(row: Row) -> Callable[[bool], Any]:
    f, angle, p = (float(row[name]) for name in ("f__ghz", "theta_deg", "p"))
    return lambda beyond: p2108.slant_db(f, angle, p, beyond_range=beyond)


def p2109_cases(folder: Path) -> Iterator[Case]:
    """Yield a case per row of the tables of building entry loss."""
    loss = "building entry loss (dB)"
    for path in tables(folder, "probability (%)", "building type", "elevation angle (deg)", loss):
        for number, row in rows(path):
            with reading(path):
                # The publisher's own heading misspells the frequency; a corrected one is as good.
                f = float(row.get("freqency (GHz)") or row["frequency (GHz)"])
                share, angle = float(row["probability (%)"]) / 100, float(row["elevation angle (deg)"])
                building = BUILDING[int(float(row["building type"]))]
                ours, outside = flagged(_entry(f, share, building, angle))
                yield compared(f"{path.name}:{number}", float(row[loss]), ours, P2109_DB, **noted(outside))


def _entry(f: float, share: float, building: p2109.Building, angle: float) -> Callable[[bool], Any]:
    return lambda beyond: p2109.building_entry_loss_db(f, share, building, elevation_deg=angle, beyond_range=beyond)
