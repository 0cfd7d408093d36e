"""What is odd about a cell besides a value out of its range: its id, its neighbours at the site, its power, its band.

Every rule takes the typed cells of one file and returns which rows it means, each with what the sentence needs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.catalog.radios import find_operator, held_bands, operators
from coverage.errors import Problem, Severity
from coverage.intake.values import is_date

# Assumptions of this product, wide of what the catalogue's equipment does (40–53 dBm per carrier, 10–45 m):
POWER_DBM = (27.0, 58.0)  # 0.5 W, a small cell, to 630 W: more than a 64T64R radio of 320 W twice over
EIRP_DBM = 82.0  # 58 dBm and 24 dBi
HEIGHT_M = (3.0, 75.0)  # antenna above ground; the masts of a city stand at 15–50 m
DROP_SHARE, DROP_CELLS = 0.2, 5  # of a network within a month (assumption): more is a file that was cut off
WHOLE_FILE_HEIGHT_M = 60.0  # a median above: feet
_UNLIKE = 2.0  # times the height of the other cells of the site
_ENOUGH = 20  # rows from which a file is judged as a whole
_LOCAL_IDS = 0.3  # share of repeated ids from which they are no ids of cells


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Rows that a rule means.

    Attributes
    ----------
    code, field : str
    severity : {"error", "warning", "note"}
    rows : ndarray of int
        Positions in the frame; None for the file as a whole.
    values : callable
        Position → what the sentence needs besides row, field and value.
    """

    code: str
    field: str
    rows: NDArray[np.intp] | None
    severity: Severity = "warning"
    values: Callable[[int], dict[str, object]] = lambda _: {}


def problems_of(hits: Iterator[Hit], frame: pd.DataFrame, file: str) -> tuple[Problem, ...]:
    """Return the hits as problems, one for every row or for the file."""
    found: list[Problem] = []
    for hit in hits:
        if hit.rows is None:
            values = {"file": file, **hit.values(-1)}
            found.append(Problem(code=hit.code, severity=hit.severity, field=hit.field, values=values))
            continue
        shown = frame[hit.field].to_numpy() if hit.field in frame else None
        numbers = frame["row"].to_numpy()
        for place in hit.rows.tolist():
            text = None if shown is None or pd.isna(shown[place]) else _short(shown[place])
            values = {"file": file, **hit.values(place)}
            row = int(numbers[place])
            found.append(
                Problem(code=hit.code, severity=hit.severity, row=row, field=hit.field, value=text, values=values)
            )
    return tuple(found)


def _short(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)[:80]


def _where(mask: Sequence[bool] | NDArray[np.bool_] | pd.Series) -> NDArray[np.intp]:
    return np.flatnonzero(np.asarray(mask, dtype=bool))


def cell_hits(frame: pd.DataFrame, today: dt.date) -> Iterator[Hit]:
    """Yield what is odd about the cells of a file.

    Parameters
    ----------
    frame : DataFrame
        Typed cells (`coverage.fields.check`) with ``row``.
    today : date
        Later dates are in the future.
    """
    yield from _ids(frame)
    yield from _sectors(frame)
    yield from _heights(frame)
    yield from _powers(frame)
    yield from _bands(frame)
    month = f"{today:%Y-%m}"
    later = frame["on_air"].notna() & (frame["on_air"].astype(str) > month)
    yield Hit(code="on_air_future", field="on_air", rows=_where(later), values=lambda _: {"today": month})


def drop_hits(frame: pd.DataFrame, earlier: pd.DataFrame | None) -> Iterator[Hit]:
    """Yield each technology of which a file holds far fewer cells than the submission before.

    Parameters
    ----------
    frame : DataFrame
        Typed cells.
    earlier : DataFrame or None
        Cells of the submission before.
    """
    if earlier is None or earlier.empty:
        return
    now = frame["technology"].value_counts()
    for technology, before in earlier["technology"].value_counts().items():
        after = int(now.get(technology, 0))
        if before - after >= DROP_CELLS and after < (1 - DROP_SHARE) * before:
            values = {"technology": str(technology), "before": int(before), "after": after}
            yield Hit(code="cells_dropped", field="cell_id", rows=None, values=partial(_fixed, values))


def _fixed(values: dict[str, object], _: int) -> dict[str, object]:
    return dict(values)


def _ids(frame: pd.DataFrame) -> Iterator[Hit]:
    for name in ("site_id", "cell_id"):
        dates = frame[name].map(lambda text: isinstance(text, str) and is_date(text))
        yield Hit(code="id_is_date", field=name, rows=_where(dates))
    named = frame["cell_id"].notna()
    keys = ["cell_id"]
    if named.sum() >= _ENOUGH and (named & frame.duplicated(keys, keep=False)).sum() > _LOCAL_IDS * named.sum():
        # Numbers of sectors, or one id for all carriers of a sector: unique only beside the site and the carrier.
        keys = ["site_id", "cell_id", "operator", "technology", "band"]
    again = named & frame.duplicated(keys, keep=False)
    rows, others = frame["row"].to_numpy(), {}
    places = _where(again)
    for own in frame.iloc[places].groupby(keys, dropna=False).indices.values():
        listed = rows[places[own]]
        for place in places[own].tolist():
            others[place] = ", ".join(str(row) for row in listed[:6] if row != rows[place])
    yield Hit(code="cell_id_twice", field="cell_id", rows=places, values=lambda p: {"others": others[p]})


def _sectors(frame: pd.DataFrame) -> Iterator[Hit]:
    keys = ["site_id", "operator", "technology", "band"]
    given = frame["azimuth_deg"].notna() & frame["site_id"].notna()
    sizes = frame[given].groupby(keys, dropna=False)["azimuth_deg"].transform("size")
    kinds = frame[given].groupby(keys, dropna=False)["azimuth_deg"].transform("nunique")
    flat = (sizes >= 3) & (kinds == 1)
    same = pd.Series(data=False, index=frame.index)
    same.loc[flat.index] = flat
    yield Hit(code="azimuth_same", field="azimuth_deg", rows=_where(same))
    carrier = [*keys, "azimuth_deg", "frequency_mhz"]
    # A pole may carry two carriers of a band: only those that differ in nothing are one cell written twice.
    repeated = given & frame.duplicated(carrier, keep=False) & ~same & frame["frequency_mhz"].notna()
    plain = (
        given & frame["frequency_mhz"].isna() & frame.duplicated([*keys, "azimuth_deg", "bandwidth_mhz"], keep=False)
    )
    yield Hit(code="sector_twice", field="azimuth_deg", rows=_where(repeated | (plain & ~same)))


def _heights(frame: pd.DataFrame) -> Iterator[Hit]:
    height = frame["height_m"]
    if height.count() >= _ENOUGH and height.median() > WHOLE_FILE_HEIGHT_M:
        middle = float(height.median())
        yield Hit(code="heights_in_feet", field="height_m", rows=None, values=lambda _: {"median": middle})
        return
    site = frame["site_id"].fillna("")
    beside = height.groupby(site).transform("median").where(height.groupby(site).transform("count") >= 3)
    unlike = (height > _UNLIKE * beside) | (height < beside / _UNLIKE)
    rows = _where(unlike)
    yield Hit(code="height_unlike_site", field="height_m", rows=rows, values=lambda p: {"site": float(beside.iloc[p])})
    odd = ((height < HEIGHT_M[0]) | (height > HEIGHT_M[1])) & ~unlike
    limits = {"low": HEIGHT_M[0], "high": HEIGHT_M[1]}
    yield Hit(code="height_unusual", field="height_m", rows=_where(odd), values=lambda _: dict(limits))


def _powers(frame: pd.DataFrame) -> Iterator[Hit]:
    power = frame["power_dbm"]
    odd = (power < POWER_DBM[0]) | (power > POWER_DBM[1])
    limits = {"low": POWER_DBM[0], "high": POWER_DBM[1]}
    yield Hit(code="power_unusual", field="power_dbm", rows=_where(odd), values=lambda _: dict(limits))
    gain = frame[["antenna_gain_dbi", "traffic_gain_dbi", "ssb_gain_dbi"]].max(axis=1)
    total = power + gain
    strong = (total > EIRP_DBM) & ~odd
    yield Hit(
        code="eirp_unusual",
        field="power_dbm",
        rows=_where(strong),
        values=lambda p: {"eirp": float(total.iloc[p]), "limit": EIRP_DBM},
    )


def _bands(frame: pd.DataFrame) -> Iterator[Hit]:
    new = frame["technology"] == "NR"
    bare = new & frame["band"].isna() & frame["frequency_mhz"].isna()
    yield Hit(code="carrier_missing", field="band", rows=_where(bare))
    held: dict[tuple[object, ...], str | None] = {}
    triples = list(zip(frame["operator"], frame["technology"], frame["band"], strict=True))
    for triple in set(triples):
        held[triple] = _not_held(*triple)
    listed = [held[triple] for triple in triples]
    yield Hit(
        code="band_not_held",
        field="band",
        rows=_where([each is not None for each in listed]),
        values=lambda p: {"operator": triples[p][0], "held": listed[p]},
    )


def _not_held(who: object, technology: object, band: object) -> str | None:
    """Return the bands that an operator does hold where one is not among them, None where nothing is wrong."""
    if not isinstance(band, str) or not isinstance(who, str) or technology not in {"NR", "LTE"}:
        return None
    name = find_operator(who)
    if name not in {operator.id for operator in operators()}:
        return None
    mine = held_bands(name, "NR" if technology == "NR" else "LTE")
    return None if _digits(band) in {_digits(each) for each in mine} else ", ".join(mine) or "–"


def _digits(band: str) -> str:
    return "".join(letter for letter in band if letter.isdigit())
