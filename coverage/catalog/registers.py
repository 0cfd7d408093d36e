"""Registers of public facts: wards of every edition, the crosswalk between them, the census, targets, areas."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import pandas as pd

from coverage.errors import LayerError
from coverage.types import Edition

EDITIONS: tuple[Edition, ...] = get_args(Edition)

# Hoàng Sa was a district without communes until 2025-06-30: ward files of that time may carry it under its district
# code, and no register of wards lists it. Since 2025-07 it is a unit of its own.
HOANG_SA_DISTRICT = "498"
HOANG_SA_UNIT = "20333"

_TEXT_SUFFIXES = ("_code", "_id", "_id_2019", "_id_2025h1", "_id_2025h2", "_ward", "edition", "gid_3")
_FLAGS = {"true": True, "false": False}


def data_dir() -> Path:
    """Return the folder with the registers and the demo city.

    An installed package carries it as ``coverage/_data``; in a checkout it is ``data`` beside the package.

    Raises
    ------
    LayerError
        ``data_missing`` when neither stands there: the installation is broken.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "registers").is_dir():
            return folder
    raise LayerError("data_missing", folder=str(package / "_data"))


@cache
def _read(name: str) -> pd.DataFrame:
    path = data_dir() / "registers" / f"{name}.csv"
    if not path.is_file():
        raise LayerError("register_unknown", name=name)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    for column in frame.columns:
        texts = frame[column]
        if column.endswith(_TEXT_SUFFIXES):
            frame[column] = texts.where(texts != "", None)
        elif set(texts) <= set(_FLAGS):
            frame[column] = texts.map(_FLAGS).astype(bool)
        else:
            numbers = pd.to_numeric(texts.where(texts != "", None), errors="coerce")
            if bool((numbers.notna() == (texts != "")).all()) and bool((texts != "").any()):
                frame[column] = numbers
    return frame


def register(name: str) -> pd.DataFrame:
    """Return a register as a fresh table, codes and ids as text.

    Parameters
    ----------
    name : str
        File name without ending: ``wards_2019``, ``wards_2025h1``, ``wards_2025h2``, ``crosswalk``, ``census_2019``,
        ``population_2025``, ``districts``, ``editions``, ``boundary_changes``, ``areas`` or ``targets``.

    Raises
    ------
    LayerError
        ``register_unknown``.

    Examples
    --------
    >>> int(register("census_2019")["households"].sum())
    300501
    """
    return _read(name).copy()


@cache
def provenance(name: str) -> Mapping[str, Any]:
    """Return what stands in the provenance file of a register: title, source, licence, date, caveats, hash.

    Raises
    ------
    LayerError
        ``register_unknown``.
    """
    path = data_dir() / "registers" / f"{name}.csv.toml"
    if not path.is_file():
        raise LayerError("register_unknown", name=name)
    return MappingProxyType(tomllib.loads(path.read_text("utf-8")))


@cache
def _ward_register(edition: Edition) -> pd.DataFrame:
    frame = _read(f"wards_{edition}").set_index("ward_id")
    unknown = pd.Series(None, index=frame.index, dtype=object)
    area = frame["area_km2"] if edition == "2019" else frame["area_km2_official"]
    return pd.DataFrame(
        {
            "name": frame["name"],
            "type": frame["type"],
            "district": frame.get("district", unknown),
            "area_km2": area.astype(float),
            "area_official": area.notna() & (edition != "2019"),
            "mainland": frame.index != HOANG_SA_UNIT,
            "in_city": frame.get("former_danang", unknown.isna()),
            "gid_3": frame.get("gid_3", unknown),
        }
    )


def ward_register(edition: Edition) -> pd.DataFrame:
    """Return the wards of an edition.

    Parameters
    ----------
    edition : {"2019", "2025h1", "2025h2"}

    Returns
    -------
    pandas.DataFrame
        Indexed by ``ward_id`` (GSO code, text): ``name`` without prefix, ``type`` (Phường, Xã, Đặc khu), ``district``
        (None since 2025-07), ``area_km2`` (published area [km²]: official since 2025, NaN where it was not found,
        measured on GADM polygons in 2019), ``area_official`` (bool), ``mainland`` (bool, false for Hoàng Sa),
        ``in_city`` (bool: part of Đà Nẵng as it was until 2025-06-30), ``gid_3`` (GADM 4.1 code or None).

    Raises
    ------
    LayerError
        ``edition_unknown``.

    Examples
    --------
    >>> [len(ward_register(edition)) for edition in EDITIONS]
    [56, 47, 94]
    """
    if edition not in EDITIONS:
        raise LayerError("edition_unknown", edition=edition, editions=", ".join(EDITIONS))
    return _ward_register(edition).copy()
