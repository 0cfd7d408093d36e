"""Published cases of NTIA models: extended Hata (with the variant of the Wireless Innovation Forum) and ITM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from coverage.errors import RangeError
from coverage.radio import ehata, itm
from coverage.validation.cases import (
    Case,
    Row,
    compared,
    compared_code,
    flagged,
    lines,
    noted,
    ntia_profile,
    reading,
    rows,
    tables,
)

EHATA_DB, ITM_DB = 0.001, 0.05  # tolerances
JUDGED = (
    "wfmod"  # the publisher's code gives exactly these values; NTIA's own of 2015 were computed in single precision
)
PROFILE = "pfl file name"
LOSS = "Path Loss(dB)"
POLARISATIONS = {0: False, 1: True}  # vertical?

Predict = Callable[[bool], itm.Prediction]


def ehata_cases(folder: Path) -> Iterator[Case]:
    """Yield a case per row of ``test-inputs*.csv``; those of the file named ``-wfmod`` are judged, others shown."""
    for path in tables(folder, "ID", "f", "hb", "hm", "env", PROFILE, LOSS):
        judged = JUDGED in path.stem
        for _, row in rows(path):
            profile = folder / "pfls" / row.get(PROFILE, "")
            with reading(profile):
                ground, step = ntia_profile(profile.read_text(encoding="utf-8-sig"))
            with reading(path):
                ours, outside = flagged(_hata(ground, step, row, "winnforum" if judged else "ntia"))
                name, tolerance = f"{path.name}:{row['ID']}", EHATA_DB if judged else None
                yield compared(name, float(row[LOSS]), ours, tolerance, **noted(outside))


def _hata(ground: NDArray[Any], step: float, row: Row, variant: ehata.Variant) -> Callable[[bool], float]:
    link = ehata.Link(
        frequency_mhz=float(row["f"]),
        base_height_m=float(row["hb"]),
        mobile_height_m=float(row["hm"]),
        environment=ehata.environment_of(int(float(row["env"]))),
    )
    return lambda beyond: float(ehata.path_loss_db(ground, step, link, variant=variant, beyond_range=beyond)[0])


def itm_cases(folder: Path) -> Iterator[Case]:
    """Yield a case per row of ``p2p.csv``, with the profile on the same line of ``pfls.csv``, and of ``area.csv``."""
    yield from _itm_paths(folder)
    path = folder / "area.csv"
    for number, row in rows(path) if path.is_file() else ():
        with reading(path):
            yield _itm_case(f"{path.name}:{number}", row, _in_area(row))


def _itm_paths(folder: Path) -> Iterator[Case]:
    path, profiles = folder / "p2p.csv", folder / "pfls.csv"
    if not path.is_file():
        return
    with reading(profiles):
        terrain = [ntia_profile(line) for line in lines(profiles) if line.strip()]
    for place, (number, row) in enumerate(rows(path)):
        with reading(profiles):
            ground, step = terrain[place]
        with reading(path):
            link = _link(row)
            yield _itm_case(f"{path.name}:{number}", row, _over(ground, step, link))


def _over(ground: NDArray[Any], step: float, link: itm.Link) -> Predict:
    return lambda beyond: itm.point_to_point(ground, step, link, beyond_range=beyond)


def _in_area(row: Row) -> Predict:
    link = _link(row)
    siting = int(float(row["tx_siting_criteria"])), int(float(row["rx_siting_criteria"]))
    length_m, irregularity_m = 1000 * float(row["d__km"]), float(row["delta_h__meter"])
    return lambda beyond: itm.area(length_m, irregularity_m, link, siting=siting, beyond_range=beyond)


def _link(row: Row) -> itm.Link:
    return itm.Link(
        frequency_mhz=float(row["f__mhz"]),
        tx_height_m=float(row["h_tx__meter"]),
        rx_height_m=float(row["h_rx__meter"]),
        n0=float(row["N_0"]),
        vertical=POLARISATIONS.get(int(float(row["pol"])), False),
        permittivity=float(row["epsilon"]),
        conductivity_s_m=float(row["sigma"]),
        climate=int(float(row["climate"])),
        variability_mode=int(float(row["mdvar"])),
        time_percent=float(row["time"]),
        location_percent=float(row["location"]),
        situation_percent=float(row["situation"]),
    )


def _itm_case(name: str, row: Row, predict: Predict) -> Case:
    """Return a case: of the loss, or of the return code where that is an error or, with warnings, differs."""
    published = int(float(row.get("rtn") or itm.SUCCESS))
    code = _code(row, predict)
    if published > itm.SUCCESS_WITH_WARNINGS or (published == itm.SUCCESS_WITH_WARNINGS and code != published):
        return compared_code(name, published, code)
    ours, outside = flagged(lambda beyond: predict(beyond).loss_db[0])
    return compared(name, float(row["A__db"]), ours, ITM_DB, **noted(outside))


def _code(row: Row, predict: Predict) -> int:
    if int(float(row["pol"])) not in POLARISATIONS:
        return itm.RETURN_CODES["polarisation"]
    try:
        return int(predict(False).return_codes[0])
    except RangeError as error:
        return itm.RETURN_CODES[error.values["quantity"]]
